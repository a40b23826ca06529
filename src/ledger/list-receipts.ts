import type { Storage } from "../storage/storage.ts";
import { listPartitions } from "./lane-lease.ts";
import { RECEIPT_COLUMNS } from "./receipt.ts";
import {
	type Conditions,
	canBeExact,
	conditionsOf,
	type FoundReceipt,
	type ReceiptQuery,
	rangeOf,
	readContinue,
	receiptsOf,
	writeContinue,
} from "./receipt-query.ts";

export interface FoundReceipts {
	/** The newest event first. */
	readonly receipts: readonly FoundReceipt[];
	/**
	 * How to go on behind the first `count` of them, as the next question's `continue`; undefined where nothing is left.
	 */
	readonly continueAfter: (count: number) => string | undefined;
	/** What could not be read, while the rest is here. */
	readonly problems: readonly string[];
}

export interface ListOptions {
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** How many pages of one lane one request looks at. */
	readonly maxPages?: number;
	/** No further page is begun after that, epoch milliseconds; left out, 20 seconds from now. */
	readonly endsAt?: number | undefined;
}

/** What is looked for, in the terms of storage, and how far. */
interface Search extends Conditions {
	readonly limit: number;
	/** The first key that is too far. */
	readonly to: string;
	readonly maxPages: number;
	/** No page is begun after that, epoch milliseconds. */
	readonly endsAt: number;
	readonly now: () => number;
}

/** Where a search goes on: what is not in it has been looked through. */
interface Cursor {
	/** Whether the search is for the whole of the text, and whether there is such a thing. */
	readonly exact: boolean;
	readonly found: boolean;
	readonly lanes: ReadonlyMap<string, Position>;
}

/** A place among a lane's receipts. */
interface Position {
	/** The first key of the range. */
	readonly from: string;
	/** What storage has answered for the next page of this range. */
	readonly after?: string | undefined;
}

/** What a lane has to offer, in order. */
interface InLane {
	readonly lane: string;
	readonly start: Position;
	readonly found: readonly FoundReceipt[];
	/** Where it goes on behind `found`; undefined at its end. */
	readonly next: Position | undefined;
	/** Whether storage has found anything, wanted or not. */
	readonly any: boolean;
	/** Why it could not be read to its end; undefined where it could. */
	readonly error: unknown;
}

/** A page may take the service five seconds. */
const MAX_MS = 20_000;
const MAX_PAGES = 20;
const PAGE = 1_000;

/**
 * Finds receipts in all lanes, in bounded work: it says where it stopped, and goes on there when it is asked to. Rejects
 * with WrongContinue, and with the error of storage where no lane can be read.
 */
export async function listReceipts(
	storage: Storage,
	query: ReceiptQuery,
	{ now, maxPages = MAX_PAGES, endsAt = now() + MAX_MS }: ListOptions,
): Promise<FoundReceipts> {
	const question = questionOf(query);
	const begun = query.continue === undefined ? undefined : readCursor(query.continue, question);
	const known = await listPartitions(storage);
	const { from, to } = rangeOf(query);
	const afresh = new Map(known.map((lane) => [lane, { from }]));
	const start: Cursor = begun ?? { exact: canBeExact(query), found: false, lanes: afresh };

	const first = await searchFrom(start);
	// What was given whole is found by the service itself. Only if there is no such thing, in whatever state, parts are looked
	// for: else a discard of one that is done twice would discard others, which only contain its name. A lane that could not be
	// read is left, so this search has no problem to tell of.
	const isNone = first.every(({ any, next }) => !any && next === undefined);
	if (!(start.exact && !start.found && isNone)) return together(first, start, question, query.limit);
	const parts: Cursor = { ...start, exact: false, lanes: afresh };
	return together(await searchFrom(parts), parts, question, query.limit);

	function searchFrom({ exact, lanes }: Cursor): Promise<readonly InLane[]> {
		const search = { limit: query.limit, to, maxPages, endsAt, now, ...conditionsOf(query, exact) };
		const places = [...lanes].filter(([lane]) => known.includes(lane));
		return Promise.all(places.map(([lane, start]) => searchLane(storage, search, lane, start)));
	}
}

/** What all lanes have to offer together. Throws where none can be read. */
function together(all: readonly InLane[], { exact, found }: Cursor, question: string, limit: number): FoundReceipts {
	const failed = all.filter(({ error }) => error !== undefined);
	if (failed.length > 0 && failed.length === all.length) throw failed[0]?.error;
	const receipts = all
		.flatMap((inLane) => inLane.found)
		.sort((one, other) => (one.rowKey < other.rowKey ? -1 : 1))
		.slice(0, limit);
	const isFound = found || all.some(({ any }) => any);
	const continueAfter = (count: number) => {
		const taken = new Set(receipts.slice(0, count));
		const lanes = new Map<string, Position>();
		for (const inLane of all) {
			const position = positionAfter(inLane, taken);
			if (position !== undefined) lanes.set(inLane.lane, position);
		}
		return lanes.size === 0 ? undefined : writeCursor({ exact, found: isFound, lanes }, question);
	};
	const problems = failed.map(
		({ lane, error }) => `the receipts of the lane "${lane}" cannot be read: ${(error as Error).message}`,
	);
	return { receipts, continueAfter, problems };
}

/** What is asked, as one text. */
function questionOf({ states, find, key, since, until, changedSince }: ReceiptQuery): string {
	return JSON.stringify([states, find, key, since, until, changedSince]);
}

/** A cursor as `continue`. */
function writeCursor({ exact, found, lanes }: Cursor, question: string): string {
	const places = [...lanes].map(([lane, { from, after }]) => [lane, from, after]);
	return writeContinue([exact, found, places], question);
}

/** Throws WrongContinue for what `writeCursor` has not written for this question. */
function readCursor(token: string, question: string): Cursor {
	const [exact, found, places] = readContinue(token, question) as [boolean, boolean, [string, string, string | null][]];
	return {
		exact,
		found,
		lanes: new Map(places.map(([lane, from, after]) => [lane, { from, after: after ?? undefined }])),
	};
}

/** Where a lane goes on once some of what it has found was taken. */
function positionAfter({ start, found, next }: InLane, taken: ReadonlySet<FoundReceipt>): Position | undefined {
	const count = found.filter((receipt) => taken.has(receipt)).length;
	if (count === found.length) return next;
	const last = found[count - 1];
	// `!` sorts before every character of a key.
	return last === undefined ? start : { from: `${last.rowKey}!` };
}

async function searchLane(storage: Storage, search: Search, lane: string, start: Position): Promise<InLane> {
	const { to, where, isWanted, limit, maxPages, endsAt, now } = search;
	const found: FoundReceipt[] = [];
	let any = false;
	let next: Position | undefined = start;
	let error: unknown;
	const show = receiptsOf(storage, lane, now);
	try {
		for (let pages = 0; next !== undefined && found.length < limit; pages++) {
			if (pages >= maxPages || (pages > 0 && now() > endsAt)) break;
			const top = isWanted === undefined ? Math.min(PAGE, limit - found.length) : PAGE;
			const { from, after }: Position = next;
			const page = await storage.list(lane, { from, to, top, where, after, select: RECEIPT_COLUMNS });
			any ||= page.rows.length > 0;
			const shown: FoundReceipt[] = [];
			for (const row of page.rows) shown.push(await show(row));
			found.push(...(isWanted === undefined ? shown : shown.filter(isWanted)));
			next = page.next === undefined ? undefined : { from, after: page.next };
		}
	} catch (caught) {
		error = caught;
	}
	return { lane, start, found, next, any, error };
}
