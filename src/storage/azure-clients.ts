import { TableClient } from "@azure/data-tables";
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueClient, type StoragePipelineOptions } from "@azure/storage-queue";
import type { Credential } from "../config/credential.ts";
import type { StorageConfig } from "../config/storage-config.ts";
import type { LedgerNames } from "./names.ts";

/** The clients of one ledger. */
export interface StorageClients {
	readonly table: TableClient;
	readonly queue: QueueClient;
	/** Another queue of the same account. */
	readonly otherQueue: (name: string) => QueueClient;
	readonly blobs: BlobServiceClient;
}

/** Short, since whoever calls has a request to answer, or tries again later. */
const RETRIES = { maxTries: 3, retryDelayInMs: 100, maxRetryDelayInMs: 500 };

/** Makes the clients; nothing is called yet. */
export function createClients(
	config: StorageConfig,
	credential: Credential | undefined,
	names: LedgerNames,
): StorageClients {
	const { maxTries, ...delays } = RETRIES;
	const tableOptions = { retryOptions: { maxRetries: maxTries - 1, ...delays }, allowInsecureConnection: true };
	const options: StoragePipelineOptions = { retryOptions: { maxTries, ...delays } };
	if (config.kind === "connection-string") {
		const { connectionString } = config;
		return {
			table: TableClient.fromConnectionString(connectionString, names.table, tableOptions),
			queue: new QueueClient(connectionString, names.queue, options),
			otherQueue: (name) => new QueueClient(connectionString, name, options),
			blobs: BlobServiceClient.fromConnectionString(connectionString, options),
		};
	}
	if (credential === undefined) throw new Error("storage by identity needs a credential");
	return {
		table: new TableClient(config.tableUrl, names.table, credential, tableOptions),
		queue: new QueueClient(`${config.queueUrl}/${names.queue}`, credential, options),
		otherQueue: (name) => new QueueClient(`${config.queueUrl}/${name}`, credential, options),
		blobs: new BlobServiceClient(config.blobUrl, credential, options),
	};
}
