import { fromColumns, type LaneState, NEW_LANE, waitingFor } from "./lane-state.ts";
import { listLanes } from "./lanes.ts";
import { type Receipt, readReceipt, type WrittenState } from "./receipt.ts";
import { NO_LANE, ROWS, STATE_KEY } from "./row-keys.ts";
import type { Storage } from "./storage.ts";

/** How far a promise is, as it is shown. */
export type ReceiptState = WrittenState | "paused" | "parked";

export interface ReceiptQuery {
	readonly limit: number;
	readonly state?: ReceiptState;
	/** An event's id, a subject, a run's id, a repository, a key: the whole of it, or a part. */
	readonly find?: string;
}

export interface FoundReceipt extends Omit<Receipt, "state"> {
	readonly lane: string;
	readonly state: ReceiptState;
}

export interface FoundReceipts {
	/** The newest event first. */
	readonly receipts: readonly FoundReceipt[];
	/** False where there was more to look at than one request looks at. */
	readonly complete: boolean;
}

export interface ListOptions {
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** How many rows one request looks at. */
	readonly maxRows?: number;
}

const PAGE = 500;
/** Columns that a text is looked for in. */
const FOUND_IN = ["key", "id", "run", "subject", "repository", "window"] as const;

/** Finds receipts in all lanes, in bounded work. */
export async function listReceipts(
	storage: Storage,
	query: ReceiptQuery,
	options: ListOptions,
): Promise<FoundReceipts> {
	const lanes = [...(await listLanes(storage)), NO_LANE];
	const { find } = query;
	if (find !== undefined) {
		// What was given whole is found by the service itself, however far back.
		const exactly = FOUND_IN.map((column) => `${column} eq '${find.replaceAll("'", "''")}'`).join(" or ");
		const found = await search(storage, lanes, query, options, exactly);
		if (found.receipts.length > 0) return found;
	}
	return search(storage, lanes, query, options);
}

async function search(
	storage: Storage,
	lanes: readonly string[],
	{ limit, state, find }: ReceiptQuery,
	{ now, maxRows = 10_000 }: ListOptions,
	where?: string,
): Promise<FoundReceipts> {
	let rowsLeft = maxRows;
	const written = state === "paused" || state === "parked" ? "accepted" : state;
	const conditions = [where, written && `state eq '${written}'`].filter((condition) => condition !== undefined);
	const filter =
		conditions.length === 0 ? {} : { where: conditions.map((condition) => `(${condition})`).join(" and ") };
	const isWanted = (receipt: FoundReceipt) =>
		(state === undefined || receipt.state === state) &&
		(find === undefined || where !== undefined || mentions(receipt, find));

	async function inLane(lane: string) {
		const laneState = await readState(storage, lane, now());
		const found: FoundReceipt[] = [];
		let after: string | undefined;
		for (;;) {
			const page = await storage.list(lane, { ...ROWS.receipts, ...filter, top: PAGE, after });
			const shown = page.rows.map((row) => show(readReceipt(row), lane, laneState, now()));
			found.push(...shown.filter(isWanted));
			// A page that holds few may have been looked for far.
			rowsLeft -= PAGE;
			after = page.next;
			if (after === undefined || found.length >= limit) return { found, complete: true };
			if (rowsLeft <= 0) return { found, complete: false };
		}
	}

	const all = await Promise.all(lanes.map(inLane));
	const receipts = all
		.flatMap(({ found }) => found)
		.sort((one, other) => (one.rowKey < other.rowKey ? -1 : 1))
		.slice(0, limit);
	return { receipts, complete: all.every(({ complete }) => complete) };
}

async function readState(storage: Storage, lane: string, now: number): Promise<LaneState> {
	const row = await storage.get(lane, STATE_KEY);
	return row === undefined ? NEW_LANE : fromColumns(row.columns, now);
}

/** What waits is shown with what it waits for. */
function show(receipt: Receipt, lane: string, state: LaneState, now: number): FoundReceipt {
	const { to } = receipt;
	if (receipt.state !== "accepted" || to === null) return { ...receipt, lane };
	const waits = waitingFor(state, { repository: to.repository, notBefore: 0 }, now);
	if (waits === undefined) return { ...receipt, lane };
	const until = new Date(waits.until).toISOString();
	const next = waits.state === "parked" ? `tried again at ${until}` : `until ${until}`;
	return { ...receipt, lane, state: waits.state, reason: `${waits.reason}; ${next}` };
}

function mentions({ key, event, to, window }: FoundReceipt, text: string): boolean {
	const wanted = text.toLowerCase();
	const places = [key, event.id, event.run, event.subject, to?.repository, window];
	return places.some((place) => place?.toLowerCase().includes(wanted) === true);
}
