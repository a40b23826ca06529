import pMap from "p-map";
import { isStorageError, type Page, type Range, type Row, type Storage, WRITTEN_AT } from "../storage/storage.ts";
import { listPartitions } from "./lane-lease.ts";
import { FINAL_STATES, readReceipt } from "./receipt.ts";
import { deadLetterKey, IGNORED_LANE, ROWS, receiptOrder, writeTime } from "./rows.ts";

export interface RetentionOptions {
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** So long after its end a receipt is stored. */
	readonly retentionMs: number;
	/** It stops then, epoch milliseconds; the next day goes on. */
	readonly endsAt: number;
}

export interface Retained {
	readonly removed: number;
	/** Whether everything was looked at, and could be removed. */
	readonly complete: boolean;
	/** What could not be removed, by its partition and the first reason. */
	readonly failures: readonly { readonly lane: string; readonly reason: string }[];
}

const PAGE = 500;
const COLUMNS = ["state", "blobs", WRITTEN_AT];
const AT_ONCE = 16;

/**
 * Removes receipts that were final long ago, with their dead letters and blobs, and never anything else. No partition
 * takes the time of another, and none that fails keeps another from being looked at.
 */
export async function applyRetention(storage: Storage, options: RetentionOptions): Promise<Retained> {
	const { now, endsAt } = options;
	const lanes = await listPartitions(storage);
	let [removed, complete] = [0, true];
	const failures: { lane: string; reason: string }[] = [];
	for (const [index, lane] of lanes.entries()) {
		const share = Math.max(0, endsAt - now()) / (lanes.length - index);
		const retained = await retainLane(storage, lane, { ...options, endsAt: now() + share });
		removed += retained.removed;
		complete &&= retained.complete;
		if (retained.reason !== undefined) failures.push({ lane, reason: retained.reason });
	}
	return { removed, complete, failures };
}

/** One receipt that cannot be removed is in the way of no other. */
async function retainLane(storage: Storage, lane: string, options: RetentionOptions) {
	const failed: unknown[] = [];
	let [removed, isLate] = [0, false];
	const remove = async (row: Row) => {
		try {
			if (await removeReceipt(storage, lane, row)) removed += 1;
		} catch (error) {
			// Changed just now: it is left alone.
			if (!(isStorageError(error) && error.conflict)) failed.push(error);
		}
	};
	try {
		for await (const page of longFinal(storage, lane, options)) {
			isLate = page === "late";
			if (page !== "late") await pMap(page, remove, { concurrency: AT_ONCE });
		}
	} catch (error) {
		failed.push(error);
	}
	const [first] = failed as Error[];
	return { removed, complete: !isLate && first === undefined, reason: first?.message };
}

/**
 * Pages of receipts that ended more than `retentionMs` ago. An event's time is hardly ever later than the end of its
 * receipt, so the receipts of events of that age are looked at, and of events that are dated in the future.
 */
async function* longFinal(
	storage: Storage,
	lane: string,
	{ now, retentionMs, endsAt }: RetentionOptions,
): AsyncGenerator<readonly Row[] | "late"> {
	const before = now() - retentionMs;
	const finals = FINAL_STATES.map((state) => `state eq '${state}'`).join(" or ");
	const where = `finishedAt gt '' and finishedAt lt '${writeTime(before)}' and (${finals})`;
	const { from, to } = ROWS.receipts;
	const future = { from, to: `${from}${receiptOrder(now())}` };
	const old = { from: `${from}${receiptOrder(before)}`, to };
	for (const range of [future, old]) {
		let after: string | undefined;
		do {
			if (now() >= endsAt) return yield "late";
			const page = await storage.list(lane, { ...range, where, select: COLUMNS, top: PAGE, after });
			yield page.rows;
			after = page.next;
		} while (after !== undefined);
	}
}

/**
 * Removes a final receipt with its dead letter and blobs, unless it has changed since it was read. May be interrupted
 * anywhere, and repeated, by several at the same time.
 *
 * 1. The dead letter goes, in one transaction with a write of the receipt that names its version. A replay moves the dead
 *    letter in one transaction, too. So either this was first, and there is nothing left to be replayed; or the replay
 *    was first, the receipt has another version, and nothing is removed: its new delivery needs all of it.
 * 2. The blobs go. Nothing can need them any more but the same event, if it is being accepted anew: blobs are named after
 *    their content, and are written before the rows. So one that was written after the receipt stays, and the receipt
 *    with it, which is written once more; the next run finds out what came of it.
 * 3. The receipt goes last, since it alone names the blobs; again in its version only.
 * @param row in the version that was read
 * @returns whether all of it is gone
 */
async function removeReceipt(storage: Storage, lane: string, row: Row): Promise<boolean> {
	const { rowKey, state, blobs } = readReceipt(row);
	// By the service's clock.
	const writtenAt = Date.parse(String(row.columns[WRITTEN_AT]));
	const hasDeadLetter = state === "dead" || state === "rejected";
	const version = hasDeadLetter ? await removeDeadLetter(storage, lane, row, state) : row.etag;
	if (version === undefined) return false;
	for (const blob of blobs) {
		if (await storage.remove(blob, undefined, writtenAt)) continue;
		await storage.commit(lane, [{ kind: "merge", rowKey, columns: { state }, etag: version }]);
		return false;
	}
	return storage.removeRow(lane, rowKey, version);
}

/** Answers the receipt's version after that; undefined where it has changed since it was read. */
async function removeDeadLetter(
	storage: Storage,
	lane: string,
	{ rowKey, etag }: Row,
	state: string,
): Promise<string | undefined> {
	try {
		const etags = await storage.commit(lane, [
			{ kind: "delete", rowKey: deadLetterKey(rowKey) },
			{ kind: "merge", rowKey, columns: { state }, etag },
		]);
		return etags.at(-1);
	} catch (error) {
		if (!(isStorageError(error) && error.conflict)) throw error;
		// Without a dead letter nothing can be replayed: if the receipt is still what was read, an earlier try broke off here.
		const row = await storage.get(lane, rowKey);
		return row?.etag === etag ? etag : undefined;
	}
}

const DAY_MS = 86_400_000;
/** So many receipts of ignored events are kept in all: the newest ones. */
const KEPT_IGNORED = 1_000;
/** A transaction takes so many rows. */
const TRIM_PAGE = 100;

/**
 * Removes the receipts of ignored events beyond the newest. What is dated in the future goes first: it would be the newest for years, and
 * leave no room for others. Rejects with StorageError.
 * @param now epoch milliseconds
 * @param most how many to remove at most, of either kind
 */
export async function trimIgnored(storage: Storage, now: number, most = 1_000): Promise<void> {
	const { from, to } = ROWS.receipts;
	const ahead = `${from}${receiptOrder(now + DAY_MS)}`;
	const kept = await trimRange(storage, { from: ahead, to }, KEPT_IGNORED, most);
	await trimRange(storage, { from, to: ahead }, KEPT_IGNORED - kept, most);
}

/** Removes the rows of a range beyond the first ones. Answers how many of those there are. */
async function trimRange(storage: Storage, range: Pick<Range, "from" | "to">, kept: number, most: number) {
	let [seen, removed]: [number, number] = [0, 0];
	let after: string | undefined;
	do {
		const top = seen < kept ? kept - seen : TRIM_PAGE;
		const page: Page = await storage.list(IGNORED_LANE, { ...range, select: ["key"], top, after });
		after = page.next;
		if (seen >= kept && page.rows.length > 0) {
			await storage.commit(
				IGNORED_LANE,
				page.rows.map(({ rowKey }) => ({ kind: "delete", rowKey })),
			);
			removed += page.rows.length;
		}
		seen += page.rows.length;
	} while (after !== undefined && removed < most);
	return Math.min(seen, kept);
}
