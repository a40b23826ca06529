import type { Receipt } from "./answers.ts";

/** What happened in one minute. */
export interface Minute {
	/** Its beginning, epoch milliseconds. */
	readonly from: number;
	readonly received: number;
	/** Taken by GitHub. */
	readonly sent: number;
	/** Became a dead letter. */
	readonly lost: number;
}

export const MINUTES = 60;
const MINUTE_MS = 60_000;

/** The last hour, minute by minute, the current one last. */
export function throughput(receipts: Iterable<Receipt>, now: number): readonly Minute[] {
	const all = [...receipts];
	const current = Math.floor(now / MINUTE_MS);
	const minutes = Array.from({ length: MINUTES }, (_, index) => {
		return { from: (current - MINUTES + 1 + index) * MINUTE_MS, received: 0, sent: 0, lost: 0 };
	});
	const count = (iso: string | null, what: "received" | "sent" | "lost") => {
		const minute = minutes[MINUTES - 1 - (current - Math.floor(Date.parse(iso ?? "") / MINUTE_MS))];
		if (minute !== undefined) minute[what] += 1;
	};
	// A window's own dispatch was sent, but it was its events that were received.
	const windows = new Set(all.map(({ window }) => window));
	for (const { key, state, acceptedAt, finishedAt } of all) {
		if (!windows.has(key)) count(acceptedAt, "received");
		if (state === "dispatched") count(finishedAt, "sent");
		if (state === "dead" || state === "rejected") count(finishedAt ?? acceptedAt, "lost");
	}
	return minutes;
}
