import { cleanText } from "../log.ts";
import { LEDGER, persist, type Row, type Storage } from "../storage/storage.ts";
import { LeasedRow, type LeaseOptions } from "./leased-row.ts";
import { FOLLOW_STATE_KEY, membersOf, readMembers, readTime, readWait, stateText } from "./rows.ts";
import { putNextWakeUp, type RecordedWakeUp, readRecordedWakeUp } from "./wake-up.ts";

/** What a follower remembers of a lane. */
export interface FollowState {
	readonly wake: RecordedWakeUp;
	/** What is known of the lists of runs, by what is listed. */
	readonly lists: Readonly<Record<string, Watched>>;
}

/** A list of runs, as it was when it was last asked for. Times are epoch milliseconds; those of the service are said so. */
export interface Watched {
	readonly listedAt: number;
	/** Runs since then were asked for, by the service's clock. */
	readonly since: number;
	/** What has to be added to our time to get the service's. */
	readonly skewMs: number;
	/** Of the last answer, where all that it said is written. */
	readonly etag?: string | undefined;
	/** Whether the list had all runs since then. */
	readonly complete: boolean;
	/** Runs that were created before, by the service's clock, may have been missed; 0 where none were. */
	readonly missedUntil: number;
	/** Nothing is asked before. */
	readonly notBefore: number;
	/** Why runs cannot be read, until `notBefore`. */
	readonly refused?: string;
}

interface FollowLeaseOptions extends Pick<LeaseOptions, "storage" | "lane" | "monotonic"> {
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** Takes a lane to follow what was taken of it; undefined while another follower does. Delivery has a lease of its own. */
export async function acquireFollow(options: FollowLeaseOptions): Promise<FollowLease | undefined> {
	const { storage, lane, monotonic } = options;
	const blob = `follow/${lane}`;
	const row = await LeasedRow.acquire({ storage, blob, lane, rowKey: FOLLOW_STATE_KEY, role: "follower", monotonic });
	return row && new FollowLease(options, row);
}

/** A lane in the hands of its one follower. */
export class FollowLease {
	/** Unlike those of any other. */
	readonly id: string;
	private readonly options: FollowLeaseOptions;
	private readonly row: LeasedRow;
	private known: FollowState;

	constructor(options: FollowLeaseOptions, row: LeasedRow) {
		this.options = options;
		this.row = row;
		this.id = row.id;
		this.known = fromColumns(undefined, options.now());
	}

	/** As it was last read or written. */
	state(): FollowState {
		return this.known;
	}

	async read(): Promise<void> {
		this.known = fromColumns(await this.row.read(), this.options.now());
	}

	/** Rejects with LeaseLost where another follower has written meanwhile, and with StorageError. */
	async commit(state: FollowState): Promise<void> {
		// Of very many lists the first are forgotten: each is asked for anew.
		await this.row.write({ state: stateText(state, "lists") });
		this.known = state;
	}

	/** Puts the next wake-up, and records it. Answers how to take it back. */
	async putNext(at: number): Promise<() => Promise<void>> {
		const { storage, lane, now } = this.options;
		const next = { lane, last: this.known.wake.last, at, now: now(), queue: LEDGER.follow };
		const { wake, takeBack } = await persist(() => putNextWakeUp(storage, next));
		await this.commit({ wake, lists: this.known.lists });
		return takeBack;
	}

	/** Makes sure that the lease lasts for one step. Rejects with LeaseLost, and with StorageError. */
	ensureFor(): Promise<void> {
		return this.row.ensureFor();
	}

	release(): Promise<void> {
		return this.row.release();
	}
}

/** What is recorded of a lane's follower. */
export async function readFollowState(storage: Pick<Storage, "get">, lane: string, now: number): Promise<FollowState> {
	return fromColumns(await storage.get(lane, FOLLOW_STATE_KEY), now);
}

const MAX_REASON = 300;
const MAX_ETAG = 300;

/** Whatever the row holds becomes a sound state: nothing in it is waited for longer than a day. */
function fromColumns(row: Row | undefined, now: number): FollowState {
	const read = readMembers(row?.columns["state"]);
	const lists = Object.entries(membersOf(read["lists"])).map(([name, value]) => {
		const list = membersOf(value);
		const { etag, refused } = list;
		const watched: Watched = {
			listedAt: Math.min(readTime(list["listedAt"]) ?? 0, now),
			since: readTime(list["since"]) ?? 0,
			skewMs: readTime(list["skewMs"]) ?? 0,
			complete: list["complete"] === true,
			missedUntil: readTime(list["missedUntil"]) ?? 0,
			notBefore: readWait(list["notBefore"], now) ?? 0,
			...(typeof etag === "string" && etag.length <= MAX_ETAG ? { etag } : {}),
			...(typeof refused === "string" ? { refused: cleanText(refused, MAX_REASON) } : {}),
		};
		return [name, watched] as const;
	});
	return { wake: readRecordedWakeUp(read["wake"], now), lists: Object.fromEntries(lists) };
}
