import { TableClient } from "@azure/data-tables";
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueClient } from "@azure/storage-queue";
import type { ReceiptFacts } from "./evidence.ts";

/** Reads the ledger past the bridge's own code. */
export interface LedgerView {
	/** Whether no entry, window or member waits. */
	isQuiet(): Promise<boolean>;
	/** Their keys, each behind its lane. */
	waiting(): Promise<readonly string[]>;
	receipts(): Promise<readonly ReceiptFacts[]>;
	/** The keys of the deliveries that are dead letters. */
	deadLetters(): Promise<ReadonlySet<string>>;
	poisoned(): Promise<number>;
	blob(place: string): Promise<Buffer | undefined>;
}

/** As they are called in the storage account; written down a second time, so that no change of names goes unseen. */
const LEDGER = { table: "griddispatch", queue: "grid-dispatch", payloads: "grid-dispatch-payloads" };

interface Entity {
	readonly partitionKey: string;
	readonly rowKey: string;
	readonly [column: string]: unknown;
}

export function openLedgerView(connectionString: string): LedgerView {
	const table = TableClient.fromConnectionString(connectionString, LEDGER.table, { allowInsecureConnection: true });
	const poison = new QueueClient(connectionString, `${LEDGER.queue}-poison`);
	// What a workflow may read, and nothing else: so a blob in another container counts as gone.
	const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient(LEDGER.payloads);

	async function list(filter: string, select?: string[]): Promise<Entity[]> {
		const found: Entity[] = [];
		const queryOptions = {
			filter,
			...(select === undefined ? {} : { select: ["PartitionKey", "RowKey", ...select] }),
		};
		for await (const page of table.listEntities({ queryOptions }).byPage({ maxPageSize: 1_000 })) {
			found.push(...(page as unknown as Entity[]));
		}
		return found;
	}

	return {
		async isQuiet() {
			const queryOptions = { filter: WAITING, select: ["RowKey"] };
			const first = await table.listEntities({ queryOptions }).next();
			return first.done === true;
		},
		async waiting() {
			const rows = await list(WAITING, ["key"]);
			return rows.map(({ partitionKey, rowKey }) => `${partitionKey} ${rowKey}`);
		},
		receipts: async () => (await list(between("r-", "r."))).map(toFacts),
		deadLetters: async () => new Set((await list(between("x-", "x."), ["key"])).map(({ key }) => String(key))),
		async poisoned() {
			if (!(await poison.exists())) return 0;
			return (await poison.getProperties()).approximateMessagesCount ?? 0;
		},
		async blob(place) {
			const name = place.includes("://") ? (place.split(`/${LEDGER.payloads}/`)[1] ?? "") : place;
			return container
				.getBlobClient(name)
				.downloadToBuffer()
				.catch(() => undefined);
		},
	};
}

/** Windows, entries and members, by the first letters of their keys. What is followed may be so for an hour. */
const WAITING = `(${between("b-", "f-")}) or (${between("m-", "n-")})`;

function between(from: string, to: string): string {
	return `RowKey ge '${from}' and RowKey lt '${to}'`;
}

function toFacts(entity: Entity): ReceiptFacts {
	const text = (name: string) => String(entity[name] ?? "");
	const { id: to = "" } = JSON.parse(text("to") || "{}") as { id?: string };
	const runs = JSON.parse(text("runs") || "[]") as { id: string; certain: boolean }[];
	const attempts = JSON.parse(text("attempts") || "[]") as { status: number | null }[];
	return {
		key: text("key"),
		state: text("state"),
		id: text("id"),
		to,
		reason: text("reason"),
		window: text("window"),
		statuses: attempts.map(({ status }) => status),
		runs: runs.filter(({ certain }) => certain).map(({ id }) => id),
		blobs: text("blobs").split(" ").filter(Boolean),
	};
}
