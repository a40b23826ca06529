import { createHash } from "node:crypto";
import type { LaneLease } from "../ledger/lane-lease.ts";
import type { Storage } from "../storage/storage.ts";
import { type Manifest, startSumming, type WindowSummary } from "./manifest.ts";
import { linesOf, type Member } from "./members.ts";

/** A manifest that was written, and what is known of its events. */
export interface WrittenManifest {
	readonly manifest: Manifest;
	readonly summary: WindowSummary;
	/** Its lines; undefined where they are too many to be sent along. */
	readonly lines: readonly string[] | undefined;
}

/** Lines that take more are not remembered. */
const MAX_REMEMBERED_BYTES = 60 * 1024;
/** What the manifest's blob is written in. */
const CHUNK_BYTES = 64 * 1024;

/** Writes the manifest of a window's members while they are read: of all their lines, few are in memory at a time. */
export async function writeManifest(
	lease: LaneLease,
	storage: Storage,
	blob: string,
	members: readonly Member[],
): Promise<WrittenManifest> {
	const summing = startSumming();
	const hash = createHash("sha256");
	let bytes = 0;
	let lines: string[] | undefined = [];

	async function* content(): AsyncGenerator<Buffer> {
		let [parts, waiting]: [Buffer[], number] = [[], 0];
		for await (const { text, event } of linesOf(lease, storage, members)) {
			const part = Buffer.from(`${text}\n`);
			summing.add(event);
			hash.update(part);
			bytes += part.length;
			if (bytes <= MAX_REMEMBERED_BYTES) lines?.push(text);
			else lines = undefined;
			parts.push(part);
			waiting += part.length;
			if (waiting < CHUNK_BYTES) continue;
			yield Buffer.concat(parts);
			[parts, waiting] = [[], 0];
		}
		yield Buffer.concat(parts);
	}

	const url = await storage.writeStream(blob, content(), "application/x-ndjson");
	const manifest = { url, sha256: hash.digest("hex"), bytes, count: members.length };
	return { manifest, summary: summing.summary(), lines };
}
