import { type Columns, StorageError, type Write } from "./storage.ts";

/**
 * What one transaction of Azure Table Storage holds.
 * Source: learn.microsoft.com, "Performing entity group transactions": 100 entities, 4 MiB in all.
 */
const MAX_ROWS = 100;
const MAX_BYTES = 4 * 1024 * 1024;
/** Of a write, beside its columns: the lines of the batch around it, the address, and its keys in both. */
const ROW_BYTES = 1_500;
/** Of a column, beside its value: the name's quotes, the type annotation, punctuation. */
const COLUMN_BYTES = 40;
const NUMBER_BYTES = 30;
/** The lane's state row: each of its two texts or times fills a property at most. */
const STATE_BYTES = 256 * 1024;

interface TransactionOptions {
	/** Whether a lane's state row is added to each transaction, as `LaneLease.commit` does. */
	readonly withState?: boolean;
}

/**
 * Distributes writes over transactions that storage accepts: each has at most 100 rows and 4 MiB.
 * @param groups writes that may be apart from each other; those of one group stay together, in their order
 */
export function inTransactions(
	groups: readonly (readonly Write[])[],
	options?: TransactionOptions,
): readonly (readonly Write[])[] {
	return groupsByTransaction(groups, options).map((together) => together.flat());
}

/** The same, where it matters which groups share a transaction. */
export function groupsByTransaction(
	groups: readonly (readonly Write[])[],
	{ withState = false }: TransactionOptions = {},
): readonly (readonly (readonly Write[])[])[] {
	const maxRows = withState ? MAX_ROWS - 1 : MAX_ROWS;
	const maxBytes = withState ? MAX_BYTES - STATE_BYTES : MAX_BYTES;
	const transactions: (readonly Write[])[][] = [];
	let [rows, bytes] = [Number.POSITIVE_INFINITY, 0];
	for (const group of groups) {
		if (group.length === 0) continue;
		const more = group.reduce((sum, write) => sum + bytesOf(write), 0);
		if (rows + group.length > maxRows || bytes + more > maxBytes) {
			transactions.push([]);
			[rows, bytes] = [0, 0];
		}
		transactions.at(-1)?.push(group);
		[rows, bytes] = [rows + group.length, bytes + more];
	}
	return transactions;
}

/** How many bytes a write adds to its transaction, at most. */
export function bytesOf(write: Write): number {
	const keys = 2 * Buffer.byteLength(write.rowKey);
	return ROW_BYTES + keys + (write.kind === "delete" ? 0 : columnBytes(write.columns));
}

function columnBytes(columns: Columns): number {
	return Object.entries(columns).reduce((sum, [name, value]) => {
		// With its type the name is there twice.
		const named = sum + 2 * Buffer.byteLength(name) + COLUMN_BYTES;
		if (value === undefined) return sum;
		if (typeof value === "string") return named + Buffer.byteLength(JSON.stringify(value));
		if (typeof value === "object") return named + 4 * Math.ceil(value.length / 3);
		return named + NUMBER_BYTES;
	}, 0);
}

/**
 * What one row of Azure Table Storage holds, in bytes; texts count twice their UTF-16 length.
 * Source: learn.microsoft.com, "Understanding the Table service data model".
 */
const MAX_COLUMN_BYTES = 64 * 1024;
const MAX_ROW_BYTES = 1024 * 1024;
const MAX_COLUMNS = 252;
const MAX_KEY_BYTES = 1024;
/** `/`, `\`, `#`, `?` and control characters. */
const NOT_IN_KEYS = /[/\\#?\p{Cc}]/u;

/**
 * Refuses what the service would refuse, before it is sent: the error names the row and the column, and an emulator is
 * as strict as the service. Throws StorageError with the service's status.
 */
export function checkLimits(partition: string, writes: readonly Write[]): void {
	checkKey("partition", partition);
	for (const write of writes) {
		checkKey("row", write.rowKey);
		if (write.kind !== "delete") checkColumns(write.rowKey, write.columns);
	}
}

function checkKey(kind: string, key: string): void {
	if (2 * key.length > MAX_KEY_BYTES) throw refusal(`the ${kind} key "${key.slice(0, 50)}…" is longer than 1 KiB`);
	if (NOT_IN_KEYS.test(key))
		throw refusal(`the ${kind} key ${JSON.stringify(key)} contains a character that keys must not contain`);
}

function checkColumns(rowKey: string, columns: Columns): void {
	const entries = Object.entries(columns);
	if (entries.length > MAX_COLUMNS) throw refusal(`the row ${rowKey} has more than ${MAX_COLUMNS} columns`);
	const total = entries.reduce((sum, [name, value]) => {
		const bytes = bytesIn(value);
		if (bytes > MAX_COLUMN_BYTES) throw refusal(`the column ${name} of the row ${rowKey} is larger than 64 KiB`);
		return sum + 2 * name.length + bytes;
	}, 0);
	if (total > MAX_ROW_BYTES) throw refusal(`the row ${rowKey} is larger than 1 MiB`);
}

function bytesIn(value: Columns[string]): number {
	if (typeof value === "string") return 2 * value.length;
	return value instanceof Uint8Array ? value.length : 8;
}

function refusal(message: string): StorageError {
	return new StorageError(message, 400);
}
