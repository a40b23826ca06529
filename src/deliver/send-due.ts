import type { Windows } from "../coalesce/windows.ts";
import type { LaneLease, View } from "../ledger/lane-lease.ts";
import { dueAt, type LaneState, laneDueAt } from "../ledger/lane-state.ts";
import type { Entry } from "../ledger/outbox.ts";
import { type Limit, nextSlot } from "../ledger/pace.ts";
import type { Log } from "../log.ts";
import type { Disposition } from "../model.ts";
import type { Attempts, NextStep } from "./attempt.ts";
import { listFrom } from "./find-run.ts";
import type { AttemptResult } from "./settle.ts";

/** Who drains a lane: a wake-up, or a request that delivers what it has just accepted. */
export interface DrainCaller {
	readonly log: Log;
	/** The number of the wake-up; none within a request. */
	readonly wake?: number;
	/** Whether to read the lane once more. */
	readonly goesOn: () => boolean;
	/** Whether to wait for what can be done at that time, epoch milliseconds. */
	readonly waitsFor: (at: number) => boolean;
	/** Told what was read, before anything is sent. */
	readonly onView?: (view: View, state: LaneState) => void;
	/** Told what became of an entry. */
	readonly onFinished?: (entry: Entry, disposition: Disposition) => void;
}

export function isWithinRequest({ wake }: Pick<DrainCaller, "wake">): boolean {
	return wake === undefined;
}

export interface SenderOptions {
	readonly windows: Windows;
	readonly lease: LaneLease;
	readonly caller: DrainCaller;
	readonly attempts: Attempts;
	readonly limits: readonly Limit[];
	/** How many calls may be under way at once. */
	readonly concurrency: number;
	readonly sleep: (ms: number) => Promise<void>;
	/** Called before anything is done: should this process die, the watchdog wakes the lane. */
	readonly ensureWatchdog: () => Promise<void>;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** A lookup takes two calls at most. */
const LOOKUP_LEASE_MS = 25_000;
/** How many destinations are asked for their runs at once. */
const MOST_LOOKUPS = 20;

/** Sends what is due of what was read, each delivery at its slot. */
export class Sender {
	private readonly options: SenderOptions;
	/** What was read last. */
	private view: View = { windows: [], entries: [], complete: true, isCut: false, passedUntil: null };
	/** Of its deliveries: those that were tried, and those of them that are gone. */
	private readonly tried = new Set<string>();
	private readonly gone = new Set<string>();
	private readonly cleaned = new Set<string>();
	/** The calls under way, and when each began: the service counts it, though nothing of it is written yet. */
	private readonly underWay = new Map<string, { readonly at: number; readonly ended: Promise<AttemptResult> }>();

	constructor(options: SenderOptions) {
		this.options = options;
	}

	/** Reads what waits in the lane. */
	async readView(): Promise<View> {
		const { lease, caller, now } = this.options;
		this.tried.clear();
		this.gone.clear();
		const isWorthAStop = (entry: Entry, state: LaneState) => laneDueAt(state) > now() || this.isDue(entry);
		this.view = await lease.read(isWorthAStop, isWithinRequest(caller));
		return this.view;
	}

	/** Answers whether any was sent, settled or given up. */
	async sendDue(): Promise<boolean> {
		const { lease, caller } = this.options;
		// What a close has left undone does not wait for its dispatch, which may be paused for long.
		const unclean = isWithinRequest(caller) ? [] : this.view.entries.filter(({ closing }) => closing !== undefined);
		for (const entry of unclean) await this.prepare(entry);
		const { inDoubt, known, lookups } = this.startLookups();
		const tryAll = async (steps: readonly NextStep[]) => {
			for (const step of steps) if (!(await this.tryOne(step))) return false;
			return true;
		};
		let goesOn = true;
		for (const entry of this.view.entries) {
			goesOn = await tryAll([...known.splice(0), ...(inDoubt.has(entry) ? [] : [{ send: entry }])]);
			if (!goesOn) break;
		}
		while (this.underWay.size > 0) await this.finishOne();
		if (goesOn && lookups.length > 0) {
			await lease.ensureFor(LOOKUP_LEASE_MS);
			await Promise.all(lookups);
			await tryAll(known);
			while (this.underWay.size > 0) await this.finishOne();
		}
		return this.tried.size > 0;
	}

	/**
	 * A delivery in doubt comes when the runs of its destination are known, or after all others: runs that are slow to read
	 * delay no other delivery.
	 */
	private startLookups() {
		const { attempts } = this.options;
		const { entries } = this.view;
		const inDoubt = new Set(entries.filter((entry) => this.isDue(entry) && attempts.isInDoubt(entry)));
		const targets = new Set([...new Set([...inDoubt].map(({ target }) => target))].slice(0, MOST_LOOKUPS));
		/** What lookups have found out; it fills while other deliveries are sent. */
		const known: NextStep[] = [];
		// One list is for all of a destination that are in doubt, also for those that are due a little later.
		const from = new Map<string, number>();
		for (const entry of entries) {
			const { target, doubt } = entry;
			if (doubt === undefined || !attempts.isInDoubt(entry)) continue;
			from.set(target, Math.min(from.get(target) ?? listFrom(doubt), listFrom(doubt)));
		}
		const lookups = [...inDoubt]
			.filter(({ target }) => targets.has(target))
			.map(async (entry) => void known.push(await attempts.lookUp(entry, from.get(entry.target) ?? 0)));
		return { inDoubt, known, lookups };
	}

	/** Answers whether the drain goes on. */
	private async tryOne(step: NextStep): Promise<boolean> {
		const { lease, attempts, caller, concurrency } = this.options;
		while (this.underWay.size >= concurrency) await this.finishOne();
		if (!caller.goesOn()) return false;
		if ("result" in step) {
			await this.finishUnsent(step.result);
			return true;
		}
		const entry = step.send;
		const givenUp = await attempts.giveUp(lease.lane, entry, lease.state());
		if (givenUp !== undefined) {
			await this.finishUnsent(givenUp);
			return true;
		}
		if (!this.isDue(entry)) return true;
		if (!caller.waitsFor(this.slot())) return false;
		await this.waitForSlot();
		// What has ended meanwhile may have paused the lane, or parked the destination.
		if (!this.isDue(entry)) return true;
		await this.prepare(entry);
		const ready = await attempts.read(lease.lane, entry);
		// Reading it may have taken long. The call comes right after this check of the lease.
		await lease.ensureFor();
		this.tried.add(entry.rowKey);
		this.underWay.set(entry.rowKey, { at: this.options.now(), ended: attempts.send(ready) });
		return true;
	}

	/** Whether deliveries are left of what was read. */
	isLeft(but?: Entry): boolean {
		const { entries, complete, passedUntil } = this.view;
		const remains = ({ rowKey }: Entry) => rowKey !== but?.rowKey && !this.gone.has(rowKey);
		return !complete || passedUntil !== null || entries.some(remains);
	}

	/** When the next of them can be sent, epoch milliseconds; infinite where none is left. */
	nextAt(): number {
		const { lease } = this.options;
		const { entries, complete, passedUntil } = this.view;
		const waiting = entries.filter(({ rowKey }) => !this.gone.has(rowKey));
		const times = waiting.map((entry) => dueAt(lease.state(), entry));
		const first = complete
			? times.reduce((one, other) => Math.min(one, other), passedUntil ?? Number.POSITIVE_INFINITY)
			: 0;
		return Math.max(first, laneDueAt(lease.state()), this.slot());
	}

	/** When the next call can be made, epoch milliseconds. */
	slot(): number {
		const { lease, limits, now } = this.options;
		const underWay = [...this.underWay.values()].map(({ at }) => at);
		const calls = [...lease.state().calls, ...underWay].sort((one, other) => one - other);
		return nextSlot(calls, limits, now());
	}

	/** Told of deliveries whose windows' members are completed, though the view says otherwise. */
	onCleaned(rowKeys: readonly string[]): void {
		for (const rowKey of rowKeys) this.cleaned.add(rowKey);
	}

	/** After a failure: what a service has taken meanwhile is a fact, so the results of all calls under way are written. */
	async finishRest(): Promise<void> {
		const { lease, attempts, caller } = this.options;
		for (const ended of this.calls()) {
			await attempts.finish(lease, await ended, false, caller.log).catch(() => {});
		}
	}

	private isDue(entry: Entry): boolean {
		const { lease, now } = this.options;
		return !this.tried.has(entry.rowKey) && dueAt(lease.state(), entry) <= now();
	}

	/** The members of a window come first: whatever becomes of its dispatch, they are completed. */
	private async prepare(entry: Entry): Promise<void> {
		const { lease, ensureWatchdog } = this.options;
		await ensureWatchdog();
		await lease.ensureFor();
		if (entry.closing === undefined || this.cleaned.has(entry.rowKey)) return;
		await this.options.windows.cleanUp(lease, { ...entry, closing: entry.closing });
		this.cleaned.add(entry.rowKey);
		await lease.ensureFor();
	}

	/** What has ended meanwhile is written at once: until then it is in doubt. */
	private async waitForSlot(): Promise<void> {
		const { now, sleep } = this.options;
		for (let at = this.slot(); at > now(); at = this.slot()) {
			const waited = sleep(at - now()).then(() => undefined);
			const ended = await Promise.race([waited, ...this.calls()]);
			if (ended !== undefined) await this.finishOne();
		}
	}

	private calls(): readonly Promise<AttemptResult>[] {
		return [...this.underWay.values()].map(({ ended }) => ended);
	}

	private async finishOne(): Promise<void> {
		const ended = await Promise.race(this.calls());
		this.underWay.delete(ended.entry.rowKey);
		await this.finish(ended);
	}

	/** What became of a delivery without a call: its run was found or is to be looked for again, or it is given up. */
	private async finishUnsent(result: AttemptResult): Promise<void> {
		await this.prepare(result.entry);
		this.tried.add(result.entry.rowKey);
		await this.finish(result);
	}

	private async finish(result: AttemptResult): Promise<void> {
		const { lease, caller, attempts } = this.options;
		const { entry } = result;
		const isLast = !isWithinRequest(caller) && this.view.windows.length === 0 && !this.isLeft(entry);
		const disposition = await attempts.finish(lease, result, isLast, caller.log);
		if (disposition.kind !== "deferred") this.gone.add(entry.rowKey);
		caller.onFinished?.(entry, disposition);
	}
}
