import { deadLetterKey, NO_LANE } from "./row-keys.ts";
import { isStorageError, type Storage } from "./storage.ts";

/** The event that was rejected, as it arrived; undefined where it is gone. */
export async function readRejected(
	storage: Storage,
	receipt: string,
): Promise<{ readonly element: unknown } | undefined> {
	const row = await storage.get(NO_LANE, deadLetterKey(receipt));
	if (row === undefined) return undefined;
	const { event, eventBlob } = row.columns;
	const content = eventBlob === undefined ? Buffer.from(event as Uint8Array) : await storage.read(String(eventBlob));
	return content && { element: JSON.parse(content.toString("utf8")) as unknown };
}

/** Forgets a rejected event that was accepted after all: its new receipt stands for it from now on. */
export async function forgetRejected(storage: Storage, receipt: string): Promise<void> {
	const rows = [receipt, deadLetterKey(receipt)].map((rowKey) => ({ kind: "delete", rowKey }) as const);
	try {
		await storage.commit(NO_LANE, rows);
	} catch (error) {
		if (!(isStorageError(error) && error.status === 404)) throw error;
	}
}
