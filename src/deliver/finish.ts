import type { Destinations } from "../destinations/list.ts";
import { type FollowPolicy, followWrites } from "../ledger/follow-rows.ts";
import type { LaneLease } from "../ledger/lane-lease.ts";
import type { LaneState } from "../ledger/lane-state.ts";
import { LeaseLost } from "../ledger/leased-row.ts";
import { type Entry, type FollowWrites, finishWrites } from "../ledger/outbox.ts";
import { logCalls } from "../ledger/pace.ts";
import { routeColumns } from "../ledger/receipt.ts";
import { LONGEST_WAIT_MS } from "../ledger/rows.ts";
import type { Log } from "../log.ts";
import type { Answer, Attempt, Disposition, Doubt } from "../model.ts";
import { isRefusal, isStorageError, persist, type Storage, type Write } from "../storage/storage.ts";
import { doubtAfter } from "./find-run.ts";
import { countWaiting, reasonOf, reportAttempt, reportLane, reportUncalled } from "./report.ts";
import { type AnsweredAttempt, type AttemptResult, settle } from "./settle.ts";

/** How a taken delivery is followed: its rows are written together with its result, and the lane's follower is woken. */
export interface FollowTaken extends FollowPolicy {
	/** Neither rejects, nor takes long. */
	readonly before: (lane: string) => Promise<void>;
	readonly after: (lane: string) => Promise<void>;
}

export interface FinishOptions {
	readonly storage: Storage;
	readonly destinations: Pick<Destinations, "policyOf" | "whyNoRuns">;
	readonly giveUpMs: number;
	/** Whether the run of a delivery that may have been taken is looked for before it is sent again. */
	readonly looksUp: boolean;
	readonly follow: FollowTaken;
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** From 0 to 1. */
	readonly random: () => number;
}

export interface FinishParts extends FinishOptions {
	/** How far the clock of each lane's service is ahead of this process's, milliseconds. */
	readonly skews: Map<string, number>;
}

/**
 * Writes the result of an attempt, for the delivery and for its lane. Rejects with LeaseLost, or with StorageError while
 * storage fails.
 * @param isLast whether nothing is left in the lane if this delivery leaves it: then the same write says that no wake-up
 * is recorded any more
 */
export async function finish(
	parts: FinishParts,
	lease: LaneLease,
	result: AttemptResult,
	isLast: boolean,
	log: Log,
): Promise<Disposition> {
	const { storage, follow: follower, giveUpMs, now, random } = parts;
	const { lane } = lease;
	const before = lease.state();
	const clearWakeUpIfLast = (state: LaneState, { kind }: Disposition): LaneState =>
		isLast && kind !== "deferred" ? { ...state, wake: { ...state.wake, at: null } } : state;
	if ("disposition" in result) {
		const { entry, disposition } = result;
		await writeResult(parts, lease, clearWakeUpIfLast(before, disposition), { entry, disposition });
		reportUncalled(log, lane, result);
		return disposition;
	}
	const { entry, answer, found } = result;
	const called = { ...entry, doubt: doubtOf(parts, lane, result) };
	const settled = settle(before, called, answer.classification, { now: now(), random: random(), giveUpMs });
	const { disposition } = settled;
	const after = clearWakeUpIfLast(stateAfter(parts, lease, result, settled.state), disposition);
	reportAttempt(log, lane, result, disposition);
	const follow = disposition.kind === "dispatched" ? followWrites(entry, answer, follower, now()) : undefined;
	const isFollowed = follow !== undefined && follow.rows.length > 0;
	if (isFollowed) await follower.before(lane);
	await writeResult(parts, lease, after, { entry, disposition, attempt: toAttempt(result), follow });
	if (isFollowed) await follower.after(lane);
	const opened = found ? undefined : settled.opened;
	const waiting = opened === undefined ? 0 : await countWaiting(storage, lane).catch(() => null);
	reportLane(log, lane, { before, after, opened: opened && { ...opened, waiting }, now: now() });
	return disposition;
}

/** The lane's state after an answer. A run that was found does not change what is parked. */
function stateAfter(
	{ destinations, now }: FinishParts,
	lease: LaneLease,
	{ answer, found }: AnsweredAttempt,
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
function doubtOf(
	{ looksUp, skews, destinations }: FinishParts,
	lane: string,
	{ entry, at, answer }: AnsweredAttempt,
): Doubt | undefined {
	const { serverTime, ms } = answer;
	if (serverTime !== undefined) skews.set(lane, serverTime - (at + ms));
	if (!looksUp) return undefined;
	return doubtAfter(entry.doubt, answer, at + (skews.get(lane) ?? 0), destinations.whyNoRuns(entry.to));
}

function toAttempt(result: AnsweredAttempt): Attempt {
	const { status = null, ms, requestId = null } = result.answer;
	return { at: new Date(result.at).toISOString(), status, ms, requestId, reason: reasonOf(result) ?? null };
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

/** A 2xx is a fact: it is written even if storage fails for a while. */
const FACT_MS = 60_000;
const RESULT_MS = 5_000;

/** What became of a delivery. */
interface Result {
	readonly entry: Entry;
	readonly disposition: Disposition;
	/** The call that decided it; none where no call was made. */
	readonly attempt?: Attempt;
	/** What is written of its runs; only of one that was taken. */
	readonly follow?: FollowWrites | undefined;
}

/**
 * Writes what became of a delivery, together with its lane's state. A row of it that is gone or refused stops neither the
 * delivery nor the lane. Rejects with LeaseLost, or with StorageError while storage fails.
 */
async function writeResult(
	{ storage, now }: FinishOptions,
	lease: LaneLease,
	state: LaneState,
	{ entry, disposition, attempt, follow }: Result,
): Promise<void> {
	const isFact = disposition.kind === "dispatched";
	const writes = finishWrites(entry, disposition, attempt, now(), follow);
	const forMs = isFact ? FACT_MS : RESULT_MS;
	try {
		await lease.commit(state, writes, forMs);
	} catch (error) {
		if (error instanceof LeaseLost && isFact) await writeFact(storage, lease.lane, writes);
		if (!isRefusal(error)) throw error;
		// A row of this one delivery was removed, or takes no more. That must not stop the lane.
		await lease.commit(state, await withoutRefused(storage, lease.lane, entry, writes), forMs);
	}
}

/** The writes that storage takes: of rows that are there. A dead letter whose receipt is gone gets a new one. */
async function withoutRefused(storage: Storage, lane: string, entry: Entry, writes: readonly Write[]) {
	const taken: Write[] = [];
	for (const write of writes) {
		const isThere = write.kind === "upsert" || (await storage.get(lane, write.rowKey)) !== undefined;
		if (isThere) taken.push(write);
		else if (write.kind === "merge" && write.columns["state"] === "dead") {
			const { key, route, to } = entry;
			const acceptedAt = new Date(entry.acceptedAt).toISOString();
			const columns = { ...write.columns, key, ...routeColumns(route, to), acceptedAt };
			taken.push({ kind: "upsert", rowKey: write.rowKey, columns });
		}
	}
	// All are there, and one takes no more: the receipt alone grows.
	return taken.length < writes.length ? taken : taken.filter(({ kind }) => kind !== "merge");
}

/** The lane is another drainer's by now; what the service has taken is a fact all the same. */
async function writeFact(storage: Storage, lane: string, writes: readonly Write[]): Promise<void> {
	for (const each of [writes, writes.filter(({ kind }) => kind !== "delete")]) {
		try {
			return void (await persist(() => storage.commit(lane, each), { forMs: RESULT_MS }));
		} catch (error) {
			// Its row is gone: another drainer has finished it.
			if (!(isStorageError(error) && error.status === 404)) throw error;
		}
	}
}
