import { memberRange } from "./row-keys.ts";
import type { Storage, Write } from "./storage.ts";
import { acceptedAtOf, type Window } from "./window.ts";

/** When a window closes, and what to remember of having looked. */
export interface Inspected {
	/** Epoch milliseconds. */
	readonly dueAt: number;
	readonly write: Write;
}

const PAGE = 1_000;

/**
 * Looks at the members that have come since the last time: the window closes when none has come for the quiet time, or
 * when its oldest is as old as allowed.
 */
export async function inspectWindow(storage: Storage, lane: string, window: Window): Promise<Inspected> {
	const { from, to } = memberRange(window.group);
	let { newest, oldestAt } = window;
	// `~` sorts behind every character of a key: what comes after the one that was seen.
	const range = { from: newest === undefined ? from : `${newest}~`, to, top: PAGE, select: ["key"] };
	let after: string | undefined;
	do {
		const { rows, next } = await storage.list(lane, { ...range, after });
		oldestAt ??= rows[0] && acceptedAtOf(rows[0].rowKey);
		newest = rows.at(-1)?.rowKey ?? newest;
		after = next;
	} while (after !== undefined);
	const quietAt = newest === undefined ? 0 : acceptedAtOf(newest) + window.quietMs;
	const dueAt = Math.min(quietAt, (oldestAt ?? 0) + window.maxMs);
	const columns = {
		dueAt: new Date(dueAt).toISOString(),
		...(newest === undefined ? {} : { newest }),
		...(oldestAt === undefined ? {} : { oldestAt: new Date(oldestAt).toISOString() }),
	};
	return { dueAt, write: { kind: "merge", rowKey: window.rowKey, columns } };
}
