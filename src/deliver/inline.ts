import type { LaneLease, View } from "../ledger/lane-lease.ts";
import { dueAt, type LaneState, laneDueAt } from "../ledger/lane-state.ts";
import { type Limit, nextSlot } from "../ledger/pace.ts";
import { type Log, report } from "../log.ts";
import type { Disposition } from "../model.ts";
import type { DrainRun } from "./drain.ts";

export interface InlineOptions {
	/** Acquires a lane; undefined while another drainer has it. */
	readonly take: (lane: string) => Promise<LaneLease | undefined>;
	readonly drain: (lease: LaneLease, run: DrainRun) => Promise<void>;
	/** How fast a lane may send. */
	readonly limitsOf: (lane: string) => readonly Limit[];
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** How long a request waits in all, for a slot and for the service. */
	readonly waitMs?: number;
}

/**
 * Tries to deliver an accepted event before its request is answered. If nothing is in the way, the event reaches GitHub
 * within its own request. Events that are accepted at the same time share one drain.
 */
interface Inline {
	/**
	 * @param entry the key of an entry that is written
	 * @returns the result, which may be that it is sent later. Undefined if the result took longer than a request waits, if
	 * another drainer has the lane, or at once if no slot is within reach
	 */
	offer(lane: string, entry: string, log: Log): Promise<Disposition | undefined>;
}

interface Waiter {
	/** The log of its invocation. The platform accepts lines until the invocation is answered. */
	readonly log: Log;
	readonly resolve: (disposition: Disposition | undefined) => void;
	/**
	 * How long it waits for a slot, epoch milliseconds. 0 if it only waits for the end of the drain, because the service did
	 * not take it, or because nothing can be sent in time.
	 */
	deadline: number;
	/** Whether the lane was read while it waited. */
	seen: boolean;
	/** The result of its try, if it stays in the outbox. */
	deferred: Disposition | undefined;
}

/** How long a request waits for a slot, and then for the service. */
const SLOT_WAIT_MS = 2_000;
const SERVICE_WAIT_MS = 3_000;

/** A lane that another drainer has, or that is paused, is asked again after so long. */
const HELD_MS = 1_000;
const BLOCKED_MS = 5_000;

/** After this time the drain releases the lane, even if more events arrive. Then a wake-up can acquire it. */
const RUN_MS = 20_000;

export function createInline(options: InlineOptions): Inline {
	const lanes = new Map<string, InlineLane>();
	return {
		offer(lane, entry, log) {
			const known = lanes.get(lane) ?? new InlineLane(lane, options);
			lanes.set(lane, known);
			return known.offer(entry, log);
		},
	};
}

/** One lane, and the requests that wait for it to be drained. */
class InlineLane {
	private readonly lane: string;
	private readonly options: InlineOptions;
	/** How fast the lane may send. */
	private readonly limits: readonly Limit[];
	private readonly waiters = new Map<string, Waiter>();
	private running = false;
	/** The lane's calls as far as they are known, and the slots of those that wait; epoch milliseconds, in order. */
	private slots: number[] = [];
	/** It is known that nothing can be sent in time for one that comes before, epoch milliseconds. */
	private blockedUntil = 0;

	constructor(lane: string, options: InlineOptions) {
		this.lane = lane;
		this.options = options;
		this.limits = options.limitsOf(lane);
	}

	offer(entry: string, log: Log): Promise<Disposition | undefined> {
		const now = this.options.now();
		if (now < this.blockedUntil || !this.takeSlot(now, now + SLOT_WAIT_MS)) return Promise.resolve(undefined);
		return new Promise((resolve) => {
			const done = (disposition: Disposition | undefined) => {
				clearTimeout(late);
				this.waiters.delete(entry);
				resolve(disposition);
			};
			const waiter: Waiter = { log, resolve: done, deadline: now + SLOT_WAIT_MS, seen: false, deferred: undefined };
			const waitMs = this.options.waitMs ?? SLOT_WAIT_MS + SERVICE_WAIT_MS;
			const late = setTimeout(() => done(waiter.deferred), waitMs);
			this.waiters.set(entry, waiter);
			if (!this.running) void this.run(log);
		});
	}

	/** Drains until no request waits. One that came while the last drain was letting go gets a drain of its own. */
	private async run(log: Log): Promise<void> {
		this.running = true;
		try {
			do await this.drainOnce(log);
			while (this.waiters.size > 0);
		} catch (error) {
			report(log, "warn", { stage: "lane", lane: this.lane, change: "interrupted", reason: String(error) });
		} finally {
			this.running = false;
			for (const waiter of this.waiters.values()) waiter.resolve(waiter.deferred);
			// What was not sent has taken no slot.
			this.slots = this.slots.filter((at) => at <= this.options.now());
		}
	}

	private async drainOnce(log: Log): Promise<void> {
		const { take, drain, now } = this.options;
		const lease = await take(this.lane);
		const endsAt = now() + RUN_MS;
		const waiters = () => [...this.waiters.values()];
		let isRead = false;
		try {
			if (lease !== undefined) {
				await drain(lease, {
					log: (level, line) => (waiters().at(-1)?.log ?? log)(level, line),
					goesOn: () => now() < endsAt && waiters().some(({ deadline }) => deadline > 0),
					waitsFor: (at) => waiters().some(({ deadline }) => at <= deadline),
					onView: (view, state) => {
						isRead = true;
						this.onView(view, state);
					},
					onSettled: ({ rowKey }, disposition) => conclude(this.waiters.get(rowKey), disposition),
				});
			}
		} finally {
			await lease?.release();
		}
		// Another drains the lane, or it belongs to another service: for the present, nothing is sent from here.
		if (!isRead) this.blockedUntil = now() + HELD_MS;
		for (const waiter of waiters()) if (waiter.seen || !isRead) waiter.resolve(waiter.deferred);
	}

	/** Takes the next slot from one time on, if it is not later than another. */
	private takeSlot(from: number, until: number): boolean {
		const at = nextSlot(this.slots, this.limits, from);
		if (at > until) return false;
		this.slots.push(at);
		return true;
	}

	/** Gives the slots out anew, now that the lane's calls are known, and what waits before those that wait here. */
	private onView({ entries }: View, state: LaneState): void {
		const now = this.options.now();
		this.slots = [...state.calls];
		const present = new Set(entries.map(({ rowKey }) => rowKey));
		const unseen = [...this.waiters.keys()].filter((key) => !present.has(key));
		const due = [
			...entries.map((entry) => ({ key: entry.rowKey, at: Math.max(dueAt(state, entry), now) })),
			...unseen.map((key) => ({ key, at: Math.max(laneDueAt(state), now) })),
		].sort((one, other) => one.at - other.at);
		const inReach = new Set<string>();
		for (const { key, at } of due) {
			const until = this.waiters.get(key)?.deadline ?? now + SLOT_WAIT_MS;
			if (this.takeSlot(at, until)) inReach.add(key);
		}
		this.letGo(inReach);
		const openAt = Math.max(laneDueAt(state), nextSlot(this.slots, this.limits, now)) - SLOT_WAIT_MS;
		this.blockedUntil = Math.min(openAt, now + BLOCKED_MS);
	}

	/**
	 * A request does not wait for a delivery that cannot be sent in time. If no delivery can, the requests wait for the end
	 * of the drain. It ends at once and leaves a wake-up, so that the requests need not put one.
	 */
	private letGo(inReach: ReadonlySet<string>): void {
		const anyServed = [...this.waiters.keys()].some((key) => inReach.has(key));
		for (const [key, waiter] of this.waiters) {
			waiter.seen = true;
			if (inReach.has(key)) continue;
			if (anyServed) waiter.resolve(waiter.deferred);
			else waiter.deadline = 0;
		}
	}
}

/** What stays in the outbox waits until the drain has seen to it that the lane is woken: that spares a message. */
function conclude(waiter: Waiter | undefined, disposition: Disposition): void {
	if (waiter === undefined) return;
	if (disposition.kind !== "deferred") {
		waiter.resolve(disposition);
		return;
	}
	waiter.deadline = 0;
	waiter.deferred = disposition;
}
