import { deadLetterKey, entryKey } from "./row-keys.ts";
import { isStorageError, type Storage } from "./storage.ts";

/**
 * Puts a dead letter back into its lane, for the same receipt; the way it goes to GitHub is that of any entry. Once: the
 * dead letter is gone then.
 * @param receipt the key of its receipt's row
 * @param now epoch milliseconds; what waits from now on is given up later
 * @returns whether it was a dead letter
 */
export async function replayDead(storage: Storage, lane: string, receipt: string, now: number): Promise<boolean> {
	const deadLetter = await storage.get(lane, deadLetterKey(receipt));
	if (deadLetter === undefined) return false;
	const { key } = deadLetter.columns;
	const place = entryKey(now, 0, String(key));
	const acceptedAt = new Date(now).toISOString();
	try {
		await storage.commit(lane, [
			{ kind: "delete", rowKey: deadLetter.rowKey },
			{ kind: "insert", rowKey: place, columns: { ...deadLetter.columns, acceptedAt } },
			{ kind: "merge", rowKey: receipt, columns: { state: "accepted", place, finishedAt: "", reason: "" } },
		]);
		return true;
	} catch (error) {
		// Somebody else has replayed it meanwhile.
		if (isStorageError(error) && error.conflict) return false;
		throw error;
	}
}
