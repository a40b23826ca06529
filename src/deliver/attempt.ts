import type { Destinations } from "../destinations/list.ts";
import { type FollowPolicy, followWrites } from "../ledger/follow-rows.ts";
import type { LaneLease } from "../ledger/lane-lease.ts";
import { type LaneState, LONGEST_WAIT_MS, waitingFor } from "../ledger/lane-state.ts";
import type { Entry } from "../ledger/outbox.ts";
import { logCalls } from "../ledger/pace.ts";
import { ROWS } from "../ledger/rows.ts";
import type { WakeRecord } from "../ledger/wake-up.ts";
import { type Log, report } from "../log.ts";
import type { Answer, Attempt, Destination, Disposition } from "../model.ts";
import { isStorageError, type Storage } from "../storage/storage.ts";
import { reportLane } from "./report-lane.ts";
import { failingSince, gaveUp, givenUp, settle } from "./settle.ts";
import { writeOutcome } from "./write-outcome.ts";

export interface EntryDeliveryOptions {
	readonly storage: Storage;
	readonly destinations: Pick<Destinations, "policyOf" | "problemOf" | "send">;
	readonly giveUpMs: number;
	readonly follow: FollowTaken;
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** From 0 to 1. */
	readonly random: () => number;
}

/** How what was taken is followed: the rows are written with its result, and its lane's follower is woken. */
export interface FollowTaken extends FollowPolicy {
	/** Neither rejects, nor takes long. */
	readonly before: (lane: string) => Promise<void>;
	readonly after: (lane: string) => Promise<void>;
}

/** A delivery that is about to be sent: what is to be sent was read from storage, or not. */
export interface Ready {
	readonly entry: Entry;
	/** None where it is gone, or storage did not hand it out; then `reason` says why. */
	readonly body?: string | undefined;
	readonly reason?: string;
}

/** A delivery that was tried. */
export interface Tried {
	/** With its body, where that could be read. */
	readonly entry: Entry;
	/** Epoch milliseconds. */
	readonly at: number;
	/** None where storage did not hand out what was to be sent; then `reason` says why. */
	readonly answer?: Answer;
	readonly reason?: string;
}

/** Sends single deliveries of a lane, and writes what came of them. */
export interface EntryDelivery {
	/** Reads what is to be sent, which may take long. Never rejects. */
	read(lane: string, entry: Entry): Promise<Ready>;
	/** Calls the destination. What comes of it has to be finished. Never rejects. */
	send(ready: Ready): Promise<Tried>;
	/**
	 * Writes what came of a call, for the delivery and for its lane.
	 * @param record the lane's wake-up as it is to be recorded, depending on whether the delivery stays in the outbox
	 */
	finish(lease: LaneLease, tried: Tried, record: (kept: boolean) => WakeRecord, log: Log): Promise<Disposition>;
	/** Whether a delivery can never be sent, or has waited for a repair as long as it may: then the reason. */
	giveUp(entry: Entry, state: LaneState): string | undefined;
	/** Makes it a dead letter, without a call. */
	giveUpNow(lease: LaneLease, entry: Entry, reason: string, log: Log): Promise<void>;
}

/** A body that storage does not hand out is asked for again after so long. */
const UNREADABLE_MS = 60_000;

const GONE = { kind: "permanent", reason: "what was to be sent is gone from storage: its blob was removed" } as const;

/** A request that GitHub cannot read would be refused as if it were the destination's fault, and hold up all others. */
const DAMAGED = {
	kind: "permanent",
	reason: "what was to be sent is damaged in storage: it is no JSON object",
} as const;

export function createEntryDelivery(options: EntryDeliveryOptions): EntryDelivery {
	return {
		read: (lane, entry) => read(options, lane, entry),
		send: (ready) => send(options, ready),
		finish: (lease, tried, record, log) => finish(options, lease, tried, record, log),
		giveUp: (entry, state) => whyGivenUp(options, entry, state),
		giveUpNow: (lease, entry, reason, log) => giveUpNow(options, lease, entry, reason, log),
	};
}

async function read({ storage }: EntryDeliveryOptions, lane: string, entry: Entry): Promise<Ready> {
	try {
		return { entry, body: await bodyOf(storage, lane, entry) };
	} catch (error) {
		// A name that storage refuses cannot be that of a blob.
		if (isStorageError(error) && error.refused) return { entry };
		return { entry, reason: `what is to be sent could not be read from storage: ${(error as Error).message}` };
	}
}

async function send({ destinations, now }: EntryDeliveryOptions, { entry, body, reason }: Ready): Promise<Tried> {
	const at = now();
	const nothing = { calls: [], ms: 0 };
	if (reason !== undefined) return { entry, at, reason };
	if (body === undefined) return { entry, at, answer: { classification: GONE, ...nothing } };
	if (!isJsonObject(body)) return { entry, at, answer: { classification: DAMAGED, ...nothing } };
	try {
		return { entry: { ...entry, body }, at: now(), answer: await destinations.send(entry.to as Destination, body) };
	} catch (error) {
		// A fault of ours that this one delivery meets. A repeat would meet it again, and hold up all others.
		const reason = `the bridge failed at this delivery: ${(error as Error).message}`;
		return { entry: { ...entry, body }, at, answer: { classification: { kind: "permanent", reason }, ...nothing } };
	}
}

function isJsonObject(text: string): boolean {
	try {
		const parsed: unknown = JSON.parse(text);
		return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
	} catch {
		return false;
	}
}

/** Undefined where it is gone. */
async function bodyOf(storage: Storage, lane: string, entry: Entry): Promise<string | undefined> {
	if (entry.body !== undefined) return entry.body;
	// Read past in passing, without its body; or it lies in a blob.
	const row = entry.bodyBlob === undefined ? await storage.get(lane, entry.rowKey) : undefined;
	const content = entry.bodyBlob === undefined ? row?.columns["body"] : await storage.read(entry.bodyBlob);
	return content instanceof Uint8Array ? Buffer.from(content).toString("utf8") : undefined;
}

async function finish(
	options: EntryDeliveryOptions,
	lease: LaneLease,
	tried: Tried,
	record: (kept: boolean) => WakeRecord,
	log: Log,
): Promise<Disposition> {
	const { destinations, giveUpMs, now, random } = options;
	const { entry, at, answer, reason = "" } = tried;
	const before = lease.state();
	if (answer === undefined) {
		const disposition = unreadable(options, entry, reason);
		await writeOutcome(options, lease, { ...before, wake: record(true) }, { entry, disposition });
		report(log, "error", { stage: "dispatch", outcome: disposition.kind, lane: lease.lane, key: entry.key, reason });
		return disposition;
	}
	const { state, disposition, opened } = settle(before, entry, answer.classification, {
		now: now(),
		random: random(),
		giveUpMs,
	});
	const after: LaneState = {
		...state,
		wake: record(disposition.kind === "deferred"),
		calls: logCalls(before.calls, answer.calls, destinations.policyOf(lease.lane).limits, now()),
		// A service says it of each token that it takes and that has an end.
		tokenExpiresAt: answer.tokenExpiresAt ?? (answer.classification.kind === "taken" ? null : before.tokenExpiresAt),
		...exhausted(answer, state, now()),
	};
	reportAttempt(log, lease.lane, tried, answer, disposition);
	const isTaken = disposition.kind === "dispatched";
	const follow = isTaken ? followWrites(entry, answer, options.follow, now()) : undefined;
	const attempt = toAttempt(at, answer, disposition);
	const isFollowed = follow !== undefined && follow.rows.length > 0;
	if (isFollowed) await options.follow.before(lease.lane);
	await writeOutcome(options, lease, after, { entry, disposition, attempt, follow });
	if (isFollowed) await options.follow.after(lease.lane);
	const waiting = opened === undefined ? 0 : await countEntries(options.storage, lease.lane).catch(() => null);
	reportLane(log, lease.lane, { before, after, opened: opened && { ...opened, waiting }, now: now() });
	return disposition;
}

/** Storage hands out rows, but not this body: the delivery steps aside, and others go on. */
function unreadable({ now, giveUpMs }: EntryDeliveryOptions, entry: Entry, reason: string): Disposition {
	const since = entry.failingSince ?? now();
	if (givenUp(since, { now: now(), giveUpMs })) return { kind: "dead-lettered", reason: gaveUp(reason, { giveUpMs }) };
	const { failures } = entry;
	return { kind: "deferred", reason, failures, notBefore: now() + UNREADABLE_MS, failingSince: since };
}

function toAttempt(at: number, { status, ms, requestId }: Answer, disposition: Disposition): Attempt {
	const reason = disposition.kind === "dispatched" ? null : disposition.reason;
	return { at: new Date(at).toISOString(), status: status ?? null, ms, requestId: requestId ?? null, reason };
}

function reportAttempt(log: Log, lane: string, { entry, at }: Tried, answer: Answer, disposition: Disposition): void {
	const { classification, status, requestId, ms } = answer;
	report(log, disposition.kind === "dispatched" ? "info" : disposition.kind === "dead-lettered" ? "error" : "warn", {
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
		reason: disposition.kind === "dispatched" ? undefined : disposition.reason,
	});
}

function whyGivenUp(
	{ destinations, now, giveUpMs }: EntryDeliveryOptions,
	entry: Entry,
	state: LaneState,
): string | undefined {
	const damage = destinations.problemOf(entry.to);
	if (damage !== undefined) return damage;
	const since = failingSince(state, entry);
	if (since === undefined || !givenUp(since, { now: now(), giveUpMs })) return undefined;
	return gaveUp(waitingFor(state, entry, now())?.reason ?? "not delivered", { giveUpMs });
}

async function giveUpNow(options: EntryDeliveryOptions, lease: LaneLease, entry: Entry, reason: string, log: Log) {
	const body = await bodyOf(options.storage, lease.lane, entry).catch(() => undefined);
	const disposition: Disposition = { kind: "dead-lettered", reason };
	await writeOutcome(options, lease, lease.state(), {
		entry: body === undefined ? entry : { ...entry, body },
		disposition,
	});
	const { key, to } = entry;
	report(log, "error", { stage: "dead-letter", lane: lease.lane, key, destination: to?.id, reason });
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
