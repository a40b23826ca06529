import { readRows } from "../storage/rows.ts";
import type { Storage } from "../storage/storage.ts";
import { type MissedCounts, NONE_MISSED, readIgnoredCount } from "./ignored.ts";
import { listPartitions } from "./lane-lease.ts";
import {
	type Breaker,
	dueAt,
	fromColumns,
	type LaneState,
	laneDueAt,
	NEW_LANE,
	waitingFor,
	withoutIdleBreakers,
} from "./lane-state.ts";
import { type Entry, readEntry } from "./outbox.ts";
import { IGNORED_LANE, memberRange, NO_LANE, ROWS, STATE_KEY, targetOf, writeTime } from "./rows.ts";
import { acceptedAtOf, readWindow, WINDOW_COLUMNS, type Window } from "./window.ts";

/** How a lane is. Counts end at 1,000. */
export interface LaneOverview {
	readonly lane: string;
	readonly pause: LaneState["pause"];
	readonly parked: Breaker | null;
	/** Whether a breaker is recorded, whatever waits for it. */
	readonly hasBreaker: boolean;
	/** How many destinations are parked that something waits for. */
	readonly parkedDestinations: number;
	readonly waiting: number;
	/** How many of those that wait are paused, and how many parked. */
	readonly waitingPaused: number;
	readonly waitingParked: number;
	readonly windows: number;
	/** The first of them, and how full they are. */
	readonly gathering: readonly Gathering[];
	/** The times of recent calls, epoch milliseconds. */
	readonly calls: readonly number[];
	/** When the oldest delivery was accepted, ISO 8601. */
	readonly oldest: string | null;
	/** Since when the first delivery or window could have been sent or closed, apart from pace; epoch milliseconds. */
	readonly dueSince: number | null;
	readonly deadLetters: number;
	/** How many events were ignored in all, those that left no receipt included. */
	readonly ignored: number;
	/** How many of them have missed each route. */
	readonly missed: MissedCounts;
	/** ISO 8601 */
	readonly tokenExpiresAt: string | null;
	/** The address of the service that its deliveries are for; null where no drainer has been there. */
	readonly address: string | null;
	/** What of it could not be read; the rest is as far as it was. */
	readonly problem: string | null;
}

const MOST = 1_000;
const COLUMNS = ["acceptedAt", "notBefore", "state", "calls", ...WINDOW_COLUMNS];

const NOTHING: Omit<LaneOverview, "lane"> = {
	pause: null,
	parked: null,
	hasBreaker: false,
	parkedDestinations: 0,
	waiting: 0,
	waitingPaused: 0,
	waitingParked: 0,
	windows: 0,
	gathering: [],
	calls: [],
	oldest: null,
	dueSince: null,
	deadLetters: 0,
	ignored: 0,
	missed: NONE_MISSED,
	tokenExpiresAt: null,
	address: null,
	problem: null,
};

/**
 * How all lanes are: three short calls for each, one for each window, and one to find them. One that cannot be read is named,
 * and keeps no other from being told of. Rejects when none can be.
 */
export async function overview(storage: Storage, now: number): Promise<readonly LaneOverview[]> {
	const lanes = await listPartitions(storage);
	const failures: unknown[] = [];
	const all = await Promise.all(
		lanes.map(async (lane) => {
			try {
				return lane === IGNORED_LANE ? await ignoredOf(storage) : await overviewOf(storage, lane, now);
			} catch (error) {
				failures.push(error);
				const problem = `the lane "${lane}" cannot be read: ${(error as Error).message}`;
				return { ...NOTHING, lane, problem };
			}
		}),
	);
	if (failures.length === all.length) throw failures[0];
	return all;
}

async function ignoredOf(storage: Storage): Promise<LaneOverview> {
	const { total, missed } = await readIgnoredCount(storage);
	return { ...NOTHING, lane: IGNORED_LANE, ignored: total, missed };
}

async function overviewOf(storage: Storage, lane: string, now: number): Promise<LaneOverview> {
	const beforeEntries = { from: ROWS.pending.from, to: ROWS.entries.from };
	// Each kind by itself: a thousand windows hide no delivery.
	const [{ rows, complete: hasAllWindows }, waiting, dead] = await Promise.all([
		readRows(storage, lane, { ...beforeEntries, select: COLUMNS }, MOST + 1),
		readRows(storage, lane, { ...ROWS.entries, select: COLUMNS }, MOST),
		readRows(storage, lane, { ...ROWS.deadLetters, select: ["key"] }, MOST),
	]);
	const row = rows.find(({ rowKey }) => rowKey === STATE_KEY);
	const state = row === undefined ? NEW_LANE : fromColumns(row.columns, now);
	const entries = waiting.rows.map((one) => readEntry(one, now));
	const windows = rows
		.filter(({ rowKey }) => rowKey.startsWith(ROWS.windows.from))
		.slice(0, MOST)
		.map(readWindow);
	const targets = new Set([...entries.map(({ target }) => target), ...windows.map(({ to }) => targetOf(to))]);
	const isWhole = hasAllWindows && waiting.complete;
	const { breakers } = isWhole ? withoutIdleBreakers(state, targets) : state;
	const filling = await gathering(storage, lane, windows);
	const waits = entries.map((entry) => waitingFor(state, entry, now)?.state);
	return {
		...NOTHING,
		lane,
		pause: state.pause !== null && state.pause.until > now ? state.pause : null,
		parked: state.parked,
		hasBreaker: state.parked !== null || Object.keys(state.breakers).length > 0,
		parkedDestinations: Object.keys(breakers).length,
		waiting: entries.length,
		waitingPaused: waits.filter((wait) => wait === "paused").length,
		waitingParked: waits.filter((wait) => wait === "parked").length,
		windows: windows.length,
		gathering: filling,
		calls: state.calls,
		oldest: entries[0] === undefined ? null : writeTime(entries[0].acceptedAt),
		dueSince: dueSince(state, entries, windows, filling),
		deadLetters: dead.rows.length,
		tokenExpiresAt: state.tokenExpiresAt,
		address: state.address,
	};
}

function dueSince(
	state: LaneState,
	entries: readonly Entry[],
	windows: readonly Window[],
	filling: readonly Gathering[],
): number | null {
	const laneAt = laneDueAt(state);
	const times = [
		...entries.map((entry) => Math.max(entry.acceptedAt, dueAt(state, entry))),
		...windows.filter(({ dueAt: at }) => at > 0).map(({ dueAt: at }) => Math.max(at, laneAt)),
		...filling.map(({ closes }) => Math.max(closes, laneAt)),
	];
	return times.length === 0 ? null : Math.min(...times);
}

/** The rows of a partition that hold no lane are none. */
export function isLane({ lane }: Pick<LaneOverview, "lane">): boolean {
	return lane !== NO_LANE && lane !== IGNORED_LANE;
}

/** A window that is still open, as far as it has filled. */
export interface Gathering {
	/** The route's name. */
	readonly route: string;
	/** The identity of its group, which tells it from other windows of the route. */
	readonly group: string;
	/** How many events it holds; counting ends at 1,000. */
	readonly events: number;
	/** When its first event was accepted, epoch milliseconds. */
	readonly since: number;
	/** When it closes at the latest, and when it closes if no further event comes, epoch milliseconds. */
	readonly latest: number;
	readonly closes: number;
}

/** Of one lane; each costs a call. */
const MOST_WINDOWS = 20;

/** How full a lane's windows are. One that is being closed has no member left, and is left out. */
async function gathering(storage: Storage, lane: string, windows: readonly Window[]): Promise<readonly Gathering[]> {
	const all = await Promise.all(windows.slice(0, MOST_WINDOWS).map((window) => lookInto(storage, lane, window)));
	return all.filter((one) => one !== undefined);
}

async function lookInto(storage: Storage, lane: string, window: Window): Promise<Gathering | undefined> {
	const range = { ...memberRange(window.group), select: ["key"] };
	const { rows } = await readRows(storage, lane, range, MOST);
	if (rows.length === 0) return undefined;
	const times = rows.map(({ rowKey }) => acceptedAtOf(rowKey));
	const since = Math.min(...times);
	const latest = since + window.maxMs;
	// With more members than were read, the drainer may have seen a newer one.
	const newest = Math.max(...times, acceptedAtOf(window.newest));
	const closes = Math.min(newest + window.quietMs, latest);
	return { route: window.route, group: window.group, events: rows.length, since, latest, closes };
}
