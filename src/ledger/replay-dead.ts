import { isStorageError, type Storage } from "../storage/storage.ts";
import { type Receipt, readReceipt } from "./receipt.ts";
import { deadLetterKey, entryKey } from "./row-keys.ts";

/** What a replay has made of a dead letter. */
export type ReplayedDead =
	/** It is in its lane again. */
	| { readonly kind: "moved" }
	/** Another replay was faster, or what it needs is gone. The receipt as it is now; undefined where it is gone, too. */
	| { readonly kind: "not moved"; readonly receipt: Receipt | undefined };

export interface ReplayDeadOptions {
	/** Epoch milliseconds. */
	readonly now: number;
	/** A mark that no other replay has: a row that carries it was written by us, even if the answer got lost. */
	readonly by: string;
}

/**
 * Puts a dead letter back into its lane, for the same receipt; from there it is sent as any delivery is. One transaction
 * moves it, so that of several replays one alone does, and none once retention has taken it. The receipt keeps the time
 * of its acceptance; in the lane it waits from now on.
 * @param receipt the key of its receipt's row
 */
export async function replayDead(
	storage: Storage,
	lane: string,
	receipt: string,
	{ now, by }: ReplayDeadOptions,
): Promise<ReplayedDead> {
	const deadLetter = await storage.get(lane, deadLetterKey(receipt));
	if (deadLetter === undefined) return notMoved();
	const place = entryKey(now, 0, String(deadLetter.columns["key"]));
	const acceptedAt = new Date(now).toISOString();
	try {
		await storage.commit(lane, [
			{ kind: "delete", rowKey: deadLetter.rowKey },
			{ kind: "insert", rowKey: place, columns: { ...deadLetter.columns, acceptedAt } },
			{ kind: "merge", rowKey: receipt, columns: { state: "accepted", place, by, finishedAt: "", reason: "" } },
		]);
		return { kind: "moved" };
	} catch (error) {
		const found = await notMoved();
		if (found.receipt?.by === by) return { kind: "moved" };
		// Another replay has moved it, or retention has taken it.
		if (isStorageError(error) && error.conflict) return found;
		throw error;
	}

	async function notMoved(): Promise<Extract<ReplayedDead, { kind: "not moved" }>> {
		const row = await storage.get(lane, receipt);
		return { kind: "not moved", receipt: row && readReceipt(row) };
	}
}
