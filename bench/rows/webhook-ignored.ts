import { exampleOf } from "../../support/example-events.ts";
import type { Row } from "../row.ts";
import { webhookRate } from "../webhook-rate.ts";

/** Taking events in, and nothing more: what the webhook costs beyond the platform's own work. */
export const row: Row = {
	name: "webhook-ignored",
	what: "webhook requests with one event that no route takes",
	baseline: "the same requests to a hello-world function on the same host",
	better: "higher",
	measure: (bench) =>
		webhookRate(bench, {
			event: exampleOf("RunStatusChanged"),
			outcome: "ignored",
			requests: bench.times(2_000, 100),
			pairs: bench.times(9, 2),
		}),
};
