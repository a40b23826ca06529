import { drainRate } from "../drain-rate.ts";
import type { Row } from "../row.ts";

/** Whether a backlog uses the whole allowance of a token, and no more. */
export const row: Row = {
	name: "drain-one",
	what: "dispatches a second from a backlog, through the queue trigger of one process",
	baseline: "what GITHUB_PACE allows",
	better: "higher",
	goal: 0.95,
	measure: (bench) => drainRate(bench, 1),
};
