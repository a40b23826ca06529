import type { Columns, Write } from "./storage.ts";

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
	/** Whether a lane's state row is added to each transaction, as `Hold.commit` does. */
	readonly withState?: boolean;
}

/**
 * Distributes writes over transactions that storage takes: each has at most 100 rows and 4 MiB.
 * @param groups writes that may be apart from each other; those of one group stay together, in their order
 */
export function inTransactions(
	groups: readonly (readonly Write[])[],
	options?: TransactionOptions,
): readonly (readonly Write[])[] {
	return groupsByTransaction(groups, options).map((together) => together.flat());
}

/** The same, for whoever has to know which groups share a transaction. */
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
