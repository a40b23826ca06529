import { readRows } from "../storage/rows.ts";
import { isStorageError, type Row, type Storage, WRITTEN_AT, type Write } from "../storage/storage.ts";
import { readReceipt, type WrittenState } from "./receipt.ts";
import { deadLetterKey, NO_LANE, writeTime } from "./rows.ts";

/** What a discard has made of a receipt. */
export type DiscardedReceipt =
	/** It is discarded, now or before; the note says what else there is to know. */
	| { readonly kind: "discarded"; readonly note: string | null }
	/** It is no dead letter. */
	| { readonly kind: "kept"; readonly state: WrittenState }
	| { readonly kind: "gone" }
	/** Others have written it each time. */
	| { readonly kind: "changing" };

export interface DiscardDeadLetterOptions {
	/** Epoch milliseconds. */
	readonly now: number;
	/** A mark that no other discard has: a row that carries it was written by us, even if the answer got lost. */
	readonly by: string;
}

/** A replay, a retention run and another discard are at most one write each ahead of ours. */
const MOST_TRIES = 4;

/**
 * Discards a dead letter. May be interrupted anywhere, and repeated, by several at the same time.
 *
 * 1. The dead letter goes, in one transaction with its receipt, which is written in the version that was read. A replay
 *    moves the dead letter in one transaction, and retention removes it in one. So one of them alone does.
 * 2. The blobs go. The receipt is final, so that nothing can need them but the same event, if it is rejected anew just now:
 *    a blob that was written after the receipt stays. The receipt still names them, for retention to remove what is left.
 *
 * Rejects with StorageError where it is not known whether it is discarded.
 * @param receipt the key of its receipt's row
 */
export async function discardDeadLetter(
	storage: Storage,
	lane: string,
	receipt: string,
	{ now, by }: DiscardDeadLetterOptions,
): Promise<DiscardedReceipt> {
	let written: Row | undefined;
	let failure: unknown;
	for (let tries = 0; ; tries++) {
		const row = await readRow(storage, lane, receipt, COLUMNS);
		if (row === undefined) return { kind: "gone" };
		const { state, by: writer } = readReceipt(row);
		if (state === "discarded") {
			const isOurs = writer === by;
			// The version that an earlier discard has read is not known. In a lane no new receipt can need its blobs.
			const version = isOurs ? written : lane === NO_LANE ? undefined : row;
			return { kind: "discarded", note: (await removeBlobs(storage, version)) ?? (isOurs ? null : BEFORE) };
		}
		if (failure !== undefined && !(isStorageError(failure) && failure.conflict)) throw failure;
		if (state !== "dead" && state !== "rejected") return { kind: "kept", state };
		if (tries === MOST_TRIES) return { kind: "changing" };
		written = row;
		// Where retention broke off, the dead letter is gone already.
		const letter = await readRow(storage, lane, deadLetterKey(receipt), ["key"]);
		try {
			await storage.commit(lane, discardWrites(row, letter, { now, by }));
			return { kind: "discarded", note: await removeBlobs(storage, row) };
		} catch (error) {
			// The next reading tells whether it was written all the same.
			failure = error;
		}
	}
}

const BEFORE = "it was discarded before";
const COLUMNS = ["state", "by", "blobs", WRITTEN_AT];

async function readRow(storage: Storage, lane: string, rowKey: string, select: readonly string[]) {
	// `!` sorts before every character of a key.
	const { rows } = await readRows(storage, lane, { from: rowKey, to: `${rowKey}!`, select }, 1);
	return rows[0];
}

function discardWrites(
	{ rowKey, etag }: Row,
	letter: Row | undefined,
	{ now, by }: DiscardDeadLetterOptions,
): readonly Write[] {
	const columns = { state: "discarded", finishedAt: writeTime(now), by, arrived: "" };
	const discarded: Write = { kind: "merge", rowKey, columns, etag };
	return letter === undefined ? [discarded] : [{ kind: "delete", rowKey: letter.rowKey }, discarded];
}

const SECOND_MS = 1_000;

/**
 * Answers what could not be removed, and what becomes of it; null where nothing is left. Never rejects.
 * @param row the version whose blobs go; a blob that was written later stays
 */
async function removeBlobs(storage: Storage, row: Row | undefined): Promise<string | null> {
	if (row === undefined) return null;
	// A blob's time is told in whole seconds, and it was written before its row.
	const writtenAt = Math.ceil(Date.parse(String(row.columns[WRITTEN_AT])) / SECOND_MS) * SECOND_MS;
	try {
		for (const blob of readReceipt(row).blobs) await storage.remove(blob, undefined, writtenAt);
		return null;
	} catch (error) {
		return `what it held could not be removed (${(error as Error).message}); maintenance removes it with its receipt`;
	}
}
