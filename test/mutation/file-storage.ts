/**
 * In place of test/helpers/file-storage.ts while mutants are tried: storage in memory, a hundred times as quick as an
 * Azurite of each test file's own. It answers as Azure Storage does where the ledger looks: ETags, conflicts, leases,
 * limits, pages. Tests that reach the service past the ledger's own storage cannot use it.
 */
import { randomUUID } from "node:crypto";
import { buffer } from "node:stream/consumers";
import {
	type Columns,
	containerOf,
	type LedgerNames,
	type Page,
	type Range,
	type Row,
	type Storage,
	StorageError,
	WRITTEN_AT,
	type Write,
} from "../../src/storage/storage.ts";
import { checkLimits } from "../../src/storage/transactions.ts";

export interface Message {
	readonly id: string;
	text: string;
	popReceipt: string;
	/** Epoch milliseconds. */
	visibleAt: number;
}

interface StoredRow extends Row {
	/** ISO 8601. */
	readonly writtenAt: string;
}

/** What one storage account holds. */
export interface Account {
	readonly partitions: Map<string, Map<string, StoredRow>>;
	readonly queues: Map<string, Message[]>;
	/** By `container/name`. */
	readonly blobs: Map<string, { readonly content: Buffer; readonly etag: string; readonly writtenAt: number }>;
	readonly leases: Map<string, { readonly id: string; readonly until: number }>;
}

const accounts = new Map<string, Account>();
const MOST_ROWS = 100;
const PAGE_OF_NAMES = 1_000;
const KINDS: readonly Write["kind"][] = ["insert", "upsert", "merge", "replace", "delete"];

export function newNames(): LedgerNames {
	const id = randomUUID().replaceAll("-", "");
	return {
		table: `t${id}`,
		queue: `q${id}`,
		follow: `f${id}`,
		container: `c${id}`,
		payloads: `p${id}`,
		deadLetters: `d${id}`,
	};
}

/** A connection string that leads nowhere. */
export async function fileStorage(): Promise<string> {
	return "UseDevelopmentStorage=true";
}

export async function openFileStorage(names = newNames()): Promise<Storage> {
	return memoryOf(accountOf(names), names);
}

/** The same for each opening of the same names. */
export function accountOf({ table }: LedgerNames): Account {
	const account = accounts.get(table) ?? {
		partitions: new Map(),
		queues: new Map(),
		blobs: new Map(),
		leases: new Map(),
	};
	accounts.set(table, account);
	return account;
}

function memoryOf(account: Account, names: LedgerNames): Storage {
	const { partitions, queues, blobs, leases } = account;
	const placeOf = (blob: string, container = containerOf(blob, names)) => `${container}/${blob}`;
	const partitionOf = (partition: string) => {
		const rows = partitions.get(partition) ?? new Map();
		partitions.set(partition, rows);
		return rows;
	};
	const held = (blob: string) => {
		const lease = leases.get(placeOf(blob));
		return lease !== undefined && lease.until > Date.now() ? lease : undefined;
	};
	const write = (blob: string, content: Buffer) => {
		blobs.set(placeOf(blob), { content: Buffer.from(content), etag: randomUUID(), writtenAt: Date.now() });
		return `http://127.0.0.1:10000/devstoreaccount1/${placeOf(blob)}`;
	};

	return {
		async commit(partition, writes) {
			checkLimits(partition, writes);
			if (writes.length === 0 || writes.some(({ kind }) => !KINDS.includes(kind)))
				throw new StorageError("InvalidInput", 400);
			if (writes.length > MOST_ROWS || new Set(writes.map(({ rowKey }) => rowKey)).size !== writes.length)
				throw new StorageError("InvalidInput", 400);
			const rows = partitionOf(partition);
			for (const one of writes) check(rows.get(one.rowKey), one);
			return writes.map((one) => apply(rows, one));
		},
		get: async (partition, rowKey) => copyOf(partitions.get(partition)?.get(rowKey)),
		list: async (partition, range) => pageOf([...(partitions.get(partition)?.values() ?? [])], range),
		async removeRow(partition, rowKey, etag) {
			const row = partitions.get(partition)?.get(rowKey);
			if (row !== undefined && row.etag !== etag) return false;
			partitions.get(partition)?.delete(rowKey);
			return true;
		},
		async put(text, visibleInSeconds, queue = names.queue) {
			const message = {
				id: randomUUID(),
				popReceipt: randomUUID(),
				text,
				visibleAt: Date.now() + visibleInSeconds * 1e3,
			};
			queues.set(queue, [...(queues.get(queue) ?? []), message]);
			return { id: message.id, popReceipt: message.popReceipt };
		},
		async makeQueues(wanted) {
			for (const queue of wanted) queues.set(queue, queues.get(queue) ?? []);
		},
		async unput({ id, popReceipt }) {
			const messages = queues.get(names.queue) ?? [];
			const left = messages.filter((one) => one.id !== id || one.popReceipt !== popReceipt);
			if (left.length === messages.length) throw new StorageError("MessageNotFound", 404);
			queues.set(names.queue, left);
		},
		async lease(blob, seconds) {
			if (held(blob) !== undefined) return undefined;
			if (!blobs.has(placeOf(blob))) write(blob, Buffer.alloc(0));
			const id = randomUUID();
			leases.set(placeOf(blob), { id, until: Date.now() + seconds * 1_000 });
			return id;
		},
		async renew(blob, id) {
			if (leases.get(placeOf(blob))?.id !== id) throw new StorageError("LeaseIdMismatchWithLeaseOperation", 409);
			leases.set(placeOf(blob), { id, until: Date.now() + 30_000 });
		},
		async release(blob, id) {
			if (leases.get(placeOf(blob))?.id !== id) throw new StorageError("LeaseIdMismatchWithLeaseOperation", 409);
			leases.delete(placeOf(blob));
		},
		write: async (blob, content) => write(blob, content),
		writeStream: async (blob, content) => write(blob, await buffer(content)),
		async read(blob, container) {
			const found = blobs.get(placeOf(blob, container));
			return found === undefined ? undefined : Buffer.from(found.content);
		},
		async names(prefix, after = "", container = containerOf(prefix, names)) {
			const found = [...blobs.keys()]
				.filter((place) => place.startsWith(`${container}/${prefix}`))
				.map((place) => place.slice(container.length + 1))
				.filter((name) => name > after)
				.sort();
			const page = found.slice(0, PAGE_OF_NAMES);
			return { names: page, ...(found.length > page.length ? { next: page.at(-1) as string } : {}) };
		},
		async remove(blob, container, unmodifiedSince = Number.POSITIVE_INFINITY) {
			const found = blobs.get(placeOf(blob, container));
			// HTTP dates have seconds.
			if (found !== undefined && Math.floor(found.writtenAt / 1e3) > Math.floor(unmodifiedSince / 1e3)) return false;
			blobs.delete(placeOf(blob, container));
			return true;
		},
	};
}

function check(row: Row | undefined, write: Write): void {
	if (write.kind === "insert" && row !== undefined) throw new StorageError("EntityAlreadyExists", 409);
	if (write.kind !== "insert" && write.kind !== "upsert" && row === undefined)
		throw new StorageError("ResourceNotFound", 404);
	if ("etag" in write && write.etag !== undefined && write.etag !== row?.etag)
		throw new StorageError("UpdateConditionNotSatisfied", 412);
}

function apply(rows: Map<string, StoredRow>, write: Write): string | undefined {
	const { kind, rowKey } = write;
	if (kind === "delete") return void rows.delete(rowKey);
	const before = kind === "merge" || kind === "upsert" ? rows.get(rowKey)?.columns : {};
	const etag = randomUUID();
	rows.set(rowKey, {
		rowKey,
		etag,
		columns: { ...before, ...sound(write.columns) },
		writtenAt: new Date().toISOString(),
	});
	return etag;
}

/** What is undefined is not sent, and bytes are the service's own. */
function sound(columns: Columns): Columns {
	const entries = Object.entries(columns).flatMap(([name, value]): [string, Columns[string]][] => {
		if (value === undefined) return [];
		return [[name, value instanceof Uint8Array ? Buffer.from(value) : value]];
	});
	return Object.fromEntries(entries);
}

function copyOf(row: Row | undefined): Row | undefined {
	return row === undefined ? undefined : { rowKey: row.rowKey, etag: row.etag, columns: sound(row.columns) };
}

function pageOf(all: readonly StoredRow[], { from, to, top, select, where, after }: Range): Page {
	const first = after === undefined ? from : keyOf(after);
	const fits = all
		.filter(({ rowKey }) => rowKey >= first && rowKey >= from && rowKey < to)
		.filter((row) => where === undefined || holds(where, row))
		.sort((one, other) => (one.rowKey < other.rowKey ? -1 : 1));
	const page = fits.slice(0, top).map((row) => ({
		rowKey: row.rowKey,
		etag: row.etag,
		columns: select === undefined ? sound(row.columns) : only({ ...row.columns, [WRITTEN_AT]: row.writtenAt }, select),
	}));
	const next = fits[top];
	return { rows: page, ...(next === undefined ? {} : { next: tokenOf(next.rowKey) }) };
}

/** Where a page goes on, as Azurite writes it. */
function tokenOf(rowKey: string): string {
	const nextRowKey = Buffer.from(rowKey).toString("base64");
	return Buffer.from(JSON.stringify({ nextRowKey })).toString("base64");
}

function keyOf(token: string): string {
	try {
		const { nextRowKey } = JSON.parse(Buffer.from(token, "base64").toString()) as { nextRowKey: string };
		return Buffer.from(nextRowKey, "base64").toString();
	} catch {
		throw new StorageError("InvalidInput", 400);
	}
}

function only(columns: Columns, names: readonly string[]): Columns {
	return sound(Object.fromEntries(names.map((name) => [name, columns[name]])));
}

/** The conditions that the ledger asks for: a column against a text or a time, with `and`, `or` and brackets. */
function holds(where: string, row: StoredRow): boolean {
	const columns: Columns = { ...row.columns, [WRITTEN_AT]: row.writtenAt };
	const script = where
		.replaceAll("datetime'", "'")
		.replaceAll(
			/'((?:[^']|'')*)'/g,
			(_, text: string) => `«${Buffer.from(text.replaceAll("''", "'")).toString("hex")}»`,
		)
		.replaceAll(/(\w+) (eq|gt|ge|lt|le) «([0-9a-f]*)»/g, (_, name: string, operator: string, hex: string) => {
			const [value, text] = [columns[name], Buffer.from(hex, "hex").toString()];
			if (typeof value !== "string") return "false";
			return String(
				{ eq: value === text, gt: value > text, ge: value >= text, lt: value < text, le: value <= text }[operator],
			);
		})
		.replaceAll(" and ", " && ")
		.replaceAll(" or ", " || ");
	if (!/^[truefals&|() ]+$/.test(script)) throw new Error(`not played here: ${where}`);
	return Boolean(new Function(`return ${script}`)());
}
