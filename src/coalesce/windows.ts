import pMap from "p-map";
import type { LaneLease } from "../ledger/lane-lease.ts";
import { LeaseLost } from "../ledger/leased-row.ts";
import { LONGEST_WAIT_MS, memberRange } from "../ledger/rows.ts";
import { acceptedAtOf, MAX_MANIFEST_BYTES, type Window } from "../ledger/window.ts";
import { type Log, report } from "../log.ts";
import { isRefusal, isStorageError, type Storage, type Write } from "../storage/storage.ts";
import { type ClosedDispatch, cleanUp, cleanUpClosed } from "./clean-up.ts";
import { AGAIN_MS, type CloseOptions, closeWindow } from "./close-window.ts";
import { lineBytes } from "./members.ts";

/** What a drain does with windows. */
export interface Windows {
	/** Closes those that are due, each on its own: one that cannot be closed blocks no other. */
	closeDue(lease: LaneLease, windows: readonly Window[], drain: ClosingDrain): Promise<ClosedDue>;
	/** Completes the members of a closed window whose close broke off. */
	cleanUp(lease: LaneLease, dispatch: ClosedDispatch): Promise<void>;
}

/** The drain in which windows are closed. */
export interface ClosingDrain {
	readonly log: Log;
	/** Called before anything is closed: should this process die, the watchdog wakes the lane. */
	readonly ensureWatchdog: () => Promise<void>;
	/** Whether there is time for one more. */
	readonly goesOn: () => boolean;
}

type CloseDueOptions = CloseOptions & ClosingDrain;

export interface ClosedDue {
	/** When the next window is due, epoch milliseconds; 0 where one was closed, and there is something new to read. */
	readonly nextAt: number;
	/** What is worth remembering of the windows that are not due. */
	readonly writes: readonly Write[];
	/** The keys of deliveries whose clean-up was done on the way. */
	readonly cleaned: readonly string[];
}

const CHECKS_AT_ONCE = 8;

export function createWindows(options: CloseOptions): Windows {
	return {
		closeDue: (lease, windows, drain) => closeDueWindows(lease, windows, { ...options, ...drain }),
		cleanUp: (lease, dispatch) => cleanUp(lease, dispatch, options),
	};
}

async function closeDueWindows(
	lease: LaneLease,
	windows: readonly Window[],
	options: CloseDueOptions,
): Promise<ClosedDue> {
	const { now, goesOn } = options;
	const checked = await pMap(windows, (window) => checkWindow(lease, window, options), { concurrency: CHECKS_AT_ONCE });
	const writes = checked.flatMap(({ dueAt, write }) => (write !== undefined && dueAt > now() ? write : []));
	let nextAt = Math.min(
		Number.POSITIVE_INFINITY,
		...checked.map(({ dueAt }) => dueAt).filter((dueAt) => dueAt > now()),
	);
	const cleaned: string[] = [];
	/** Whether the members of a window may still be there that was closed before. */
	let isUnclean = true;
	for (const { window } of checked.filter(({ dueAt }) => !(dueAt > now()))) {
		if (!goesOn()) return { nextAt: now(), writes, cleaned };
		const isDone = await contained(lease, window, options, async () => {
			await options.ensureWatchdog();
			await lease.ensureFor();
			if (isUnclean) cleaned.push(...(await cleanUpClosed(lease, options)));
			isUnclean = true;
			await closeAndReport(lease, window, options);
			isUnclean = false;
			return true;
		});
		nextAt = isDone ? 0 : Math.min(nextAt, now() + AGAIN_MS);
	}
	return { nextAt, writes, cleaned };
}

async function closeAndReport(lease: LaneLease, window: Window, options: CloseDueOptions): Promise<void> {
	const closed = await closeWindow(lease, window, options);
	if (closed === undefined) return;
	const { key, count, refused: reason } = closed;
	const { lane } = lease;
	report(options.log, "info", { stage: "window", lane, key, count });
	if (reason !== undefined) report(options.log, "error", { stage: "dead-letter", lane, key, count, reason });
}

interface CheckedWindow {
	readonly window: Window;
	/** Epoch milliseconds. */
	readonly dueAt: number;
	/** What is worth remembering of it, if the window is not due. */
	readonly write?: Write;
}

/** When a window is due. Its members are not read before the time that its row says. */
async function checkWindow(lease: LaneLease, window: Window, options: CloseDueOptions): Promise<CheckedWindow> {
	const { storage, now } = options;
	// No window lasts longer than a day: a later time is none, and its members are read.
	if (window.dueAt > now() && window.dueAt <= now() + LONGEST_WAIT_MS) return { window, dueAt: window.dueAt };
	const inspected = await contained(lease, window, options, async () => {
		await lease.ensureFor();
		return inspectWindow(storage, lease.lane, window, now());
	});
	return { window, dueAt: now() + AGAIN_MS, ...inspected };
}

/**
 * Does something with one window. A fault of this window is logged, and the window waits: then there is no result. Other
 * faults, such as a lost lease or storage that does not answer, end the drain.
 */
async function contained<Result>(
	lease: LaneLease,
	{ rowKey, route }: Window,
	{ now, log }: CloseDueOptions,
	work: () => Promise<Result>,
): Promise<Result | undefined> {
	try {
		return await work();
	} catch (error) {
		if (error instanceof LeaseLost || (isStorageError(error) && !isRefusal(error))) throw error;
		const dueAt = new Date(now() + AGAIN_MS).toISOString();
		const reason = `a window could not be closed: ${(error as Error).message}; the bridge tries again at ${dueAt}`;
		report(log, "error", { stage: "window", change: "failed", lane: lease.lane, route, reason });
		await putOff(lease, rowKey, dueAt);
		return undefined;
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

/** When a window closes, and what to remember of having read it. */
export interface Inspected {
	/** Epoch milliseconds: it closes then, if that is not later than now; else the next reading, at that time, finds out more. */
	readonly dueAt: number;
	readonly write: Write;
}

/** What is known of a window's members. */
interface SeenMembers extends Pick<Window, "seen" | "seenBytes"> {
	readonly newest: Window["newest"];
	/** Epoch milliseconds; 0 where it is not known, so that the window closes. */
	readonly oldestAt: number;
	/** 1 where the window is full. */
	readonly fullness: number;
}

const PAGE = 1_000;
/** A window that fills up is read no more often. */
const LEAST_PAUSE_MS = 5_000;
/** What has come at once is taken for what comes in a second. */
const SECOND_MS = 1_000;

/**
 * Reads the members that joined since the last reading. The window closes if none joined for the quiet time, if its oldest
 * member has reached the maximum age, or if it is full.
 * @param now epoch milliseconds
 */
export async function inspectWindow(storage: Storage, lane: string, window: Window, now: number): Promise<Inspected> {
	const { newest, seen, seenBytes, fullness, ...known } = await readNewMembers(storage, lane, window);
	// An instance with a fast clock may have accepted members at a time that is later than now.
	const oldestAt = Math.min(known.oldestAt, now);
	const newestAt = acceptedAtOf(newest);
	const closesAt = Math.min(newestAt + window.quietMs, oldestAt + window.maxMs);
	// If events keep their rate. The longer none has come, the less often the window is read.
	const fullAt = oldestAt + Math.max(now - oldestAt, SECOND_MS) / fullness;
	const nextReadAt = Math.max(fullAt, now + Math.max(LEAST_PAUSE_MS, now - newestAt));
	const dueAt = fullness >= 1 ? 0 : Math.min(closesAt, nextReadAt);
	const [due, oldest] = [dueAt, known.oldestAt].map((time) => new Date(time).toISOString());
	const columns = { dueAt: due, newest, oldestAt: oldest, seen, seenBytes };
	return { dueAt, write: { kind: "merge", rowKey: window.rowKey, columns } };
}

/** No further than until it is full: then it closes, and that reads for itself. */
async function readNewMembers(storage: Storage, lane: string, window: Window): Promise<SeenMembers> {
	const { from, to } = memberRange(window.group);
	let { newest, oldestAt, seen, seenBytes } = window;
	// `~` sorts behind every character of a key: what comes after the one that was seen.
	const range = { from: newest === undefined ? from : `${newest}~`, to, top: PAGE, select: ["bytes"] };
	let after: string | undefined;
	let fullness: number;
	do {
		const { rows, next } = await storage.list(lane, { ...range, after });
		oldestAt ??= rows[0] && acceptedAtOf(rows[0].rowKey);
		newest = rows.at(-1)?.rowKey ?? newest;
		seen += rows.length;
		seenBytes += rows.reduce((sum, { columns }) => sum + lineBytes(columns), 0);
		fullness = Math.max(seen / window.maxEvents, seenBytes / MAX_MANIFEST_BYTES);
		after = next;
	} while (after !== undefined && fullness < 1);
	return { newest, oldestAt: oldestAt ?? 0, seen, seenBytes, fullness };
}
