import { Agent } from "node:http";
import { readAll, serve } from "../../src/local/serve.ts";
import { call } from "../../support/call.ts";
import { answerQuestions } from "../child.ts";

export interface RelayQuestion {
	/** Where to post on to. */
	readonly to: string;
}

/** The least that can stand between an event and GitHub: posts every body on, and says when that is answered. */
answerQuestions<RelayQuestion>(async ({ to }) => {
	const agent = new Agent({ keepAlive: true });
	const headers = { "content-type": "application/json" };
	const { url } = await serve(0, (request, response) => {
		const relayed = readAll(request).then(async (body) => {
			const { status } = await call(to, { method: "POST", headers, body, agent });
			response.writeHead(status === 204 ? 200 : 502).end();
		});
		relayed.catch(() => response.destroy());
	});
	return url;
});
