import type { Counts, Receipt, State } from "./answers.ts";
import { type Api, ApiError } from "./api.ts";
import { charted, type Range, type View } from "./view.ts";

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
const MOST_BARS = 60;

/**
 * What was received, taken and lost in the time that the chart covers (see `charted`). From the
 * receipts where the page knows them all, since they are the newest; else from what the bridge has counted.
 */
export function throughputOf({ recent, isPart, counts, filter, now }: View): Throughput {
	const { since, until } = charted(filter.range, now);
	const barMs = Math.max(1, Math.ceil((until - since) / MOST_BARS / MINUTE_MS)) * MINUTE_MS;
	const length = Math.min(MOST_BARS, Math.max(1, Math.ceil((until - since) / barMs)));
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

/**
 * Lets the bridge count, beside everything else: counting may take it 15 s, and the list must not wait for that.
 * @param now epoch milliseconds
 */
export function createCounter(api: Api, now: () => number) {
	let counts: Counts | undefined;
	let range: Range | undefined;
	let isCounting = false;
	/** This bridge does not offer counts, or their key is missing. */
	let isClosed = false;
	/** Counts new beginnings: an answer to the key before says nothing of this one. */
	let beginnings = 0;

	async function count(wanted: Range): Promise<void> {
		const mine = beginnings;
		const { since, until } = charted(wanted, now());
		isCounting = true;
		try {
			const counted = await api.counts(since, until);
			if (range === wanted) counts = counted;
		} catch (error) {
			const status = error instanceof ApiError ? error.status : undefined;
			if (mine === beginnings && (status === 404 || status === 401 || status === 403)) isClosed = true;
		} finally {
			isCounting = false;
		}
	}

	return {
		/** What was counted last for that time. Undefined until then, and where the bridge does not count. */
		of(wanted: Range): Counts | undefined {
			if (wanted !== range) counts = undefined;
			range = wanted;
			return counts;
		},
		/** Begins to count that time, unless it is still counting. */
		start(wanted: Range): void {
			range = wanted;
			if (!isCounting && !isClosed) void count(wanted);
		},
		clear(): void {
			beginnings += 1;
			counts = undefined;
			isClosed = false;
		},
	};
}
