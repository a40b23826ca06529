import { setTimeout as sleep } from "node:timers/promises";

/**
 * The part of Azure Storage that the ledger uses: a table, a queue and blobs. Every method is one call of the service (a
 * second one only where the table, queue or container has to be made first). Calls reject with StorageError. In which
 * container a blob lies follows from the beginning of its name: see `containerOf`.
 */
export interface Storage {
	/** Writes all these rows of one partition, or none of them. Answers their new ETags, in the same order. */
	commit(partition: string, writes: readonly Write[]): Promise<readonly (string | undefined)[]>;
	/** One row; undefined where there is none. */
	get(partition: string, rowKey: string): Promise<Row | undefined>;
	/** One page of a partition's rows in the order of their keys. */
	list(partition: string, range: Range): Promise<Page>;
	/**
	 * Removes one row, if it is still the version that was read. Answers whether it is gone: false where another version is
	 * there. A transaction cannot do this, since the SDK leaves the ETag of a delete away in it.
	 */
	removeRow(partition: string, rowKey: string, etag: string): Promise<boolean>;
	/**
	 * Puts a message that never expires. Answers what removes it again.
	 * @param queue left out, that of the wake-ups; `LEDGER.follow` stands for the ledger's own of that name
	 */
	put(text: string, visibleInSeconds: number, queue?: string): Promise<PutMessage>;
	/** Makes the queues that do not exist yet. */
	makeQueues(queues: readonly string[]): Promise<void>;
	/** Removes a message that was not taken since. */
	unput(message: PutMessage, queue?: string): Promise<void>;
	/** Takes the lease of a blob, which is made if it is not there. Answers its id; undefined while another one has it. */
	lease(blob: string, seconds: number): Promise<string | undefined>;
	/** Rejects when the lease has been lost. */
	renew(blob: string, leaseId: string): Promise<void>;
	release(blob: string, leaseId: string): Promise<void>;
	/** Writes a blob anew. Answers its URL. */
	write(blob: string, content: Buffer, contentType: string): Promise<string>;
	/**
	 * Writes a blob anew from what comes, and has little of it in memory at a time. It is there when all of it is, or not
	 * at all. What fits into one call is one call. Answers its URL.
	 */
	writeStream(blob: string, content: AsyncIterable<Buffer>, contentType: string): Promise<string>;
	/**
	 * A blob's content; undefined where there is none.
	 * @param container one that is not the ledger's, here and below
	 * @param most how many bytes it may have: a larger one is refused with the status 413
	 */
	read(blob: string, container?: string, most?: number): Promise<Buffer | undefined>;
	/** One page of the names of the blobs that begin so. */
	names(
		prefix: string,
		after?: string,
		container?: string,
	): Promise<{ names: readonly string[]; next?: string | undefined }>;
	/**
	 * Removes a blob. Answers whether it is gone: false where it was written after `unmodifiedSince`, epoch milliseconds.
	 */
	remove(blob: string, container?: string, unmodifiedSince?: number): Promise<boolean>;
}

/** A row's columns; times are ISO 8601 texts, so that they can be read, compared and sorted anywhere. */
export type Columns = Readonly<Record<string, string | number | boolean | Uint8Array | undefined>>;

/** May be selected like a column: when the row was last written, by the service's clock, ISO 8601. */
export const WRITTEN_AT = "Timestamp";

export interface Row {
	readonly rowKey: string;
	readonly etag: string;
	readonly columns: Columns;
}

/** `upsert` makes the row or merges into it. A write without an ETag replaces any version. */
export type Write =
	| { readonly kind: "insert" | "upsert"; readonly rowKey: string; readonly columns: Columns }
	| {
			readonly kind: "merge" | "replace";
			readonly rowKey: string;
			readonly columns: Columns;
			readonly etag?: string | undefined;
	  }
	| { readonly kind: "delete"; readonly rowKey: string };

export interface Range {
	/** The first key. */
	readonly from: string;
	/** The first key that is too far. */
	readonly to: string;
	/** At most 1,000. */
	readonly top: number;
	/** Only these columns. */
	readonly select?: readonly string[];
	/** A further condition, in OData. */
	readonly where?: string | undefined;
	/** What the page before has answered as `next`. */
	readonly after?: string | undefined;
}

export interface Page {
	readonly rows: readonly Row[];
	/** There, if there may be more. */
	readonly next?: string | undefined;
}

export interface PutMessage {
	readonly id: string;
	readonly popReceipt: string;
}

/** A call that storage refused, or whose result is unknown. */
export class StorageError extends Error {
	override readonly name = "StorageError";
	/** The HTTP status of the refusal. Undefined if no answer came, or if the answer does not say what was done. */
	readonly status: number | undefined;

	constructor(message: string, status: number | undefined, options?: ErrorOptions) {
		super(message, options);
		this.status = status;
	}

	/** Another writer was first: a row exists already, is gone, or has another ETag. */
	get conflict(): boolean {
		return this.status === 409 || this.status === 412 || this.status === 404;
	}

	/** These rows can never be written. */
	get refusesContent(): boolean {
		return this.status === 400 || this.status === 413;
	}

	/**
	 * Whether storage refuses what was asked, so that a repeat would be refused again and nothing else is. Otherwise the
	 * service is down, does not let this app in or is too busy, and that concerns every call.
	 */
	get refused(): boolean {
		return this.conflict || this.refusesContent;
	}
}

/** By its name: the SDKs lie in a bundle of their own, and with them another copy of this class. */
export function isStorageError(error: unknown): error is StorageError {
	return error instanceof Error && error.name === "StorageError";
}

/** Whether an error is a refusal: a fault of what was asked, and of nothing else. */
export function isRefusal(error: unknown): error is StorageError {
	return isStorageError(error) && error.refused;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;

/**
 * Repeats a write that storage did not answer, until it is written, is refused, or its time is over.
 * @param forMs how long to go on; the SDK's own retries come on top
 * @param between called before each further try; if it rejects, so does the whole
 */
export async function persist<T>(
	write: () => Promise<T>,
	{ forMs = 3_000, between }: { readonly forMs?: number; readonly between?: () => Promise<void> } = {},
): Promise<T> {
	const waits = Math.ceil(forMs / LONGEST_WAIT_MS) + Math.log2(LONGEST_WAIT_MS / FIRST_WAIT_MS);
	for (let tries = 0; ; tries++) {
		try {
			return await write();
		} catch (error) {
			if (!isStorageError(error) || error.refused || tries >= waits) throw error;
			await sleep(Math.min(FIRST_WAIT_MS * 2 ** tries, LONGEST_WAIT_MS));
			await between?.();
		}
	}
}

/** The addresses of a storage account's services. */
export interface ServiceUrls {
	readonly blobUrl: string;
	readonly queueUrl: string;
	readonly tableUrl: string;
}

/** What the ledger's parts are called in the app's storage account. */
export interface LedgerNames {
	readonly table: string;
	readonly queue: string;
	/** The queue that makes a follower look at a lane. */
	readonly follow: string;
	/** What only the bridge reads: leases, lists of what is closed, large requests. */
	readonly container: string;
	/** What workflows read. */
	readonly payloads: string;
	/** What was rejected. */
	readonly deadLetters: string;
}

export const LEDGER: LedgerNames = {
	table: "griddispatch",
	queue: "grid-dispatch",
	follow: "grid-dispatch-follow",
	container: "grid-dispatch",
	payloads: "grid-dispatch-payloads",
	deadLetters: "grid-dispatch-dead-letters",
};

/**
 * The container of one of the ledger's blobs. The first part of its name says who may read it, and the rest is read
 * by the bridge alone.
 * @param blob such as `manifests/KEY.jsonl`
 */
export function containerOf(blob: string, { container, payloads, deadLetters }: LedgerNames): string {
	switch (blob.slice(0, blob.indexOf("/") + 1)) {
		case "payloads/":
		case "manifests/":
			return payloads;
		case "rejected/":
			return deadLetters;
		default:
			return container;
	}
}

/** The storage account, as the Functions host knows it. */
export const LEDGER_CONNECTION = "AzureWebJobsStorage";
