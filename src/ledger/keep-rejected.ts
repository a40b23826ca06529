import { createHash } from "node:crypto";
import { writeJson } from "../json.ts";
import { MAX_INLINE_BYTES } from "./entry.ts";
import type { EventFacts } from "./promise.ts";
import { eventColumns } from "./receipt.ts";
import { deadLetterKey, NO_LANE, receiptKey } from "./row-keys.ts";
import type { Columns, Storage } from "./storage.ts";

/** An element of a delivery that never had a destination, or whose request could never be sent. */
export interface Rejected {
	/** As it arrived. */
	readonly element: unknown;
	readonly event: EventFacts;
	readonly route: string | null;
	readonly to: { readonly repository: string; readonly dispatchType: string } | null;
	readonly reason: string;
}

/** Keeps what was rejected as a dead letter, once, however often it is delivered. Answers its key. */
export async function keepRejected(storage: Storage, rejected: Rejected, now: number): Promise<string> {
	const { element, event, route, to, reason } = rejected;
	const text = toJson(element);
	const key = createHash("sha256")
		.update(JSON.stringify([text, to]))
		.digest("hex")
		.slice(0, 32);
	const receipt = receiptKey(event.time, key);
	const blob = Buffer.byteLength(text) > MAX_INLINE_BYTES ? `rejected/${key}.json` : undefined;
	if (blob !== undefined) await storage.write(blob, Buffer.from(text), "application/json");
	const at = new Date(now).toISOString();
	const destination: Columns = to === null ? {} : { ...to, dispatchType: to.dispatchType.slice(0, 1_500) };
	const columns: Columns = {
		key,
		state: "rejected",
		...eventColumns(event),
		...(route === null ? {} : { route }),
		...destination,
		acceptedAt: at,
		finishedAt: at,
		reason: reason.slice(0, 1_500),
		...(blob === undefined ? {} : { blobs: blob }),
	};
	const kept: Columns = { key, receipt, ...(blob === undefined ? { event: Buffer.from(text) } : { eventBlob: blob }) };
	await storage.commit(NO_LANE, [
		{ kind: "upsert", rowKey: receipt, columns },
		{ kind: "upsert", rowKey: deadLetterKey(receipt), columns: kept },
	]);
	return key;
}

/** `JSON.parse` takes any depth, `JSON.stringify` does not. */
function toJson(element: unknown): string {
	try {
		return writeJson(element);
	} catch (error) {
		if (error instanceof RangeError) return JSON.stringify("nested too deeply to be written down");
		throw error;
	}
}
