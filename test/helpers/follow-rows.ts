import type { SeenRun } from "../../src/destinations/destination.ts";
import type { FollowRow } from "../../src/ledger/follow-rows.ts";
import type { Run } from "../../src/model.ts";
import { repositoryDispatch } from "../../support/destinations.ts";
import { keyOf, START } from "./follow-world.ts";

/** A delivery that was taken and is looked for. */
export function followRow(number: number, part: Partial<FollowRow> = {}): FollowRow {
	return {
		rowKey: `f-${number}`,
		etag: "1",
		key: keyOf(number),
		receipt: `r-${number}`,
		to: repositoryDispatch("contoso/fraud-model", "contoso-test"),
		route: "r",
		takenAt: START,
		finishedAt: START,
		from: START,
		following: "looking",
		runs: [],
		readAt: 0,
		resends: false,
		resent: false,
		again: undefined,
		...part,
	};
}

/** A run of a receipt, under way. */
export function runOf(id: string, part: Partial<Run> = {}): Run {
	const url = `https://github.com/contoso/fraud-model/actions/runs/${id}`;
	return { id, url, workflow: "listen", status: "queued", conclusion: null, attempt: 1, certain: true, ...part };
}

/** A run as a service lists it, of a delivery or of none. */
export function seenRun(id: string, part: Partial<SeenRun> = {}): SeenRun {
	const { certain: _, ...run } = runOf(id);
	return { ...run, title: "Train", createdAt: START, ...part };
}
