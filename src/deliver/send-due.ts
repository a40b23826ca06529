import type { Windows } from "../coalesce/windows.ts";
import type { LaneLease } from "../ledger/lane-lease.ts";
import type { LaneState } from "../ledger/lane-state.ts";
import { dueAt, laneDueAt } from "../ledger/lane-state.ts";
import type { Entry } from "../ledger/outbox.ts";
import { type Limit, nextSlot } from "../ledger/pace.ts";
import type { View } from "../ledger/read-lane.ts";
import type { Log } from "../log.ts";
import type { Disposition } from "../model.ts";
import type { EntryDelivery, Ready, Tried } from "./attempt.ts";

export interface SenderOptions {
	readonly windows: Windows;
	readonly lease: LaneLease;
	readonly run: DrainRun;
	readonly entries: EntryDelivery;
	readonly limits: readonly Limit[];
	/** How many calls may be under way at once. */
	readonly concurrency: number;
	readonly sleep: (ms: number) => Promise<void>;
	/** Called before anything is done. */
	readonly begin: () => Promise<void>;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** Sends what is due of what was read, each delivery at its slot. */
export interface Sender {
	/** Reads what waits in the lane. */
	look(): Promise<View>;
	/** Answers how many were sent, or given up. */
	send(view: View): Promise<number>;
	/** Whether deliveries are left of what was read. */
	isLeft(view: View): boolean;
	/** When the next of them can be sent, epoch milliseconds; infinite where none is left. */
	nextAt(view: View): number;
	/** When the next call can be made, epoch milliseconds. */
	slot(): number;
	/** Told of deliveries whose windows' members are completed, though the view says otherwise. */
	onCleaned(rowKeys: readonly string[]): void;
	/** After a failure: what GitHub has taken meanwhile is a fact, so the results of all calls under way are written. */
	settleRest(): Promise<void>;
}

/** A call takes 10 s at most, and then its result has to be written. */
const LEASE_MS = 15_000;

export function createSender(options: SenderOptions): Sender {
	return new LaneSender(options);
}

class LaneSender implements Sender {
	private readonly options: SenderOptions;
	/** Of the deliveries of this look: those that were tried, and those of them that are gone. */
	private readonly tried = new Set<string>();
	private readonly gone = new Set<string>();
	private readonly cleaned = new Set<string>();
	private readonly underWay = new Map<string, Promise<Tried>>();
	/** When each of them began: GitHub counts it, though nothing of it is written yet. */
	private readonly begun = new Map<string, number>();

	constructor(options: SenderOptions) {
		this.options = options;
	}

	look(): Promise<View> {
		const { lease, run, now } = this.options;
		this.tried.clear();
		this.gone.clear();
		return lease.read((entry, state) => laneDueAt(state) > now() || this.isDue(entry), run.wake === undefined);
	}

	async send(view: View): Promise<number> {
		const { lease, entries, run, concurrency } = this.options;
		let sent = 0;
		// What a close has left undone does not wait for its dispatch, which may be paused for long.
		const unclean = run.wake === undefined ? [] : view.entries.filter(({ closing }) => closing !== undefined);
		for (const entry of unclean) await this.prepare(entry);
		for (const entry of view.entries) {
			while (this.underWay.size >= concurrency) await this.finishOne(view);
			if (!run.goesOn()) break;
			if (await this.giveUp(entry)) sent += 1;
			if (!this.isDue(entry)) continue;
			if (!run.waitsFor(this.slot())) break;
			await this.waitForSlot(view);
			// What has ended meanwhile may have paused the lane, or parked the destination.
			if (!this.isDue(entry)) continue;
			await this.prepare(entry);
			const ready = await entries.read(lease.lane, entry);
			// Reading it may have taken long. The call comes right after this look at the lease.
			await lease.ensureFor(LEASE_MS);
			this.begin(ready);
			sent += 1;
		}
		while (this.underWay.size > 0) await this.finishOne(view);
		return sent;
	}

	isLeft({ entries, complete, passedUntil }: View, but?: Entry): boolean {
		const remains = ({ rowKey }: Entry) => rowKey !== but?.rowKey && !this.gone.has(rowKey);
		return !complete || passedUntil !== null || entries.some(remains);
	}

	nextAt(view: View): number {
		const { lease } = this.options;
		if (!this.isLeft(view)) return Number.POSITIVE_INFINITY;
		const waiting = view.entries.filter(({ rowKey }) => !this.gone.has(rowKey));
		const times = waiting.map((entry) => dueAt(lease.state(), entry));
		const first = view.complete ? Math.min(...times, view.passedUntil ?? Number.POSITIVE_INFINITY) : 0;
		return Math.max(first, laneDueAt(lease.state()), this.slot());
	}

	slot(): number {
		const { lease, limits, now } = this.options;
		const calls = [...lease.state().calls, ...this.begun.values()].sort((one, other) => one - other);
		return nextSlot(calls, limits, now());
	}

	onCleaned(rowKeys: readonly string[]): void {
		for (const rowKey of rowKeys) this.cleaned.add(rowKey);
	}

	async settleRest(): Promise<void> {
		const { lease, entries, run } = this.options;
		for (const ended of this.underWay.values()) {
			await entries.finish(lease, await ended, () => lease.state().wake, run.log).catch(() => {});
		}
	}

	private isDue(entry: Entry): boolean {
		const { lease, now } = this.options;
		return !this.tried.has(entry.rowKey) && dueAt(lease.state(), entry) <= now();
	}

	private async giveUp(entry: Entry): Promise<boolean> {
		const { lease, entries, run } = this.options;
		const reason = entries.giveUp(entry, lease.state());
		if (reason === undefined) return false;
		await this.prepare(entry);
		this.tried.add(entry.rowKey);
		this.gone.add(entry.rowKey);
		await entries.giveUpNow(lease, entry, reason, run.log);
		return true;
	}

	/** The members of a window come first: whatever becomes of its dispatch, they are completed. */
	private async prepare(entry: Entry): Promise<void> {
		const { lease, begin } = this.options;
		await begin();
		await lease.ensureFor(LEASE_MS);
		if (entry.closing === undefined || this.cleaned.has(entry.rowKey)) return;
		await this.options.windows.complete(lease, { ...entry, closing: entry.closing });
		this.cleaned.add(entry.rowKey);
		await lease.ensureFor(LEASE_MS);
	}

	private begin(ready: Ready): void {
		const { entries, now } = this.options;
		const { entry } = ready;
		this.tried.add(entry.rowKey);
		this.begun.set(entry.rowKey, now());
		this.underWay.set(entry.rowKey, entries.send(ready));
	}

	/** What has ended meanwhile is written at once: until then it is in doubt. */
	private async waitForSlot(view: View): Promise<void> {
		const { now, sleep } = this.options;
		for (let at = this.slot(); at > now(); at = this.slot()) {
			const waited = sleep(at - now()).then(() => undefined);
			const ended = await Promise.race([waited, ...this.underWay.values()]);
			if (ended !== undefined) await this.finishOne(view);
		}
	}

	private async finishOne(view: View): Promise<void> {
		const { lease, run, entries } = this.options;
		const ended = await Promise.race(this.underWay.values());
		this.underWay.delete(ended.entry.rowKey);
		this.begun.delete(ended.entry.rowKey);
		// The last one takes the record along: one write less.
		const isLast =
			run.wake !== undefined &&
			this.underWay.size === 0 &&
			view.windows.length === 0 &&
			!this.isLeft(view, ended.entry);
		const record = (kept: boolean) => ({ ...lease.state().wake, ...(isLast && !kept ? { at: null } : {}) });
		const disposition = await entries.finish(lease, ended, record, run.log);
		if (disposition.kind !== "deferred") this.gone.add(ended.entry.rowKey);
		run.onSettled?.(ended.entry, disposition);
	}
}

/** One drain of a lane that is held. */
export interface DrainRun {
	readonly log: Log;
	/** The number of the wake-up that caused it; none where an acceptor drains what it has just accepted. */
	readonly wake?: number;
	/** Whether to look again. */
	readonly goesOn: () => boolean;
	/** Whether to wait for what can be done at that time, epoch milliseconds. */
	readonly waitsFor: (at: number) => boolean;
	/** Told what was read, before anything is sent. */
	readonly onView?: (view: View, state: LaneState) => void;
	/** Told what became of an entry. */
	readonly onSettled?: (entry: Entry, disposition: Disposition) => void;
}
