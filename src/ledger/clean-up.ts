import pMap from "p-map";
import type { Closing } from "./close-window.ts";
import type { Hold } from "./hold.ts";
import { persist } from "./persist.ts";
import { memberRange } from "./row-keys.ts";
import { type Columns, isStorageError, type Storage, type Write } from "./storage.ts";
import { ensureWindow } from "./window.ts";

export interface CleanUpOptions {
	readonly storage: Storage;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** A transaction holds 100 rows, and a member takes two: its receipt, and its own. */
const MEMBERS_AT_ONCE = 50;
/** The run that everybody waits for starts after this. */
const PARTS_AT_ONCE = 4;
/** Cleaning up after many members takes longer than a lease. */
const LEASE_MS = 15_000;

/**
 * Does what is left to do for the members of a closed window: their receipts become final and exactly they are removed,
 * each pair together, so that no event is ever between two windows. Who has joined meanwhile gets the next window. A
 * clean-up that broke off can be repeated.
 * @param entry the dispatch that it belongs to
 */
export async function cleanUp(
	hold: Hold,
	entry: { readonly rowKey: string; readonly key: string; readonly closing: string },
	{ storage, now }: CleanUpOptions,
): Promise<void> {
	const cleaned: Write = { kind: "merge", rowKey: entry.rowKey, columns: { closing: "" } };
	const content = await storage.read(entry.closing);
	// Somebody has removed the blob. The next window gathers its members once more; the lane must not wait for ever.
	if (content === undefined) return hold.commit(hold.state(), [cleaned]);
	const { window, members } = JSON.parse(content.toString("utf8")) as Closing;
	const columns = { state: "coalesced", finishedAt: new Date(now()).toISOString(), window: entry.key };
	const count = Math.ceil(members.length / MEMBERS_AT_ONCE);
	const parts = Array.from({ length: count }, (_, part) =>
		members.slice(part * MEMBERS_AT_ONCE, (part + 1) * MEMBERS_AT_ONCE),
	);
	const finishPart = async (part: Closing["members"]) => {
		await hold.lastFor(LEASE_MS);
		await finishMembers(storage, hold.lane, part, columns);
	};
	await pMap(parts, finishPart, { concurrency: PARTS_AT_ONCE });
	const isLeft = await hasMembers(storage, hold.lane, window.group);
	const next = isLeft ? [ensureWindow(window)] : [];
	await hold.commit(hold.state(), [cleaned, ...next]);
}

/** A page may be empty, and not the last one. */
async function hasMembers(storage: Storage, lane: string, group: string): Promise<boolean> {
	const range = { ...memberRange(group), top: 1, select: ["key"] };
	let page = await storage.list(lane, range);
	while (page.rows.length === 0 && page.next !== undefined)
		page = await storage.list(lane, { ...range, after: page.next });
	return page.rows.length > 0;
}

async function finishMembers(
	storage: Storage,
	lane: string,
	members: Closing["members"],
	columns: Columns,
): Promise<void> {
	const writes = members.flatMap(([member, receipt]): Write[] => [
		{ kind: "merge", rowKey: receipt, columns },
		{ kind: "delete", rowKey: member },
	]);
	try {
		await persist(() => storage.commit(lane, writes));
	} catch (error) {
		if (!(isStorageError(error) && error.status === 404)) throw error;
		// Done before, by a clean-up that broke off later on. Those of one transaction were done together.
		if (members.length === 1) return;
		for (const member of members) await finishMembers(storage, lane, [member], columns);
	}
}
