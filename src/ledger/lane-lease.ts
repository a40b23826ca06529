import { isStorageError, persist, type Row, type Storage, type Write } from "../storage/storage.ts";
import {
	type Addresses,
	dueAt,
	foreignAddress,
	fromColumns,
	type LaneState,
	NEW_LANE,
	toColumns,
} from "./lane-state.ts";
import type { Entry } from "./outbox.ts";
import { type Passed, passOver, readLane, type View } from "./read-lane.ts";
import { IGNORED_LANE, NO_LANE, STATE_KEY } from "./rows.ts";
import { type WakeRecord, writeWakeUp } from "./wake-up.ts";

/** The lease was lost, and another drainer has the lane: who finds that out must let go. */
export class LeaseLost extends Error {
	override readonly name = "LeaseLost";
}

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
	 * Makes sure that the lease lasts so long from now. Rejects with LeaseLost.
	 * @param ms left out, as long as one step of a drain takes
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

/** Azure allows 15 to 60 seconds. */
export const LEASE_SECONDS = 30;
/** One step of a drain: a call of the service, 10 s at most, and the write of its result; or a few calls of storage. */
const STEP_MS = 15_000;
/** One that surfaces early looks, and puts the next: so the log tells of what waits, however long it does. */
export const LONGEST_DELAY_SECONDS = 30 * 60;

/** Acquires a lane to drain it; undefined while another drainer has it. */
export async function acquireLane(options: LaneLeaseOptions): Promise<LaneLease | undefined> {
	const leasedAt = options.monotonic();
	const leaseId = await options.storage.lease(leaseBlob(options.lane), LEASE_SECONDS);
	return leaseId === undefined ? undefined : new AcquiredLane(options, leaseId, leasedAt);
}

class AcquiredLane implements LaneLease {
	readonly lane: string;
	private readonly options: LaneLeaseOptions;
	private readonly leaseId: string;
	/** When the lease was asked for, by the monotonic clock. */
	private leasedAt: number;
	private known = NEW_LANE;
	private etag: string | undefined;
	private commits = 0;
	/** A wake-up that was put and is not recorded yet. */
	private pending: WakeRecord | undefined;

	constructor(options: LaneLeaseOptions, leaseId: string, leasedAt: number) {
		this.options = options;
		this.lane = options.lane;
		this.leaseId = leaseId;
		this.leasedAt = leasedAt;
	}

	state(): LaneState {
		return this.known;
	}

	foreign(): string | undefined {
		return foreignAddress(this.known, this.options);
	}

	async read(stopAt: (entry: Entry, state: LaneState) => boolean, skim = false): Promise<View> {
		const { storage, passed, now } = this.options;
		const skipped = skim ? passed?.get(this.lane) : undefined;
		const view = await readLane({
			storage,
			lane: this.lane,
			onState: (row) => this.adopt(row),
			stopAt: (entry) => stopAt(entry, this.known),
			passed: skipped !== undefined && skipped.until > now() ? skipped : undefined,
			now,
		});
		const over = passOver(view, (entry) => dueAt(this.known, entry), now());
		if (over !== undefined) passed?.set(this.lane, over);
		return view;
	}

	async commit(after: LaneState, writes: readonly Write[], forMs = 3_000): Promise<void> {
		this.commits += 1;
		// One mark for all tries: which of them got through does not matter.
		const by = `${this.leaseId}-${this.commits}`;
		const next = { ...after, address: this.options.address };
		const columns = { ...toColumns(next), by };
		const write: Write =
			this.etag === undefined
				? { kind: "insert", rowKey: STATE_KEY, columns }
				: { kind: "replace", rowKey: STATE_KEY, columns, etag: this.etag };
		try {
			const tries = { forMs, between: () => this.renewBetweenTries() };
			const etags = await persist(() => this.options.storage.commit(this.lane, [...writes, write]), tries);
			this.etag = etags.at(-1);
			this.known = next;
			this.pending = undefined;
		} catch (error) {
			if (!(isStorageError(error) && error.conflict)) throw error;
			// Where not even that can be found out, whose lane it is cannot be known either.
			const found = await persist(() => this.whose(by), { forMs }).catch(() => "lost");
			if (found === "written") return;
			if (found === "as known") throw error;
			throw new LeaseLost(`another drainer has written to the lane "${this.lane}" meanwhile`, { cause: error });
		}
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

	/** A renewal that takes long leaves less than it was made for, and so it is made again. */
	async ensureFor(ms = STEP_MS): Promise<void> {
		const { storage, monotonic } = this.options;
		while (this.leasedAt + LEASE_SECONDS * 1000 - monotonic() < ms) {
			const at = monotonic();
			try {
				await storage.renew(leaseBlob(this.lane), this.leaseId);
			} catch (error) {
				if (!(isStorageError(error) && error.conflict)) throw error;
				throw new LeaseLost(`the lease of the lane "${this.lane}" was lost`, { cause: error });
			}
			this.leasedAt = at;
		}
	}

	async release(): Promise<void> {
		// A lease that cannot be released is lost, or ends in a moment.
		await this.options.storage.release(leaseBlob(this.lane), this.leaseId).catch(() => {});
	}

	private adopt(row: Row | undefined): void {
		// Unchanged, it is known already, and what was made sound of it must not change with the clock.
		if (row === undefined || row.etag !== this.etag) {
			const written = row === undefined ? NEW_LANE : fromColumns(row.columns, this.options.now());
			this.known = this.pending === undefined ? written : { ...written, wake: this.pending };
		}
		this.etag = row?.etag;
	}

	/** After a refusal: whether the state row is as we know it, holds our own write, or is another drainer's by now. */
	private async whose(mark: string): Promise<"as known" | "written" | "lost"> {
		const row = await this.options.storage.get(this.lane, STATE_KEY);
		if (row?.etag === this.etag) return "as known";
		if (row?.columns["by"] !== mark) return "lost";
		this.pending = undefined;
		this.adopt(row);
		return "written";
	}

	/** While storage fails, a lease that cannot be renewed is no reason to stop: the ETag guards every write. */
	private async renewBetweenTries(): Promise<void> {
		await this.ensureFor().catch((error: unknown) => {
			if (error instanceof LeaseLost) throw error;
		});
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
