import { isStorageError, type Storage } from "../storage/storage.ts";
import { deadLetterKey } from "./row-keys.ts";

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
		const isGone = error.status === 404 && row?.etag === etag;
		return isGone ? etag : undefined;
	}
}
