import { type CleanUpOptions, cleanUp } from "./clean-up.ts";
import { LIGHT_COLUMNS, readEntry } from "./entry.ts";
import type { Hold } from "./hold.ts";
import { ROWS } from "./row-keys.ts";

const PAGE = 1_000;

/**
 * Does the clean-ups that wait in a lane for their dispatches to be sent, which may take long. As long as one does, its
 * members are still there, and a window that is closed meanwhile would gather them once more.
 * @returns the keys of the entries that need no clean-up any more
 */
export async function cleanUpClosed(hold: Hold, options: CleanUpOptions): Promise<readonly string[]> {
	const range = { ...ROWS.entries, top: PAGE, select: LIGHT_COLUMNS, where: "closing gt ''" };
	const cleaned: string[] = [];
	let after: string | undefined;
	do {
		const page = await options.storage.list(hold.lane, { ...range, after });
		for (const entry of page.rows.map((row) => readEntry(row, options.now()))) {
			if (entry.closing === undefined) continue;
			await cleanUp(hold, { ...entry, closing: entry.closing }, options);
			cleaned.push(entry.rowKey);
		}
		after = page.next;
	} while (after !== undefined);
	return cleaned;
}
