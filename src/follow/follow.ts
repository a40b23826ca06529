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
import { LIST_MS, type Looked, listOf, lookAt, refused, UNSEEN, withoutOld } from "./follow-list.ts";
import type { Finding } from "./judge.ts";
import { reportEnd } from "./report-run.ts";
import { finishAgain, hasChanged, type WriteFindingsOptions, writeFindings } from "./write-findings.ts";

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
interface Look extends WriteFindingsOptions {
	readonly lease: FollowLease;
	readonly log: Log;
	readonly endsAt: number;
	readonly options: FollowOptions;
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
	const { wake: record } = await readFollowState(storage, lane, now());
	if (isSuperseded(wake, record, now())) return;
	await storage.put(writeWakeUp({ lane, wake }), BEHIND_SECONDS, LEDGER.follow);
}

async function obey({ lane, wake }: WakeUp, lease: FollowLease, log: Log, options: FollowOptions): Promise<void> {
	const { storage, now, addressesOf, wakeLane } = options;
	await lease.read();
	if (isSuperseded(wake, lease.state().wake, now())) return;
	const address = foreignAddress(await readLaneState(storage, lane, now()), addressesOf(lane));
	if (address !== undefined) {
		await storage.put(writeWakeUp({ lane, wake }), FOREIGN_SECONDS, LEDGER.follow);
		return;
	}
	const rows = await rowsLeft(lease, lane, options);
	if (rows.length === 0) return;
	const look: Look = { storage, lane, lease, wakeLane, now, log, options, endsAt: now() + RUN_MS };
	const before = lease.state().lists;
	const due = dueLists(
		rows.filter((row) => isLookedFor(row, options)),
		before,
		now(),
	);
	// Before anything else: should the process die, the next look surfaces in a minute.
	const takeBack = await lease.putNext(now() + NEXT_MS, before);
	try {
		const lists = await lookAtAll(rows, due, before, look);
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

type Lists = ReadonlyMap<string, { readonly rows: readonly FollowRow[]; readonly at: number }>;

/** The lists that can be asked for in this look, and when. */
function dueLists(rows: readonly FollowRow[], lists: FollowState["lists"], now: number): Lists {
	const groups = new Map<string, FollowRow[]>();
	for (const row of rows) {
		const list = listOf(row);
		const group = groups.get(list);
		if (group === undefined) groups.set(list, [row]);
		else group.push(row);
	}
	const due = new Map<string, { readonly rows: readonly FollowRow[]; readonly at: number }>();
	for (const [list, group] of groups) {
		const { listedAt, notBefore, refused: reason } = lists[list] ?? UNSEEN;
		const at = Math.max(listedAt + LIST_MS, reason === undefined ? notBefore : 0, now);
		if (at <= now + WAIT_MS) due.set(list, { rows: group, at });
	}
	return due;
}

/** What goes wrong with one list, or one row, is nothing to the others. Answers what is known of the lists after it. */
async function lookAtAll(
	rows: readonly FollowRow[],
	due: Lists,
	before: FollowState["lists"],
	look: Look,
): Promise<FollowState["lists"]> {
	const { now } = look;
	const after = new Map(Object.entries(before));
	for (const row of rows) if (row.again !== undefined) await contained(look, row.key, () => finishAgain(row, look));
	const leftAlone = rows.filter((row) => row.again === undefined && !isLookedFor(row, look.options));
	await contained(look, "what is not followed", () => letGo(leftAlone, look));
	const inOrder = [...due].sort(([, one], [, other]) => one.at - other.at);
	await pMap(
		inOrder,
		async ([list, { rows: group, at }]) => {
			if (now() > look.endsAt) return;
			const watched = before[list] ?? UNSEEN;
			await contained(look, list, async () => {
				if (at > now()) await look.options.sleep(at - now());
				after.set(list, await lookAndWrite(group, watched, look));
			});
		},
		{ concurrency: LISTS_AT_ONCE },
	);
	// A list is remembered as long as it must not be asked for again.
	const isNeeded = (list: string, { listedAt, notBefore }: Watched) =>
		due.has(list) || Math.max(listedAt + LIST_MS, notBefore) > now();
	return Object.fromEntries([...after].filter(([list, watched]) => isNeeded(list, watched)));
}

async function lookAndWrite(rows: readonly FollowRow[], watched: Watched, look: Look): Promise<Watched> {
	const { lease, lane, log, now, options } = look;
	await lease.ensureFor();
	const isRefused = watched.refused !== undefined && watched.notBefore > now();
	const goesOn = async () => {
		await lease.ensureFor();
		return now() <= look.endsAt;
	};
	const asked: Looked = isRefused
		? refused(rows, watched, watched.refused, now())
		: await lookAt(rows, watched, { ...options, goesOn });
	const looked = withoutOld(asked, now());
	const written = await writeFindings(looked, look);
	for (const one of written) reportEnd(log, lane, one);
	// An answer that is not written whole has to come again.
	const { etag: _, ...rest } = looked.watched;
	return written.length === looked.findings.filter(hasChanged).length ? looked.watched : rest;
}

/** Where it went cannot be read, or runs are not followed any more. */
async function letGo(rows: readonly FollowRow[], look: Look): Promise<void> {
	const { problemOf } = look.options.destinations;
	const findings = rows.map((row): Finding => {
		const reason = problemOf(row.to) ?? null;
		return { row, following: reason === null ? "off" : "cannot tell", runs: row.runs, reason };
	});
	for (const one of await writeFindings({ findings, read: [] }, look)) reportEnd(look.log, look.lane, one);
}

async function contained(look: Look, what: string, work: () => Promise<void>): Promise<void> {
	try {
		await work();
	} catch (error) {
		// Another follower has the lane: nothing of this look counts any more.
		if (error instanceof LeaseLost) throw error;
		report(look.log, "warn", {
			stage: "follow",
			lane: look.lane,
			change: "failed to look",
			what,
			reason: String(error),
		});
	}
}
