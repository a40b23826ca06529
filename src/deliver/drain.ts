import type { ClosedDue, Windows } from "../coalesce/windows.ts";
import type { Destinations } from "../destinations/list.ts";
import type { LaneLease, View } from "../ledger/lane-lease.ts";
import { type LaneState, laneDueAt, withoutIdleBreakers } from "../ledger/lane-state.ts";
import { targetOf } from "../ledger/rows.ts";
import { isSuperseded, isWokenInTime } from "../ledger/wake-up.ts";
import { report } from "../log.ts";
import { isRefusal, persist, type Write } from "../storage/storage.ts";
import { inTransactions } from "../storage/transactions.ts";
import type { Attempts } from "./attempt.ts";
import { type DrainCaller, isWithinRequest, Sender } from "./send-due.ts";

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
	readonly caller: DrainCaller;
	readonly options: DrainOptions;
	readonly wakeUps: DrainWakeUps;
	readonly sender: Sender;
}

/** For so long it is not worth letting go of a lane. */
const IDLE_MS = 1_000;

/**
 * Closes the windows of a lane that are due, and sends the deliveries that are due, in order, while its caller goes on.
 * If something remains, it leaves a wake-up. A drain that fails leaves exactly one message: its successor if it has put
 * one. Otherwise its caller's own message comes back, because this function rejects.
 */
export async function drain(lease: LaneLease, caller: DrainCaller, options: DrainOptions): Promise<void> {
	const wakeUps = new DrainWakeUps(lease, caller, options.now);
	const sender = new Sender({
		...options,
		...options.destinations.policyOf(lease.lane),
		lease,
		caller,
		ensureWatchdog: () => wakeUps.ensureWatchdog(),
	});
	try {
		let isDone = false;
		while (!isDone) isDone = await drainOnce({ lease, caller, options, wakeUps, sender });
	} catch (error) {
		await sender.finishRest();
		if (!wakeUps.hasPut) throw error;
		report(caller.log, "warn", { stage: "lane", lane: lease.lane, change: "interrupted", reason: String(error) });
	}
}

/** Reads the lane once, and does what is due. Answers whether the drain may end; otherwise the lane is read once more. */
async function drainOnce(drain: Drain): Promise<boolean> {
	const { lease, caller, wakeUps, sender, options } = drain;
	const { now } = options;
	const view = await sender.readView();
	if (lease.foreign() !== undefined || wakeUps.isSuperseded()) return true;
	caller.onView?.(view, lease.state());
	if (!isAnythingLeft(drain, view)) {
		const state = presentState(lease.state(), view);
		if (state !== lease.state()) await lease.commit(state, []);
		return wakeUps.endEmpty();
	}
	const { nextAt, writes } = await closeWindows(drain, view);
	const hasTried = await sender.sendDue();
	const at = Math.min(sender.nextAt(), nextAt);
	const left = { at, writes, toState: (state: LaneState) => presentState(state, view) };
	if (!caller.goesOn()) return !isAnythingLeft(drain, view) || wakeUps.leaveTo(left);
	if (hasTried) return false;
	// As long as nothing at all can be sent, a drainer that waits keeps the lane from no one.
	const isBlocked = at <= Math.max(laneDueAt(lease.state()), sender.slot(), now() + IDLE_MS);
	if (!isBlocked || !caller.waitsFor(at)) return wakeUps.leaveTo(left);
	await wakeUps.ensureWatchdog();
	if (!lease.isRecorded()) await commitApart(lease, lease.state(), writes);
	await options.sleep(Math.max(0, at - now()));
	return false;
}

/** A request leaves windows to the wake-ups of those that have joined them. */
function isAnythingLeft({ caller, sender }: Drain, view: View): boolean {
	return sender.isLeft() || (!isWithinRequest(caller) && view.windows.length > 0);
}

async function closeWindows(drain: Drain, { windows }: View): Promise<ClosedDue> {
	const { lease, caller, options, wakeUps, sender } = drain;
	const { log, goesOn } = caller;
	const ensureWatchdog = () => wakeUps.ensureWatchdog();
	const closed = await options.windows.closeDue(lease, windows, { log, goesOn, ensureWatchdog });
	sender.onCleaned(closed.cleaned);
	return closed;
}

/** A state describes the present: without breakers for which nothing waits, as far as all that waits was read. */
function presentState(state: LaneState, { windows, entries, complete, passedUntil }: View): LaneState {
	if (!complete || passedUntil !== null) return state;
	const targets = [...windows.map(({ to }) => targetOf(to)), ...entries.map(({ target }) => target)];
	return withoutIdleBreakers(state, new Set(targets));
}

/** It surfaces when a term of its drainer, and a call, are over. */
export const TERM_MS = 30_000;
export const WATCHDOG_MS = 45_000;

/** What a drain leaves behind. */
interface Left {
	/** When the next thing can be done, epoch milliseconds. */
	readonly at: number;
	/** What is worth remembering, in rows that may be written apart, and of the lane's state. */
	readonly writes: readonly Write[];
	readonly toState: (state: LaneState) => LaneState;
}

/**
 * The wake-ups that one drain puts: its watchdog, before it works, and the one that it leaves behind. The protocol, and why
 * it loses nothing: docs/delivery.md.
 */
export class DrainWakeUps {
	private readonly lease: LaneLease;
	private readonly isWithinRequest: boolean;
	/** The number of its caller's own wake-up; -1, which is lower than all, within a request. */
	private readonly wake: number;
	private readonly now: () => number;
	private watchdog:
		| { readonly wake: number; readonly termEndsAt: number; readonly takeBack: () => Promise<void> }
		| undefined;
	private hasBegun = false;
	/** The number of the wake-up that was left last. It need not be higher than the caller's own, which may be any number. */
	private left: number | undefined;
	/** Whether this drain has put a wake-up, which takes the place of its caller's own. */
	hasPut = false;

	/** @param now epoch milliseconds */
	constructor(lease: LaneLease, caller: Pick<DrainCaller, "wake">, now: () => number) {
		this.lease = lease;
		this.isWithinRequest = isWithinRequest(caller);
		this.wake = caller.wake ?? -1;
		this.now = now;
	}

	/** Whether the caller's own wake-up may end, since a later one is recorded that surfaces soon. */
	isSuperseded(): boolean {
		const { isWithinRequest, hasBegun, wake, lease, now } = this;
		return !isWithinRequest && !hasBegun && isSuperseded(wake, lease.state().wake, now());
	}

	/**
	 * Sees to it that a watchdog is in the queue, before the drain works: if its process dies, the watchdog surfaces. A
	 * request needs none, since its event is not acknowledged yet.
	 */
	async ensureWatchdog(): Promise<void> {
		if (this.isWithinRequest) return;
		this.hasBegun = true;
		const { lease, watchdog, now } = this;
		const { last, at } = lease.state().wake;
		if (watchdog?.wake === last && at !== null && now() < watchdog.termEndsAt) return;
		// The one before stays, and will find itself superseded: as long as it is recorded, others may rely on it.
		const takeBack = await this.put(now() + WATCHDOG_MS);
		this.watchdog = { wake: lease.state().wake.last, termEndsAt: now() + TERM_MS, takeBack };
	}

	/**
	 * Nothing is left: no wake-up is recorded any more. Answers whether the drain may end; otherwise the lane has to be read
	 * once more, since an acceptor that relied on the recorded one has written before.
	 */
	async endEmpty(): Promise<boolean> {
		const state = this.lease.state();
		if (!this.isWithinRequest && state.wake.at !== null) {
			await this.lease.commit({ ...state, wake: { ...state.wake, at: null } }, []);
			return false;
		}
		await this.takeWatchdogBack();
		return true;
	}

	/**
	 * Leaves a wake-up that surfaces in time for what is left. Answers whether the drain may end; otherwise an acceptor may
	 * have relied on an earlier one, and the lane has to be read once more.
	 */
	async leaveTo({ at, writes, toState }: Left): Promise<boolean> {
		const { lease, wake, watchdog, now } = this;
		const recorded = lease.state().wake;
		const another = recorded.last === this.left || (recorded.last > wake && watchdog?.wake !== recorded.last);
		if (another && isWokenInTime(recorded, at, now())) return true;
		const takeBack = await this.put(Math.max(at, now()));
		try {
			await commitApart(lease, toState(lease.state()), writes);
		} catch (error) {
			// What is certainly not recorded is relied on by nothing. The watchdog is the one message that is left.
			const isUnwritten = isRefusal(error) && !lease.isRecorded();
			if (isUnwritten && watchdog !== undefined) await takeBack();
			throw error;
		}
		this.left = lease.state().wake.last;
		await this.takeWatchdogBack();
		// Whatever the lane waits for, a window may have been opened meanwhile. Where none was recorded, nothing relied on it.
		return recorded.at === null || isWokenInTime(lease.state().wake, now(), now());
	}

	private async put(at: number): Promise<() => Promise<void>> {
		const takeBack = await persist(() => this.lease.putWakeUp(at));
		this.hasPut = true;
		return takeBack;
	}

	/** Only after a write, against the ETag, after which it is not the recorded one any more. */
	private async takeWatchdogBack(): Promise<void> {
		await this.watchdog?.takeBack();
		this.watchdog = undefined;
	}
}

/** Writes the lane's state with rows that need not be written together. */
async function commitApart(lease: LaneLease, state: LaneState, writes: readonly Write[]): Promise<void> {
	const transactions = inTransactions(
		writes.map((write) => [write]),
		{ withState: true },
	);
	// The state is written, even if there is nothing else to write.
	for (const each of transactions.length > 0 ? transactions : [[]]) await commitAsFarAsTaken(lease, state, each);
}

/** What is worth remembering of a window is worth nothing when its row is gone; the state is written all the same. */
async function commitAsFarAsTaken(lease: LaneLease, state: LaneState, writes: readonly Write[]): Promise<void> {
	try {
		await lease.commit(state, writes);
	} catch (error) {
		if (!isRefusal(error)) throw error;
		await lease.commit(state, []);
	}
}
