import { type Limit, nextSlot } from "../dispatch/pace.ts";
import { cleanUp } from "../ledger/clean-up.ts";
import type { ClosedWindow, CloseOptions } from "../ledger/close-window.ts";
import type { Entry } from "../ledger/entry.ts";
import type { Hold, View } from "../ledger/hold.ts";
import { dueAt, type LaneState, laneDueAt } from "../ledger/lane-state.ts";
import { persist } from "../ledger/persist.ts";
import type { Fate } from "../ledger/settle.ts";
import type { Write } from "../ledger/storage.ts";
import { isSuperseded, isWokenInTime } from "../ledger/wake-up.ts";
import type { Log } from "../report.ts";
import { closeDueWindows } from "./close-due-windows.ts";
import type { EntryDelivery, Tried } from "./deliver-entry.ts";
import type { Run } from "./run.ts";
import { createWatchdog } from "./watchdog.ts";

export interface DrainOptions extends CloseOptions {
	readonly limits: readonly Limit[];
	/** How many calls may be under way at once. */
	readonly concurrency: number;
	readonly sleep: (ms: number) => Promise<void>;
	/** Delivers one entry. */
	readonly entries: EntryDelivery;
	/** Told of each window that was closed. */
	readonly onClosed: (log: Log, lane: string, closed: ClosedWindow) => void;
}

/** A call takes 10 s at most, and then its result has to be written. */
const LEASE_MS = 15_000;
/** For so long it is not worth letting go of a lane. */
const IDLE_MS = 1_000;

/** Delivers what is due in a lane, in its order, as long as the run goes on. Somebody is woken for what is left. */
export async function drain(hold: Hold, run: Run, options: DrainOptions): Promise<void> {
	const { now, sleep, limits, concurrency, entries } = options;
	/** Of the entries of this look: those that were tried, and those of them that are gone. */
	const taken = new Set<string>();
	const gone = new Set<string>();
	const underWay = new Map<string, Promise<Tried>>();
	/** When each of them began: GitHub counts it, though nothing of it is written yet. */
	const begun = new Map<string, number>();
	const watchdog = createWatchdog(hold, now);
	let windowWrites: readonly Write[] = [];
	/** The entries whose windows' members are cleaned up, though the view says otherwise. */
	const cleaned = new Set<string>();
	/** Whether a wake-up that is recorded may be this drainer's own. */
	let hasRecorded = false;

	const calls = () => [...hold.state().calls, ...begun.values()].sort((one, other) => one - other);
	const slot = () => nextSlot(calls(), limits, now());
	const isDue = (entry: Entry, state: LaneState) => !taken.has(entry.rowKey) && dueAt(state, entry) <= now();
	const isLeft = ({ entries: all, windows, complete }: View, but?: Entry) =>
		!complete ||
		all.some(({ rowKey }) => rowKey !== but?.rowKey && !gone.has(rowKey)) ||
		(run.wake !== undefined && windows.length > 0);

	try {
		await deliver();
	} catch (error) {
		// What GitHub has taken meanwhile is a fact, whoever has the lane now.
		for (const ended of underWay.values()) await conclude(ended).catch(() => {});
		throw error;
	}

	async function deliver(): Promise<void> {
		for (;;) {
			taken.clear();
			gone.clear();
			const view = await hold.read((entry, state) => laneDueAt(state) > now() || isDue(entry, state));
			if (run.wake !== undefined && isSuperseded(run.wake, hold.state().wake, now()) && !hasRecorded) return;
			run.onView?.(view, hold.state());
			if (!isLeft(view)) {
				if (run.wake === undefined || hold.state().wake.at === null) return watchdog.takeBack();
				// Whoever relied on the record has written before it is cleared: hence another look.
				await hold.commit({ ...hold.state(), wake: { ...hold.state().wake, at: null } }, []);
				continue;
			}
			const windowAt = run.wake === undefined ? Number.POSITIVE_INFINITY : await closeWindows(view);
			const sent = await sendDue(view);
			const at = Math.min(nextTime(view), windowAt);
			if (!run.goesOn()) {
				if (!isLeft(view) || (await leaveTo(at))) return;
				continue;
			}
			if (sent > 0 || windowAt === 0) continue;
			// As long as nothing at all can be sent, nobody is kept from anything by a drainer that waits.
			const isBlocked = at <= Math.max(laneDueAt(hold.state()), slot(), now() + IDLE_MS);
			if (!isBlocked || !run.waitsFor(at)) {
				if (await leaveTo(at)) return;
				continue;
			}
			await beginTerm();
			if (!hold.isRecorded()) await hold.commit(hold.state(), windowWrites);
			await sleep(Math.max(0, at - now()));
		}
	}

	/** Closes what is due. Answers when the next one is; 0 where there is something new to look at. */
	async function closeWindows({ windows }: View): Promise<number> {
		const onClosed = (closed: ClosedWindow) => options.onClosed(run.log, hold.lane, closed);
		const closed = await closeDueWindows(hold, windows, { ...options, begin: beginTerm, onClosed });
		windowWrites = closed.writes;
		for (const rowKey of closed.cleaned) cleaned.add(rowKey);
		return closed.nextAt;
	}

	/** Sends what is due, each at its slot. Answers how many. */
	async function sendDue(view: View): Promise<number> {
		let sent = 0;
		for (const entry of view.entries) {
			while (underWay.size >= concurrency) await finishOne(view);
			if (!run.goesOn()) break;
			if (entries.giveUp(entry, hold.state())) {
				taken.add(entry.rowKey);
				gone.add(entry.rowKey);
				await beginTerm();
				await hold.lastFor(LEASE_MS);
				await completeWindow(entry);
				await entries.bury(hold, entry, run.log);
				sent += 1;
			}
			if (!isDue(entry, hold.state())) continue;
			if (!run.waitsFor(slot())) break;
			await waitForSlot(view);
			// What has ended meanwhile may have paused the lane, or closed the destination.
			if (!isDue(entry, hold.state())) continue;
			await beginTerm();
			await hold.lastFor(LEASE_MS);
			await completeWindow(entry);
			taken.add(entry.rowKey);
			begun.set(entry.rowKey, now());
			underWay.set(entry.rowKey, entries.send(hold.lane, entry));
			// Heard when it is its turn; until then nobody else may take it for unheard.
			underWay.get(entry.rowKey)?.catch(() => {});
			sent += 1;
		}
		while (underWay.size > 0) await finishOne(view);
		return sent;
	}

	/** Whatever is done with a window's dispatch, its members come first. */
	async function completeWindow({ closing, ...entry }: Entry): Promise<void> {
		if (closing === undefined || cleaned.has(entry.rowKey)) return;
		await cleanUp(hold, { ...entry, closing }, options);
		cleaned.add(entry.rowKey);
	}

	async function conclude(ended: Promise<Tried>): Promise<Fate> {
		return entries.finish(hold, await ended, () => hold.state().wake, run.log);
	}

	/** What has ended meanwhile is written at once: until then it is in doubt. */
	async function waitForSlot(view: View): Promise<void> {
		for (let at = slot(); at > now(); at = slot()) {
			const waited = sleep(at - now()).then(() => undefined);
			const ended = await Promise.race([waited, ...underWay.values()]);
			if (ended !== undefined) await finishOne(view);
		}
	}

	async function finishOne(view: View): Promise<void> {
		const ended = await Promise.race(underWay.values());
		underWay.delete(ended.entry.rowKey);
		begun.delete(ended.entry.rowKey);
		const isLast = run.wake !== undefined && underWay.size === 0 && !isLeft(view, ended.entry);
		const record = (kept: boolean) => ({ ...hold.state().wake, ...(isLast && !kept ? { at: null } : {}) });
		const fate = await entries.finish(hold, ended, record, run.log);
		if (fate.kind !== "kept") gone.add(ended.entry.rowKey);
		run.onFate?.(ended.entry, fate);
	}

	/** An acceptor needs none: what it drains is not acknowledged yet. */
	async function beginTerm(): Promise<void> {
		if (run.wake === undefined) return;
		await watchdog.begin();
		hasRecorded = true;
	}

	function nextTime(view: View): number {
		const waiting = view.entries.filter(({ rowKey }) => !gone.has(rowKey));
		const due = waiting.map((entry) => dueAt(hold.state(), entry));
		const first = view.complete && waiting.length > 0 ? Math.min(...due) : 0;
		return waiting.length > 0 || !view.complete
			? Math.max(first, laneDueAt(hold.state()), slot())
			: Number.POSITIVE_INFINITY;
	}

	/** Wakes somebody in time for what is left. Answers whether nobody can have relied on an earlier wake-up than that. */
	async function leaveTo(at: number): Promise<boolean> {
		const { wake } = hold.state();
		const another = wake.last > (run.wake ?? -1) && !watchdog.is(wake.last);
		if (another && isWokenInTime(wake, at, now())) return true;
		await persist(() => hold.putWakeUp(Math.max(at, now())));
		await hold.commit(hold.state(), windowWrites);
		hasRecorded = true;
		await watchdog.takeBack();
		return isWokenInTime(hold.state().wake, Math.max(laneDueAt(hold.state()), slot()), now());
	}
}
