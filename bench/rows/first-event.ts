import { postJson } from "../../support/call.ts";
import { exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { startArrivals } from "../arrivals.ts";
import { type Child, startChild } from "../child.ts";
import { exampleSettings } from "../example-app.ts";
import { laneIsFree } from "../lane.ts";
import { alternate } from "../measure.ts";
import type { Row } from "../row.ts";

const DISPATCHED = "until GitHub has it, ms";
const HELLO = "hello world, until answered, ms";

/** What is put off from the app's start to its first event: the SDK, and whatever Node itself loads when first used. */
export const rows: readonly Row[] = [
	{
		name: "first-event",
		what: "the first event that a loaded app gets, from sending it until GitHub has the dispatch",
		baseline: "the second event in the same process",
		better: "lower",
		async measure(bench) {
			const event = inEventGridSchema(exampleOf("RunCompleted"));
			const github = await startArrivals();
			const storage = await bench.startStorage();
			let hosts: { child: Child; url: string }[] = [];
			let sent = 0;

			async function start(entry: string) {
				const child = startChild(bench.child("host"), exampleSettings(github.url, storage.connectionString));
				const host = { child, url: "" };
				hosts.push(host);
				host.url = await child.ask<string>({ start: entry });
			}
			async function end() {
				await Promise.all(hosts.map(({ child }) => child.end()));
				hosts = [];
			}
			async function send() {
				const [app, hello] = hosts;
				sent += 1;
				const id = `event-${sent}`;
				const arrival = github.next();
				const start = performance.now();
				const { status, text } = await postJson(`${app?.url}/api/events`, { ...event, id });
				if (status !== 200 || !text.includes('"dispatched"')) throw new Error(`the app answered ${status}: ${text}`);
				const greeted = performance.now();
				const { status: helloStatus } = await postJson(`${hello?.url}/api/hello`, event);
				if (helloStatus !== 200) throw new Error(`hello world answered ${helloStatus}`);
				const greetedMs = performance.now() - greeted;
				await laneIsFree(storage.connectionString);
				return { [DISPATCHED]: (await arrival) - start, [HELLO]: greetedMs };
			}

			try {
				return await alternate(
					bench.times(9, 2),
					async () => {
						await end();
						await start(bench.app);
						await start(bench.benchApp("hello-world"));
						return send();
					},
					() => send(),
				);
			} finally {
				await end();
				await github.close();
				await storage.end();
			}
		},
	},
];
