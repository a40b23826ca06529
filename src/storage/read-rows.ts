import type { Range, Row, Storage } from "./storage.ts";

/** Rows that were read, in the order of their keys. */
export interface ReadRows {
	readonly rows: readonly Row[];
	/** Whether these are all that there are. */
	readonly complete: boolean;
}

/** A page may take the service five seconds: a reading ends after so many, whatever it has found. */
const MOST_PAGES = 20;
const PAGE = 1_000;

/**
 * Reads rows over as many pages as it takes: a page may be empty, and not the last one. The work is bounded.
 * @param most how many rows at most
 */
export async function readRows(
	storage: Pick<Storage, "list">,
	partition: string,
	range: Omit<Range, "top" | "after">,
	most: number,
): Promise<ReadRows> {
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
