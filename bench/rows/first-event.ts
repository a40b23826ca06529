import { readAll, serve } from "../../src/local/serve.ts";
import { postJson } from "../../test/helpers/call.ts";
import { exampleOf, inEventGridSchema } from "../../test/helpers/example-events.ts";
import { type Child, startChild } from "../child.ts";
import { exampleSettings } from "../example-app.ts";
import { alternate } from "../measure.ts";
import type { Row } from "../row.ts";

const DISPATCHED = "until GitHub has it, ms";
const HELLO = "hello world, until answered, ms";

/** What is put off from the app's start to its first event: the SDK, and whatever Node itself loads when first used. */
export const firstEvent: Row = {
	name: "first-event",
	what: "the first event that a loaded app gets, from sending it until GitHub has the dispatch",
	baseline: "the second event in the same process",
	better: "lower",
	async measure(bench) {
		const event = inEventGridSchema(exampleOf("RunCompleted"));
		let arrived: (at: number) => void = () => {};
		const github = await serve(0, (request, response) => {
			const read = readAll(request).then(() => {
				arrived(performance.now());
				response.writeHead(204).end();
			});
			read.catch(() => response.destroy());
		});
		let hosts: { child: Child; url: string }[] = [];

		async function start(entry: string) {
			const child = startChild(bench.child("host"), exampleSettings(github.url));
			const host = { child, url: "" };
			hosts.push(host);
			host.url = await child.ask<string>({ start: entry });
		}
		async function end() {
			await Promise.all(hosts.map(({ child }) => child.end()));
			hosts = [];
		}
		async function send(id: string) {
			const [app, hello] = hosts;
			const arrival = new Promise<number>((resolve) => {
				arrived = resolve;
			});
			const sent = performance.now();
			const { status, text } = await postJson(`${app?.url}/api/events`, { ...event, id });
			if (status !== 200 || !text.includes('"dispatched"')) throw new Error(`the app answered ${status}: ${text}`);
			const greeted = performance.now();
			const { status: helloStatus } = await postJson(`${hello?.url}/api/hello`, event);
			if (helloStatus !== 200) throw new Error(`hello world answered ${helloStatus}`);
			return { [DISPATCHED]: (await arrival) - sent, [HELLO]: performance.now() - greeted };
		}

		try {
			return await alternate(
				bench.times(9, 2),
				async () => {
					await end();
					await start(bench.app);
					await start(bench.helloWorld);
					return send("first");
				},
				() => send("second"),
			);
		} finally {
			await end();
			await github.close();
		}
	},
};
