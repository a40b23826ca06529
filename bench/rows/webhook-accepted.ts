import { exampleOf } from "../../support/example-events.ts";
import type { Row } from "../row.ts";
import { webhookRate } from "../webhook-rate.ts";

/** Keeping a promise: each event is durable before its answer. Its lane is paused, so that nothing else is done. */
export const row: Row = {
	name: "webhook-accepted",
	what: "webhook requests with one event that is durably accepted, for a lane that is paused",
	baseline: "the same requests to a hello-world function on the same host",
	better: "higher",
	measure: (bench) =>
		webhookRate(bench, {
			event: exampleOf("RunCompleted"),
			outcome: "accepted",
			requests: bench.times(1_000, 100),
			pairs: bench.times(7, 2),
		}),
};
