import { memberRange } from "../ledger/rows.ts";
import { acceptedAtOf, MAX_MANIFEST_BYTES, type Window } from "../ledger/window.ts";
import type { Storage, Write } from "../storage/storage.ts";
import { lineBytes } from "./members.ts";

/** When a window closes, and what to remember of having looked. */
export interface Inspected {
	/** Epoch milliseconds: it closes then, if that is not later than now; else the next look, at that time, finds out more. */
	readonly dueAt: number;
	readonly write: Write;
}

/** What is known of a window's members. */
interface Seen extends Pick<Window, "seen" | "seenBytes"> {
	readonly newest: Window["newest"];
	/** Epoch milliseconds; 0 where it is not known, so that the window closes. */
	readonly oldestAt: number;
	/** 1 where the window is full. */
	readonly fullness: number;
}

const PAGE = 1_000;
/** A window that fills up is looked at no more often. */
const LOOK_MS = 5_000;
/** What has come at once is taken for what comes in a second. */
const SECOND_MS = 1_000;

/**
 * Reads the members that joined since the last look. The window closes if none joined for the quiet time, if its oldest
 * member has reached the maximum age, or if it is full.
 * @param now epoch milliseconds
 */
export async function inspectWindow(storage: Storage, lane: string, window: Window, now: number): Promise<Inspected> {
	const { newest, seen, seenBytes, fullness, ...known } = await lookAtNew(storage, lane, window);
	// An instance with a fast clock may have accepted members at a time that is later than now.
	const oldestAt = Math.min(known.oldestAt, now);
	const newestAt = acceptedAtOf(newest);
	const closesAt = Math.min(newestAt + window.quietMs, oldestAt + window.maxMs);
	// If events keep their rate. The longer none has come, the less often the window is read.
	const fullAt = oldestAt + Math.max(now - oldestAt, SECOND_MS) / fullness;
	const lookAt = Math.max(fullAt, now + Math.max(LOOK_MS, now - newestAt));
	const dueAt = fullness >= 1 ? 0 : Math.min(closesAt, lookAt);
	const [due, oldest] = [dueAt, known.oldestAt].map((time) => new Date(time).toISOString());
	const columns = { dueAt: due, newest, oldestAt: oldest, seen, seenBytes };
	return { dueAt, write: { kind: "merge", rowKey: window.rowKey, columns } };
}

/** No further than until it is full: then it closes, and that looks for itself. */
async function lookAtNew(storage: Storage, lane: string, window: Window): Promise<Seen> {
	const { from, to } = memberRange(window.group);
	let { newest, oldestAt, seen, seenBytes } = window;
	// `~` sorts behind every character of a key: what comes after the one that was seen.
	const range = { from: newest === undefined ? from : `${newest}~`, to, top: PAGE, select: ["bytes"] };
	let after: string | undefined;
	let fullness: number;
	do {
		const { rows, next } = await storage.list(lane, { ...range, after });
		oldestAt ??= rows[0] && acceptedAtOf(rows[0].rowKey);
		newest = rows.at(-1)?.rowKey ?? newest;
		seen += rows.length;
		seenBytes += rows.reduce((sum, { columns }) => sum + lineBytes(columns), 0);
		fullness = Math.max(seen / window.maxEvents, seenBytes / MAX_MANIFEST_BYTES);
		after = next;
	} while (after !== undefined && fullness < 1);
	return { newest, oldestAt: oldestAt ?? 0, seen, seenBytes, fullness };
}
