import { TableClient, type TableServiceClientOptions } from "@azure/data-tables";
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueClient, type StoragePipelineOptions } from "@azure/storage-queue";
import type { StorageConfig } from "../config/azure.ts";
import { blobCalls } from "./azure-blobs.ts";
import { called, expectText } from "./azure-call.ts";
import { tableCalls } from "./azure-tables.ts";
import { LEDGER, type LedgerNames, type Storage } from "./storage.ts";

/**
 * Opens the ledger's storage by Azure's own SDKs; nothing is called yet. To be imported when the first event needs it,
 * since the SDKs are ten times the size of all the rest: this file is the root of a bundle of its own.
 */
export async function openStorage(config: StorageConfig, names: LedgerNames = LEDGER): Promise<Storage> {
	const { table, queue, blobs } = await createClients(config, names);
	return { ...tableCalls(table), ...blobCalls(blobs, names), ...queueCalls(queue, names) };
}

/** The clients of one account. */
export interface StorageClients {
	readonly table: TableClient;
	readonly queue: (name: string) => QueueClient;
	readonly blobs: BlobServiceClient;
}

/** Short, since the caller has a request to answer, or tries again later. */
const RETRIES = { maxTries: 3, retryDelayInMs: 100, maxRetryDelayInMs: 500 };

/**
 * Two characters end a line for JavaScript and not for JSON. Azurite reads a transaction line by line, and answers 500 to
 * a text that has one, each time. Escaped, the JSON says the same.
 */
const escapeLines: NonNullable<TableServiceClientOptions["additionalPolicies"]>[number]["policy"] = {
	name: "escape-lines",
	sendRequest(request, next) {
		if (typeof request.body === "string") {
			request.body = request.body.replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
		}
		return next(request);
	},
};

export async function createClients(config: StorageConfig, { table }: LedgerNames): Promise<StorageClients> {
	const { maxTries, ...delays } = RETRIES;
	const tableOptions: TableServiceClientOptions = {
		retryOptions: { maxRetries: maxTries - 1, ...delays },
		allowInsecureConnection: true,
		additionalPolicies: [{ policy: escapeLines, position: "perCall" }],
	};
	const options: StoragePipelineOptions = { retryOptions: { maxTries, ...delays } };
	if (config.kind === "connection-string") {
		const { connectionString } = config;
		return {
			table: TableClient.fromConnectionString(connectionString, table, tableOptions),
			queue: (name) => new QueueClient(connectionString, name, options),
			blobs: BlobServiceClient.fromConnectionString(connectionString, options),
		};
	}
	const { createCredential } = await import("../config/credential.ts");
	const credential = createCredential(config.identity);
	return {
		table: new TableClient(config.tableUrl, table, credential, tableOptions),
		queue: (name) => new QueueClient(`${config.queueUrl}/${name}`, credential, options),
		blobs: new BlobServiceClient(config.blobUrl, credential, options),
	};
}

/** What the ledger does with queues. */
function queueCalls(queue: StorageClients["queue"], names: LedgerNames): Pick<Storage, "put" | "unput" | "makeQueues"> {
	const wakeUps = queue(names.queue);
	const follow = queue(names.follow);
	const queueOf = (name: string | undefined) =>
		name === undefined ? wakeUps : name === LEDGER.follow ? follow : queue(name);
	return {
		async put(text, visibleInSeconds, name) {
			const to = queueOf(name);
			const send = async (abortSignal: AbortSignal) => {
				const options = { messageTimeToLive: -1, visibilityTimeout: visibleInSeconds, abortSignal };
				const { messageId, popReceipt } = await to.sendMessage(Buffer.from(text).toString("base64"), options);
				return { id: expectText(messageId, "message id"), popReceipt: expectText(popReceipt, "pop receipt") };
			};
			return called(send, { make: (abortSignal) => to.createIfNotExists({ abortSignal }) });
		},
		makeQueues: (queues) =>
			called(
				async (abortSignal) =>
					void (await Promise.all(queues.map((queue) => queueOf(queue).createIfNotExists({ abortSignal })))),
			),
		unput: ({ id, popReceipt }, name) =>
			called(async (abortSignal) => void (await queueOf(name).deleteMessage(id, popReceipt, { abortSignal }))),
	};
}
