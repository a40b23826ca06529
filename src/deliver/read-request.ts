import type { Entry } from "../ledger/outbox.ts";
import type { Storage } from "../storage/storage.ts";

/** A delivery that is about to be sent: what is to be sent was read from storage, or not. */
export interface Ready {
	readonly entry: Entry;
	/** None where it is gone, or storage did not hand it out; then `reason` says why. */
	readonly body?: string | undefined;
	readonly reason?: string;
}

/** Reads what is to be sent, which may take long. Never rejects. */
export async function readRequest(storage: Storage, lane: string, entry: Entry): Promise<Ready> {
	try {
		return { entry, body: await bodyOf(storage, lane, entry) };
	} catch (error) {
		return { entry, reason: `the request could not be read from storage: ${(error as Error).message}` };
	}
}

/** What is to be sent; undefined where it is gone. Rejects with StorageError. */
export async function bodyOf(storage: Storage, lane: string, entry: Entry): Promise<string | undefined> {
	if (entry.body !== undefined) return entry.body;
	// Read past in passing, without its body; or it lies in a blob.
	const row = entry.bodyBlob === undefined ? await storage.get(lane, entry.rowKey) : undefined;
	const content = entry.bodyBlob === undefined ? row?.columns["body"] : await storage.read(entry.bodyBlob);
	return content instanceof Uint8Array ? Buffer.from(content).toString("utf8") : undefined;
}

/** A request that a service cannot read would be refused as if it were the destination's fault, and block all others. */
export function isJsonObject(text: string): boolean {
	try {
		const parsed: unknown = JSON.parse(text);
		return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
	} catch {
		return false;
	}
}
