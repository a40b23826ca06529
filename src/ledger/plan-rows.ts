import { type Delivery, isJoin, type Join, type Request } from "../model.ts";
import type { RowGroup } from "../storage/batcher.ts";
import { storeBody } from "../storage/rows.ts";
import type { Storage, Write } from "../storage/storage.ts";
import { newEntry } from "./outbox.ts";
import { newReceipt } from "./receipt.ts";
import { entryKey, memberKey, receiptKey } from "./rows.ts";
import { ensureWindow } from "./window.ts";

/** A delivery with the rows that it becomes. */
export interface Planned extends RowGroup {
	/** The key of its receipt's row. */
	readonly receipt: string;
	/** Who writes it, by a mark that nobody else has. */
	readonly by: string;
	/** The key of its entry, or of its member row. */
	readonly place: string;
}

export interface Written {
	/** Epoch milliseconds. */
	readonly acceptedAt: number;
	/** Tells what is accepted in one millisecond apart, in its order. */
	readonly sequence: number;
	readonly by: string;
}

/** A delivery to the rows that it becomes, written together or not at all. */
export async function planRows(storage: Storage, delivery: Delivery, written: Written): Promise<Planned> {
	const { how } = delivery;
	return isJoin(how) ? planJoin(storage, delivery, how, written) : planEntry(storage, delivery, how, written);
}

async function planJoin(storage: Storage, delivery: Delivery, join: Join, written: Written): Promise<Planned> {
	const { key, event, route, to } = delivery;
	const { acceptedAt, sequence, by } = written;
	const receipt = receiptKey(event.time, key);
	const place = memberKey(join.group, acceptedAt, key, sequence);
	const line = await storeBody(storage, "line", key, join.line);
	const columns = newReceipt({ ...delivery, blobs: line.blobs }, { at: iso(acceptedAt), by, place });
	const writes: Write[] = [
		{ kind: "insert", rowKey: receipt, columns },
		{ kind: "insert", rowKey: place, columns: { key, receipt, bytes: Buffer.byteLength(join.line), ...line.columns } },
	];
	// The window's row is the same for all that join it together.
	return { id: receipt, receipt, by, place, writes: [...writes, ensureWindow({ ...join, route, to })] };
}

async function planEntry(storage: Storage, delivery: Delivery, request: Request, written: Written): Promise<Planned> {
	const { key, event } = delivery;
	const { acceptedAt, sequence, by } = written;
	const receipt = receiptKey(event.time, key);
	const place = entryKey(acceptedAt, sequence, key);
	const body = await storeBody(storage, "body", key, request.body);
	const blobs = [...(delivery.blobs ?? []), ...body.blobs];
	const columns = newReceipt({ ...delivery, blobs }, { at: iso(acceptedAt), by, place });
	const entry = { ...newEntry({ ...delivery, receipt, acceptedAt }), ...body.columns };
	const writes: Write[] = [
		{ kind: "insert", rowKey: receipt, columns },
		{ kind: "insert", rowKey: place, columns: entry },
	];
	return { id: receipt, receipt, by, place, writes };
}

function iso(epochMs: number): string {
	return new Date(epochMs).toISOString();
}
