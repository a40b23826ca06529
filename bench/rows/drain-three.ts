import { drainRate } from "../drain-rate.ts";
import type { Row } from "../row.ts";

/** Whether several instances use one allowance together, and no more: a lane has one drainer, wherever it runs. */
export const row: Row = {
	name: "drain-three",
	what: "dispatches a second from a backlog, through the queue trigger of three processes on the same storage",
	baseline: "what GITHUB_PACE allows",
	better: "higher",
	goal: 0.95,
	measure: (bench) => drainRate(bench, 3),
};
