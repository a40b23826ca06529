import { TableClient } from "@azure/data-tables";
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueClient } from "@azure/storage-queue";
import { leaseBlob } from "../../src/ledger/lane-lease.ts";
import type { WakeUp } from "../../src/ledger/wake-up.ts";
import { containerOf, type LedgerNames, type Row, type Storage } from "../../src/storage/storage.ts";
import { fileStorage, newNames, openFileStorage } from "./file-storage.ts";

/** A message of the real queue. */
export interface QueuedWakeUp extends WakeUp {
	/** Removes it, as the queue trigger does with one that was heeded. */
	remove(): Promise<void>;
	/** Lets it be seen again, as happens to one that was not. */
	putBack(): Promise<void>;
}

/** A ledger of one's own in real storage, and what the outside of it sees. */
export interface TestLedger {
	readonly names: LedgerNames;
	readonly storage: Storage;
	/** A partition's rows in their order, whole. */
	rows(lane: string, beginning?: string): Promise<readonly Row[]>;
	/** How many messages there are, whether they can be seen yet or not. */
	countMessages(): Promise<number>;
	/** The messages that can be seen. */
	messages(): Promise<readonly QueuedWakeUp[]>;
	/** Ends a lease, as time does. */
	breakLease(lane: string): Promise<void>;
	/** A blob's text. */
	blob(name: string): Promise<string>;
}

export async function openTestLedger(names = newNames()): Promise<TestLedger> {
	const connectionString = await fileStorage();
	const storage = await openFileStorage(names);
	const table = TableClient.fromConnectionString(connectionString, names.table, { allowInsecureConnection: true });
	const queue = new QueueClient(connectionString, names.queue);
	const blobs = BlobServiceClient.fromConnectionString(connectionString);
	const client = (name: string) => blobs.getContainerClient(containerOf(name, names)).getBlobClient(name);
	return {
		names,
		storage,
		async rows(lane, beginning = "") {
			const filter = `PartitionKey eq '${lane}'`;
			const rows: Row[] = [];
			try {
				for await (const { rowKey = "", etag, ...columns } of table.listEntities({ queryOptions: { filter } })) {
					if (rowKey.startsWith(beginning)) rows.push({ rowKey, etag, columns: columns as Row["columns"] });
				}
			} catch (error) {
				if ((error as { statusCode?: number }).statusCode !== 404) throw error;
			}
			return rows;
		},
		async countMessages() {
			if (!(await queue.exists())) return 0;
			return (await queue.getProperties()).approximateMessagesCount ?? 0;
		},
		async messages() {
			if (!(await queue.exists())) return [];
			const all: QueuedWakeUp[] = [];
			for (;;) {
				const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 32, visibilityTimeout: 60 });
				if (receivedMessageItems.length === 0) return all;
				for (const { messageText, messageId, popReceipt } of receivedMessageItems) {
					const wakeUp = JSON.parse(Buffer.from(messageText, "base64").toString("utf8")) as WakeUp;
					all.push({
						...wakeUp,
						remove: async () => void (await queue.deleteMessage(messageId, popReceipt)),
						putBack: async () => void (await queue.updateMessage(messageId, popReceipt, messageText, 0)),
					});
				}
			}
		},
		async breakLease(lane) {
			const lease = client(leaseBlob(lane));
			if (await lease.exists())
				await lease
					.getBlobLeaseClient()
					.breakLease(0)
					.catch(() => {});
		},
		blob: async (name) => (await client(name).downloadToBuffer()).toString("utf8"),
	};
}
