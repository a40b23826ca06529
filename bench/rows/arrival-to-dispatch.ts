import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { call } from "../../support/call.ts";
import { exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { startArrivals } from "../arrivals.ts";
import { startChild } from "../child.ts";
import type { HostQuestion } from "../children/host.ts";
import type { RelayQuestion } from "../children/relay.ts";
import { exampleSettings } from "../example-app.ts";
import { alternate, percentile } from "../measure.ts";
import type { Row } from "../row.ts";

/** After an answer the lane is let go; who comes later than that is undisturbed. */
const PAUSE_MS = 20;

/** How long an event is on its way while nothing else goes on. */
export const rows: readonly Row[] = [
	{
		name: "arrival-to-dispatch",
		what: "from sending one event to the webhook until GitHub has the dispatch, nothing else going on",
		baseline: "the same through a bare Node server that posts each body on, with nothing durable",
		better: "lower",
		async measure(bench) {
			const storage = await bench.startStorage();
			const github = await startArrivals();
			const agent = new Agent({ keepAlive: true });
			const host = startChild(bench.child("host"), exampleSettings(github.url, storage.connectionString));
			const relay = startChild(bench.child("relay"));
			const event = inEventGridSchema(exampleOf("RunCompleted"));
			const headers = { "content-type": "application/json" };
			let sent = 0;

			async function run(url: string) {
				const times: number[] = [];
				for (let count = 0; count < bench.times(200, 20); count++) {
					sent += 1;
					const body = JSON.stringify({ ...event, id: `event-${sent}` });
					const arrival = github.next();
					const start = performance.now();
					const { status, text } = await call(url, { method: "POST", headers, body, agent });
					if (status !== 200) throw new Error(`${url} answered ${status}: ${text}`);
					times.push((await arrival) - start);
					await sleep(PAUSE_MS);
				}
				return { "p50, ms": percentile(times, 50), "p99, ms": percentile(times, 99) };
			}

			try {
				const start: HostQuestion = { start: bench.app, triggers: bench.hostJson };
				const app = `${await host.ask<string>(start)}/api/events`;
				const bare = await relay.ask<string>({ to: `${github.url}/dispatches` } satisfies RelayQuestion);
				return await alternate(
					bench.times(5, 2),
					() => run(app),
					() => run(bare),
				);
			} finally {
				agent.destroy();
				await Promise.all([host.end(), relay.end()]);
				await github.close();
				await storage.end();
			}
		},
	},
];
