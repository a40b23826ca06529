import type { Destinations } from "../destinations/list.ts";
import { type FollowPolicy, followWrites } from "../ledger/follow-rows.ts";
import type { LaneLease } from "../ledger/lane-lease.ts";
import type { LaneState } from "../ledger/lane-state.ts";
import type { Entry } from "../ledger/outbox.ts";
import { logCalls } from "../ledger/pace.ts";
import { LONGEST_WAIT_MS, ROWS } from "../ledger/rows.ts";
import type { WakeRecord } from "../ledger/wake-up.ts";
import { type Log, report } from "../log.ts";
import type { Answer, Attempt, Disposition, Doubt, NotDispatched, Run } from "../model.ts";
import type { Storage } from "../storage/storage.ts";
import { doubtAfter, reasonOfDoubt } from "./find-run.ts";
import { reportLane } from "./report-lane.ts";
import { settle } from "./settle.ts";
import { writeOutcome } from "./write-outcome.ts";

/** What came of a try to deliver. */
export type Tried = {
	/** With its body, where that could be read. */
	readonly entry: Entry;
	/** Epoch milliseconds. */
	readonly at: number;
} & (
	| {
			readonly answer: Answer;
			/** It was not sent: this run of it was found. */
			readonly found?: Run;
	  }
	/** No call was made. `isLook`: its run is to be looked for again. */
	| { readonly disposition: NotDispatched; readonly isLook?: true }
);

type Answered = Extract<Tried, { answer: Answer }>;

/** How a taken delivery is followed: its rows are written together with its result, and the lane's follower is woken. */
export interface FollowTaken extends FollowPolicy {
	/** Neither rejects, nor takes long. */
	readonly before: (lane: string) => Promise<void>;
	readonly after: (lane: string) => Promise<void>;
}

export interface FinishOptions {
	readonly storage: Storage;
	readonly destinations: Pick<Destinations, "policyOf">;
	readonly giveUpMs: number;
	/** Whether the run of a delivery that may have been taken is looked for before it is sent again. */
	readonly looksUp: boolean;
	readonly follow: FollowTaken;
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** From 0 to 1. */
	readonly random: () => number;
}

/**
 * Writes the result of a try, for the delivery and for its lane. Rejects with LeaseLost, or with StorageError while
 * storage fails.
 * @param record gives the wake-up to record in the lane, depending on whether the delivery stays in the outbox
 */
export type Finish = (
	lease: LaneLease,
	tried: Tried,
	record: (kept: boolean) => WakeRecord,
	log: Log,
) => Promise<Disposition>;

export function createFinish(options: FinishOptions): Finish {
	/** How far the clock of each lane's service is ahead of this process's, milliseconds. */
	const skews = new Map<string, number>();
	return (lease, tried, record, log) => finish({ ...options, skews }, lease, tried, record, log);
}

interface Parts extends FinishOptions {
	readonly skews: Map<string, number>;
}

async function finish(
	parts: Parts,
	lease: LaneLease,
	tried: Tried,
	record: (kept: boolean) => WakeRecord,
	log: Log,
): Promise<Disposition> {
	const { giveUpMs, looksUp, now, random, storage } = parts;
	const { entry } = tried;
	const before = lease.state();
	if ("disposition" in tried) {
		const { disposition } = tried;
		await writeOutcome(
			parts,
			lease,
			{ ...before, wake: record(disposition.kind === "deferred") },
			{ entry, disposition },
		);
		reportUncalled(log, lease.lane, tried);
		return disposition;
	}
	const { answer } = tried;
	const doubt = doubtOf(parts, lease.lane, tried);
	const options = { now: now(), random: random(), giveUpMs, looksUp };
	const settled = settle(before, entry, answer.classification, options);
	const disposition = withDoubt(settled.disposition, answer, doubt);
	const after = stateAfter(parts, lease, tried, { ...settled.state, wake: record(disposition.kind === "deferred") });
	reportAttempt(log, lease.lane, tried, disposition);
	const attempt = toAttempt(tried);
	const isTaken = disposition.kind === "dispatched";
	const follow = isTaken ? followWrites(entry, answer, parts.follow, now()) : undefined;
	const isFollowed = follow !== undefined && follow.rows.length > 0;
	if (isFollowed) await parts.follow.before(lease.lane);
	await writeOutcome(parts, lease, after, { entry, disposition, attempt, follow });
	if (isFollowed) await parts.follow.after(lease.lane);
	const opened = tried.found ? undefined : settled.opened;
	const waiting = opened === undefined ? 0 : await countEntries(storage, lease.lane).catch(() => null);
	reportLane(log, lease.lane, { before, after, opened: opened && { ...opened, waiting }, now: now() });
	return disposition;
}

/** The lane's state after an answer. A run that was found does not change what is parked. */
function stateAfter(
	{ destinations, now }: Parts,
	lease: LaneLease,
	{ answer, found }: Answered,
	settled: LaneState,
): LaneState {
	const { calls, parked, breakers, tokenExpiresAt } = lease.state();
	if (found) return { ...settled, parked, breakers };
	return {
		...settled,
		calls: logCalls(calls, answer.calls, destinations.policyOf(lease.lane).limits, now()),
		// A service says it of each token that it takes and that has an end.
		tokenExpiresAt: answer.tokenExpiresAt ?? (answer.classification.kind === "taken" ? null : tokenExpiresAt),
		...exhausted(answer, settled, now()),
	};
}

/** The calls whose result is unknown. If an answer was lost, the service's time is known only from other answers. */
function doubtOf({ looksUp, skews }: Parts, lane: string, { entry, at, answer }: Answered): Doubt | undefined {
	const { serverTime, ms } = answer;
	if (serverTime !== undefined) skews.set(lane, serverTime - (at + ms));
	return looksUp ? doubtAfter(entry.doubt, answer, at + (skews.get(lane) ?? 0)) : undefined;
}

function withDoubt(disposition: Disposition, { classification }: Answer, doubt: Doubt | undefined): Disposition {
	if (disposition.kind !== "deferred" || doubt === undefined) return disposition;
	if (classification.kind !== "uncertain") return { ...disposition, doubt };
	return { ...disposition, doubt, reason: reasonOfDoubt(disposition.reason, doubt) };
}

function toAttempt(tried: Answered): Attempt {
	const { status = null, ms, requestId = null } = tried.answer;
	return { at: new Date(tried.at).toISOString(), status, ms, requestId, reason: reasonOf(tried) ?? null };
}

/** What a call's line says: what came of this call. What is done about it is the receipt's own reason. */
function reasonOf({ answer: { classification }, found }: Answered): string | undefined {
	if (found) return `not sent again: its run was found, so it had been taken before: ${found.url ?? found.id}`;
	return "reason" in classification ? classification.reason : undefined;
}

const LEVELS = { dispatched: "info", deferred: "warn", "dead-lettered": "error" } as const;

function reportAttempt(log: Log, lane: string, tried: Answered, disposition: Disposition): void {
	const { entry, at, answer } = tried;
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
		reason: disposition.kind === "dispatched" ? reasonOf(tried) : disposition.reason,
	});
}

/** If storage does not return the request, a person must act. If only the run is looked for again, no one must. */
function reportUncalled(
	log: Log,
	lane: string,
	{ entry: { key }, disposition: { kind, reason }, isLook }: Extract<Tried, { disposition: NotDispatched }>,
): void {
	report(log, isLook ? "warn" : "error", { stage: "dispatch", outcome: kind, lane, key, reason });
}

/** For the log alone, when a breaker closes. */
async function countEntries(storage: Storage, lane: string): Promise<number> {
	const { rows } = await storage.list(lane, { ...ROWS.entries, top: 1_000, select: ["key"] });
	return rows.length;
}

/** The call that used the primary limit up was taken; the next one would not be. */
function exhausted(
	{ exhaustedUntil = 0, classification }: Answer,
	{ pause }: LaneState,
	now: number,
): Pick<LaneState, "pause"> | undefined {
	const until = Math.min(exhaustedUntil, now + LONGEST_WAIT_MS);
	if (classification.kind !== "taken" || until <= (pause?.until ?? 0)) return undefined;
	return { pause: { until, reason: "the token's primary rate limit is used up" } };
}
