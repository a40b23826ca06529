import type { Counts, Receipt, State } from "./answers.ts";
import { boundsOf, type Range } from "./filter.ts";
import type { View } from "./view.ts";

/** What happened in one bar of the chart. */
export interface Bar {
	/** Its beginning, epoch milliseconds. */
	readonly from: number;
	readonly received: number;
	/** Taken by the destination. */
	readonly sent: number;
	/** Became a dead letter. */
	readonly lost: number;
}

export interface Throughput {
	readonly bars: readonly Bar[];
	/** How long a bar lasts, milliseconds: a minute, or several. */
	readonly barMs: number;
	/** False where there is more than was counted. */
	readonly isWhole: boolean;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MOST_BARS = 60;

/**
 * What was received, taken and lost in the time that the list shows; without a beginning, in the last hour. From the
 * receipts where the page knows them all, since they are the newest; else from what the bridge has counted.
 */
export function throughputOf({ recent, isPart, counts, filter, now }: View): Throughput {
	const { from, until } = timeOf(filter.range, now);
	const barMs = Math.max(1, Math.ceil((until - from) / MOST_BARS / MINUTE_MS)) * MINUTE_MS;
	const length = Math.min(MOST_BARS, Math.max(1, Math.ceil((until - from) / barMs)));
	const last = Math.floor(until / barMs) * barMs;
	const bars = Array.from({ length }, (_, index) => {
		return { from: last - (length - 1 - index) * barMs, received: 0, sent: 0, lost: 0 };
	});
	const add: Add = (at, what, many) => {
		const bar = bars[length - 1 - (last - Math.floor(at / barMs) * barMs) / barMs];
		if (bar !== undefined) bar[what] += many;
	};
	if (!isPart || counts === undefined) addReceipts(recent, add);
	else addCounts(counts, add);
	return { bars, barMs, isWhole: isPart ? counts?.complete === true : true };
}

function timeOf(range: Range, now: number): { readonly from: number; readonly until: number } {
	const { since, until = now } = boundsOf(range, now);
	return { from: Math.min(since ?? until - HOUR_MS, until), until };
}

type Add = (at: number, what: "received" | "sent" | "lost", many: number) => void;

function addReceipts(receipts: readonly Receipt[], add: Add): void {
	// A window's own dispatch was sent, but it was its events that were received.
	const windows = new Set(receipts.map(({ window }) => window));
	for (const { key, state, acceptedAt, finishedAt } of receipts) {
		if (!windows.has(key)) add(Date.parse(acceptedAt), "received", 1);
		const what = MEANINGS[state];
		if (what !== undefined) add(Date.parse(finishedAt ?? acceptedAt), what, 1);
	}
}

function addCounts({ minutes }: Counts, add: Add): void {
	for (const { at, received, states } of minutes) {
		add(Date.parse(at), "received", received);
		for (const [state, what] of Object.entries(MEANINGS)) add(Date.parse(at), what, states[state as State] ?? 0);
	}
}

const MEANINGS: Readonly<Partial<Record<State, "sent" | "lost">>> = {
	dispatched: "sent",
	dead: "lost",
	rejected: "lost",
};
