import { LIGHT_COLUMNS, readEntry } from "../ledger/entry.ts";
import type { LaneLease } from "../ledger/lane-lease.ts";
import { ROWS } from "../ledger/row-keys.ts";
import { type CleanUpOptions, cleanUp } from "./clean-up.ts";

const PAGE = 1_000;

/**
 * Completes what closes have left undone that broke off, in all of a lane, whichever of it a drainer has read. To be
 * called before the first window of a drain is closed, and again after a close that failed: as long as a member is not
 * completed, a window of its group would gather it once more.
 * @returns the keys of the entries that need no clean-up any more
 */
export async function cleanUpClosed(lease: LaneLease, options: CleanUpOptions): Promise<readonly string[]> {
	const range = { ...ROWS.entries, top: PAGE, select: LIGHT_COLUMNS, where: "closing gt ''" };
	const cleaned: string[] = [];
	let after: string | undefined;
	do {
		const page = await options.storage.list(lease.lane, { ...range, after });
		for (const entry of page.rows.map((row) => readEntry(row, options.now()))) {
			if (entry.closing === undefined) continue;
			await cleanUp(lease, { ...entry, closing: entry.closing }, options);
			cleaned.push(entry.rowKey);
		}
		after = page.next;
	} while (after !== undefined);
	return cleaned;
}
