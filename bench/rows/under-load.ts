import { OUTCOMES, type Outcome } from "../../src/model.ts";
import { call } from "../../support/call.ts";
import { type ExampleEvent, exampleOf } from "../../support/example-events.ts";
import { ledgerNames, pauseEmptyLane } from "../bench-bridge.ts";
import { openLoadRig } from "../load-rig.ts";
import { alternate, type Pair, type Sample } from "../measure.ts";
import type { Row } from "../row.ts";
import type { Workbench } from "../workbench.ts";

const webhook: readonly Row[] = [
	// Each event is durable before its answer. Its lane is paused, so that nothing else is done.
	row("accepted", "that is durably accepted, for a lane that is paused", (bench) => ({
		event: exampleOf("RunCompleted"),
		requests: bench.times(1_000, 100),
		pairs: bench.times(7, 2),
	})),
	// The whole way through, with a GitHub that answers at once and a pace that never waits: made durable, then
	// dispatched, one after the other as a lane does, and its end written down.
	row("dispatched", "that is made durable and dispatched before the answer", (bench) => ({
		event: exampleOf("RunCompleted"),
		requests: bench.times(300, 40),
		pairs: bench.times(5, 2),
	})),
	// Taking events in, and nothing more: what the webhook costs beyond the platform's own work.
	row("ignored", "that no route takes", (bench) => ({
		event: exampleOf("RunStatusChanged"),
		requests: bench.times(2_000, 100),
		pairs: bench.times(9, 2),
	})),
];

interface RateOptions {
	readonly event: ExampleEvent;
	/** For each measurement, of ours and of the baseline. */
	readonly requests: number;
	readonly pairs: number;
}

/** @param outcome how each event is to end; it is compared with what was answered, and what the stand-in took */
function row(
	outcome: Extract<Outcome, "ignored" | "accepted" | "dispatched">,
	which: string,
	options: (bench: Workbench) => RateOptions,
): Row {
	return {
		name: `webhook-${outcome}`,
		what: `webhook requests with one event ${which}`,
		baseline: "the same requests to a hello-world function on the same host",
		better: "higher",
		measure: (bench) => webhookRate(bench, outcome, options(bench)),
	};
}

/**
 * Requests a second of the webhook, one event in each, against the hello-world function. Client, GitHub stand-in,
 * storage, app and hello world have a process each; the same client posts the same bodies to hosts of the same make.
 */
async function webhookRate(bench: Workbench, outcome: Outcome, options: RateOptions): Promise<readonly Pair[]> {
	const { event, requests, pairs } = options;
	const rig = await openLoadRig(bench);
	try {
		const app = await rig.serve(bench.app, "/api/events");
		const hello = await rig.serve(bench.benchApp("hello-world"), "/api/hello");
		const ours = async () => {
			if (outcome === "accepted") await pauseEmptyLane(rig.connectionString);
			const sample = await app.post(event, requests, { status: OUTCOMES[outcome].http, text: `"${outcome}"` });
			const { 204: taken = 0, ...others } = await rig.answered();
			if (taken !== (outcome === "dispatched" ? requests : 0) || Object.keys(others).length > 0)
				throw new Error(`GitHub took ${taken} dispatches, and answered otherwise: ${JSON.stringify(others)}`);
			return sample;
		};
		return await alternate(pairs, ours, () => hello.post(event, requests, { status: 200, text: '"world"' }));
	} finally {
		await rig.end();
	}
}

/** Of 2,000 requests each: in all, each side accepts 10,000 events. */
const PAIRS = 5;
const WARM_UP = 200;

/** What it is worth that accepts which run at the same time share a transaction and a look at the lane's wake-up. */
const groupCommit: Row = {
	name: "group-commit",
	what: "events durably accepted from single-event requests, 32 in flight, for a lane that is paused",
	baseline: "the same without grouping: one transaction, one look and one message for each event",
	better: "higher",
	goal: 3,
	async measure(bench) {
		const requests = bench.times(2_000, 100);
		const event = exampleOf("RunCompleted");
		const rig = await openLoadRig(bench);

		async function side(grouping: "on" | "off"): Promise<() => Promise<Sample>> {
			const settings = { BENCH_LEDGER: grouping, BENCH_GROUPING: grouping };
			const served = await rig.serve(bench.benchApp("webhook"), "/api/events", settings);
			const calls = async () => ((await call(`${served.url}/api/calls`)).json() as { calls: number }).calls;
			const post = (count: number) => served.post(event, count, { status: 202, text: '"accepted"' });
			const empty = () => pauseEmptyLane(rig.connectionString, ledgerNames(grouping));
			await empty();
			await post(Math.min(WARM_UP, requests));
			return async () => {
				await empty();
				const before = await calls();
				const sample = await post(requests);
				return { ...sample, "storage calls an event": ((await calls()) - before) / requests };
			};
		}

		try {
			return await alternate(bench.times(PAIRS, 2), await side("on"), await side("off"), { warmUps: 0 });
		} finally {
			await rig.end();
		}
	},
};

/** How many events an instance takes. */
export const rows: readonly Row[] = [groupCommit, ...webhook];
