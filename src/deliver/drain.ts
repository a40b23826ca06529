import type { Limit } from "../dispatch/pace.ts";
import type { ClosedWindow, CloseOptions } from "../ledger/close-window.ts";
import type { Hold } from "../ledger/hold.ts";
import { type LaneState, laneDueAt, withoutIdleGates } from "../ledger/lane-state.ts";
import type { View } from "../ledger/read-lane.ts";
import type { Write } from "../ledger/storage.ts";
import { type Log, report } from "../report.ts";
import { closeDueWindows } from "./close-due-windows.ts";
import type { EntryDelivery } from "./deliver-entry.ts";
import type { Run } from "./run.ts";
import { commitApart, createRunWakeUps, type RunWakeUps } from "./run-wake-ups.ts";
import { createSender, type Sender } from "./send-due.ts";

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

/** One drain under way. */
interface Drain {
	readonly hold: Hold;
	readonly run: Run;
	readonly options: DrainOptions;
	readonly wakeUps: RunWakeUps;
	readonly sender: Sender;
	/** What is worth remembering of the windows that are not due. */
	windowWrites: readonly Write[];
}

/** For so long it is not worth letting go of a lane. */
const IDLE_MS = 1_000;

/**
 * Closes the windows that are due in a lane and sends what is due, in its order, as long as the run goes on. A wake-up is
 * left for what remains. A run that fails leaves one message: its successor where it has put one, else its own, which
 * comes back when this rejects.
 */
export async function drain(hold: Hold, run: Run, options: DrainOptions): Promise<void> {
	const wakeUps = createRunWakeUps(hold, run.wake, options.now);
	const sender = createSender({ ...options, hold, run, begin: wakeUps.begin });
	try {
		await deliver({ hold, run, options, wakeUps, sender, windowWrites: [] });
	} catch (error) {
		await sender.settleRest();
		if (!wakeUps.hasSuccessor()) throw error;
		report(run.log, "error", { stage: "lane", lane: hold.lane, change: "interrupted", reason: String(error) });
	}
}

async function deliver(drain: Drain): Promise<void> {
	const { hold, run, wakeUps, sender, options } = drain;
	const { now } = options;
	for (;;) {
		const view = await sender.look();
		if (hold.foreign() !== undefined || wakeUps.isSuperseded()) return;
		run.onView?.(view, hold.state());
		if (!isLeft(drain, view)) {
			const state = presentState(hold.state(), view);
			if (state !== hold.state()) await hold.commit(state, []);
			if (await wakeUps.endEmpty()) return;
			continue;
		}
		const windowAt = await closeWindows(drain, view);
		const sent = await sender.send(view);
		const at = Math.min(sender.nextAt(view), windowAt);
		if (!run.goesOn()) {
			if (!isLeft(drain, view) || (await leaveTo(drain, view, at))) return;
			continue;
		}
		if (sent > 0 || windowAt === 0) continue;
		// As long as nothing at all can be sent, a drainer that waits keeps the lane from no one.
		const isBlocked = at <= Math.max(laneDueAt(hold.state()), sender.slot(), now() + IDLE_MS);
		if (!isBlocked || !run.waitsFor(at)) {
			if (await leaveTo(drain, view, at)) return;
			continue;
		}
		await wakeUps.begin();
		if (!hold.isRecorded()) await commitApart(hold, hold.state(), drain.windowWrites);
		await options.sleep(Math.max(0, at - now()));
	}
}

/** A run within a request leaves windows to the wake-ups of those that have joined them. */
function isLeft({ run, sender }: Drain, view: View): boolean {
	return sender.isLeft(view) || (run.wake !== undefined && view.windows.length > 0);
}

/** Closes what is due. Answers when the next one is; 0 where there is something new to look at. */
async function closeWindows(drain: Drain, { windows }: View): Promise<number> {
	const { hold, run, options, wakeUps, sender } = drain;
	const { log, goesOn } = run;
	const onClosed = (closed: ClosedWindow) => options.onClosed(log, hold.lane, closed);
	const closed = await closeDueWindows(hold, windows, { ...options, log, goesOn, begin: wakeUps.begin, onClosed });
	drain.windowWrites = closed.writes;
	sender.onCleaned(closed.cleaned);
	return closed.nextAt;
}

async function leaveTo({ wakeUps, windowWrites }: Drain, view: View, at: number): Promise<boolean> {
	return wakeUps.leaveTo({
		at,
		writes: windowWrites,
		toState: (state) => presentState(state, view),
	});
}

/** A state describes the present: without breakers for which nothing waits, as far as all that waits was read. */
function presentState(state: LaneState, { windows, entries, complete, passedUntil }: View): LaneState {
	if (!complete || passedUntil !== null) return state;
	const repositories = [...windows.map(({ to }) => to.repository), ...entries.map(({ repository }) => repository)];
	return withoutIdleGates(state, new Set(repositories.map((repository) => repository.toLowerCase())));
}
