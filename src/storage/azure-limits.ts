import { type Columns, StorageError, type Write } from "./storage.ts";

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
		throw refusal(`the ${kind} key ${JSON.stringify(key)} holds a character that keys must not`);
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
