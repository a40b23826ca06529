import { readInstant } from "../instant.ts";

/** An event as a line of a manifest. */
export interface GatheredEvent {
	readonly id: string;
	readonly type: string;
	readonly source: string;
	readonly subject: string;
	readonly time: string;
	readonly data: unknown;
	/** Of a CloudEvent that has any. */
	readonly extensions?: Readonly<Record<string, unknown>>;
}

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

/**
 * Sums a window up.
 * @param lines its events as JSON, at least one
 */
export function summarise(lines: readonly string[]): WindowSummary {
	let [type, source, subject] = ["", "", ""];
	let [first, last] = [
		{ at: Number.POSITIVE_INFINITY, time: "" },
		{ at: Number.NEGATIVE_INFINITY, time: "" },
	];
	let totalBytes = 0;
	const sample: GatheredEvent[] = [];
	for (const line of lines) {
		const event = JSON.parse(line) as GatheredEvent;
		const beginning = sample.length === 0;
		type = beginning ? event.type : type;
		source = beginning ? event.source : commonPrefix(source, event.source);
		subject = beginning ? event.subject : commonPrefix(subject, event.subject);
		const at = readInstant(event.time)?.epochMs ?? 0;
		if (at < first.at) first = { at, time: event.time };
		if (at >= last.at) last = { at, time: event.time };
		const { contentLength } = (event.data ?? {}) as { contentLength?: unknown };
		if (typeof contentLength === "number" && contentLength > 0) totalBytes += contentLength;
		if (sample.length < SAMPLE) sample.push(event);
	}
	const data = {
		count: lines.length,
		firstTime: first.time,
		lastTime: last.time,
		totalBytes,
		sample: sample.map(({ id, subject: of, time }) => ({ id: clip(id), subject: clip(of), time })),
	};
	return { type, source, subject, time: last.time, data };
}

function commonPrefix(one: string, other: string): string {
	let length = 0;
	while (length < one.length && one[length] === other[length]) length += 1;
	return whole(one.slice(0, length));
}

/** A sample is there to be recognised; the manifest has it whole. */
function clip(text: string): string {
	return whole(text.slice(0, MAX_SAMPLE_CHARACTERS));
}

/** Without the half of a character that was cut in two, such as an emoji. */
function whole(text: string): string {
	return /[\uD800-\uDBFF]$/.test(text) ? text.slice(0, -1) : text;
}
