import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { readAll, type Server } from "../../src/local/serve.ts";
import { call } from "../../support/call.ts";

/** A request whose key was checked. */
export interface Checked {
	readonly method: string;
	readonly url: string;
	/** What its header `x-functions-key` had. */
	readonly key: string | undefined;
	readonly status: number;
}

/** A host before another one, which asks for function keys as Azure does. */
export interface KeyCheck extends Server {
	readonly requests: readonly Checked[];
}

/**
 * Asks for keys in the header or the query, as the Functions host does; `/_local` it does not know.
 * @param behind the address of the host that keys are not asked for
 * @param keys by the path of the function
 */
export async function startKeyCheck(behind: string, keys: Readonly<Record<string, string>>): Promise<KeyCheck> {
	const requests: Checked[] = [];
	// Not served as the local host is, which answers this machine's own names alone: a function app has a name of its own.
	const server = createServer(async (request, response) => {
		const { method = "", url = "", headers } = request;
		const body = await readAll(request);
		const { pathname, searchParams } = new URL(url, behind);
		const given = headers["x-functions-key"];
		const key = typeof given === "string" ? given : undefined;
		const wanted = keys[pathname];
		const note = (status: number) => void requests.push({ method, url, key, status });
		if (!pathname.startsWith("/api/") || (wanted !== undefined && (key ?? searchParams.get("code")) !== wanted)) {
			note(wanted === undefined ? 404 : 401);
			return void response.writeHead(wanted === undefined ? 404 : 401).end();
		}
		const answer = await call(`${behind}${url}`, { method, body });
		note(answer.status);
		const { connection: _, "transfer-encoding": __, ...passed } = answer.headers;
		response.writeHead(answer.status, passed).end(answer.text);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	const close = () =>
		new Promise<void>((resolve) => {
			server.close(() => resolve());
			server.closeAllConnections();
		});
	return { url: `http://127.0.0.1:${port}`, port, close, requests };
}
