import { buffer } from "node:stream/consumers";
import type { Credential } from "../credential.ts";
import { type BlockCall, uploadInBlocks } from "./azure-blocks.ts";
import { createClients, type StorageClients } from "./azure-clients.ts";
import { readPage, toAction, toRow } from "./azure-rows.ts";
import { containerOf, type LedgerNames } from "./names.ts";
import { isStorageError, type Storage, StorageError } from "./storage.ts";
import type { StorageConfig } from "./storage-config.ts";

/** One call in all, the SDK's retries included. Accepting is several calls, and Event Grid waits 30 seconds. */
const CALL_TIMEOUT_MS = 5_000;
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
	const containerFor = (blob: string, foreign?: string) =>
		blobs.getContainerClient(foreign ?? containerOf(blob, names));

	const makeContainerFor = async (blob: string) => void (await containerFor(blob).createIfNotExists());
	const makeTable = async () => void (await table.createTable());

	return {
		commit: (partition, writes) =>
			called(makeTable, async (abortSignal) => {
				const { subResponses } = await table.submitTransaction(
					writes.map((write) => toAction(partition, write)),
					{ abortSignal },
				);
				return subResponses.map(({ etag }) => etag);
			}),
		get: (partition, rowKey) =>
			called(undefined, async (abortSignal) => toRow(await table.getEntity(partition, rowKey, { abortSignal }))).catch(
				unlessMissing,
			),
		list: (partition, range) =>
			called(undefined, (abortSignal) => readPage(table, partition, range, abortSignal), QUERY_TIMEOUT_MS).catch(
				(error: unknown) => unlessMissing(error) ?? { rows: [] },
			),
		removeRow: (partition, rowKey, etag) =>
			called(undefined, async (abortSignal) => {
				await table.deleteEntity(partition, rowKey, { etag, abortSignal });
				return true;
			}).catch(unlessChanged),
		put: (text, visibleInSeconds, other) => {
			const to = other === undefined ? queue : otherQueue(other);
			const make = async () => void (await to.createIfNotExists());
			return called(make, async (abortSignal) => {
				const { messageId, popReceipt } = await to.sendMessage(Buffer.from(text).toString("base64"), {
					messageTimeToLive: -1,
					visibilityTimeout: visibleInSeconds,
					abortSignal,
				});
				return { id: messageId, popReceipt };
			});
		},
		unput: ({ id, popReceipt }) =>
			called(undefined, async (abortSignal) => void (await queue.deleteMessage(id, popReceipt, { abortSignal }))),
		lease: async (blob, seconds) => {
			const client = containerFor(blob).getBlockBlobClient(blob);
			const make = async () => {
				await makeContainerFor(blob);
				// Somebody else's lease must not be broken by making the blob again.
				await client.upload("", 0, { conditions: { ifNoneMatch: "*" } }).catch(unlessConflict);
			};
			return called(make, async (abortSignal) => {
				return (await client.getBlobLeaseClient().acquireLease(seconds, { abortSignal })).leaseId;
			}).catch((error: unknown) => {
				// 409 LeaseAlreadyPresent
				if (isStorageError(error) && error.status === 409) return undefined;
				throw error;
			});
		},
		renew: (blob, leaseId) =>
			called(undefined, async (abortSignal) => {
				await containerFor(blob).getBlobClient(blob).getBlobLeaseClient(leaseId).renewLease({ abortSignal });
			}),
		release: (blob, leaseId) =>
			called(undefined, async (abortSignal) => {
				await containerFor(blob).getBlobClient(blob).getBlobLeaseClient(leaseId).releaseLease({ abortSignal });
			}),
		write: (blob, content, blobContentType) =>
			called(
				() => makeContainerFor(blob),
				async (abortSignal) => {
					const client = containerFor(blob).getBlockBlobClient(blob);
					await client.upload(content, content.length, { blobHTTPHeaders: { blobContentType }, abortSignal });
					return client.url.split("?")[0] ?? "";
				},
				TRANSFER_TIMEOUT_MS,
			),
		writeStream: async (blob, content, blobContentType) => {
			const client = containerFor(blob).getBlockBlobClient(blob);
			const call: BlockCall = (make) => called(() => makeContainerFor(blob), make, TRANSFER_TIMEOUT_MS);
			await uploadInBlocks(client, content, { blobContentType }, call);
			return client.url.split("?")[0] ?? "";
		},
		read: (blob, from) =>
			called(
				undefined,
				async (abortSignal) => {
					const { readableStreamBody } = await containerFor(blob, from)
						.getBlobClient(blob)
						.download(0, undefined, { abortSignal });
					return readableStreamBody === undefined ? undefined : buffer(readableStreamBody);
				},
				TRANSFER_TIMEOUT_MS,
			).catch(unlessMissing),
		names: (prefix, after, from) =>
			called(undefined, async (abortSignal) => {
				const pages = containerFor(prefix, from)
					.listBlobsFlat({ prefix, abortSignal })
					.byPage({ maxPageSize: 1000, ...(after === undefined ? {} : { continuationToken: after }) });
				const { value } = await pages.next();
				const found = (value?.segment.blobItems ?? []).map(({ name }: { name: string }) => name);
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

/** What a 404 says when it is not a row or a blob that is missing, but what holds it. */
const NOT_MADE_YET = new Set(["TableNotFound", "QueueNotFound", "ContainerNotFound", "BlobNotFound"]);

/**
 * Makes one call within its time, and once more after `make` where the table, queue or container is not there yet: so
 * that nothing is asked at start, and nothing a second time.
 */
async function called<T>(
	make: (() => Promise<void>) | undefined,
	call: (signal: AbortSignal) => Promise<T>,
	timeoutMs = CALL_TIMEOUT_MS,
): Promise<T> {
	try {
		return await call(AbortSignal.timeout(timeoutMs));
	} catch (error) {
		if (make === undefined || !NOT_MADE_YET.has(codeOf(error))) throw toStorageError(error);
		try {
			await make();
			return await call(AbortSignal.timeout(timeoutMs));
		} catch (again) {
			throw toStorageError(again);
		}
	}
}

function codeOf(error: unknown): string {
	const {
		code,
		details,
		message = "",
	} = error as {
		code?: string;
		message?: string;
		details?: { errorCode?: string; odataError?: { code?: string } };
	};
	const known = code ?? details?.errorCode ?? details?.odataError?.code ?? "";
	// The error of a transaction names its code in the text alone.
	return [...NOT_MADE_YET].find((name) => known === name || message.includes(name)) ?? known;
}

function toStorageError(error: unknown): StorageError {
	const { statusCode, message = String(error) } = error as { statusCode?: number; message?: string };
	const [firstLine = ""] = message.split("\n");
	return new StorageError(firstLine, statusCode, { cause: error });
}

function unlessMissing(error: unknown): undefined {
	if (isStorageError(error) && error.status === 404) return undefined;
	throw error;
}

/** Whether what was to be removed is gone: false where another version is there. */
function unlessChanged(error: unknown): boolean {
	if (isStorageError(error) && (error.status === 404 || error.status === 412)) return error.status === 404;
	throw error;
}

function unlessConflict(error: unknown): void {
	const status = (error as { statusCode?: number }).statusCode;
	// 409 BlobAlreadyExists; 412 while it is leased.
	if (status !== 409 && status !== 412) throw error;
}
