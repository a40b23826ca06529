import { readRows } from "../storage/rows.ts";
import type { Row, Storage } from "../storage/storage.ts";
import { memberRange, ROWS } from "./row-keys.ts";
import { acceptedAtOf, readWindow, type Window } from "./window.ts";

/** A window that is still open, as far as it has filled. */
export interface Gathering {
	/** The route's name. */
	readonly route: string;
	/** How many events it holds; counting ends at 1,000. */
	readonly events: number;
	/** When its first event was accepted, epoch milliseconds. */
	readonly since: number;
	/** When it closes at the latest, and when it closes if no further event comes, epoch milliseconds. */
	readonly latest: number;
	readonly closes: number;
}

const MOST_EVENTS = 1_000;
/** Of one lane; each costs a call. */
const MOST_WINDOWS = 20;

/**
 * How full a lane's windows are. One that is being closed has no member left, and is left out.
 * @param rows of the lane, its windows' among them
 */
export async function gathering(storage: Storage, lane: string, rows: readonly Row[]): Promise<readonly Gathering[]> {
	const windows = rows.filter(({ rowKey }) => rowKey.startsWith(ROWS.windows.from)).slice(0, MOST_WINDOWS);
	const all = await Promise.all(windows.map((row) => lookInto(storage, lane, readWindow(row))));
	return all.filter((one) => one !== undefined);
}

async function lookInto(storage: Storage, lane: string, window: Window): Promise<Gathering | undefined> {
	const range = { ...memberRange(window.group), select: ["key"] };
	const { rows, complete } = await readRows(storage, lane, range, MOST_EVENTS);
	const [first, last] = [rows[0], rows.at(-1)];
	if (first === undefined || last === undefined) return undefined;
	const since = acceptedAtOf(first.rowKey);
	const latest = since + window.maxMs;
	// With more members than were read, the newest is the one that the drainer has seen, if it has looked.
	const newest = complete ? last.rowKey : (window.newest ?? last.rowKey);
	const closes = Math.min(acceptedAtOf(newest) + window.quietMs, latest);
	return { route: window.route, events: rows.length, since, latest, closes };
}
