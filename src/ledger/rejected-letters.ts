import { readJson } from "../event/json.ts";
import { isStorageError, type Storage } from "../storage/storage.ts";
import { deadLetterKey, NO_LANE } from "./row-keys.ts";

/** An event that was rejected. */
export interface RejectedLetter {
	/** As it arrived. */
	readonly element: unknown;
	/** The blob that it lies in, if it is a large one. */
	readonly blob?: string;
}

/** Undefined where it is gone. */
export async function readRejected(storage: Storage, receipt: string): Promise<RejectedLetter | undefined> {
	const row = await storage.get(NO_LANE, deadLetterKey(receipt));
	if (row === undefined) return undefined;
	const { event, eventBlob } = row.columns;
	const blob = eventBlob === undefined ? {} : { blob: String(eventBlob) };
	const content = blob.blob === undefined ? Buffer.from(event as Uint8Array) : await storage.read(blob.blob);
	return content && { element: readJson(content.toString("utf8")), ...blob };
}

/**
 * Removes a rejected event that was accepted after all: its new receipt stands for it from now on. The rows go first,
 * together: as long as they are there, the event can be read, and a replay that broke off is repeated.
 */
export async function forgetRejected(storage: Storage, receipt: string, { blob }: RejectedLetter): Promise<void> {
	const rows = [receipt, deadLetterKey(receipt)];
	if (!(await removeRows(storage, rows))) for (const row of rows) await removeRows(storage, [row]);
	if (blob !== undefined) await storage.remove(blob);
}

/** Answers false where one of them is gone already. */
async function removeRows(storage: Storage, rows: readonly string[]): Promise<boolean> {
	try {
		await storage.commit(
			NO_LANE,
			rows.map((rowKey) => ({ kind: "delete", rowKey })),
		);
		return true;
	} catch (error) {
		if (isStorageError(error) && error.status === 404) return false;
		throw error;
	}
}
