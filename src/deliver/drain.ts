import type { ClosedDue, Windows } from "../coalesce/windows.ts";
import type { Destinations } from "../destinations/list.ts";
import type { LaneLease, View } from "../ledger/lane-lease.ts";
import { type LaneState, laneDueAt, withoutIdleBreakers } from "../ledger/lane-state.ts";
import { targetOf } from "../ledger/rows.ts";
import { report } from "../log.ts";
import type { Attempts } from "./attempt.ts";
import type { DrainRun } from "./drain-run.ts";
import { commitApart, createRunWakeUps, type RunWakeUps } from "./run-wake-ups.ts";
import { Sender } from "./send-due.ts";

export interface DrainOptions {
	readonly windows: Windows;
	readonly destinations: Pick<Destinations, "policyOf">;
	readonly sleep: (ms: number) => Promise<void>;
	/** Sends single deliveries. */
	readonly attempts: Attempts;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** One drain under way. */
interface Drain {
	readonly lease: LaneLease;
	readonly run: DrainRun;
	readonly options: DrainOptions;
	readonly wakeUps: RunWakeUps;
	readonly sender: Sender;
}

/** For so long it is not worth letting go of a lane. */
const IDLE_MS = 1_000;

/**
 * Closes the windows of a lane that are due, and sends the deliveries that are due, in order, while the run goes on. If
 * something remains, it leaves a wake-up. A run that fails leaves exactly one message: its successor if it has put one.
 * Otherwise its own message comes back, because this function rejects.
 */
export async function drain(lease: LaneLease, run: DrainRun, options: DrainOptions): Promise<void> {
	const wakeUps = createRunWakeUps(lease, run.wake, options.now);
	const sender = new Sender({
		...options,
		...options.destinations.policyOf(lease.lane),
		lease,
		run,
		begin: wakeUps.begin,
	});
	try {
		await deliver({ lease, run, options, wakeUps, sender });
	} catch (error) {
		await sender.settleRest();
		if (!wakeUps.hasSuccessor()) throw error;
		report(run.log, "warn", { stage: "lane", lane: lease.lane, change: "interrupted", reason: String(error) });
	}
}

async function deliver(drain: Drain): Promise<void> {
	const { lease, run, wakeUps, sender, options } = drain;
	const { now } = options;
	for (;;) {
		const view = await sender.look();
		if (lease.foreign() !== undefined || wakeUps.isSuperseded()) return;
		run.onView?.(view, lease.state());
		if (!isLeft(drain, view)) {
			const state = presentState(lease.state(), view);
			if (state !== lease.state()) await lease.commit(state, []);
			if (await wakeUps.endEmpty()) return;
			continue;
		}
		const { nextAt, writes } = await closeWindows(drain, view);
		const sent = await sender.send(view);
		const at = Math.min(sender.nextAt(view), nextAt);
		const left = { at, writes, toState: (state: LaneState) => presentState(state, view) };
		if (!run.goesOn()) {
			if (!isLeft(drain, view) || (await wakeUps.leaveTo(left))) return;
			continue;
		}
		if (sent > 0) continue;
		// As long as nothing at all can be sent, a drainer that waits keeps the lane from no one.
		const isBlocked = at <= Math.max(laneDueAt(lease.state()), sender.slot(), now() + IDLE_MS);
		if (!isBlocked || !run.waitsFor(at)) {
			if (await wakeUps.leaveTo(left)) return;
			continue;
		}
		await wakeUps.begin();
		if (!lease.isRecorded()) await commitApart(lease, lease.state(), writes);
		await options.sleep(Math.max(0, at - now()));
	}
}

/** A run within a request leaves windows to the wake-ups of those that have joined them. */
function isLeft({ run, sender }: Drain, view: View): boolean {
	return sender.isLeft(view) || (run.wake !== undefined && view.windows.length > 0);
}

async function closeWindows(drain: Drain, { windows }: View): Promise<ClosedDue> {
	const { lease, run, options, wakeUps, sender } = drain;
	const { log, goesOn } = run;
	const closed = await options.windows.closeDue(lease, windows, { log, goesOn, begin: wakeUps.begin });
	sender.onCleaned(closed.cleaned);
	return closed;
}

/** A state describes the present: without breakers for which nothing waits, as far as all that waits was read. */
function presentState(state: LaneState, { windows, entries, complete, passedUntil }: View): LaneState {
	if (!complete || passedUntil !== null) return state;
	const targets = [...windows.map(({ to }) => targetOf(to)), ...entries.map(({ target }) => target)];
	return withoutIdleBreakers(state, new Set(targets));
}
