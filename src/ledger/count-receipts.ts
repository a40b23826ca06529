import type { Storage } from "../storage/storage.ts";
import { listPartitions } from "./lane-lease.ts";
import { isFinal, type ReceiptState } from "./receipt.ts";
import { receiptsOf } from "./receipt-query.ts";
import { DESTINATION_COLUMNS, ROWS, writeTime } from "./rows.ts";

/** The time to count; epoch milliseconds, both included. */
export interface CountQuery {
	readonly since: number;
	readonly until: number;
}

/** What happened in one minute. */
export interface CountedMinute {
	/** Its beginning, ISO 8601. */
	readonly at: string;
	/** How many receipts were accepted in it, the dispatches of windows left out. */
	readonly received: number;
	/** Of each state: how many came to it in this minute, or were accepted in it, where the state is not final. */
	readonly states: Readonly<Partial<Record<ReceiptState, number>>>;
}

export interface ReceiptCounts {
	/** ISO 8601 */
	readonly since: string;
	readonly until: string;
	/** In order; without those in which nothing happened. */
	readonly minutes: readonly CountedMinute[];
	/** False where the work had to stop: then there are at least so many. */
	readonly complete: boolean;
	/** What could not be read. */
	readonly problems: readonly string[];
}

export interface CountOptions {
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** How many pages of one lane one request looks at. */
	readonly maxPages?: number;
	/** No further page is begun after so many milliseconds. */
	readonly maxMs?: number;
}

const MINUTE_MS = 60_000;
const MAX_PAGES = 100;
const MAX_MS = 15_000;
const PAGE = 1_000;
const COLUMNS = ["key", "id", "state", "acceptedAt", "finishedAt", "notBefore", "reason", ...DESTINATION_COLUMNS];

/** One that is being counted. */
interface Minute {
	received: number;
	states: Partial<Record<ReceiptState, number>>;
}

/**
 * Counts all receipts of a time, minute by minute, in bounded work: it looks through each lane from the newest event on, and
 * says where it had to stop. Rejects with the error of storage where no lane can be read.
 */
export async function countReceipts(
	storage: Storage,
	query: CountQuery,
	{ now, maxPages = MAX_PAGES, maxMs = MAX_MS }: CountOptions,
): Promise<ReceiptCounts> {
	const [since, until] = [writeTime(query.since), writeTime(query.until)];
	const minutes = new Map<number, Minute>();
	const lanes = await listPartitions(storage);
	const endsAt = now() + maxMs;
	const problems: string[] = [];
	const failures: unknown[] = [];
	const counted = await Promise.all(
		lanes.map((lane) =>
			countLane(storage, lane, { since, until, minutes, maxPages, endsAt, now }).catch((error: unknown) => {
				failures.push(error);
				problems.push(`the receipts of the lane "${lane}" cannot be read: ${(error as Error).message}`);
				return false;
			}),
		),
	);
	if (failures.length === lanes.length) throw failures[0];
	const inOrder = [...minutes].sort(([one], [other]) => one - other);
	const shown = inOrder.map(([at, counts]) => ({ at: writeTime(at), ...counts }));
	return { since, until, minutes: shown, complete: counted.every(Boolean), problems };
}

interface LaneCount {
	/** ISO 8601: the same form as the columns that they are compared with. */
	readonly since: string;
	readonly until: string;
	/** By their beginnings, epoch milliseconds. */
	readonly minutes: Map<number, Minute>;
	readonly maxPages: number;
	readonly endsAt: number;
	readonly now: () => number;
}

/** Answers whether it came to the lane's end. */
async function countLane(
	storage: Storage,
	lane: string,
	{ since, until, minutes, maxPages, endsAt, now }: LaneCount,
): Promise<boolean> {
	const within = (column: string) => `(${column} ge '${since}' and ${column} le '${until}')`;
	const where = `${within("acceptedAt")} or ${within("finishedAt")}`;
	const show = receiptsOf(storage, lane, now);
	let after: string | undefined;
	for (let pages = 0; pages < maxPages && (pages === 0 || now() <= endsAt); pages++) {
		const page = await storage.list(lane, { ...ROWS.receipts, top: PAGE, where, after, select: COLUMNS });
		for (const row of page.rows) {
			const { key, event, state, acceptedAt, finishedAt } = await show(row);
			// A window's own dispatch has its key as its event's id; its events were received.
			const accepted = key === event.id ? undefined : minuteOf(acceptedAt);
			if (accepted !== undefined) accepted.received += 1;
			const came = minuteOf(isFinal({ state }) ? (finishedAt ?? acceptedAt) : acceptedAt);
			if (came !== undefined) came.states[state] = (came.states[state] ?? 0) + 1;
		}
		after = page.next;
		if (after === undefined) return true;
	}
	return false;

	function minuteOf(iso: string): Minute | undefined {
		const at = Math.floor(Date.parse(iso) / MINUTE_MS) * MINUTE_MS;
		if (iso < since || iso > until || Number.isNaN(at)) return undefined;
		const minute = minutes.get(at) ?? { received: 0, states: {} };
		minutes.set(at, minute);
		return minute;
	}
}
