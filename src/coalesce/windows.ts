import pMap from "p-map";
import type { LaneLease } from "../ledger/lane-lease.ts";
import { LeaseLost } from "../ledger/leased-row.ts";
import { LONGEST_WAIT_MS } from "../ledger/rows.ts";
import type { Window } from "../ledger/window.ts";
import { type Log, report } from "../log.ts";
import { isRefusal, isStorageError, type Write } from "../storage/storage.ts";
import { type ClosedDispatch, cleanUp, cleanUpClosed } from "./clean-up.ts";
import { AGAIN_MS, type ClosedWindow, type CloseOptions, closeWindow } from "./close-window.ts";
import { inspectWindow } from "./inspect-window.ts";

/** What a drain does with windows. */
export interface Windows {
	/** Closes those that are due, each on its own: one that cannot be closed blocks no other. */
	closeDue(lease: LaneLease, windows: readonly Window[], run: CloseRun): Promise<ClosedDue>;
	/** Completes the members of a closed window whose close broke off. */
	complete(lease: LaneLease, dispatch: ClosedDispatch): Promise<void>;
}

/** The drain in which windows are closed. */
export interface CloseRun {
	readonly log: Log;
	/** Called before anything is closed. */
	readonly begin: () => Promise<void>;
	/** Whether there is time for one more. */
	readonly goesOn: () => boolean;
}

type CloseDueOptions = CloseOptions & CloseRun;

export interface ClosedDue {
	/** When the next window is due, epoch milliseconds; 0 where one was closed, and there is something new to look at. */
	readonly nextAt: number;
	/** What is worth remembering of the windows that are not due. */
	readonly writes: readonly Write[];
	/** The keys of deliveries whose clean-up was done on the way. */
	readonly cleaned: readonly string[];
}

const LOOKS_AT_ONCE = 8;

export function createWindows(options: CloseOptions): Windows {
	return {
		closeDue: (lease, windows, run) => closeDueWindows(lease, windows, { ...options, ...run }),
		complete: (lease, dispatch) => cleanUp(lease, dispatch, options),
	};
}

async function closeDueWindows(
	lease: LaneLease,
	windows: readonly Window[],
	options: CloseDueOptions,
): Promise<ClosedDue> {
	const { now, goesOn } = options;
	const looked = await pMap(windows, (window) => look(lease, window, options), { concurrency: LOOKS_AT_ONCE });
	const writes = looked.flatMap(({ write }) => write ?? []);
	let nextAt = Math.min(Number.POSITIVE_INFINITY, ...looked.map(({ dueAt }) => dueAt).filter((dueAt) => dueAt > now()));
	const cleaned: string[] = [];
	/** Whether the members of a window may still be there that was closed before. */
	let isUnclean = true;
	for (const { window } of looked.filter(({ dueAt }) => !(dueAt > now()))) {
		if (!goesOn()) return { nextAt: now(), writes, cleaned };
		const isDone = await alone(lease, window, options, async () => {
			await options.begin();
			await lease.ensureFor();
			if (isUnclean) cleaned.push(...(await cleanUpClosed(lease, options)));
			isUnclean = true;
			const closed = await closeWindow(lease, window, options);
			isUnclean = false;
			if (closed !== undefined) reportClosed(options.log, lease.lane, closed);
		});
		nextAt = isDone ? 0 : Math.min(nextAt, now() + AGAIN_MS);
	}
	return { nextAt, writes, cleaned };
}

function reportClosed(log: Log, lane: string, { key, count, refused: reason }: ClosedWindow): void {
	report(log, "info", { stage: "window", lane, key, count });
	if (reason !== undefined) report(log, "error", { stage: "dead-letter", lane, key, count, reason });
}

interface Looked {
	readonly window: Window;
	/** Epoch milliseconds. */
	readonly dueAt: number;
	/** What is worth remembering of the look. */
	readonly write?: Write;
}

/** When a window is due. Its members need no look before the time that its row says. */
async function look(lease: LaneLease, window: Window, options: CloseDueOptions): Promise<Looked> {
	const { storage, now } = options;
	// No window lasts longer than a day: a later time is none, and its members are looked at.
	if (window.dueAt > now() && window.dueAt <= now() + LONGEST_WAIT_MS) return { window, dueAt: window.dueAt };
	let looked: Looked = { window, dueAt: now() + AGAIN_MS };
	await alone(lease, window, options, async () => {
		await lease.ensureFor();
		const { dueAt, write } = await inspectWindow(storage, lease.lane, window, now());
		looked = dueAt > now() ? { window, dueAt, write } : { window, dueAt };
	});
	return looked;
}

/**
 * Does something with one window. A fault of this window is logged, and the window waits. Other faults, such as a lost
 * lease or storage that does not answer, end the drain. Answers whether it was done.
 */
async function alone(
	lease: LaneLease,
	{ rowKey, route }: Window,
	{ now, log }: CloseDueOptions,
	work: () => Promise<void>,
): Promise<boolean> {
	try {
		await work();
		return true;
	} catch (error) {
		if (error instanceof LeaseLost || (isStorageError(error) && !isRefusal(error))) throw error;
		const dueAt = new Date(now() + AGAIN_MS).toISOString();
		const reason = `a window could not be closed: ${(error as Error).message}; the bridge tries again at ${dueAt}`;
		report(log, "error", { stage: "window", change: "failed", lane: lease.lane, route, reason });
		await putOff(lease, rowKey, dueAt);
		return false;
	}
}

/** Written at once: the next drain may come before this one has anything else to write. What was seen is forgotten. */
async function putOff(lease: LaneLease, rowKey: string, dueAt: string): Promise<void> {
	const columns = { dueAt, newest: "", oldestAt: "", seen: 0, seenBytes: 0 };
	try {
		await lease.commit(lease.state(), [{ kind: "merge", rowKey, columns }]);
	} catch (error) {
		// Its row is gone if the close broke off after its dispatch was written.
		if (!isRefusal(error)) throw error;
	}
}
