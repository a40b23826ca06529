import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { BlobServiceClient, ContainerClient } from "@azure/storage-blob";
import { called, expectText, TRANSFER_TIMEOUT_MS, UnclearAnswer, unlessChanged, unlessMissing } from "./azure-call.ts";
import { containerOf, isStorageError, type LedgerNames, type Storage, StorageError } from "./storage.ts";

/** The container that a blob lies in: by its name, or another one. */
type ContainerFor = (blob: string, other?: string) => ContainerClient;

/** What the ledger does with blobs. */
export function blobCalls(
	blobs: BlobServiceClient,
	names: LedgerNames,
): Pick<Storage, "lease" | "renew" | "release" | "write" | "writeStream" | "read" | "names" | "remove"> {
	const containerFor: ContainerFor = (blob, other) => blobs.getContainerClient(other ?? containerOf(blob, names));
	return {
		...leaseCalls(containerFor),
		write: (blob, content, contentType) => upload(containerFor(blob), blob, [content], contentType),
		writeStream: (blob, content, contentType) => upload(containerFor(blob), blob, inBlocks(content), contentType),
		read: async (blob, container, most = Number.POSITIVE_INFINITY) => {
			if (!canBeBlob(blob)) return undefined;
			const download = async (abortSignal: AbortSignal) => {
				const client = containerFor(blob, container).getBlobClient(blob);
				const { readableStreamBody, contentLength = 0, etag } = await client.download(0, undefined, { abortSignal });
				expectText(etag, "ETag of the blob");
				if (contentLength > most) {
					(readableStreamBody as Readable | undefined)?.destroy();
					throw new StorageError(`the blob has ${contentLength} bytes, and may have at most ${most}`, 413);
				}
				const content = readableStreamBody ? await buffer(readableStreamBody) : Buffer.alloc(0);
				if (content.length === contentLength) return content;
				throw new UnclearAnswer(`the answer has ${content.length} bytes of a blob of ${contentLength}`);
			};
			return called(download, { timeoutMs: TRANSFER_TIMEOUT_MS }).catch(unlessMissing);
		},
		names: (prefix, after, container) =>
			called(async (abortSignal) => {
				const pages = containerFor(prefix, container)
					.listBlobsFlat({ prefix, abortSignal })
					.byPage({ maxPageSize: 1000, ...(after === undefined ? {} : { continuationToken: after }) });
				const { value } = await pages.next();
				const next: string | undefined = value?.continuationToken || undefined;
				return { names: namesIn(value?.segment?.blobItems, prefix), next };
			}).catch((error: unknown) => {
				// A container of ours is made when it is first needed; the name of any other was misspelt.
				if (container !== undefined) throw error;
				return unlessMissing(error) ?? { names: [] };
			}),
		remove: (blob, container, unmodifiedSince) =>
			called(async (abortSignal) => {
				const conditions = unmodifiedSince === undefined ? {} : { ifUnmodifiedSince: new Date(unmodifiedSince) };
				await containerFor(blob, container).getBlobClient(blob).deleteIfExists({ conditions, abortSignal });
				return true;
			}).catch(unlessChanged),
	};
}

function leaseCalls(containerFor: ContainerFor): Pick<Storage, "lease" | "renew" | "release"> {
	const leaseClient = (blob: string, leaseId?: string) =>
		containerFor(blob).getBlobClient(blob).getBlobLeaseClient(leaseId);
	return {
		async lease(blob, seconds) {
			const make = async (abortSignal: AbortSignal) => {
				await makeContainer(containerFor(blob))(abortSignal);
				const empty = containerFor(blob).getBlockBlobClient(blob);
				// A lease that another drainer has by now must not be broken by making the blob again.
				await empty.upload("", 0, { conditions: { ifNoneMatch: "*" }, abortSignal }).catch(unlessThere);
			};
			const acquire = async (abortSignal: AbortSignal) => {
				return expectText((await leaseClient(blob).acquireLease(seconds, { abortSignal })).leaseId, "lease id");
			};
			return called(acquire, { make }).catch((error: unknown) => {
				// 409 LeaseAlreadyPresent
				if (isStorageError(error) && error.status === 409) return undefined;
				throw error;
			});
		},
		renew: (blob, leaseId) =>
			called(async (abortSignal) => {
				expectText((await leaseClient(blob, leaseId).renewLease({ abortSignal })).leaseId, "lease id");
			}),
		release: (blob, leaseId) =>
			called(async (abortSignal) => void (await leaseClient(blob, leaseId).releaseLease({ abortSignal }))),
	};
}

function makeContainer(container: ContainerClient) {
	return (abortSignal: AbortSignal) => container.createIfNotExists({ abortSignal });
}

/** Source: learn.microsoft.com, "Naming and Referencing Containers, Blobs, and Metadata". */
const MAX_NAME = 1_024;

/** A row may name anything. The service answers such a name as it answers a wrong request, or for another resource. */
function canBeBlob(name: string): boolean {
	return name !== "" && name.length <= MAX_NAME && name.isWellFormed() && !/\p{Cc}/u.test(name);
}

/** 409 BlobAlreadyExists; 412 while it is leased. */
function unlessThere(error: unknown): void {
	const { statusCode } = error as { statusCode?: number };
	if (statusCode !== 409 && statusCode !== 412) throw error;
}

/** The names of a page of blobs. */
function namesIn(items: readonly { readonly name: string }[] | undefined, prefix: string): readonly string[] {
	if (!Array.isArray(items)) throw new UnclearAnswer("the answer has no list of blobs");
	const names = items.map(({ name }: { name: string }) => name);
	const strange = names.find((name) => !name.startsWith(prefix));
	if (strange !== undefined) throw new UnclearAnswer(`the answer names the blob ${strange}, which was not asked for`);
	return names;
}

/**
 * Uploads a blob block by block, or in one call where there is only one; the next one is asked for when the last one is
 * written. Blocks that are never committed are removed by the service. An upload that begins anew with the same content
 * writes the same blocks. Answers the blob's URL, without the signature that a connection string may add.
 */
async function upload(
	container: ContainerClient,
	blob: string,
	blocks: Iterable<Buffer> | AsyncIterable<Buffer>,
	blobContentType: string,
): Promise<string> {
	const client = container.getBlockBlobClient(blob);
	const options = { blobHTTPHeaders: { blobContentType } };
	const call = <T>(part: (abortSignal: AbortSignal) => Promise<T>) =>
		called(part, { make: makeContainer(container), timeoutMs: TRANSFER_TIMEOUT_MS });
	const ids: string[] = [];
	const stage = async (block: Buffer) => {
		// All ids of a blob have the same length.
		const id = Buffer.from(String(ids.length).padStart(6, "0")).toString("base64");
		await call((abortSignal) => client.stageBlock(id, block, block.length, { abortSignal }));
		ids.push(id);
	};
	let waiting: Buffer | undefined;
	for await (const block of blocks) {
		if (waiting !== undefined) await stage(waiting);
		waiting = block;
	}
	const last = waiting ?? Buffer.alloc(0);
	if (ids.length > 0) await stage(last);
	await call(async (abortSignal) => {
		const { etag } =
			ids.length > 0
				? await client.commitBlockList(ids, { ...options, abortSignal })
				: await client.upload(last, last.length, { ...options, abortSignal });
		expectText(etag, "ETag of the blob");
	});
	return client.url.replace(/\?.*$/s, "");
}

/** A blob has 50,000 blocks at most: far more than is ever written. Source: learn.microsoft.com, "Put Block List". */
const BLOCK_BYTES = 4 * 1024 * 1024;

async function* inBlocks(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
	let parts: Buffer[] = [];
	let bytes = 0;
	for await (const part of content) {
		parts.push(part);
		bytes += part.length;
		if (bytes < BLOCK_BYTES) continue;
		yield Buffer.concat(parts);
		[parts, bytes] = [[], 0];
	}
	if (bytes > 0) yield Buffer.concat(parts);
}
