import type { Row, Storage, Write } from "../storage/storage.ts";
import {
	type Addresses,
	dueAt,
	foreignAddress,
	fromColumns,
	type LaneState,
	NEW_LANE,
	toColumns,
} from "./lane-state.ts";
import { LeasedRow, type LeaseOptions } from "./leased-row.ts";
import { type Entry, LIGHT_COLUMNS, readEntry } from "./outbox.ts";
import { IGNORED_LANE, NO_LANE, ROWS, STATE_KEY } from "./rows.ts";
import { putNextWakeUp, type RecordedWakeUp } from "./wake-up.ts";
import { readWindow, WINDOW_COLUMNS, type Window } from "./window.ts";

/** What waits in a lane. */
export interface View {
	readonly windows: readonly Window[];
	/** In order; as far as they were read. */
	readonly entries: readonly Entry[];
	/** Whether no delivery comes after `entries`. */
	readonly complete: boolean;
	/** Whether the reading ended at its bound, with nothing in it to stop at. */
	readonly isCut: boolean;
	/** Deliveries before `entries` that were passed over, none of which is due before that time; epoch milliseconds. */
	readonly passedUntil: number | null;
}

/** Deliveries at the beginning of a lane that need not be read again for some time. */
export interface Passed {
	/** The first key that may be due. */
	readonly from: string;
	/** None before it is due before that time, epoch milliseconds. */
	readonly until: number;
}

type StopAt = (entry: Entry, state: LaneState) => boolean;

/** How a reading ended: at the end of its range, at what it looked for, or at its bound. */
type ReadEnd = "complete" | "found" | "cut";

export interface LaneLeaseOptions extends Addresses, Pick<LeaseOptions, "storage" | "lane" | "monotonic"> {
	/** What an earlier reading by this process has passed over; kept by who takes the lane. */
	readonly passed?: Map<string, Passed>;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** Most drains end within it. */
const FIRST_PAGE = 32;
const PAGE = 1_000;
/** A reading of a lane ends after so many pages: the next one goes on from there. */
const MOST_PAGES = 100;
const COLUMNS = ["state", "calls", ...LIGHT_COLUMNS, ...WINDOW_COLUMNS];

/** Acquires a lane to drain it; undefined while another drainer has it. */
export async function acquireLane(options: LaneLeaseOptions): Promise<LaneLease | undefined> {
	const { storage, lane, monotonic } = options;
	const blob = leaseBlob(lane);
	const row = await LeasedRow.acquire({ storage, blob, lane, rowKey: STATE_KEY, role: "drainer", monotonic });
	return row && new LaneLease(options, row);
}

/** A lane in the hands of its one drainer. */
export class LaneLease {
	readonly lane: string;
	private readonly options: LaneLeaseOptions;
	private readonly row: LeasedRow;
	private known = NEW_LANE;
	/** A wake-up that was put and is not recorded yet. */
	private pending: RecordedWakeUp | undefined;
	/** What readings that were cut have passed over: the next one goes on behind it. */
	private cut: Passed | undefined;

	constructor(options: LaneLeaseOptions, row: LeasedRow) {
		this.options = options;
		this.lane = options.lane;
		this.row = row;
	}

	/** As it was last read or written. */
	state(): LaneState {
		return this.known;
	}

	/** The address that the lane belongs to, where it is not this drainer's own: then the lane must be left alone. */
	foreign(): string | undefined {
		return foreignAddress(this.known, this.options);
	}

	/**
	 * Reads what waits, at least as far as the first delivery that `stopAt` holds for.
	 * @param skim whether many deliveries that are known not to be due yet may be passed over
	 */
	async read(stopAt: StopAt, skim = false): Promise<View> {
		const { passed, now } = this.options;
		const known = [this.cut, skim ? passed?.get(this.lane) : undefined];
		const skipped = known.find((each) => each !== undefined && each.until > now());
		const rows: Row[] = [];
		const { pending, windows, entries } = ROWS;
		if (skipped !== undefined) await this.readRange(rows, pending.from, entries.from, stopAt);
		let end = await this.readRange(rows, skipped?.from ?? pending.from, pending.to, stopAt);
		// More windows than one reading takes must not hide the deliveries behind them.
		const hidesEntries = end === "cut" && skipped === undefined && !rows.some(isEntry);
		if (hidesEntries) end = await this.readRange(rows, entries.from, pending.to, stopAt);
		const view: View = {
			windows: rows.filter(({ rowKey }) => rowKey.startsWith(windows.from)).map(readWindow),
			entries: rows.filter(isEntry).map((row) => readEntry(row, now())),
			complete: end === "complete",
			isCut: end === "cut",
			passedUntil: skipped?.until ?? null,
		};
		const over = passOver(view, (entry) => dueAt(this.known, entry), now());
		if (over !== undefined) passed?.set(this.lane, over);
		if (view.isCut) this.cut = over;
		return view;
	}

	/**
	 * Writes rows and the lane's state, all or nothing. Rejects with LeaseLost when another drainer has written the state,
	 * and with StorageError when one of the rows was refused.
	 * @param forMs how long to try again while storage does not answer; the lease is renewed meanwhile
	 */
	async commit(after: LaneState, writes: readonly Write[], forMs?: number): Promise<void> {
		const next = { ...after, address: this.options.address };
		await this.row.write(toColumns(next), writes, forMs);
		this.known = next;
		this.pending = undefined;
	}

	/** Puts the next wake-up, which is recorded with the next commit. Answers how to take it back when it is not needed. */
	async putWakeUp(at: number): Promise<() => Promise<void>> {
		const { storage, now } = this.options;
		const { last } = this.known.wake;
		const { wake, takeBack } = await putNextWakeUp(storage, { lane: this.lane, last, at, now: now() });
		this.pending = wake;
		this.known = { ...this.known, wake };
		return takeBack;
	}

	/** Whether the wake-up that was last put is recorded. */
	isRecorded(): boolean {
		return this.pending === undefined;
	}

	/**
	 * Makes sure that the lease lasts so long from now. Rejects with LeaseLost, and with StorageError.
	 * @param ms left out, as long as one step takes
	 */
	ensureFor(ms?: number): Promise<void> {
		return this.row.ensureFor(ms);
	}

	release(): Promise<void> {
		return this.row.release();
	}

	/** Reads a range page by page. A page may be empty, and not the last one. */
	private async readRange(rows: Row[], from: string, to: string, stopAt: StopAt): Promise<ReadEnd> {
		const { storage, now } = this.options;
		let after: string | undefined;
		for (let pages = 0; pages < MOST_PAGES; pages++) {
			// Only the first page brings the bodies along: of what comes after it, only one may be sent soon.
			const how = after === undefined ? { top: FIRST_PAGE } : { top: PAGE, select: COLUMNS, after };
			const page = await storage.list(this.lane, { from, to, ...how });
			// It is the first of all rows.
			if (rows.length === 0) this.adopt(page.rows.find(({ rowKey }) => rowKey === STATE_KEY));
			rows.push(...page.rows);
			after = page.next;
			if (after === undefined) return "complete";
			if (page.rows.some((row) => isEntry(row) && stopAt(readEntry(row, now()), this.known))) return "found";
		}
		return "cut";
	}

	private adopt(row: Row | undefined): void {
		// Unchanged, it is known already, and what was made sound of it must not change with the clock.
		if (row === undefined || row.etag !== this.row.etag) {
			const written = row === undefined ? NEW_LANE : fromColumns(row.columns, this.options.now());
			this.known = this.pending === undefined ? written : { ...written, wake: this.pending };
		}
		this.row.etag = row?.etag;
	}
}

function isEntry({ rowKey }: Row): boolean {
	return rowKey.startsWith(ROWS.entries.from);
}

/**
 * A whole page of deliveries that are not due is worth remembering. Of a reading that was cut all of them are, however few:
 * otherwise the next one would come no further.
 */
export function passOver(view: View, dueAt: (entry: Entry) => number, now: number): Passed | undefined {
	if (view.passedUntil !== null && !view.isCut) return undefined;
	const due = view.entries.findIndex((entry) => dueAt(entry) <= now);
	const waiting = due < 0 ? view.entries : view.entries.slice(0, due);
	const last = waiting.at(-1);
	if (last === undefined || (waiting.length < FIRST_PAGE && !view.isCut)) return undefined;
	// `~` sorts behind every character of a key.
	return {
		from: `${last.rowKey}~`,
		// As arguments of one call, so many might not fit onto the stack.
		until: waiting.reduce(
			(until, entry) => Math.min(until, dueAt(entry)),
			view.passedUntil ?? Number.POSITIVE_INFINITY,
		),
	};
}

const LEASES = "lanes/";

/** The blob whose lease makes a lane's drainer the only one. */
export function leaseBlob(lane: string): string {
	return `${LEASES}${lane}`;
}

/** A page holds 5,000 names at most; there are as many lanes as tokens. */
const MOST_LISTS = 20;

/** Every partition that holds receipts: each lane that was ever drained has a blob to be leased; and what has no lane. */
export async function listPartitions(storage: Pick<Storage, "names">): Promise<readonly string[]> {
	const lanes: string[] = [];
	let after: string | undefined;
	for (let lists = 0; lists < MOST_LISTS; lists++) {
		const { names, next } = await storage.names(LEASES, after);
		lanes.push(...names.map((name) => name.slice(LEASES.length)).filter((lane) => lane !== ""));
		after = next;
		if (after === undefined) break;
	}
	return [...new Set([...lanes, NO_LANE, IGNORED_LANE])];
}
