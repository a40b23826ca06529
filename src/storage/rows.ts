import { createHash } from "node:crypto";
import type { Columns, Range, Row, Storage } from "./storage.ts";

/** A larger text is stored in a blob. A property of Azure Table Storage can contain 64 KiB. */
const MAX_INLINE_BYTES = 60 * 1024;

/**
 * The kinds of text that a row may be too small for: the body of a request, a line of a manifest, a rejected event. Each
 * is a property of that name, or a blob that the property `NAMEBlob` names. A blob's name is made from its content, so
 * that another text for the same key does not replace the first one.
 */
const BLOBS = {
	body: (key: string, hash: string) => `requests/${key}-${hash}.json`,
	line: (key: string, hash: string) => `lines/${key}-${hash}.json`,
	// Its key is a hash of the text.
	event: (key: string) => `rejected/${key}.json`,
} as const;
type Kind = keyof typeof BLOBS;

/** A text as a row holds it. */
export interface StoredBody {
	readonly columns: Columns;
	/** The blobs that were written for it, for the receipt to name. */
	readonly blobs: readonly string[];
}

/** Decides for every row with a text whether the text fits. If it does not, this writes it into a blob. */
export async function storeBody(storage: Storage, kind: Kind, key: string, text: string): Promise<StoredBody> {
	const content = Buffer.from(text);
	if (content.length <= MAX_INLINE_BYTES) {
		return { columns: { [kind]: content }, blobs: [] };
	}
	const blob = BLOBS[kind](key, createHash("sha256").update(content).digest("hex").slice(0, 16));
	await storage.write(blob, content, "application/json");
	return { columns: { [`${kind}Blob`]: blob }, blobs: [blob] };
}

/** The text of a row. Undefined if the row has none, or if its blob is missing. */
export async function readBody(storage: Storage, kind: Kind, columns: Columns): Promise<string | undefined> {
	const inline = columns[kind];
	const blob = columns[`${kind}Blob`];
	if (blob !== undefined) return (await storage.read(String(blob)))?.toString("utf8");
	return inline instanceof Uint8Array ? Buffer.from(inline).toString("utf8") : undefined;
}

/**
 * The columns of a request's body that moves from one row to another: what lies in a blob stays there, and what was a
 * property of one row fits into another, whatever its size.
 * @param body as far as it was read; empty where there was none any more
 */
export function movedBody({ body, bodyBlob }: Partial<Record<"body" | "bodyBlob", string | undefined>>): Columns {
	if (bodyBlob !== undefined) return { bodyBlob };
	return body === undefined || body === "" ? {} : { body: Buffer.from(body) };
}

/** A page may take the service five seconds: a reading ends after so many, whatever it has found. */
const MOST_PAGES = 20;
const PAGE = 1_000;

/**
 * Reads rows over as many pages as it takes: a page may be empty, and not the last one. The work is bounded.
 * @param most how many rows at most
 * @returns the rows in the order of their keys, and whether these are all that there are
 */
export async function readRows(
	storage: Pick<Storage, "list">,
	partition: string,
	range: Omit<Range, "top" | "after">,
	most: number,
): Promise<{ readonly rows: readonly Row[]; readonly complete: boolean }> {
	const rows: Row[] = [];
	let after: string | undefined;
	for (let pages = 0; pages < MOST_PAGES; pages++) {
		const page = await storage.list(partition, { ...range, top: Math.min(PAGE, most - rows.length), after });
		rows.push(...page.rows);
		after = page.next;
		if (after === undefined) return { rows, complete: true };
		if (rows.length >= most) break;
	}
	return { rows, complete: false };
}
