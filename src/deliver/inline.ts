import type { LaneLease, View } from "../ledger/lane-lease.ts";
import { dueAt, type LaneState, laneDueAt } from "../ledger/lane-state.ts";
import type { Entry } from "../ledger/outbox.ts";
import { type Limit, nextSlot } from "../ledger/pace.ts";
import { type Log, report } from "../log.ts";
import type { Disposition } from "../model.ts";
import type { DrainCaller } from "./send-due.ts";

export interface InlineOptions {
	/** Acquires a lane; undefined while another drainer has it. */
	readonly acquire: (lane: string) => Promise<LaneLease | undefined>;
	readonly drain: (lease: LaneLease, caller: DrainCaller) => Promise<void>;
	/** How fast a lane may send. */
	readonly limitsOf: (lane: string) => readonly Limit[];
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** How long a request waits in all, for a slot and for the service. */
	readonly waitMs?: number;
}

/**
 * Tries to deliver an accepted event before its request is answered. If nothing is in the way, the event reaches its
 * destination within its own request. Events that are accepted at the same time share one drain.
 */
interface Inline {
	/**
	 * @param entry the key of an entry that is written
	 * @returns the result, which may be that it is sent later. Undefined if the result took longer than a request waits, if
	 * another drainer has the lane, or at once if no slot is within reach
	 */
	offer(lane: string, entry: string, log: Log): Promise<Disposition | undefined>;
}

/** A request that waits for its delivery. */
interface Waiter {
	/** The log of its invocation. The platform accepts lines until the invocation is answered. */
	readonly log: Log;
	/** How long it waits for a slot, epoch milliseconds. */
	readonly deadline: number;
	/**
	 * What it waits for: that the lane is read, then its slot. `end`: the end of the drain, since the service did not take it,
	 * or nothing can be sent in time.
	 */
	waitsFor: "reading" | "slot" | "end";
	/** What came of its delivery so far. */
	disposition: Disposition | undefined;
	/** Ends its waiting: its disposition is the result. */
	readonly answer: () => void;
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
	/** By the keys of their entries. */
	private readonly waiters = new Map<string, Waiter>();
	private isDraining = false;
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
		const { now, waitMs = SLOT_WAIT_MS + SERVICE_WAIT_MS } = this.options;
		const offeredAt = now();
		const deadline = offeredAt + SLOT_WAIT_MS;
		if (offeredAt < this.blockedUntil || !this.takeSlot(offeredAt, deadline)) return Promise.resolve(undefined);
		return new Promise((resolve) => {
			const timer = setTimeout(() => waiter.answer(), waitMs);
			const waiter: Waiter = {
				log,
				deadline,
				waitsFor: "reading",
				disposition: undefined,
				answer: () => {
					clearTimeout(timer);
					this.waiters.delete(entry);
					resolve(waiter.disposition);
				},
			};
			this.waiters.set(entry, waiter);
			if (!this.isDraining) void this.drainForAll(log);
		});
	}

	/** Drains until no request waits. One that came while the last drain was letting go gets a drain of its own. */
	private async drainForAll(log: Log): Promise<void> {
		this.isDraining = true;
		try {
			do await this.drainForPresent(log);
			while (this.waiters.size > 0);
		} catch (error) {
			report(log, "warn", { stage: "lane", lane: this.lane, change: "interrupted", reason: String(error) });
		} finally {
			this.isDraining = false;
			for (const waiter of this.waiters.values()) waiter.answer();
			// What was not sent has taken no slot.
			this.slots = this.slots.filter((at) => at <= this.options.now());
		}
	}

	/** Drains for the requests that wait now or come meanwhile, and answers those that came before the lane was read last. */
	private async drainForPresent(log: Log): Promise<void> {
		const { acquire, drain, now } = this.options;
		const lease = await acquire(this.lane);
		const endsAt = now() + RUN_MS;
		const waiters = () => [...this.waiters.values()];
		const sendable = () => waiters().filter(({ waitsFor }) => waitsFor !== "end");
		let isRead = false;
		try {
			if (lease !== undefined) {
				await drain(lease, {
					log: (level, line) => (waiters().at(-1)?.log ?? log)(level, line),
					goesOn: () => now() < endsAt && sendable().length > 0,
					waitsFor: (at) => sendable().some(({ deadline }) => at <= deadline),
					onView: (view, state) => {
						isRead = true;
						this.onView(view, state);
					},
					onFinished: (entry, disposition) => this.onFinished(entry, disposition),
				});
			}
		} finally {
			await lease?.release();
		}
		// Another drains the lane, or it belongs to another service: for the present, nothing is sent from here.
		if (!isRead) this.blockedUntil = now() + HELD_MS;
		for (const waiter of waiters()) if (waiter.waitsFor !== "reading" || !isRead) waiter.answer();
	}

	/** Takes the next slot from one time on, if it is not later than another. */
	private takeSlot(from: number, until: number): boolean {
		const at = nextSlot(this.slots, this.limits, from);
		if (at > until) return false;
		this.slots.push(at);
		return true;
	}

	/**
	 * A request does not wait for a delivery that cannot be sent in time. If no delivery can, the requests wait for the end
	 * of the drain. It ends at once and leaves a wake-up, so that the requests need not put one.
	 */
	private onView({ entries }: View, state: LaneState): void {
		const { now } = this.options;
		const inReach = this.giveSlots(entries, state);
		const isAnyServed = [...this.waiters.keys()].some((entry) => inReach.has(entry));
		for (const [entry, waiter] of this.waiters) {
			if (inReach.has(entry)) waiter.waitsFor = "slot";
			else if (isAnyServed) waiter.answer();
			else waiter.waitsFor = "end";
		}
		const openAt = Math.max(laneDueAt(state), nextSlot(this.slots, this.limits, now())) - SLOT_WAIT_MS;
		this.blockedUntil = Math.min(openAt, now() + BLOCKED_MS);
	}

	/**
	 * Gives the slots out anew, now that the lane's calls are known, and what waits before those that wait here. Answers the
	 * entries that have one in time.
	 */
	private giveSlots(entries: readonly Entry[], state: LaneState): ReadonlySet<string> {
		const now = this.options.now();
		this.slots = [...state.calls];
		const present = new Set(entries.map(({ rowKey }) => rowKey));
		const unseen = [...this.waiters.keys()].filter((entry) => !present.has(entry));
		const due = [
			...entries.map((entry) => ({ key: entry.rowKey, at: Math.max(dueAt(state, entry), now) })),
			...unseen.map((key) => ({ key, at: Math.max(laneDueAt(state), now) })),
		].sort((one, other) => one.at - other.at);
		const inReach = new Set<string>();
		for (const { key, at } of due) {
			const waiter = this.waiters.get(key);
			if (waiter?.waitsFor === "end") continue;
			if (this.takeSlot(at, waiter?.deadline ?? now + SLOT_WAIT_MS)) inReach.add(key);
		}
		return inReach;
	}

	/** What stays in the outbox waits until the drain has seen to it that the lane is woken: that spares a message. */
	private onFinished({ rowKey }: Entry, disposition: Disposition): void {
		const waiter = this.waiters.get(rowKey);
		if (waiter === undefined) return;
		waiter.disposition = disposition;
		if (disposition.kind === "deferred") waiter.waitsFor = "end";
		else waiter.answer();
	}
}
