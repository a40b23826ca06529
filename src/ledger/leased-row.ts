import { type Columns, isStorageError, persist, type Row, type Storage, type Write } from "../storage/storage.ts";

/** The lease was lost, and another process has the lane: who finds that out must let go. */
export class LeaseLost extends Error {
	override readonly name = "LeaseLost";
}

/** Azure allows 15 to 60 seconds. */
export const LEASE_SECONDS = 30;
/** What is done under a lease in one step: a call of a service, 10 s at most, and the write of its result. */
const STEP_MS = 15_000;

export interface LeaseOptions {
	readonly storage: Storage;
	/** The blob that is leased. */
	readonly blob: string;
	readonly lane: string;
	/** The row of the lane that only who has the lease writes. */
	readonly rowKey: string;
	/** Who has the lease, for errors. */
	readonly role: "drainer" | "follower";
	/** Milliseconds of a clock that is never set. */
	readonly monotonic: () => number;
}

/**
 * A row of a lane, in the hands of the one who has leased a blob for it. The lease saves others their work; what protects
 * the row is its ETag, since a lease can end while the one who has it stands still.
 */
export class LeasedRow {
	/** Of the lease: unlike that of any other. */
	readonly id: string;
	/** Of the row, as it was last read or written; undefined while there is none. */
	etag: string | undefined;
	private readonly options: LeaseOptions;
	/** When the lease was asked for, by the monotonic clock. */
	private leasedAt: number;
	private writes = 0;

	private constructor(options: LeaseOptions, id: string, leasedAt: number) {
		this.options = options;
		this.id = id;
		this.leasedAt = leasedAt;
	}

	/** Undefined while another process has the lease. */
	static async acquire(options: LeaseOptions): Promise<LeasedRow | undefined> {
		const leasedAt = options.monotonic();
		const id = await options.storage.lease(options.blob, LEASE_SECONDS);
		return id === undefined ? undefined : new LeasedRow(options, id, leasedAt);
	}

	async read(): Promise<Row | undefined> {
		const { storage, lane, rowKey } = this.options;
		const row = await storage.get(lane, rowKey);
		this.etag = row?.etag;
		return row;
	}

	/**
	 * Writes the row and others of its lane, all or nothing. Rejects with LeaseLost where another process has written the
	 * row, and with StorageError where one of the others was refused, or storage fails.
	 * @param forMs how long to try again while storage does not answer; the lease is renewed meanwhile
	 */
	async write(content: Columns, others: readonly Write[] = [], forMs = 3_000): Promise<void> {
		const { storage, lane, rowKey, role } = this.options;
		this.writes += 1;
		// One mark for all tries: which of them got through does not matter.
		const by = `${this.id}-${this.writes}`;
		const columns = { ...content, by };
		const write: Write =
			this.etag === undefined
				? { kind: "insert", rowKey, columns }
				: { kind: "replace", rowKey, columns, etag: this.etag };
		const between = () => this.renewBetweenTries();
		try {
			this.etag = (await persist(() => storage.commit(lane, [...others, write]), { forMs, between })).at(-1);
		} catch (error) {
			if (!(isStorageError(error) && error.conflict)) throw error;
			// Where not even that can be found out, whose row it is cannot be known either.
			const found = await persist(() => this.whose(by), { forMs }).catch(() => "lost");
			if (found === "as known") throw error;
			if (found === "lost") {
				throw new LeaseLost(`another ${role} has written to the lane "${lane}" meanwhile`, { cause: error });
			}
		}
	}

	/**
	 * Makes sure that the lease lasts so long from now. Rejects with LeaseLost, and with StorageError.
	 * @param ms left out, as long as one step takes
	 */
	async ensureFor(ms = STEP_MS): Promise<void> {
		const { storage, blob, lane, role, monotonic } = this.options;
		// A renewal that takes long leaves less than it was made for, and so it is made again.
		while (this.leasedAt + LEASE_SECONDS * 1_000 - monotonic() < ms) {
			const at = monotonic();
			try {
				await storage.renew(blob, this.id);
			} catch (error) {
				if (!(isStorageError(error) && error.conflict)) throw error;
				throw new LeaseLost(`the ${role} has lost its lease of the lane "${lane}"`, { cause: error });
			}
			this.leasedAt = at;
		}
	}

	async release(): Promise<void> {
		// A lease that cannot be released is lost, or ends in a moment.
		await this.options.storage.release(this.options.blob, this.id).catch(() => {});
	}

	/**
	 * After a refusal: whether the row is as it was known, has our own mark, or is another's by now. The ETag of another's
	 * is not adopted: with it, a later write would replace what the other one has written.
	 */
	private async whose(mark: string): Promise<"as known" | "written" | "lost"> {
		const { storage, lane, rowKey } = this.options;
		const row = await storage.get(lane, rowKey);
		if (row?.etag === this.etag) return "as known";
		if (row?.columns["by"] !== mark) return "lost";
		this.etag = row.etag;
		return "written";
	}

	/** While storage fails, a lease that cannot be renewed is no reason to stop. */
	private async renewBetweenTries(): Promise<void> {
		await this.ensureFor().catch((error: unknown) => {
			if (error instanceof LeaseLost) throw error;
		});
	}
}
