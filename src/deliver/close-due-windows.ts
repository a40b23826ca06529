import pMap from "p-map";
import type { CleanUpOptions } from "../ledger/clean-up.ts";
import { cleanUpClosed } from "../ledger/clean-up-closed.ts";
import { type ClosedWindow, type CloseOptions, closeWindow } from "../ledger/close-window.ts";
import { type Hold, Overslept } from "../ledger/hold.ts";
import { inspectWindow } from "../ledger/inspect-window.ts";
import { LONGEST_WAIT_MS } from "../ledger/lane-state.ts";
import { isStorageError, type Write } from "../ledger/storage.ts";
import type { Window } from "../ledger/window.ts";
import { type Log, report } from "../report.ts";

export interface CloseDueOptions extends CloseOptions, CleanUpOptions {
	readonly log: Log;
	/** Called before anything is closed. */
	readonly begin: () => Promise<void>;
	/** Whether there is time for one more. */
	readonly goesOn: () => boolean;
	/** Told of each window that was closed. */
	readonly onClosed: (closed: ClosedWindow) => void;
}

export interface ClosedDue {
	/** When the next window is due, epoch milliseconds; 0 where one was closed, and there is something new to look at. */
	readonly nextAt: number;
	/** What is worth remembering of the windows that are not due. */
	readonly writes: readonly Write[];
	/** The keys of deliveries whose clean-up was done on the way. */
	readonly cleaned: readonly string[];
}

/** Looking at the members of a window, and closing it, takes a while. */
const LEASE_MS = 15_000;
const LOOKS_AT_ONCE = 8;
/** A window that cannot be closed is tried again after so long. */
const AGAIN_MS = 5 * 60_000;

/** Closes the windows that are due, each on its own: one that cannot be closed holds up no other. */
export async function closeDueWindows(
	hold: Hold,
	windows: readonly Window[],
	options: CloseDueOptions,
): Promise<ClosedDue> {
	const { now, goesOn } = options;
	const looked = await pMap(windows, (window) => look(hold, window, options), { concurrency: LOOKS_AT_ONCE });
	const writes = looked.flatMap(({ write }) => write ?? []);
	let nextAt = Math.min(Number.POSITIVE_INFINITY, ...looked.map(({ dueAt }) => dueAt).filter((dueAt) => dueAt > now()));
	const cleaned: string[] = [];
	/** Whether the members of a window may still be there that was closed before. */
	let isUnclean = true;
	for (const { window } of looked.filter(({ dueAt }) => !(dueAt > now()))) {
		if (!goesOn()) return { nextAt: now(), writes, cleaned };
		const again = await alone(hold, window, options, async () => {
			await options.begin();
			await hold.lastFor(LEASE_MS);
			if (isUnclean) cleaned.push(...(await cleanUpClosed(hold, options)));
			isUnclean = true;
			const closed = await closeWindow(hold, window, options);
			isUnclean = false;
			if (closed !== undefined) options.onClosed(closed);
		});
		if (again !== undefined) writes.push(again);
		nextAt = again === undefined ? 0 : Math.min(nextAt, now() + AGAIN_MS);
	}
	return { nextAt, writes, cleaned };
}

interface Looked {
	readonly window: Window;
	/** Epoch milliseconds. */
	readonly dueAt: number;
	/** What is worth remembering of the look. */
	readonly write?: Write;
}

/** When a window is due. Its members need no look before the time that its row says. */
async function look(hold: Hold, window: Window, options: CloseDueOptions): Promise<Looked> {
	const { storage, now } = options;
	// No window lasts longer than a day: a later time is none, and its members are looked at.
	if (window.dueAt > now() && window.dueAt <= now() + LONGEST_WAIT_MS) return { window, dueAt: window.dueAt };
	let looked: Looked = { window, dueAt: now() + AGAIN_MS };
	const again = await alone(hold, window, options, async () => {
		await hold.lastFor(LEASE_MS);
		const { dueAt, write } = await inspectWindow(storage, hold.lane, window, now());
		looked = dueAt > now() ? { window, dueAt, write } : { window, dueAt };
	});
	return again === undefined ? looked : { ...looked, write: again };
}

/**
 * Does something with one window. What is its own fault is logged, and the window waits; what is not, such as a lost
 * lease or storage that does not answer, ends the drain. Answers what makes the window wait.
 */
async function alone(
	hold: Hold,
	{ rowKey, route }: Window,
	{ now, log }: CloseDueOptions,
	work: () => Promise<void>,
): Promise<Write | undefined> {
	try {
		await work();
		return undefined;
	} catch (error) {
		if (error instanceof Overslept || (isStorageError(error) && !error.refused)) throw error;
		const dueAt = new Date(now() + AGAIN_MS).toISOString();
		const reason = `a window could not be closed: ${(error as Error).message}; tried again at ${dueAt}`;
		report(log, "error", { stage: "window", change: "failed", lane: hold.lane, route, reason });
		return { kind: "merge", rowKey, columns: { dueAt } };
	}
}
