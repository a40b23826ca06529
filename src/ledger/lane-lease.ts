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
import { LeasedRow } from "./leased-row.ts";
import type { Entry } from "./outbox.ts";
import { type Passed, passOver, readLane, type View } from "./read-lane.ts";
import { IGNORED_LANE, NO_LANE, STATE_KEY } from "./rows.ts";
import { type WakeRecord, writeWakeUp } from "./wake-up.ts";

/** A lane in the hands of its one drainer. */
export interface LaneLease {
	readonly lane: string;
	/** As it was last read or written. */
	state(): LaneState;
	/** The address that the lane belongs to, where it is not this drainer's own: then the lane must be left alone. */
	foreign(): string | undefined;
	/**
	 * Reads what waits, at least as far as the first delivery that `stopAt` holds for.
	 * @param skim whether many deliveries that are known not to be due yet may be passed over
	 */
	read(stopAt: (entry: Entry, state: LaneState) => boolean, skim?: boolean): Promise<View>;
	/**
	 * Writes rows and the lane's state, all or nothing. Rejects with LeaseLost when another drainer has written the state,
	 * and with StorageError when one of the rows was refused.
	 * @param forMs how long to try again while storage does not answer; the lease is renewed meanwhile
	 */
	commit(state: LaneState, writes: readonly Write[], forMs?: number): Promise<void>;
	/** Puts the next wake-up, which is recorded with the next commit. Answers how to take it back when it is not needed. */
	putWakeUp(at: number): Promise<() => Promise<void>>;
	/** Whether the wake-up that was last put is recorded. */
	isRecorded(): boolean;
	/**
	 * Makes sure that the lease lasts so long from now. Rejects with LeaseLost, and with StorageError.
	 * @param ms left out, as long as one step takes
	 */
	ensureFor(ms?: number): Promise<void>;
	release(): Promise<void>;
}

export interface LaneLeaseOptions extends Addresses {
	readonly storage: Storage;
	readonly lane: string;
	/** What an earlier reading by this process has passed over; kept by who takes the lane. */
	readonly passed?: Map<string, Passed>;
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** Milliseconds of a clock that is never set. */
	readonly monotonic: () => number;
}

/** One that surfaces early looks, and puts the next: so the log tells of what waits, however long it does. */
export const LONGEST_DELAY_SECONDS = 30 * 60;

/** Acquires a lane to drain it; undefined while another drainer has it. */
export async function acquireLane(options: LaneLeaseOptions): Promise<LaneLease | undefined> {
	const { storage, lane, monotonic } = options;
	const blob = leaseBlob(lane);
	const row = await LeasedRow.take({ storage, blob, lane, rowKey: STATE_KEY, role: "drainer", monotonic });
	return row === undefined ? undefined : new AcquiredLane(options, row);
}

class AcquiredLane implements LaneLease {
	readonly lane: string;
	private readonly options: LaneLeaseOptions;
	private readonly row: LeasedRow;
	private known = NEW_LANE;
	/** A wake-up that was put and is not recorded yet. */
	private pending: WakeRecord | undefined;
	/** What readings that were cut have passed over: the next one goes on behind it. */
	private cut: Passed | undefined;

	constructor(options: LaneLeaseOptions, row: LeasedRow) {
		this.options = options;
		this.lane = options.lane;
		this.row = row;
	}

	state(): LaneState {
		return this.known;
	}

	foreign(): string | undefined {
		return foreignAddress(this.known, this.options);
	}

	async read(stopAt: (entry: Entry, state: LaneState) => boolean, skim = false): Promise<View> {
		const { storage, passed, now } = this.options;
		const known = [this.cut, skim ? passed?.get(this.lane) : undefined];
		const view = await readLane({
			storage,
			lane: this.lane,
			onState: (row) => this.adopt(row),
			stopAt: (entry) => stopAt(entry, this.known),
			passed: known.find((each) => each !== undefined && each.until > now()),
			now,
		});
		const over = passOver(view, (entry) => dueAt(this.known, entry), now());
		if (over !== undefined) passed?.set(this.lane, over);
		if (view.isCut) this.cut = over;
		return view;
	}

	async commit(after: LaneState, writes: readonly Write[], forMs?: number): Promise<void> {
		const next = { ...after, address: this.options.address };
		await this.row.write(toColumns(next), writes, forMs);
		this.known = next;
		this.pending = undefined;
	}

	async putWakeUp(at: number): Promise<() => Promise<void>> {
		const { storage, now } = this.options;
		const wake = { last: this.known.wake.last + 1, at };
		const seconds = Math.max(0, Math.ceil((at - now()) / 1000));
		const text = writeWakeUp({ lane: this.lane, wake: wake.last });
		const message = await storage.put(text, Math.min(seconds, LONGEST_DELAY_SECONDS));
		this.pending = wake;
		this.known = { ...this.known, wake };
		// It will find nothing, and so it does no harm where it cannot be removed.
		return () => storage.unput(message).catch(() => {});
	}

	isRecorded(): boolean {
		return this.pending === undefined;
	}

	ensureFor(ms?: number): Promise<void> {
		return this.row.ensureFor(ms);
	}

	release(): Promise<void> {
		return this.row.release();
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

/** The blob whose lease makes a lane's drainer the only one. */
export function leaseBlob(lane: string): string {
	return `${LEASES}${lane}`;
}

export const LEASES = "lanes/";

/** A page holds 5,000 names at most; there are as many lanes as tokens. */
const MOST_PAGES = 20;

/** Every lane that was ever drained: each has a blob to be leased. */
export async function listLanes(storage: Pick<Storage, "names">): Promise<readonly string[]> {
	const lanes: string[] = [];
	let after: string | undefined;
	for (let pages = 0; pages < MOST_PAGES; pages++) {
		const { names, next } = await storage.names(LEASES, after);
		lanes.push(...names.map((name) => name.slice(LEASES.length)).filter((lane) => lane !== ""));
		after = next;
		if (after === undefined) break;
	}
	return lanes;
}

/** Every partition that holds receipts: the lanes, and what has no lane. */
export async function listPartitions(storage: Pick<Storage, "names">): Promise<readonly string[]> {
	return [...new Set([...(await listLanes(storage)), NO_LANE, IGNORED_LANE])];
}
