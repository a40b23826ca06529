import type { Row, Storage } from "../storage/storage.ts";
import { type Entry, LIGHT_COLUMNS, readEntry } from "./outbox.ts";
import { ROWS, STATE_KEY } from "./rows.ts";
import { readWindow, WINDOW_COLUMNS, type Window } from "./window.ts";

/** What waits in a lane. */
export interface View {
	readonly windows: readonly Window[];
	/** In order; as far as they were read. */
	readonly entries: readonly Entry[];
	/** Whether no delivery comes after `entries`. */
	readonly complete: boolean;
	/** Whether the reading ended at its bound, with nothing in it to stop at. */
	readonly isCut: boolean;
	/** Deliveries before `entries` that were passed over, none of which is due before that time; epoch milliseconds. */
	readonly passedUntil: number | null;
}

/** Deliveries at the beginning of a lane that need not be read again for some time. */
export interface Passed {
	/** The first key that may be due. */
	readonly from: string;
	/** None before it is due before that time, epoch milliseconds. */
	readonly until: number;
}

export interface ReadOptions {
	readonly storage: Storage;
	readonly lane: string;
	/** Told of the state row as soon as it is read; undefined where there is none. */
	readonly onState: (row: Row | undefined) => void;
	/** Whether a delivery is what the reading is for: it goes no further than that one's page. */
	readonly stopAt: (entry: Entry) => boolean;
	/** Deliveries that are passed over. */
	readonly passed?: Passed | undefined;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** Most drains end within it. */
const FIRST_PAGE = 32;
const PAGE = 1_000;
/** A reading of a lane ends after so many pages: the next one goes on from there. */
const MOST_PAGES = 100;

/** Reads the state row, the windows, and the deliveries at least as far as the first one that `stopAt` holds for. */
export async function readLane({ storage, lane, onState, stopAt, passed, now }: ReadOptions): Promise<View> {
	const select = ["state", "calls", ...LIGHT_COLUMNS, ...WINDOW_COLUMNS];
	const rows: Row[] = [];
	let isStateKnown = false;
	let isCut = false;

	/** Reads a range page by page. Answers whether it has come to its end. A page may be empty, and not the last one. */
	async function read(range: { from: string; to: string; top: number; select?: readonly string[] }): Promise<boolean> {
		let after: string | undefined;
		isCut = false;
		for (let pages = 0; pages < MOST_PAGES; pages++) {
			// Only the first page brings the bodies along: of what comes after it, only one may be sent soon.
			const how = after === undefined ? range : { ...range, top: PAGE, select };
			const page = await storage.list(lane, { ...how, after });
			const state = page.rows.find(({ rowKey }) => rowKey === STATE_KEY);
			if (!isStateKnown || state !== undefined) onState(state);
			isStateKnown = true;
			rows.push(...page.rows);
			after = page.next;
			if (after === undefined) return true;
			if (page.rows.some((row) => isEntry(row) && stopAt(readEntry(row, now())))) return false;
		}
		isCut = true;
		return false;
	}

	const entries = { from: passed?.from ?? ROWS.entries.from, to: ROWS.entries.to, top: FIRST_PAGE };
	let complete: boolean;
	if (passed === undefined) {
		complete = await read({ ...ROWS.pending, top: FIRST_PAGE });
		// More windows than one reading takes must not hide the deliveries behind them.
		if (!complete && !rows.some(isEntry)) complete = await read(entries);
	} else {
		await read({ from: ROWS.pending.from, to: ROWS.entries.from, top: PAGE, select });
		complete = await read(entries);
	}
	return {
		windows: rows.filter(({ rowKey }) => rowKey.startsWith(ROWS.windows.from)).map(readWindow),
		entries: rows.filter(isEntry).map((row) => readEntry(row, now())),
		complete,
		isCut,
		passedUntil: passed?.until ?? null,
	};
}

/** A whole page of deliveries that are not due is worth remembering, and so is all of a reading that was cut. */
export function passOver(view: View, dueAt: (entry: Entry) => number, now: number): Passed | undefined {
	if (view.passedUntil !== null && !view.isCut) return undefined;
	const due = view.entries.findIndex((entry) => dueAt(entry) <= now);
	const waiting = due < 0 ? view.entries : view.entries.slice(0, due);
	const last = waiting.at(-1);
	if (last === undefined || waiting.length < FIRST_PAGE) return undefined;
	// `~` sorts behind every character of a key.
	return {
		from: `${last.rowKey}~`,
		until: Math.min(view.passedUntil ?? Number.POSITIVE_INFINITY, ...waiting.map(dueAt)),
	};
}

function isEntry({ rowKey }: Row): boolean {
	return rowKey.startsWith(ROWS.entries.from);
}
