import { createHash } from "node:crypto";
import { MAX_INLINE_BYTES, newEntry } from "./entry.ts";
import { isJoin, type Join, type Promised, type Request } from "./promise.ts";
import { newReceipt } from "./receipt.ts";
import { entryKey, memberKey, receiptKey } from "./row-keys.ts";
import type { Columns, Storage, Write } from "./storage.ts";
import { ensureWindow } from "./window.ts";

/** A promise with the rows that it becomes. */
export interface Planned {
	/** The key of its receipt's row. */
	readonly receipt: string;
	/** Who writes it, by a mark that nobody else has. */
	readonly by: string;
	/** The key of its entry, or of its member row. */
	readonly place: string;
	readonly writes: readonly Write[];
	/** A window's row, which several promises of a group share. */
	readonly shared?: Write;
	/** As encoded, about. */
	readonly bytes: number;
}

export interface Written {
	/** Epoch milliseconds. */
	readonly acceptedAt: number;
	/** Tells what is accepted in one millisecond apart, in its order. */
	readonly sequence: number;
	readonly by: string;
}

/** What is too large for a property lies in a blob, which is written first. */
interface Kept {
	readonly columns: Columns;
	readonly blobs: readonly string[];
	readonly bytes: number;
}

/** A promise to the rows that it becomes, written together or not at all. */
export async function planRows(storage: Storage, promised: Promised, written: Written): Promise<Planned> {
	const { how } = promised;
	return isJoin(how) ? planJoin(storage, promised, how, written) : planEntry(storage, promised, how, written);
}

async function planJoin(storage: Storage, promised: Promised, join: Join, written: Written): Promise<Planned> {
	const { key, event, route, to } = promised;
	const { acceptedAt, sequence, by } = written;
	const receipt = receiptKey(event.time, key);
	const place = memberKey(join.group, acceptedAt, key, sequence);
	const line = await keep(storage, "line", key, join.line);
	const columns = newReceipt({ ...promised, blobs: line.blobs }, { at: iso(acceptedAt), by, place });
	const writes: Write[] = [
		{ kind: "insert", rowKey: receipt, columns },
		{ kind: "insert", rowKey: place, columns: { key, receipt, ...line.columns } },
	];
	return { receipt, by, place, writes, shared: ensureWindow({ ...join, route, to }), bytes: line.bytes };
}

async function planEntry(storage: Storage, promised: Promised, request: Request, written: Written): Promise<Planned> {
	const { key, event } = promised;
	const { acceptedAt, sequence, by } = written;
	const receipt = receiptKey(event.time, key);
	const place = entryKey(acceptedAt, sequence, key);
	const body = await keep(storage, "body", key, request.body);
	const blobs = [...(promised.blobs ?? []), ...body.blobs];
	const columns = newReceipt({ ...promised, blobs }, { at: iso(acceptedAt), by, place });
	const entry = { ...newEntry({ ...promised, receipt, acceptedAt, token: request.token }), ...body.columns };
	const writes: Write[] = [
		{ kind: "insert", rowKey: receipt, columns },
		{ kind: "insert", rowKey: place, columns: entry },
	];
	return { receipt, by, place, writes, bytes: body.bytes };
}

/** A blob is named after its content: who promises the same anew, with another text, does not change the first promise. */
async function keep(storage: Storage, name: "body" | "line", key: string, text: string): Promise<Kept> {
	const content = Buffer.from(text);
	if (content.length <= MAX_INLINE_BYTES) {
		// Bytes travel as base64.
		return { columns: { [name]: content }, blobs: [], bytes: Math.ceil((content.length * 4) / 3) };
	}
	const hash = createHash("sha256").update(content).digest("hex").slice(0, 16);
	const blob = `${name === "body" ? "requests" : "lines"}/${key}-${hash}.json`;
	await storage.write(blob, content, "application/json");
	return { columns: { [`${name}Blob`]: blob }, blobs: [blob], bytes: 0 };
}

function iso(epochMs: number): string {
	return new Date(epochMs).toISOString();
}
