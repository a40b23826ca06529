import { createHash } from "node:crypto";
import { readInstant } from "../event/instant.ts";
import type { LaneLease } from "../ledger/lane-lease.ts";
import { clipText } from "../log.ts";
import type { BridgeEvent } from "../model.ts";
import type { Storage } from "../storage/storage.ts";
import { linesOf, type ManifestLine, type Member } from "./members.ts";

/** An event as a line of a manifest. */
export type GatheredEvent = Pick<BridgeEvent, "id" | "type" | "source" | "subject" | "time" | "data" | "extensions">;

/** Where a window's events can be read: JSON Lines, one event a line. */
export interface Manifest {
	readonly url: string;
	/** Of the blob's bytes, in hexadecimal digits. */
	readonly sha256: string;
	readonly bytes: number;
	/** Lines. */
	readonly count: number;
}

/** What is said of a window as a whole. */
export interface WindowSummary {
	readonly type: string;
	/** What the events' sources and subjects begin with, all of them. */
	readonly source: string;
	readonly subject: string;
	/** The last event's. */
	readonly time: string;
	readonly data: {
		readonly count: number;
		readonly firstTime: string;
		readonly lastTime: string;
		/** Of all blobs, as far as their events say it. */
		readonly totalBytes: number;
		/** The first few. */
		readonly sample: readonly Pick<GatheredEvent, "id" | "subject" | "time">[];
	};
}

const SAMPLE = 5;
const MAX_SAMPLE_CHARACTERS = 1_000;
/** With nine digits of a second and an offset it is shorter. */
const MAX_TIME_CHARACTERS = 40;

/** What is known of some events, in their order. */
interface Sum extends Pick<WindowSummary, "type" | "source" | "subject"> {
	readonly count: number;
	readonly totalBytes: number;
	readonly first: Moment;
	readonly last: Moment;
	readonly sample: WindowSummary["data"]["sample"];
}

interface Moment {
	/** Epoch milliseconds. */
	readonly at: number;
	readonly time: string;
}

/** Whatever an event lacks, or has of another type, counts as empty. */
function sumOf(event: ManifestLine["event"]): Sum {
	const moment = momentOf(event);
	const subject = textOf(event, "subject");
	const shown = { id: clip(textOf(event, "id")), subject: clip(subject), time: moment.time };
	return {
		count: 1,
		type: textOf(event, "type"),
		source: textOf(event, "source"),
		subject,
		totalBytes: contentLengthOf(event),
		first: moment,
		last: moment,
		sample: [shown],
	};
}

function plus(one: Sum, other: Sum): Sum {
	return {
		count: one.count + other.count,
		type: one.type,
		source: commonPrefix(one.source, other.source),
		subject: commonPrefix(one.subject, other.subject),
		totalBytes: Math.min(one.totalBytes + other.totalBytes, Number.MAX_SAFE_INTEGER),
		first: other.first.at < one.first.at ? other.first : one.first,
		last: other.last.at >= one.last.at ? other.last : one.last,
		sample: [...one.sample, ...other.sample].slice(0, SAMPLE),
	};
}

function toSummary({ type, source, subject, count, totalBytes, first, last, sample }: Sum): WindowSummary {
	const data = { count, firstTime: first.time, lastTime: last.time, totalBytes, sample };
	return { type, source, subject, time: last.time, data };
}

/**
 * Sums a window up.
 * @param lines its events as JSON, at least one
 */
export function summarise(lines: readonly string[]): WindowSummary {
	return toSummary(lines.map((line) => sumOf(JSON.parse(line) as ManifestLine["event"])).reduce(plus));
}

function textOf(event: ManifestLine["event"], name: keyof GatheredEvent): string {
	const value = event[name];
	return typeof value === "string" ? value : "";
}

/** In the event's own spelling, unless that is absurdly long. What is no time counts as none. */
function momentOf(event: ManifestLine["event"]): Moment {
	const time = textOf(event, "time");
	const at = readInstant(time)?.epochMs;
	if (at === undefined) return { at: 0, time: "" };
	return { at, time: time.length <= MAX_TIME_CHARACTERS ? time : new Date(at).toISOString() };
}

/** What is no size that a blob can have counts as none: a sum must stay a number. */
function contentLengthOf({ data }: ManifestLine["event"]): number {
	const { contentLength = 0 } = (data ?? {}) as { readonly contentLength?: number };
	return Number.isSafeInteger(contentLength) ? Math.max(contentLength, 0) : 0;
}

/** Character by character, so that none is cut in two, such as an emoji. */
function commonPrefix(one: string, other: string): string {
	let length = 0;
	for (const character of one) {
		if (!other.startsWith(character, length)) break;
		length += character.length;
	}
	return one.slice(0, length);
}

/** A sample is there to be recognised; the manifest has it whole. */
function clip(text: string): string {
	return clipText(text, MAX_SAMPLE_CHARACTERS);
}

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

/**
 * Writes the manifest of a window's members, at least one, and sums it up while they are read: of all their lines, few are
 * in memory at a time.
 */
export async function writeManifest(
	lease: LaneLease,
	storage: Storage,
	blob: string,
	members: readonly Member[],
): Promise<WrittenManifest> {
	let sum: Sum | undefined;
	const hash = createHash("sha256");
	let bytes = 0;
	let lines: string[] | undefined = [];

	async function* content(): AsyncGenerator<Buffer> {
		let [parts, waiting]: [Buffer[], number] = [[], 0];
		for await (const { text, event } of linesOf(lease, storage, members)) {
			const part = Buffer.from(`${text}\n`);
			sum = sum === undefined ? sumOf(event) : plus(sum, sumOf(event));
			hash.update(part);
			bytes += part.length;
			if (bytes > MAX_REMEMBERED_BYTES) lines = undefined;
			lines?.push(text);
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
	return { manifest, summary: toSummary(sum as Sum), lines };
}
