import type { LaneLease } from "../ledger/lane-lease.ts";
import { dueAt, type LaneState, laneDueAt } from "../ledger/lane-state.ts";
import { type Limit, nextSlot } from "../ledger/pace.ts";
import type { View } from "../ledger/read-lane.ts";
import { type Log, report } from "../log.ts";
import type { Disposition } from "../model.ts";
import type { DrainRun } from "./send-due.ts";

export interface InlineOptions {
	/** Takes a lane; undefined while somebody else holds it. */
	readonly take: (lane: string) => Promise<LaneLease | undefined>;
	readonly drain: (lease: LaneLease, run: DrainRun) => Promise<void>;
	/** How fast a lane may send. */
	readonly limitsOf: (lane: string) => readonly Limit[];
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** How long to wait for a slot, and then for GitHub. */
	readonly slotWaitMs?: number;
	readonly gitHubWaitMs?: number;
}

/**
 * Tries to deliver what was just accepted before it is answered: while the way is clear, an event reaches GitHub within
 * its own request. Those that are accepted at the same time share one drain.
 */
export interface Inline {
	/**
	 * @param entry the key of an entry that is written
	 * @returns what became of it; undefined when that took longer than anybody waits, or somebody else drains the lane: at
	 * once where no slot is within reach
	 */
	offer(lane: string, entry: string, log: Log): Promise<Disposition | undefined>;
}

interface Waiter {
	/** Its invocation's, which the platform takes lines for as long as it is not answered. */
	readonly log: Log;
	readonly resolve: (disposition: Disposition | undefined) => void;
	/**
	 * For a slot, epoch milliseconds; 0 for one that waits for the end of the drain alone: GitHub did not take it, or
	 * nothing can be sent in time.
	 */
	deadline: number;
	/** Whether the lane was read while it waited. */
	seen: boolean;
}

interface Turn {
	/** How fast the lane may send. */
	readonly limits: readonly Limit[];
	readonly waiters: Map<string, Waiter>;
	running: boolean;
	/** The lane's calls as far as they are known, and the slots of those that wait; epoch milliseconds, in order. */
	slots: number[];
	/** It is known that nothing can be sent in time for one that comes before, epoch milliseconds. */
	blockedUntil: number;
}

/** Who holds a lane, or has paused it, is asked again after so long. */
const HELD_MS = 1_000;
const BLOCKED_MS = 5_000;

/** However many events keep arriving, the lane is let go of after so long, so that a wake-up can take it. */
const RUN_MS = 20_000;

export function createInline(options: InlineOptions): Inline {
	const { take, drain, limitsOf, now, slotWaitMs = 2_000, gitHubWaitMs = 3_000 } = options;
	const turns = new Map<string, Turn>();

	/** Drains until nobody waits any more. Who came while the last drain was letting go gets one of their own. */
	async function run(lane: string, turn: Turn, log: Log): Promise<void> {
		turn.running = true;
		try {
			do await drainOnce(lane, turn, log);
			while (turn.waiters.size > 0);
		} catch (error) {
			report(log, "warn", { stage: "lane", lane, change: "interrupted", reason: String(error) });
		} finally {
			turn.running = false;
			for (const waiter of turn.waiters.values()) waiter.resolve(undefined);
			// What was not sent has taken no slot.
			turn.slots = turn.slots.filter((at) => at <= now());
		}
	}

	async function drainOnce(lane: string, turn: Turn, log: Log): Promise<void> {
		const lease = await take(lane);
		const endsAt = now() + RUN_MS;
		let isRead = false;
		try {
			if (lease !== undefined) {
				await drain(lease, {
					log: (level, line) => ([...turn.waiters.values()].at(-1)?.log ?? log)(level, line),
					goesOn: () => now() < endsAt && [...turn.waiters.values()].some(({ deadline }) => deadline > 0),
					waitsFor: (at) => [...turn.waiters.values()].some(({ deadline }) => at <= deadline),
					onView(view, state) {
						isRead = true;
						look(turn, view, state);
					},
					onSettled: ({ rowKey }, disposition) => conclude(turn.waiters.get(rowKey), disposition),
				});
			}
		} finally {
			await lease?.release();
		}
		// Another drains the lane, or it belongs to another service: for the present, nothing is sent from here.
		if (!isRead) turn.blockedUntil = now() + HELD_MS;
		for (const waiter of turn.waiters.values()) if (waiter.seen || !isRead) waiter.resolve(undefined);
	}

	/** Takes the next slot from one time on, if it is not later than another. */
	function takeSlot(turn: Turn, from: number, until: number): boolean {
		const at = nextSlot(turn.slots, turn.limits, from);
		if (at > until) return false;
		turn.slots.push(at);
		return true;
	}

	/** Gives the slots out anew, now that the lane's calls are known, and what waits before those who wait here. */
	function look(turn: Turn, { entries }: View, state: LaneState): void {
		turn.slots = [...state.calls];
		const present = new Set(entries.map(({ rowKey }) => rowKey));
		const unseen = [...turn.waiters.keys()].filter((key) => !present.has(key));
		const due = [
			...entries.map((entry) => ({ key: entry.rowKey, at: Math.max(dueAt(state, entry), now()) })),
			...unseen.map((key) => ({ key, at: Math.max(laneDueAt(state), now()) })),
		].sort((one, other) => one.at - other.at);
		const inReach = new Set<string>();
		for (const { key, at } of due) {
			const until = turn.waiters.get(key)?.deadline ?? now() + slotWaitMs;
			if (at <= until && takeSlot(turn, at, until)) inReach.add(key);
		}
		letGo(turn, inReach);
		const openAt = Math.max(laneDueAt(state), nextSlot(turn.slots, turn.limits, now())) - slotWaitMs;
		turn.blockedUntil = Math.min(openAt, now() + BLOCKED_MS);
	}

	/**
	 * Nobody waits for what cannot be sent in time. If nothing can, the drain comes to its end at once, and has seen to it
	 * that somebody is woken: to wait for that spares a message.
	 */
	function letGo(turn: Turn, inReach: ReadonlySet<string>): void {
		const anyServed = [...turn.waiters.keys()].some((key) => inReach.has(key));
		for (const [key, waiter] of turn.waiters) {
			waiter.seen = true;
			if (inReach.has(key)) continue;
			if (anyServed) waiter.resolve(undefined);
			else waiter.deadline = 0;
		}
	}

	/** Whoever is kept waits until the drain has seen to it that somebody is woken: that spares a message. */
	function conclude(waiter: Waiter | undefined, disposition: Disposition): void {
		if (waiter === undefined) return;
		if (disposition.kind === "deferred") waiter.deadline = 0;
		else waiter.resolve(disposition);
	}

	return {
		offer(lane, entry, log) {
			const turn = turns.get(lane) ?? {
				limits: limitsOf(lane),
				waiters: new Map(),
				running: false,
				slots: [],
				blockedUntil: 0,
			};
			turns.set(lane, turn);
			if (now() < turn.blockedUntil || !takeSlot(turn, now(), now() + slotWaitMs)) return Promise.resolve(undefined);
			return new Promise((resolve) => {
				const done = (disposition: Disposition | undefined) => {
					clearTimeout(late);
					turn.waiters.delete(entry);
					resolve(disposition);
				};
				const late = setTimeout(() => done(undefined), slotWaitMs + gitHubWaitMs);
				turn.waiters.set(entry, { log, resolve: done, deadline: now() + slotWaitMs, seen: false });
				if (!turn.running) void run(lane, turn, log);
			});
		},
	};
}
