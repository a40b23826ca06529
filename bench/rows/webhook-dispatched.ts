import { exampleOf } from "../../test/helpers/example-events.ts";
import type { Row } from "../row.ts";
import { webhookRate } from "../webhook-rate.ts";

/** The whole way through, with a GitHub that answers at once: each request waits for a second one. */
export const webhookDispatched: Row = {
	name: "webhook-dispatched",
	what: "webhook requests with one event that is dispatched before the answer",
	baseline: "the same requests to a hello-world function on the same host",
	better: "higher",
	measure: (bench) => webhookRate(bench, exampleOf("RunCompleted"), "dispatched"),
};
