import type { View } from "../ledger/lane-lease.ts";
import { type Breaker, isBehind, type LaneState, waitingFor } from "../ledger/lane-state.ts";
import { ROWS } from "../ledger/rows.ts";
import { type Log, report } from "../log.ts";
import type { Disposition } from "../model.ts";
import type { Storage } from "../storage/storage.ts";
import type { AnsweredAttempt, UncalledAttempt } from "./settle.ts";

/** What a call's line says: what came of this call. What is done about it is the receipt's own reason. */
export function reasonOf({ answer: { classification }, found }: AnsweredAttempt): string | undefined {
	if (found) return `not sent again: its run was found, so it had been taken before: ${found.url ?? found.id}`;
	return "reason" in classification ? classification.reason : undefined;
}

const LEVELS = { dispatched: "info", deferred: "warn", "dead-lettered": "error" } as const;

export function reportAttempt(log: Log, lane: string, result: AnsweredAttempt, disposition: Disposition): void {
	const { entry, at, answer } = result;
	const { classification, status, requestId, ms } = answer;
	report(log, LEVELS[disposition.kind], {
		stage: "dispatch",
		classification: classification.kind,
		outcome: disposition.kind,
		lane,
		key: entry.key,
		route: entry.route,
		destination: entry.to?.id,
		status,
		requestId,
		ms,
		waitedMs: at - entry.acceptedAt,
		bytes: Buffer.byteLength(entry.body ?? ""),
		reason: disposition.kind === "dispatched" ? reasonOf(result) : disposition.reason,
	});
}

/** If storage does not return the request, a person must act. If only the run is looked for again, no one must. */
export function reportUncalled(log: Log, lane: string, { entry, disposition, uncalled }: UncalledAttempt): void {
	const { kind, reason } = disposition;
	const { key, to } = entry;
	if (uncalled === "given up") report(log, "error", { stage: "dead-letter", lane, key, destination: to?.id, reason });
	else report(log, uncalled === "unread" ? "error" : "warn", { stage: "dispatch", outcome: kind, lane, key, reason });
}

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

/** Says that a lane is behind, and since when: what the first reading of it shows, without another call of storage. */
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

/** How many deliveries wait in a lane, for the log alone: 1,000 at most. */
export async function countWaiting(storage: Pick<Storage, "list">, lane: string): Promise<number> {
	const { rows } = await storage.list(lane, { ...ROWS.entries, top: 1_000, select: ["key"] });
	return rows.length;
}

function facts({ since, probeAt, reason }: Breaker) {
	return { since: iso(since), probeAt: iso(probeAt), reason };
}

function iso(time: number): string {
	return new Date(time).toISOString();
}
