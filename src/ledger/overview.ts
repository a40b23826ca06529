import { readEntry } from "./entry.ts";
import { type Gathering, gathering } from "./gathering.ts";
import { fromColumns, type Gate, type LaneState, NEW_LANE } from "./lane-state.ts";
import { listLanes } from "./lanes.ts";
import { NO_LANE, ROWS, STATE_KEY } from "./row-keys.ts";
import type { Storage } from "./storage.ts";
import { WINDOW_COLUMNS } from "./window.ts";

/** How a lane is. Counts end at 1,000. */
export interface LaneOverview {
	readonly lane: string;
	readonly pause: LaneState["pause"];
	readonly parked: Gate | null;
	/** How many destinations are parked. */
	readonly parkedDestinations: number;
	readonly waiting: number;
	readonly windows: number;
	/** The first of them, and how full they are. */
	readonly gathering: readonly Gathering[];
	/** The times of recent calls, epoch milliseconds. */
	readonly calls: readonly number[];
	/** When the oldest entry was accepted, ISO 8601. */
	readonly oldest: string | null;
	readonly deadLetters: number;
	/** ISO 8601 */
	readonly tokenExpiresAt: string | null;
}

const MOST = 1_000;

/** How all lanes are: two short calls for each, one for each window, and one to find them. Rejects when storage cannot be reached. */
export async function overview(storage: Storage, now: number): Promise<readonly LaneOverview[]> {
	const lanes = await listLanes(storage);
	return Promise.all([...lanes, NO_LANE].map((lane) => overviewOf(storage, lane, now)));
}

async function overviewOf(storage: Storage, lane: string, now: number): Promise<LaneOverview> {
	const [pending, dead] = await Promise.all([
		storage.list(lane, { ...ROWS.pending, top: MOST, select: ["acceptedAt", "state", "calls", ...WINDOW_COLUMNS] }),
		storage.list(lane, { ...ROWS.deadLetters, top: MOST, select: ["key"] }),
	]);
	const { rows } = pending;
	const stateRow = rows.find(({ rowKey }) => rowKey === STATE_KEY);
	const state = stateRow === undefined ? NEW_LANE : fromColumns(stateRow.columns, now);
	const entries = rows.filter(({ rowKey }) => rowKey.startsWith(ROWS.entries.from));
	const [oldest] = entries.map((row) => readEntry(row, now));
	return {
		lane,
		pause: state.pause !== null && state.pause.until > now ? state.pause : null,
		parked: state.parked,
		parkedDestinations: Object.keys(state.gates).length,
		waiting: entries.length,
		windows: rows.filter(({ rowKey }) => rowKey.startsWith(ROWS.windows.from)).length,
		gathering: await gathering(storage, lane, rows),
		calls: state.calls,
		oldest: oldest === undefined ? null : new Date(oldest.acceptedAt).toISOString(),
		deadLetters: dead.rows.length,
		tokenExpiresAt: state.tokenExpiresAt,
	};
}
