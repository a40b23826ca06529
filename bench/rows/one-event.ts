import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { call } from "../../support/call.ts";
import { asCloudEvent, EXAMPLE_EVENTS, exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { startArrivals } from "../arrivals.ts";
import { startChild } from "../child.ts";
import type { EventCpuQuestion } from "../children/event-cpu.ts";
import type { GitHubQuestion } from "../children/github.ts";
import type { HostQuestion } from "../children/host.ts";
import type { RelayQuestion } from "../children/relay.ts";
import type { UndisturbedQuestion } from "../children/undisturbed.ts";
import { exampleSettings, ROUTES_TABLE } from "../example-app.ts";
import { alternate, percentile, type Sample } from "../measure.ts";
import type { Row } from "../row.ts";

/** What an event costs before anything leaves the process: as a multiple of the parsing alone. */
const eventCpu: Row = {
	name: "event-cpu",
	what: "parse, read, route by five routes, build payload and request: each example event, in both envelopes",
	baseline: "JSON.parse of the same bodies",
	better: "lower",
	async measure(bench) {
		const bodies = EXAMPLE_EVENTS.flatMap((event) => [inEventGridSchema(event), asCloudEvent(event)]);
		const child = startChild(bench.child("event-cpu"));
		const ask = (question: EventCpuQuestion) => child.ask<number>(question);
		const run = async (side: "ours" | "baseline") => ({
			"CPU an event, µs": await ask({ run: side, rounds: bench.times(400, 20) }),
		});
		try {
			const made = await ask({ table: ROUTES_TABLE, bodies: bodies.map((body) => JSON.stringify(body)) });
			if (made < bodies.length / 2) throw new Error(`only ${made} requests come of ${bodies.length} events`);
			return await alternate(
				bench.times(15, 2),
				() => run("ours"),
				() => run("baseline"),
			);
		} finally {
			await child.end();
		}
	},
};

/** What the bridge adds to the calls that a durable dispatch cannot do without. */
const undisturbed: Row = {
	name: "undisturbed-event",
	what: "accept() of one event, which is made durable, dispatched, and its end written down",
	baseline: "the same calls of storage by the bare SDKs, and one POST to the GitHub stand-in",
	better: "lower",
	async measure(bench) {
		const storage = await bench.startStorage();
		const [github, child] = [startChild(bench.child("github")), startChild(bench.child("undisturbed"))];
		const ask = (question: UndisturbedQuestion) => child.ask<Sample>(question);
		const events = bench.times(100, 10);
		try {
			const url = await github.ask<string>({ start: {} } satisfies GitHubQuestion);
			const event = inEventGridSchema(exampleOf("RunCompleted"));
			// The bare calls that it is compared with follow no run.
			const settings = { ...exampleSettings(url, storage.connectionString), FOLLOW_RUNS: "off" };
			await ask({ settings, event });
			return await alternate(
				bench.times(9, 2),
				() => ask({ run: "ours", events }),
				() => ask({ run: "baseline", events }),
			);
		} finally {
			await Promise.all([github.end(), child.end()]);
			await storage.end();
		}
	},
};

/** What following a run costs the event that starts it. What is read afterwards is counted by the destination. */
const followed: Row = {
	name: "followed-event",
	what: "accept() of one event whose run is followed from then on",
	baseline: "the same with FOLLOW_RUNS=off",
	better: "lower",
	async measure(bench) {
		const github = startChild(bench.child("github"));
		const sides = await Promise.all(
			["on", "off"].map(async (follow) => ({ follow, storage: await bench.startStorage() })),
		);
		const children = sides.map(() => startChild(bench.child("undisturbed")));
		const events = bench.times(100, 10);
		const ask = (side: number, question: UndisturbedQuestion) => children[side]?.ask<Sample>(question) ?? never();
		try {
			const url = await github.ask<string>({ start: {} } satisfies GitHubQuestion);
			const event = inEventGridSchema(exampleOf("RunCompleted"));
			for (const [side, { follow, storage }] of sides.entries()) {
				const settings = { ...exampleSettings(url, storage.connectionString), FOLLOW_RUNS: follow };
				await ask(side, { settings, event });
			}
			return await alternate(
				bench.times(9, 2),
				() => ask(0, { run: "ours", events }),
				() => ask(1, { run: "ours", events }),
			);
		} finally {
			await Promise.all([github, ...children].map((child) => child.end()));
			await Promise.all(sides.map(({ storage }) => storage.end()));
		}
	},
};

function never(): never {
	throw new Error("there are two sides");
}

/** After an answer the lane is let go; who comes later than that is undisturbed. */
const PAUSE_MS = 20;

/** How long an event is on its way while nothing else goes on. */
const arrivalToDispatch: Row = {
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
};

/** What one event costs. */
export const rows: readonly Row[] = [arrivalToDispatch, eventCpu, followed, undisturbed];
