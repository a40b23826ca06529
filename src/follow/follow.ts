import pMap from "p-map";
import type { Destinations } from "../destinations/list.ts";
import {
	acquireFollow,
	type FollowLease,
	type FollowState,
	readFollowState,
	type Watched,
} from "../ledger/follow-lease.ts";
import { type FollowRow, readFollowRows } from "../ledger/follow-rows.ts";
import { type Addresses, foreignAddress, readLaneState } from "../ledger/lane-state.ts";
import { LeaseLost } from "../ledger/leased-row.ts";
import { isSuperseded, readWakeUp, type WakeUp, writeWakeUp } from "../ledger/wake-up.ts";
import { type Log, report } from "../log.ts";
import { LEDGER, type Storage } from "../storage/storage.ts";
import { LIST_MS, listOf, lookAt, UNSEEN } from "./follow-list.ts";
import { cannotTell, type Finding, groupBy } from "./judge.ts";
import { finishAgain, hasChanged, writeFindings } from "./write-findings.ts";

export interface FollowOptions {
	readonly storage: Storage;
	readonly destinations: Pick<Destinations, "listRuns" | "readRun" | "problemOf">;
	/** Whether runs are followed. If not, the rows of deliveries to follow are removed. */
	readonly isOn: boolean;
	/** If no run came within this time, there is none. */
	readonly runWithinMs: number;
	readonly addressesOf: (lane: string) => Addresses;
	/** Makes sure that a lane is drained. */
	readonly wakeLane: (lane: string) => Promise<void>;
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** Milliseconds of a clock that is never set. */
	readonly monotonic: () => number;
	readonly sleep: (ms: number) => Promise<void>;
}

/** Obeys a wake-up of the follower, as the queue trigger hands its message over. Rejects where it has to come back. */
export type Follow = (message: unknown, log: Log) => Promise<void>;

/** One that finds its lane followed comes back so soon. */
const BEHIND_SECONDS = 5;
/** One of a lane that belongs to another address comes back for the app that it is meant for. */
const FOREIGN_SECONDS = 5 * 60;
/** The next look. */
const NEXT_MS = LIST_MS;
/** If a list may be read this soon, the look waits for it. Otherwise it would read the list a minute late. */
const WAIT_MS = 20_000;
/** No list is begun later: the next look surfaces soon. */
const RUN_MS = 45_000;
const LISTS_AT_ONCE = 8;

/** One look at all that is followed in a lane. */
interface Look extends FollowOptions {
	readonly lane: string;
	readonly lease: FollowLease;
	readonly log: Log;
	readonly endsAt: number;
}

/**
 * Follows the deliveries that were taken, lane by lane, to the end of their runs. One follower at a time has a lane. While
 * deliveries are left, one wake-up is in the queue. docs/follow.md has the protocol, and shows why nothing is forgotten.
 */
export function createFollow(options: FollowOptions): Follow {
	return async (message, log) => {
		const wakeUp = readWakeUp(message);
		if (wakeUp === undefined) {
			report(log, "error", { stage: "follow", reason: "a message in the queue is not a wake-up; it is deleted" });
			return;
		}
		const lease = await acquireFollow({ ...options, lane: wakeUp.lane });
		if (lease === undefined) return behindTheLease(wakeUp, options);
		try {
			await obey(wakeUp, lease, log, options);
		} finally {
			await lease.release();
		}
	};
}

async function behindTheLease({ lane, wake }: WakeUp, { storage, now }: FollowOptions): Promise<void> {
	const { wake: recorded } = await readFollowState(storage, lane, now());
	if (isSuperseded(wake, recorded, now())) return;
	await storage.put(writeWakeUp({ lane, wake }), BEHIND_SECONDS, LEDGER.follow);
}

async function obey({ lane, wake }: WakeUp, lease: FollowLease, log: Log, options: FollowOptions): Promise<void> {
	const { storage, now, addressesOf } = options;
	await lease.read();
	if (isSuperseded(wake, lease.state().wake, now())) return;
	const address = foreignAddress(await readLaneState(storage, lane, now()), addressesOf(lane));
	if (address !== undefined) {
		await storage.put(writeWakeUp({ lane, wake }), FOREIGN_SECONDS, LEDGER.follow);
		return;
	}
	const rows = await rowsLeft(lease, lane, options);
	if (rows.length === 0) return;
	const look: Look = { ...options, lane, lease, log, endsAt: now() + RUN_MS };
	// Before anything else: should the process die, the next look surfaces in a minute.
	const takeBack = await lease.putNext(now() + NEXT_MS);
	try {
		const lists = await lookAtAll(rows, look);
		await leave(look, lists, takeBack);
	} catch (error) {
		report(log, "warn", { stage: "follow", lane, change: "interrupted", reason: String(error) });
	}
}

/**
 * What is followed in a lane. Where nothing is, the record is cleared, and the lane read once more: a wake-up that relied
 * on the record was put for a row that was written before.
 */
async function rowsLeft(
	lease: FollowLease,
	lane: string,
	{ storage, now }: FollowOptions,
): Promise<readonly FollowRow[]> {
	const rows = await readFollowRows(storage, lane, now());
	const { wake, lists } = lease.state();
	if (rows.length > 0 || wake.at === null) return rows;
	await lease.commit({ wake: { ...wake, at: null }, lists });
	return readFollowRows(storage, lane, now());
}

/** The same at the end of a look, where the next one is on its way. */
async function leave({ lease, lane, storage, now }: Look, lists: FollowState["lists"], takeBack: () => Promise<void>) {
	const { wake } = lease.state();
	const isLeft = async () => (await readFollowRows(storage, lane, now(), 1)).length > 0;
	if (await isLeft()) return lease.commit({ wake, lists });
	await lease.commit({ wake: { ...wake, at: null }, lists });
	if (await isLeft()) return lease.commit({ wake, lists });
	await takeBack();
}

/** Whether the runs of a delivery are looked for: not of one that is sent again, and only where it went to is known. */
function isLookedFor({ to, again }: FollowRow, { isOn, destinations }: FollowOptions): boolean {
	return isOn && again === undefined && destinations.problemOf(to) === undefined;
}

/** A list that can be asked for in this look. */
interface DueList {
	readonly list: string;
	readonly rows: readonly FollowRow[];
	readonly watched: Watched;
	/** When, epoch milliseconds. */
	readonly at: number;
}

/** In the order in which they can be asked for. */
function dueLists(rows: readonly FollowRow[], lists: FollowState["lists"], now: number): readonly DueList[] {
	return [...groupBy(rows, listOf)]
		.map(([list, group]) => {
			const watched = lists[list] ?? UNSEEN;
			const notBefore = watched.refused === undefined ? watched.notBefore : 0;
			return { list, rows: group, watched, at: Math.max(watched.listedAt + LIST_MS, notBefore, now) };
		})
		.filter(({ at }) => at <= now + WAIT_MS)
		.sort((one, other) => one.at - other.at);
}

/** What goes wrong with one list, or one row, is nothing to the others. Answers what is known of the lists after it. */
async function lookAtAll(rows: readonly FollowRow[], look: Look): Promise<FollowState["lists"]> {
	const { now, sleep, lease, endsAt } = look;
	const before = lease.state().lists;
	const due = dueLists(
		rows.filter((row) => isLookedFor(row, look)),
		before,
		now(),
	);
	const after = new Map(Object.entries(before));
	for (const row of rows) if (row.again !== undefined) await contained(look, row.key, () => finishAgain(row, look));
	const leftAlone = rows.filter((row) => row.again === undefined && !isLookedFor(row, look));
	await contained(look, "what is not followed", () => endFollowing(leftAlone, look));
	const lookAtList = async ({ list, rows: group, watched, at }: DueList) => {
		if (now() > endsAt) return;
		await contained(look, list, async () => {
			if (at > now()) await sleep(at - now());
			after.set(list, await lookAndWrite(group, watched, look));
		});
	};
	await pMap(due, lookAtList, { concurrency: LISTS_AT_ONCE });
	// A list is remembered as long as it must not be asked for again.
	const asked = new Set(due.map(({ list }) => list));
	const isNeeded = (list: string, { listedAt, notBefore }: Watched) =>
		asked.has(list) || Math.max(listedAt + LIST_MS, notBefore) > now();
	return Object.fromEntries([...after].filter(([list, watched]) => isNeeded(list, watched)));
}

async function lookAndWrite(rows: readonly FollowRow[], before: Watched, look: Look): Promise<Watched> {
	const { lease, now, endsAt } = look;
	await lease.ensureFor();
	const goesOn = async () => {
		await lease.ensureFor();
		return now() <= endsAt;
	};
	const { findings, watched } = await lookAt(rows, before, { ...look, goesOn });
	const written = await writeFindings(findings, look);
	// An answer that is not written whole has to come again.
	return written.length === findings.filter(hasChanged).length ? watched : { ...watched, etag: undefined };
}

/** Where it went cannot be read, or runs are not followed any more. */
async function endFollowing(rows: readonly FollowRow[], look: Look): Promise<void> {
	const findings = rows.map((row): Finding => {
		const problem = look.destinations.problemOf(row.to);
		return problem === undefined
			? { row, following: "off", runs: row.runs, reason: null }
			: cannotTell(row, row.runs, problem);
	});
	await writeFindings(findings, look);
}

async function contained({ log, lane }: Look, what: string, work: () => Promise<void>): Promise<void> {
	try {
		await work();
	} catch (error) {
		// Another follower has the lane: nothing of this look counts any more.
		if (error instanceof LeaseLost) throw error;
		report(log, "warn", { stage: "follow", lane, change: "failed to look", what, reason: String(error) });
	}
}
