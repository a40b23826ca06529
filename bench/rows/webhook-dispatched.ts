import { exampleOf } from "../../support/example-events.ts";
import type { Row } from "../row.ts";
import { webhookRate } from "../webhook-rate.ts";

/**
 * The whole way through, with a GitHub that answers at once and a pace that holds nobody up: made durable, then
 * dispatched, one after the other as a lane does, and its end written down.
 */
export const row: Row = {
	name: "webhook-dispatched",
	what: "webhook requests with one event that is made durable and dispatched before the answer",
	baseline: "the same requests to a hello-world function on the same host",
	better: "higher",
	measure: (bench) =>
		webhookRate(bench, {
			event: exampleOf("RunCompleted"),
			outcome: "dispatched",
			requests: bench.times(300, 40),
			pairs: bench.times(5, 2),
		}),
};
