import { call } from "../../support/call.ts";
import { exampleOf } from "../../support/example-events.ts";
import { ledgerNames } from "../bench-bridge.ts";
import { pauseEmptyLane } from "../lane.ts";
import { openLoadRig } from "../load-rig.ts";
import { alternate, type Sample } from "../measure.ts";
import type { Row } from "../row.ts";

/** Of 2,000 requests each: in all, each side accepts 10,000 events. */
const PAIRS = 5;
const WARM_UP = 200;

/** What it is worth that accepts which run at the same time share a transaction and a look at the lane's wake-up. */
export const rows: readonly Row[] = [
	{
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
	},
];
