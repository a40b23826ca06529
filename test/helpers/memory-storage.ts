import { createHash } from "node:crypto";
import { type Page, type Range, type Row, type Storage, StorageError, type Write } from "../../src/storage/storage.ts";

/** Storage in memory: for what is measured, since Azurite looks through all rows for each write. One drainer only. */
export interface MemoryStorage extends Storage {
	/** Blobs by their names. One that was written as a stream is not kept, but its size and its SHA-256. */
	readonly blobs: ReadonlyMap<string, Buffer>;
	readonly streamed: ReadonlyMap<string, { readonly bytes: number; readonly sha256: string }>;
	/** Writes a blob, or removes it, past everything that counts. */
	putBlob(name: string, content: Buffer): void;
	rowsOf(partition: string): readonly Row[];
}

export interface MemoryOptions {
	/** Told how many bytes have been read, and how many of a stream were written. */
	readonly onBytes?: (bytes: { readonly read?: number; readonly written?: number }) => void;
}

export function memoryStorage({ onBytes = () => {} }: MemoryOptions = {}): MemoryStorage {
	const partitions = new Map<string, Partition>();
	const blobs = new Map<string, Buffer>();
	const streamed = new Map<string, { bytes: number; sha256: string }>();
	let etags = 0;
	const partitionOf = (name: string) => {
		const found = partitions.get(name) ?? { rows: new Map(), inOrder: [] };
		partitions.set(name, found);
		return found;
	};

	function apply(rows: Map<string, Row>, write: Write): string | undefined {
		const { kind, rowKey } = write;
		if (kind === "delete") return void rows.delete(rowKey);
		const before = kind === "merge" || kind === "upsert" ? rows.get(rowKey)?.columns : {};
		etags += 1;
		rows.set(rowKey, { rowKey, etag: String(etags), columns: { ...before, ...write.columns } });
		return String(etags);
	}

	function check(rows: Map<string, Row>, write: Write): void {
		const row = rows.get(write.rowKey);
		if (write.kind === "insert" && row !== undefined) throw new StorageError("EntityAlreadyExists", 409);
		if (write.kind !== "insert" && write.kind !== "upsert" && row === undefined)
			throw new StorageError("NotFound", 404);
		if ("etag" in write && write.etag !== undefined && write.etag !== row?.etag) throw new StorageError("etag", 412);
	}

	return {
		blobs,
		streamed,
		putBlob: (name, content) => void blobs.set(name, content),
		rowsOf: (partition) => sorted(partitionOf(partition)),
		async commit(partition, writes) {
			const { rows } = partitionOf(partition);
			for (const write of writes) check(rows, write);
			const keys = rows.size;
			const answered = writes.map((write) => apply(rows, write));
			if (rows.size !== keys || writes.some(({ kind }) => kind !== "merge")) partitionOf(partition).inOrder = undefined;
			return answered;
		},
		get: async (partition, rowKey) => partitionOf(partition).rows.get(rowKey),
		removeRow: async () => {
			throw new Error("not played here");
		},
		async list(partition, range) {
			const page = pageOf(partitionOf(partition), range);
			for (const { columns } of page.rows) onBytes({ read: (columns["line"] as Uint8Array | undefined)?.length ?? 0 });
			return page;
		},
		put: async () => ({ id: "1", popReceipt: "1" }),
		makeQueues: async () => {},
		unput: async () => {},
		lease: async () => "lease",
		renew: async () => {},
		release: async () => {},
		async write(blob, content) {
			blobs.set(blob, content);
			return `memory:${blob}`;
		},
		async writeStream(blob, content) {
			const hash = createHash("sha256");
			let bytes = 0;
			for await (const part of content) {
				hash.update(part);
				bytes += part.length;
				onBytes({ written: part.length });
			}
			streamed.set(blob, { bytes, sha256: hash.digest("hex") });
			return `memory:${blob}`;
		},
		async read(blob) {
			// As from elsewhere: the caller has bytes of its own.
			const found = blobs.get(blob);
			const content = found === undefined ? undefined : Buffer.from(found);
			onBytes({ read: content?.length ?? 0 });
			return content;
		},
		names: async (prefix) => ({ names: [...blobs.keys()].filter((name) => name.startsWith(prefix)) }),
		async remove(blob) {
			blobs.delete(blob);
			return true;
		},
	};
}

interface Partition {
	readonly rows: Map<string, Row>;
	/** Its keys; undefined where one has come or gone since. */
	inOrder: readonly string[] | undefined;
}

function sorted(partition: Partition): readonly Row[] {
	partition.inOrder ??= [...partition.rows.keys()].sort();
	return partition.inOrder.flatMap((key) => partition.rows.get(key) ?? []);
}

function pageOf(partition: Partition, { from, to, top, select, where, after = "" }: Range): Page {
	partition.inOrder ??= [...partition.rows.keys()].sort();
	const { rows, inOrder } = partition;
	const found: Row[] = [];
	for (let at = placeOf(inOrder, after < from ? from : `${after}\0`); at < inOrder.length; at++) {
		const row = rows.get(inOrder[at] ?? "");
		if (row === undefined || row.rowKey >= to) break;
		if (where !== undefined && !isClosing(row)) continue;
		if (found.length === top) return { rows: found, next: found.at(-1)?.rowKey };
		found.push(select === undefined ? row : only(row, select));
	}
	return { rows: found };
}

/** Where the first key is that is not smaller. */
function placeOf(keys: readonly string[], key: string): number {
	let [low, high] = [0, keys.length];
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((keys[middle] ?? "") < key) low = middle + 1;
		else high = middle;
	}
	return low;
}

/** The one condition that the ledger's drainers ask for. */
function isClosing({ columns }: Row): boolean {
	return Boolean(columns["closing"]);
}

function only({ columns, ...row }: Row, names: readonly string[]): Row {
	const chosen = Object.entries(columns).filter(([name]) => names.includes(name));
	return { ...row, columns: Object.fromEntries(chosen) };
}
