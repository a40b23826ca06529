import type { View } from "../ledger/lane-lease.ts";
import { type Breaker, isBehind, type LaneState, waitingFor } from "../ledger/lane-state.ts";
import { type Log, report } from "../log.ts";

export interface LaneChange {
	readonly before: LaneState;
	readonly after: LaneState;
	/** A breaker that has just been closed, and how many deliveries wait for it: at most 1,000 are counted. */
	readonly opened: (Breaker & { readonly waiting: number | null }) | undefined;
	/** Epoch milliseconds. */
	readonly now: number;
}

/** Says what has changed for a lane as a whole: that it pauses, that it or a destination is parked, that one is open again. */
export function reportLane(log: Log, lane: string, { before, after, opened, now }: LaneChange): void {
	const line = { stage: "lane", lane } as const;
	const { pause, parked, breakers } = after;
	if (pause !== null && pause.until !== before.pause?.until) {
		report(log, "warn", { ...line, change: "paused", until: iso(pause.until), reason: pause.reason });
	}
	if (parked !== null && parked !== before.parked)
		report(log, "error", { ...line, change: "parked", ...facts(parked) });
	for (const [target, breaker] of Object.entries(breakers)) {
		if (breaker !== before.breakers[target])
			report(log, "error", { ...line, change: "parked", target, ...facts(breaker) });
	}
	if (opened !== undefined) {
		const { since, waiting, reason } = opened;
		report(log, "info", { ...line, change: "opened", since: iso(since), closedMs: now - since, waiting, reason });
	}
}

/** Says that a lane is behind, and since when: what the first look at it shows, without another call of storage. */
export function reportBacklog(
	log: Log,
	lane: string,
	{ entries: [oldest] }: View,
	state: LaneState,
	now: number,
): void {
	if (oldest === undefined || !isBehind(oldest.acceptedAt, now)) return;
	const { acceptedAt } = oldest;
	const reason = waitingFor(state, oldest, now)?.reason ?? null;
	const waited = { oldest: iso(acceptedAt), waitedMs: now - acceptedAt };
	report(log, "warn", { stage: "lane", lane, change: "behind", ...waited, reason });
}

function facts({ since, probeAt, reason }: Breaker) {
	return { since: iso(since), probeAt: iso(probeAt), reason };
}

function iso(time: number): string {
	return new Date(time).toISOString();
}
