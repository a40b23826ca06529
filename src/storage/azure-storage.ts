import { buffer } from "node:stream/consumers";
import type { ContainerClient } from "@azure/storage-blob";
import type { Credential } from "../config/credential.ts";
import type { StorageConfig } from "../config/storage-config.ts";
import { etagsOf, expectNames, expectRow, expectText, expectWhole } from "./azure-answers.ts";
import { type BlockCall, uploadInBlocks } from "./azure-blocks.ts";
import { called, unlessChanged, unlessConflict, unlessMissing } from "./azure-call.ts";
import { createClients, type StorageClients } from "./azure-clients.ts";
import { checkLimits } from "./azure-limits.ts";
import { readPage, toAction, toRow } from "./azure-rows.ts";
import { containerOf, type LedgerNames } from "./names.ts";
import { isStorageError, type Storage } from "./storage.ts";

/** The manifest of a hundred thousand events is some 70 MB; it is written and read by a drainer, for whom nobody waits. */
const TRANSFER_TIMEOUT_MS = 20_000;
/**
 * The table service may work five seconds on a page before it answers with what it has, and thirty on a query in all.
 * Source: learn.microsoft.com, "Query timeout and pagination".
 */
const QUERY_TIMEOUT_MS = 30_000;

/**
 * Azure Storage by its own SDKs. In a file of its own, since they are ten times the size of all the rest and are
 * evaluated only when the first event needs them.
 */
export function openAzureStorage(
	config: StorageConfig,
	credential: Credential | undefined,
	names: LedgerNames,
): Storage {
	return createAzureStorage(createClients(config, credential, names), names);
}

function createAzureStorage({ table, queue, otherQueue, blobs }: StorageClients, names: LedgerNames): Storage {
	const containerFor: ContainerFor = (blob, foreign) => blobs.getContainerClient(foreign ?? containerOf(blob, names));
	return {
		...rowCalls(table),
		...messageCalls(queue, otherQueue),
		...leaseCalls(containerFor),
		...blobCalls(containerFor),
	};
}

/** The container that a blob lies in: by its name, or a foreign one. */
type ContainerFor = (blob: string, foreign?: string) => ContainerClient;

function makeContainerFor(containerFor: ContainerFor, blob: string) {
	return (abortSignal: AbortSignal) => containerFor(blob).createIfNotExists({ abortSignal });
}

function rowCalls(table: StorageClients["table"]): Pick<Storage, "commit" | "get" | "list" | "removeRow"> {
	const makeTable = (abortSignal: AbortSignal) => table.createTable({ abortSignal });
	return {
		async commit(partition, writes) {
			checkLimits(partition, writes);
			return called(makeTable, async (abortSignal) => {
				const { subResponses } = await table.submitTransaction(
					writes.map((write) => toAction(partition, write)),
					{ abortSignal },
				);
				return etagsOf(writes, subResponses);
			});
		},
		get: (partition, rowKey) =>
			called(undefined, async (abortSignal) =>
				expectRow(toRow(await table.getEntity(partition, rowKey, { abortSignal })), rowKey),
			).catch(unlessMissing),
		list: (partition, range) =>
			called(undefined, (abortSignal) => readPage(table, partition, range, abortSignal), QUERY_TIMEOUT_MS).catch(
				(error: unknown) => unlessMissing(error) ?? { rows: [] },
			),
		removeRow: (partition, rowKey, etag) =>
			called(undefined, async (abortSignal) => {
				await table.deleteEntity(partition, rowKey, { etag, abortSignal });
				return true;
			}).catch(unlessChanged),
	};
}

function messageCalls(
	queue: StorageClients["queue"],
	otherQueue: StorageClients["otherQueue"],
): Pick<Storage, "put" | "unput"> {
	return {
		put: (text, visibleInSeconds, other) => {
			const to = other === undefined ? queue : otherQueue(other);
			const make = (abortSignal: AbortSignal) => to.createIfNotExists({ abortSignal });
			return called(make, async (abortSignal) => {
				const { messageId, popReceipt } = await to.sendMessage(Buffer.from(text).toString("base64"), {
					messageTimeToLive: -1,
					visibilityTimeout: visibleInSeconds,
					abortSignal,
				});
				return { id: expectText(messageId, "message id"), popReceipt: expectText(popReceipt, "pop receipt") };
			});
		},
		unput: ({ id, popReceipt }) =>
			called(undefined, async (abortSignal) => void (await queue.deleteMessage(id, popReceipt, { abortSignal }))),
	};
}

function leaseCalls(containerFor: ContainerFor): Pick<Storage, "lease" | "renew" | "release"> {
	return {
		lease: async (blob, seconds) => {
			const client = containerFor(blob).getBlockBlobClient(blob);
			const make = async (abortSignal: AbortSignal) => {
				await makeContainerFor(containerFor, blob)(abortSignal);
				// Somebody else's lease must not be broken by making the blob again.
				await client.upload("", 0, { conditions: { ifNoneMatch: "*" }, abortSignal }).catch(unlessConflict);
			};
			return called(make, async (abortSignal) => {
				const { leaseId } = await client.getBlobLeaseClient().acquireLease(seconds, { abortSignal });
				return expectText(leaseId, "lease id");
			}).catch((error: unknown) => {
				// 409 LeaseAlreadyPresent
				if (isStorageError(error) && error.status === 409) return undefined;
				throw error;
			});
		},
		renew: (blob, leaseId) =>
			called(undefined, async (abortSignal) => {
				const lease = containerFor(blob).getBlobClient(blob).getBlobLeaseClient(leaseId);
				expectText((await lease.renewLease({ abortSignal })).leaseId, "lease id");
			}),
		release: (blob, leaseId) =>
			called(undefined, async (abortSignal) => {
				await containerFor(blob).getBlobClient(blob).getBlobLeaseClient(leaseId).releaseLease({ abortSignal });
			}),
	};
}

function blobCalls(containerFor: ContainerFor): Pick<Storage, "write" | "writeStream" | "read" | "names" | "remove"> {
	return {
		write: (blob, content, blobContentType) =>
			called(
				makeContainerFor(containerFor, blob),
				async (abortSignal) => {
					const client = containerFor(blob).getBlockBlobClient(blob);
					const blobHTTPHeaders = { blobContentType };
					const { etag } = await client.upload(content, content.length, { blobHTTPHeaders, abortSignal });
					expectText(etag, "ETag of the blob");
					return client.url.split("?")[0] ?? "";
				},
				TRANSFER_TIMEOUT_MS,
			),
		writeStream: async (blob, content, blobContentType) => {
			const client = containerFor(blob).getBlockBlobClient(blob);
			const call: BlockCall = (make) => called(makeContainerFor(containerFor, blob), make, TRANSFER_TIMEOUT_MS);
			await uploadInBlocks(client, content, { blobContentType }, call);
			return client.url.split("?")[0] ?? "";
		},
		read: (blob, from) =>
			called(
				undefined,
				async (abortSignal) => {
					const client = containerFor(blob, from).getBlobClient(blob);
					const { readableStreamBody, contentLength, etag } = await client.download(0, undefined, { abortSignal });
					expectText(etag, "ETag of the blob");
					return expectWhole(readableStreamBody ? await buffer(readableStreamBody) : Buffer.alloc(0), contentLength);
				},
				TRANSFER_TIMEOUT_MS,
			).catch(unlessMissing),
		names: (prefix, after, from) =>
			called(undefined, async (abortSignal) => {
				const pages = containerFor(prefix, from)
					.listBlobsFlat({ prefix, abortSignal })
					.byPage({ maxPageSize: 1000, ...(after === undefined ? {} : { continuationToken: after }) });
				const { value } = await pages.next();
				const found = expectNames(value?.segment?.blobItems, prefix);
				return { names: found, ...(value?.continuationToken ? { next: value.continuationToken } : {}) };
			}).catch((error: unknown) => {
				// Our own container is made when it is first needed; somebody else's was misspelt.
				if (from !== undefined) throw error;
				return unlessMissing(error) ?? { names: [] };
			}),
		remove: (blob, from, since) =>
			called(undefined, async (abortSignal) => {
				const conditions = since === undefined ? {} : { ifUnmodifiedSince: new Date(since) };
				await containerFor(blob, from).getBlobClient(blob).deleteIfExists({ conditions, abortSignal });
				return true;
			}).catch(unlessChanged),
	};
}
