import type { DispatchRequest } from "../dispatch/dispatch-request.ts";
import type { Attempt } from "../dispatch/github.ts";
import { type Limit, logCalls } from "../dispatch/pace.ts";
import { type Entry, toRequest } from "../ledger/entry.ts";
import { finishWrites } from "../ledger/finish.ts";
import { type Hold, Overslept } from "../ledger/hold.ts";
import { type LaneState, waitingFor } from "../ledger/lane-state.ts";
import { persist } from "../ledger/persist.ts";
import { ROWS } from "../ledger/row-keys.ts";
import { type Fate, gaveUp, givenUp, settle } from "../ledger/settle.ts";
import { isStorageError, type Storage, type Write } from "../ledger/storage.ts";
import type { WakeRecord } from "../ledger/wake-up.ts";
import { type Log, report } from "../report.ts";
import { reportLane } from "./report-lane.ts";

export interface EntryDeliveryOptions {
	readonly storage: Storage;
	/** Calls GitHub once. Never rejects. */
	readonly dispatch: (request: DispatchRequest) => Promise<Attempt>;
	readonly limits: readonly Limit[];
	readonly giveUpMs: number;
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** From 0 to 1. */
	readonly random: () => number;
}

/** An entry that was tried. */
export interface Tried {
	/** With its body. */
	readonly entry: Entry;
	/** Epoch milliseconds. */
	readonly at: number;
	readonly attempt: Attempt;
}

/** Delivers single entries of a lane that somebody drains. */
export interface EntryDelivery {
	/** Calls GitHub. Whatever comes of it has to be finished. */
	send(lane: string, entry: Entry): Promise<Tried>;
	/**
	 * Writes what came of a call, for the entry and for its lane.
	 * @param record the lane's wake-up as it is to be recorded, depending on whether the entry is kept
	 */
	finish(hold: Hold, tried: Tried, record: (kept: boolean) => WakeRecord, log: Log): Promise<Fate>;
	/** Whether an entry that waits for a repair has waited long enough. */
	giveUp(entry: Entry, state: LaneState): boolean;
	/** Makes it a dead letter. */
	bury(hold: Hold, entry: Entry, log: Log): Promise<void>;
}

/** A 2xx is a fact: it is written even if storage is gone for a while. */
const FACT_MS = 60_000;
const RESULT_MS = 5_000;

const LOST = { kind: "refused", reason: "what was to be sent is gone from storage: its blob was removed" } as const;

export function createEntryDelivery(options: EntryDeliveryOptions): EntryDelivery {
	const { storage, dispatch, limits, giveUpMs, now, random } = options;

	/** Undefined where what it would send is gone; then nothing but a person can help. */
	async function bodyOf(lane: string, entry: Entry): Promise<string | undefined> {
		if (entry.body !== undefined) return entry.body;
		// Read past in passing, without its body; or it lies in a blob.
		const row = entry.bodyBlob === undefined ? await storage.get(lane, entry.rowKey) : undefined;
		const content = entry.bodyBlob === undefined ? row?.columns["body"] : await storage.read(entry.bodyBlob);
		return content === undefined ? undefined : Buffer.from(content as Uint8Array).toString("utf8");
	}

	async function write(hold: Hold, state: LaneState, writes: readonly Write[], isFact: boolean): Promise<void> {
		try {
			await hold.commit(state, writes, isFact ? FACT_MS : RESULT_MS);
		} catch (error) {
			if (!isFact || !(error instanceof Overslept)) throw error;
			await writeFact(hold.lane, writes);
			throw error;
		}
	}

	/** The lane is somebody else's by now; what GitHub took is a fact all the same. */
	async function writeFact(lane: string, writes: readonly Write[]): Promise<void> {
		for (const each of [writes, writes.filter(({ kind }) => kind === "merge")]) {
			try {
				return void (await persist(() => storage.commit(lane, each), RESULT_MS));
			} catch (error) {
				// Its entry is gone: somebody else has finished it.
				if (!(isStorageError(error) && error.status === 404)) throw error;
			}
		}
	}

	/** For the log alone, when a gate opens. */
	async function countEntries(lane: string): Promise<number> {
		const { rows } = await storage.list(lane, { ...ROWS.entries, top: 1_000, select: ["key"] });
		return rows.length;
	}

	return {
		async send(lane, entry) {
			const body = await bodyOf(lane, entry);
			const at = now();
			if (body === undefined) return { entry, at, attempt: { verdict: LOST, calls: [], ms: 0 } };
			return { entry: { ...entry, body }, at, attempt: await dispatch(toRequest(entry, body)) };
		},
		async finish(hold, { entry, at, attempt }, record, log) {
			const { verdict, status, requestId, ms } = attempt;
			const before = hold.state();
			const { state, fate, opened } = settle(before, entry, verdict, { now: now(), random: random(), giveUpMs });
			const after: LaneState = {
				...state,
				wake: record(fate.kind === "kept"),
				calls: logCalls(before.calls, attempt.calls, limits, now()),
				// GitHub says it of each token that it takes and that has an end.
				tokenExpiresAt: attempt.tokenExpiresAt ?? (verdict.kind === "dispatched" ? null : before.tokenExpiresAt),
				...exhausted(attempt, state),
			};
			const ended = {
				at,
				ms,
				...(status === undefined ? {} : { status }),
				...(requestId === undefined ? {} : { requestId }),
			};
			report(log, fate.kind === "dispatched" ? "info" : fate.kind === "dead" ? "error" : "warn", {
				stage: "dispatch",
				verdict: verdict.kind,
				outcome: fate.kind,
				lane: hold.lane,
				key: entry.key,
				route: entry.route,
				repository: entry.repository,
				dispatchType: entry.dispatchType,
				status,
				requestId,
				ms,
				waitedMs: at - entry.acceptedAt,
				bytes: Buffer.byteLength(entry.body ?? ""),
				reason: fate.kind === "dispatched" ? undefined : fate.reason,
			});
			await write(hold, after, finishWrites(entry, fate, ended, now()), fate.kind === "dispatched");
			const waiting = opened === undefined ? 0 : await countEntries(hold.lane).catch(() => null);
			reportLane(log, hold.lane, { before, after, opened: opened && { ...opened, waiting }, now: now() });
			return fate;
		},
		giveUp: (entry, state) =>
			waitingFor(state, entry, now())?.state === "parked" && givenUp(entry, { now: now(), giveUpMs }),
		async bury(hold, entry, log) {
			const why = waitingFor(hold.state(), entry, now())?.reason ?? "not delivered";
			const fate: Fate = { kind: "dead", reason: gaveUp(why, { giveUpMs }) };
			const body = (await bodyOf(hold.lane, entry)) ?? "";
			await write(hold, hold.state(), finishWrites({ ...entry, body }, fate, undefined, now()), false);
			const { key, repository, dispatchType } = entry;
			report(log, "error", {
				stage: "dead-letter",
				lane: hold.lane,
				key,
				repository,
				dispatchType,
				reason: fate.reason,
			});
		},
	};
}

/** The call that used the primary limit up was taken; the next one would not be. */
function exhausted(
	{ exhaustedUntil = 0, verdict }: Attempt,
	{ pause }: LaneState,
): Pick<LaneState, "pause"> | undefined {
	if (verdict.kind !== "dispatched" || exhaustedUntil <= (pause?.until ?? 0)) return undefined;
	return { pause: { until: exhaustedUntil, reason: "the token's primary rate limit is used up" } };
}
