import type { Attempt, Receipt, Run } from "../../src/console/browser/answers.ts";

export const ACCEPTED_AT = Date.parse("2026-03-14T08:15:30.000Z");

/** A receipt as the page gets it. */
export function receiptOf(part: Partial<Receipt>): Receipt {
	return {
		key: "the-key",
		state: "accepted",
		event: { id: "the-id", type: "Contoso.Thing", source: "/the/source", subject: "it", time: "2026-03-14T08:15:30Z" },
		route: "the route",
		to: { id: "contoso/fraud-model#new-data", repository: "contoso/fraud-model", dispatchType: "new-data" },
		acceptedAt: new Date(ACCEPTED_AT).toISOString(),
		finishedAt: null,
		replayedAt: null,
		attempts: [],
		reason: null,
		replay: null,
		arrived: null,
		group: null,
		window: null,
		windowState: null,
		runs: [],
		following: null,
		followingReason: null,
		page: null,
		...part,
	};
}

export function attempt(status: number | null): Attempt {
	return { at: "2026-03-14T08:15:31.000Z", status, ms: 5, requestId: null, reason: null };
}

export function runOf(part: Partial<Run> = {}): Run {
	return {
		id: "4711",
		url: "https://github.com/contoso/fraud-model/actions/runs/4711",
		workflow: "Train",
		status: "completed",
		conclusion: "success",
		attempt: 1,
		certain: true,
		...part,
	};
}
