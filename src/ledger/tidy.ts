import { listLanes } from "./lanes.ts";
import { FINAL_STATES, readReceipt } from "./receipt.ts";
import { deadLetterKey, NO_LANE, ROWS, receiptOrder } from "./row-keys.ts";
import { isStorageError, type Storage, type Write } from "./storage.ts";

export interface TidyOptions {
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** So long after its end a receipt is kept. */
	readonly keepMs: number;
	/** It stops then, epoch milliseconds; the next day goes on. */
	readonly endsAt: number;
}

export interface Tidied {
	readonly removed: number;
	/** Whether everything was looked at. */
	readonly complete: boolean;
}

/** A transaction holds 100 rows; a receipt may have a dead letter beside it. */
const PAGE = 50;

/**
 * Removes receipts that were final long ago, with their dead letters and blobs, and never anything else. An event's time
 * is never later than the end of its receipt, so only the older part of each lane is looked at.
 */
export async function tidy(storage: Storage, options: TidyOptions): Promise<Tidied> {
	let removed = 0;
	for (const lane of [...(await listLanes(storage)), NO_LANE]) {
		const tidied = await tidyLane(storage, lane, options);
		removed += tidied.removed;
		if (!tidied.complete) return { removed, complete: false };
	}
	return { removed, complete: true };
}

async function tidyLane(storage: Storage, lane: string, { now, keepMs, endsAt }: TidyOptions): Promise<Tidied> {
	const before = now() - keepMs;
	const finals = FINAL_STATES.map((state) => `state eq '${state}'`).join(" or ");
	const where = `finishedAt gt '' and finishedAt lt '${new Date(before).toISOString()}' and (${finals})`;
	let removed = 0;
	let after: string | undefined;
	do {
		if (now() > endsAt) return { removed, complete: false };
		const page = await storage.list(lane, {
			from: `r-${receiptOrder(before)}`,
			to: ROWS.receipts.to,
			top: PAGE,
			select: ["state", "key", "blobs", "finishedAt"],
			where,
			after,
		});
		const receipts = page.rows.map(readReceipt);
		// The blobs go first: a row whose blob is gone can be tidied again, a blob without a row would stay for ever.
		for (const blob of receipts.flatMap(({ blobs }) => blobs)) await storage.remove(blob);
		await removeRows(
			storage,
			lane,
			receipts.flatMap(({ rowKey, state }) => rowsOf(rowKey, state)),
		);
		removed += receipts.length;
		after = page.next;
	} while (after !== undefined);
	return { removed, complete: true };
}

function rowsOf(receipt: string, state: string): readonly Write[] {
	const rows = state === "dead" || state === "rejected" ? [receipt, deadLetterKey(receipt)] : [receipt];
	return rows.map((rowKey) => ({ kind: "delete", rowKey }));
}

async function removeRows(storage: Storage, lane: string, writes: readonly Write[]): Promise<void> {
	if (writes.length === 0) return;
	try {
		await storage.commit(lane, writes);
	} catch (error) {
		if (!(isStorageError(error) && error.status === 404)) throw error;
		// Another instance is tidying, too, or has been interrupted.
		if (writes.length > 1) for (const write of writes) await removeRows(storage, lane, [write]);
	}
}
