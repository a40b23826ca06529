import type { Row, Write } from "./storage.ts";

/**
 * An answer that is not one to what was asked: the SDKs take an empty body for an empty page, and a transaction's answer
 * that names none of its writes for success. What storage has done is not known then, so that the call is repeated.
 */
class UnclearAnswer extends Error {
	override readonly name = "UnclearAnswer";
	/** The status of one write of a transaction, where it is what was unexpected. */
	readonly innerStatus: number | undefined;

	constructor(message: string, innerStatus?: number) {
		super(message);
		this.innerStatus = innerStatus;
	}
}

/** A transaction's answer, as the SDK reads it. */
interface SubResponse {
	readonly status: number;
	readonly etag?: string;
}

/**
 * The new ETags of a transaction's rows, in the order of the writes; a removed row has none.
 * Source: learn.microsoft.com, "Performing entity group transactions": one answer for each write, or that of the first
 * one that failed.
 */
export function etagsOf(writes: readonly Write[], answers: readonly SubResponse[]): readonly (string | undefined)[] {
	const failed = answers.find(({ status }) => status < 200 || status > 299);
	if (failed !== undefined) {
		throw new UnclearAnswer(`a write of the transaction was answered ${failed.status}`, failed.status);
	}
	if (answers.length !== writes.length) {
		throw new UnclearAnswer(`a transaction of ${writes.length} writes was answered for ${answers.length} of them`);
	}
	const etags = answers.map(({ etag }) => etag?.trim() || undefined);
	const missing = writes.findIndex(({ kind }, index) => kind !== "delete" && etags[index] === undefined);
	if (missing >= 0) throw new UnclearAnswer(`no ETag was answered for the row ${writes[missing]?.rowKey}`);
	return etags;
}

/** A row that was asked for by its key. */
export function expectRow(row: Row, rowKey: string): Row {
	if (row.rowKey !== rowKey || row.etag === "") throw new UnclearAnswer(`the answer is not the row ${rowKey}`);
	return row;
}

/**
 * The rows of a page.
 * @param body the answer as it was parsed: the SDK reads a page without rows where it holds no list at all
 */
export function expectRows(
	body: unknown,
	rows: readonly Row[],
	{ from, to }: { readonly from: string; readonly to: string },
): readonly Row[] {
	if (!Array.isArray((body as { value?: unknown } | null | undefined)?.value)) {
		throw new UnclearAnswer("the answer holds no list of rows");
	}
	const strange = rows.find(({ rowKey }) => rowKey < from || rowKey >= to);
	if (strange !== undefined)
		throw new UnclearAnswer(`the answer holds the row ${strange.rowKey}, which was not asked for`);
	return rows;
}

/** A text that an answer must hold, such as the id of a lease. */
export function expectText(text: string | undefined, name: string): string {
	if (typeof text !== "string" || text === "") throw new UnclearAnswer(`the answer holds no ${name}`);
	return text;
}

/** A blob's content, all of it. */
export function expectWhole(content: Buffer, length: number | undefined): Buffer {
	if (content.length !== length)
		throw new UnclearAnswer(`${content.length} bytes of a blob of ${length} were answered`);
	return content;
}

/** The names of a page of blobs. */
export function expectNames(
	items: readonly { readonly name: string }[] | undefined,
	prefix: string,
): readonly string[] {
	if (!Array.isArray(items)) throw new UnclearAnswer("the answer holds no list of blobs");
	const names = items.map(({ name }: { name: string }) => name);
	const strange = names.find((name) => !name.startsWith(prefix));
	if (strange !== undefined) throw new UnclearAnswer(`the answer names the blob ${strange}, which was not asked for`);
	return names;
}
