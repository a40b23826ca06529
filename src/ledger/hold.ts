import { type Entry, LIGHT_COLUMNS, readEntry } from "./entry.ts";
import { fromColumns, type LaneState, NEW_LANE, toColumns } from "./lane-state.ts";
import { persist } from "./persist.ts";
import { ROWS, STATE_KEY } from "./row-keys.ts";
import { isStorageError, type Row, type Storage, type Write } from "./storage.ts";
import { type WakeRecord, writeWakeUp } from "./wake-up.ts";
import { readWindow, WINDOW_COLUMNS, type Window } from "./window.ts";

/** The lease was lost and somebody else drains the lane: whoever finds that out must let go. */
export class Overslept extends Error {
	override readonly name = "Overslept";
}

/** What waits in a lane. */
export interface View {
	readonly windows: readonly Window[];
	/** In order; as far as it was read. */
	readonly entries: readonly Entry[];
	/** Whether `entries` are all there are. */
	readonly complete: boolean;
}

/** A lane in the hands of its one drainer. */
export interface Hold {
	readonly lane: string;
	/** As it was last read or written. */
	state(): LaneState;
	/** Reads what waits, at least as far as the first entry that `stopAt` holds for. */
	read(stopAt: (entry: Entry, state: LaneState) => boolean): Promise<View>;
	/**
	 * Writes rows and the lane's state, all or nothing. Rejects with Overslept when somebody else has written the state.
	 * @param forMs how long to try again while storage does not answer
	 */
	commit(state: LaneState, writes: readonly Write[], forMs?: number): Promise<void>;
	/** Puts the next wake-up, which is recorded with the next commit. Answers how to take it back when nobody needs it. */
	putWakeUp(at: number): Promise<() => Promise<void>>;
	/** Whether the wake-up that was last put is recorded. */
	isRecorded(): boolean;
	/** Makes sure that the lease lasts so long from now. Rejects with Overslept. */
	lastFor(ms: number): Promise<void>;
	release(): Promise<void>;
}

export interface HoldOptions {
	readonly storage: Storage;
	readonly lane: string;
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** Milliseconds of a clock that nobody sets. */
	readonly monotonic: () => number;
}

/** Azure allows 15 to 60 seconds. */
const LEASE_SECONDS = 30;
/** Most drains end within it. */
const FIRST_PAGE = 32;
const PAGE = 1_000;
/** One that surfaces early looks, and puts the next: so whoever watches the log hears of what waits, however long it does. */
const LONGEST_DELAY_SECONDS = 30 * 60;

/** Takes a lane to drain it; undefined while somebody else holds it. */
export async function takeHold({ storage, lane, now, monotonic }: HoldOptions): Promise<Hold | undefined> {
	const blob = leaseBlob(lane);
	let leasedAt = monotonic();
	const leaseId = await storage.lease(blob, LEASE_SECONDS);
	if (leaseId === undefined) return undefined;
	let state = NEW_LANE;
	let etag: string | undefined;
	let commits = 0;
	/** A wake-up that was put and is not recorded yet. */
	let pending: WakeRecord | undefined;

	function adopt(row: Row | undefined): void {
		const written = row === undefined ? NEW_LANE : fromColumns(row.columns);
		state = pending === undefined ? written : { ...written, wake: pending };
		etag = row?.etag;
	}

	/** After a refusal: whether it was our own write, whose answer had got lost and which the SDK has then repeated. */
	async function isOurs(mark: string): Promise<boolean> {
		const row = await storage.get(lane, STATE_KEY);
		if (row?.columns["by"] !== mark) return false;
		pending = undefined;
		adopt(row);
		return true;
	}

	return {
		lane,
		state: () => state,
		async read(stopAt) {
			const first = await storage.list(lane, { ...ROWS.pending, top: FIRST_PAGE });
			adopt(first.rows.find(({ rowKey }) => rowKey === STATE_KEY));
			const rows = [...first.rows];
			let after = first.next;
			const isFound = (page: readonly Row[]) => page.some((row) => isEntry(row) && stopAt(readEntry(row), state));
			let found = isFound(first.rows);
			// A page may be empty, and not the last one.
			while (after !== undefined && !found) {
				const select = ["by", "state", "calls", ...LIGHT_COLUMNS, ...WINDOW_COLUMNS];
				const page = await storage.list(lane, { ...ROWS.pending, top: PAGE, select, after });
				const late = page.rows.find(({ rowKey }) => rowKey === STATE_KEY);
				if (late !== undefined) adopt(late);
				rows.push(...page.rows);
				found = isFound(page.rows);
				after = page.next;
			}
			return {
				windows: rows.filter(({ rowKey }) => rowKey.startsWith(ROWS.windows.from)).map(readWindow),
				entries: rows.filter(isEntry).map(readEntry),
				complete: after === undefined,
			};
		},
		async commit(after, writes, forMs) {
			commits += 1;
			// One mark for all tries: which of them got through does not matter.
			const by = `${leaseId}-${commits}`;
			const columns = { ...toColumns(after), by };
			const write: Write =
				etag === undefined
					? { kind: "insert", rowKey: STATE_KEY, columns }
					: { kind: "replace", rowKey: STATE_KEY, columns, etag };
			try {
				const etags = await persist(() => storage.commit(lane, [...writes, write]), forMs);
				etag = etags.at(-1);
				state = after;
				pending = undefined;
			} catch (error) {
				if (!(isStorageError(error) && error.conflict)) throw error;
				// Where not even that can be found out, whose lane it is cannot be known either.
				if (await persist(() => isOurs(by), forMs).catch(() => false)) return;
				throw new Overslept(`somebody else has written to the lane "${lane}" meanwhile`, { cause: error });
			}
		},
		async putWakeUp(at) {
			const wake = { last: state.wake.last + 1, at };
			const seconds = Math.max(0, Math.ceil((at - now()) / 1000));
			const message = await storage.put(
				writeWakeUp({ lane, wake: wake.last }),
				Math.min(seconds, LONGEST_DELAY_SECONDS),
			);
			pending = wake;
			state = { ...state, wake };
			// It will find nothing, and so does whoever cannot remove it: no harm in either.
			return () => storage.unput(message).catch(() => {});
		},
		isRecorded: () => pending === undefined,
		async lastFor(ms) {
			if (leasedAt + LEASE_SECONDS * 1000 - monotonic() >= ms) return;
			const at = monotonic();
			try {
				await storage.renew(blob, leaseId);
			} catch (error) {
				if (!(isStorageError(error) && error.conflict)) throw error;
				throw new Overslept(`the lease of the lane "${lane}" was lost`, { cause: error });
			}
			leasedAt = at;
		},
		async release() {
			// Who cannot release it has lost it, or loses it in a moment.
			await storage.release(blob, leaseId).catch(() => {});
		},
	};
}

/** The blob whose lease makes a lane's drainer the only one. */
export function leaseBlob(lane: string): string {
	return `${LEASES}${lane}`;
}

export const LEASES = "lanes/";

function isEntry({ rowKey }: Row): boolean {
	return rowKey.startsWith(ROWS.entries.from);
}
