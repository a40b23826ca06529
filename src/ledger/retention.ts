import pMap from "p-map";
import { isStorageError, type Range, type Storage, WRITTEN_AT } from "../storage/storage.ts";
import { listPartitions } from "./lane-lease.ts";
import { FINAL_STATES, readReceipt } from "./receipt.ts";
import { deadLetterKey, ROWS, receiptOrder } from "./rows.ts";

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

type RetainedLane = Pick<Retained, "removed" | "complete"> & { readonly reason: string | undefined };

const PAGE = 500;
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

async function retainLane(storage: Storage, lane: string, options: RetentionOptions): Promise<RetainedLane> {
	let [removed, complete] = [0, true];
	let reason: string | undefined;
	try {
		for await (const page of longFinal(storage, lane, options)) {
			if (page === "late") return { removed, complete: false, reason };
			const ends = await pMap(page, (row) => remove(storage, lane, row), { concurrency: AT_ONCE });
			removed += ends.filter((end) => end === true).length;
			reason ??= ends.find((end) => typeof end === "string");
			complete &&= !ends.some((end) => typeof end === "string");
		}
	} catch (error) {
		return { removed, complete: false, reason: reason ?? (error as Error).message };
	}
	return { removed, complete, reason };
}

type Found = Awaited<ReturnType<Storage["list"]>>["rows"];

/** One that cannot be removed is in the way of no other. Answers why, or whether it is gone. */
async function remove(storage: Storage, lane: string, row: Found[number]): Promise<boolean | string> {
	try {
		const { rowKey, state, blobs } = readReceipt(row);
		const writtenAt = Date.parse(String(row.columns[WRITTEN_AT]));
		return await removeReceipt(storage, lane, { rowKey, etag: row.etag, state, blobs, writtenAt });
	} catch (error) {
		// Changed just now: it is left alone.
		return isStorageError(error) && error.conflict ? false : (error as Error).message;
	}
}

/**
 * Pages of receipts that were final before `keepMs`. An event's time is hardly ever later than the end of its receipt, so
 * the receipts of events of that age are looked at, and of events that are dated in the future.
 */
async function* longFinal(
	storage: Storage,
	lane: string,
	{ now, retentionMs, endsAt }: RetentionOptions,
): AsyncGenerator<Found | "late"> {
	const before = now() - retentionMs;
	const finals = FINAL_STATES.map((state) => `state eq '${state}'`).join(" or ");
	const where = `finishedAt gt '' and finishedAt lt '${new Date(before).toISOString()}' and (${finals})`;
	const { from, to } = ROWS.receipts;
	const future = { from, to: `${from}${receiptOrder(now())}` };
	const old = { from: `${from}${receiptOrder(before)}`, to };
	for (const range of [future, old]) {
		yield* pagesOf(storage, lane, { ...range, where, select: ["state", "blobs", WRITTEN_AT] }, now, endsAt);
	}
}

async function* pagesOf(
	storage: Storage,
	lane: string,
	range: Omit<Range, "top" | "after">,
	now: () => number,
	endsAt: number,
): AsyncGenerator<Found | "late"> {
	let after: string | undefined;
	do {
		if (now() >= endsAt) return yield "late";
		const page = await storage.list(lane, { ...range, top: PAGE, after });
		yield page.rows;
		after = page.next;
	} while (after !== undefined);
}

/** A receipt that is past its time, in the version that was read. */
export interface PastReceipt {
	readonly rowKey: string;
	readonly etag: string;
	readonly state: string;
	readonly blobs: readonly string[];
	/** By the service's clock, epoch milliseconds. */
	readonly writtenAt: number;
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
 * @returns whether all of it is gone
 */
export async function removeReceipt(storage: Storage, lane: string, receipt: PastReceipt): Promise<boolean> {
	const { rowKey, etag, state, blobs, writtenAt } = receipt;
	const hasDeadLetter = state === "dead" || state === "rejected";
	const version = hasDeadLetter ? await removeDeadLetter(storage, lane, receipt) : etag;
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
	{ rowKey, etag, state }: PastReceipt,
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
