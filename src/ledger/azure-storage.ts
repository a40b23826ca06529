import { buffer } from "node:stream/consumers";
import type { Credential } from "../credential.ts";
import { etagsOf, expectNames, expectRow, expectRows, expectText, expectWhole } from "./azure-answers.ts";
import { called, unlessConflict, unlessMissing } from "./azure-call.ts";
import { createClients, type StorageClients } from "./azure-clients.ts";
import { checkLimits } from "./azure-limits.ts";
import { toAction, toRow } from "./azure-rows.ts";
import { containerOf, type LedgerNames } from "./names.ts";
import { isStorageError, type Storage } from "./storage.ts";
import type { StorageConfig } from "./storage-config.ts";

/** The manifest of a hundred thousand events is some 70 MB; it is written and read by a drainer, for whom nobody waits. */
const TRANSFER_TIMEOUT_MS = 20_000;

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

function createAzureStorage({ table, queue, blobs }: StorageClients, names: LedgerNames): Storage {
	const containerFor = (blob: string, foreign?: string) =>
		blobs.getContainerClient(foreign ?? containerOf(blob, names));

	const makeContainerFor = async (blob: string) => void (await containerFor(blob).createIfNotExists());
	const makeTable = async () => void (await table.createTable());
	const makeQueue = async () => void (await queue.createIfNotExists());

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
		list: (partition, { from, to, top, select, where, after }) =>
			called(undefined, async (abortSignal) => {
				const range = `PartitionKey eq ${quoted(partition)} and RowKey ge ${quoted(from)} and RowKey lt ${quoted(to)}`;
				const filter = where === undefined ? range : `${range} and (${where})`;
				const columns = select === undefined ? {} : { select: ["RowKey", ...select] };
				let body: unknown;
				const onResponse = ({ parsedBody }: { readonly parsedBody?: unknown }) => {
					body = parsedBody;
				};
				const pages = table
					.listEntities({ queryOptions: { filter, ...columns }, abortSignal, onResponse })
					.byPage({ maxPageSize: top, ...(after === undefined ? {} : { continuationToken: after }) });
				const { value } = await pages.next();
				return { rows: expectRows(body, (value ?? []).map(toRow), { from, to }), next: value?.continuationToken };
			}).catch((error: unknown) => unlessMissing(error) ?? { rows: [] }),
		put: (text, visibleInSeconds) =>
			called(makeQueue, async (abortSignal) => {
				const { messageId, popReceipt } = await queue.sendMessage(Buffer.from(text).toString("base64"), {
					messageTimeToLive: -1,
					visibilityTimeout: visibleInSeconds,
					abortSignal,
				});
				return { id: expectText(messageId, "message id"), popReceipt: expectText(popReceipt, "pop receipt") };
			}),
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
		write: (blob, content, blobContentType) =>
			called(
				() => makeContainerFor(blob),
				async (abortSignal) => {
					const client = containerFor(blob).getBlockBlobClient(blob);
					const blobHTTPHeaders = { blobContentType };
					const { etag } = await client.upload(content, content.length, { blobHTTPHeaders, abortSignal });
					expectText(etag, "ETag of the blob");
					return client.url.split("?")[0] ?? "";
				},
				TRANSFER_TIMEOUT_MS,
			),
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
		remove: (blob, from) =>
			called(undefined, async (abortSignal) => {
				await containerFor(blob, from).getBlobClient(blob).deleteIfExists({ abortSignal });
			}).catch(unlessMissing),
	};
}

/** A text as OData writes it. */
function quoted(text: string): string {
	return `'${text.replaceAll("'", "''")}'`;
}
