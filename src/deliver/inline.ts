import { type Limit, nextSlot } from "../dispatch/pace.ts";
import type { Hold } from "../ledger/hold.ts";
import { dueAt, type LaneState, laneDueAt } from "../ledger/lane-state.ts";
import type { View } from "../ledger/read-lane.ts";
import type { Fate } from "../ledger/settle.ts";
import { type Log, report } from "../report.ts";
import type { Run } from "./run.ts";

export interface InlineOptions {
	/** Takes a lane; undefined while somebody else holds it. */
	readonly take: (lane: string) => Promise<Hold | undefined>;
	readonly drain: (hold: Hold, run: Run) => Promise<void>;
	readonly limits: readonly Limit[];
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
	 * @returns what became of it; undefined when that took longer than anybody waits, or somebody else drains the lane
	 */
	offer(lane: string, entry: string, log: Log): Promise<Fate | undefined>;
}

interface Waiter {
	/** Its invocation's, which the platform takes lines for as long as it is not answered. */
	readonly log: Log;
	readonly resolve: (fate: Fate | undefined) => void;
	/** For a slot, epoch milliseconds; 0 for one that GitHub did not take, and that waits for the end of the drain alone. */
	deadline: number;
	/** Whether the lane was read while it waited. */
	seen: boolean;
}

interface Turn {
	readonly waiters: Map<string, Waiter>;
	running: boolean;
	/** It is known that nothing can be sent before, epoch milliseconds. */
	blockedUntil: number;
}

/** Who holds a lane, or has paused it, is asked again after so long. */
const HELD_MS = 1_000;
const BLOCKED_MS = 5_000;

export function createInline(options: InlineOptions): Inline {
	const { take, drain, limits, now, slotWaitMs = 2_000, gitHubWaitMs = 3_000 } = options;
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
		}
	}

	async function drainOnce(lane: string, turn: Turn, log: Log): Promise<void> {
		const hold = await take(lane);
		if (hold === undefined) {
			turn.blockedUntil = now() + HELD_MS;
			for (const waiter of turn.waiters.values()) waiter.resolve(undefined);
			return;
		}
		try {
			await drain(hold, {
				log: (level, line) => ([...turn.waiters.values()].at(-1)?.log ?? log)(level, line),
				goesOn: () => [...turn.waiters.values()].some(({ deadline }) => deadline > 0),
				waitsFor: (at) => [...turn.waiters.values()].some(({ deadline }) => at <= deadline),
				onView: (view, state) => letGo(turn, view, state),
				onFate: ({ rowKey }, fate) => conclude(turn.waiters.get(rowKey), fate),
			});
		} finally {
			await hold.release();
		}
		for (const waiter of turn.waiters.values()) if (waiter.seen) waiter.resolve(undefined);
	}

	/**
	 * While others are served, nobody waits for what cannot be sent in time. If nobody is, the drain comes to its end, and
	 * all know better then.
	 */
	function letGo(turn: Turn, { entries }: View, state: LaneState): void {
		const present = new Set(entries.map(({ rowKey }) => rowKey));
		const inReach = new Set<string>();
		let { calls } = state;
		for (const entry of entries) {
			if (dueAt(state, entry) > now()) continue;
			const at = nextSlot(calls, limits, now());
			if (at > now() + slotWaitMs) break;
			inReach.add(entry.rowKey);
			calls = [...calls, at];
		}
		const anyServed = [...turn.waiters.keys()].some((key) => inReach.has(key));
		for (const [key, waiter] of turn.waiters) {
			if (anyServed && !inReach.has(key) && (present.has(key) || waiter.seen)) waiter.resolve(undefined);
			waiter.seen = true;
		}
		const openAt = Math.max(laneDueAt(state), nextSlot(state.calls, limits, now())) - slotWaitMs;
		turn.blockedUntil = Math.min(openAt, now() + BLOCKED_MS);
	}

	/** Whoever is kept waits until the drain has seen to it that somebody is woken: that spares a message. */
	function conclude(waiter: Waiter | undefined, fate: Fate): void {
		if (waiter === undefined) return;
		if (fate.kind === "kept") waiter.deadline = 0;
		else waiter.resolve(fate);
	}

	return {
		offer(lane, entry, log) {
			const turn = turns.get(lane) ?? { waiters: new Map(), running: false, blockedUntil: 0 };
			turns.set(lane, turn);
			if (!turn.running && now() < turn.blockedUntil) return Promise.resolve(undefined);
			return new Promise((resolve) => {
				const done = (fate: Fate | undefined) => {
					clearTimeout(late);
					turn.waiters.delete(entry);
					resolve(fate);
				};
				const late = setTimeout(() => done(undefined), slotWaitMs + gitHubWaitMs);
				turn.waiters.set(entry, { log, resolve: done, deadline: now() + slotWaitMs, seen: false });
				if (!turn.running) void run(lane, turn, log);
			});
		},
	};
}
