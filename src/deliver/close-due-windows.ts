import type { CleanUpOptions } from "../ledger/clean-up.ts";
import { cleanUpClosed } from "../ledger/clean-up-closed.ts";
import { type ClosedWindow, type CloseOptions, closeWindow } from "../ledger/close-window.ts";
import type { Hold } from "../ledger/hold.ts";
import { inspectWindow } from "../ledger/inspect-window.ts";
import type { Write } from "../ledger/storage.ts";
import type { Window } from "../ledger/window.ts";

export interface CloseDueOptions extends CloseOptions, CleanUpOptions {
	/** Called before anything is closed. */
	readonly begin: () => Promise<void>;
	/** Told of each window that was closed. */
	readonly onClosed: (closed: ClosedWindow) => void;
}

export interface ClosedDue {
	/** When the next window is due, epoch milliseconds; 0 where one was closed, and there is something new to look at. */
	readonly nextAt: number;
	/** What is worth remembering of the windows that are not due. */
	readonly writes: readonly Write[];
	/** The keys of entries whose clean-up was done on the way. */
	readonly cleaned: readonly string[];
}

/** Looking at the members of a window, and closing it, takes a while. */
const LEASE_MS = 15_000;

/** Closes the windows that are due. */
export async function closeDueWindows(
	hold: Hold,
	windows: readonly Window[],
	options: CloseDueOptions,
): Promise<ClosedDue> {
	const { storage, now, begin, onClosed } = options;
	let nextAt = Number.POSITIVE_INFINITY;
	const writes: Write[] = [];
	const cleaned: string[] = [];
	for (const window of windows) {
		let { dueAt } = window;
		if (dueAt <= now()) {
			await hold.lastFor(LEASE_MS);
			const inspected = await inspectWindow(storage, hold.lane, window, now());
			dueAt = inspected.dueAt;
			if (dueAt > now()) writes.push(inspected.write);
		}
		if (dueAt <= now()) {
			await begin();
			// A window must not gather what one before it has gathered already.
			cleaned.push(...(await cleanUpClosed(hold, options)));
			const closed = await closeWindow(hold, window, options);
			if (closed !== undefined) onClosed(closed);
			dueAt = 0;
		}
		nextAt = Math.min(nextAt, dueAt);
	}
	return { nextAt, writes, cleaned };
}
