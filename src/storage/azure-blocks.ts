import type { BlobHTTPHeaders, BlockBlobClient } from "@azure/storage-blob";

/** Makes one call of the service within its time. */
export type BlockCall = (call: (abortSignal: AbortSignal) => Promise<void>) => Promise<void>;

/** A blob has 50,000 blocks at most: far more than is ever written. Source: learn.microsoft.com, "Put Block List". */
const BLOCK_BYTES = 4 * 1024 * 1024;

/**
 * Uploads a blob block by block; the next one is asked for when the last one is written. Blocks that are never committed
 * are removed by the service. Whoever begins anew with the same content writes the same blocks.
 */
export async function uploadInBlocks(
	client: BlockBlobClient,
	content: AsyncIterable<Buffer>,
	blobHTTPHeaders: BlobHTTPHeaders,
	call: BlockCall,
): Promise<void> {
	const ids: string[] = [];
	let waiting: Buffer | undefined;
	const stage = async (block: Buffer) => {
		// All ids of a blob have the same length.
		const id = Buffer.from(String(ids.length).padStart(6, "0")).toString("base64");
		await call(async (abortSignal) => void (await client.stageBlock(id, block, block.length, { abortSignal })));
		ids.push(id);
	};
	for await (const block of inBlocks(content)) {
		if (waiting !== undefined) await stage(waiting);
		waiting = block;
	}
	const last = waiting ?? Buffer.alloc(0);
	if (ids.length === 0) {
		const options = { blobHTTPHeaders };
		await call(async (abortSignal) => void (await client.upload(last, last.length, { ...options, abortSignal })));
		return;
	}
	await stage(last);
	await call(async (abortSignal) => void (await client.commitBlockList(ids, { blobHTTPHeaders, abortSignal })));
}

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
