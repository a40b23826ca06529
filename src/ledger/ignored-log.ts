import type { Storage } from "../storage/storage.ts";
import { countIgnored, type IgnoredAt, type IgnoredEvent, trimIgnored, writeIgnored } from "./ignored.ts";

export interface IgnoredLogOptions {
	readonly storage: Storage;
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** Does something later, for which no process has to stay alive. */
	readonly later?: (ms: number, work: () => void) => void;
}

/** So many receipts are written a minute by one instance; beyond that, events are counted. */
const A_MINUTE = 60;
const MINUTE_MS = 60_000;
/** So long events are gathered, to be written together. */
const GATHER_MS = 500;
/** After so many new receipts the oldest ones are removed. */
const TRIM_EVERY = 300;

/**
 * Records ignored events, outside the acknowledgement path: it is told and nobody waits for it. What cannot be written is
 * tried again a minute later; what a process has not written when it ends is lost, since nothing is owed for it.
 */
export function createIgnoredLog({
	storage,
	now,
	later = unheeded,
}: IgnoredLogOptions): (ignored: IgnoredEvent) => void {
	/** The newest ones that are not written yet. */
	let waiting: IgnoredAt[] = [];
	let uncounted = 0;
	let countAt = 0;
	/** How many receipts may still be written before this minute ends. */
	let left = A_MINUTE;
	let minuteEnds = 0;
	let untrimmed = TRIM_EVERY;
	/** When the next writing begins; never while one is under way. */
	let dueAt = Number.POSITIVE_INFINITY;

	function schedule(at: number): void {
		if (at >= dueAt) return;
		dueAt = at;
		later(Math.max(0, at - now()), () => {
			if (dueAt === at) void write();
		});
	}

	function scheduleNext(): void {
		if (waiting.length > 0) schedule(left > 0 || now() >= minuteEnds ? now() + GATHER_MS : minuteEnds);
		else if (uncounted > 0) schedule(Math.max(countAt, now() + GATHER_MS));
	}

	async function write(): Promise<void> {
		dueAt = Number.NEGATIVE_INFINITY;
		if (now() >= minuteEnds) [left, minuteEnds] = [A_MINUTE, now() + MINUTE_MS];
		try {
			await writeReceipts();
			if (uncounted > 0 && now() >= countAt) await writeCount();
			if (untrimmed >= TRIM_EVERY) await trim();
		} catch {
			// Nothing is owed here, and health tells when storage is away.
			[left, countAt] = [0, minuteEnds];
		}
		dueAt = Number.POSITIVE_INFINITY;
		scheduleNext();
	}

	async function writeReceipts(): Promise<void> {
		const written = left === 0 ? [] : waiting.slice(-left);
		if (written.length === 0) return;
		await writeIgnored(storage, written);
		waiting = waiting.filter((each) => !written.includes(each));
		left -= written.length;
		untrimmed += written.length;
	}

	async function writeCount(): Promise<void> {
		const more = uncounted;
		countAt = now() + MINUTE_MS;
		await countIgnored(storage, more, now());
		uncounted -= more;
	}

	async function trim(): Promise<void> {
		untrimmed = 0;
		await trimIgnored(storage);
	}

	return (ignored) => {
		waiting.push({ ...ignored, at: now() });
		if (waiting.length > A_MINUTE) waiting.shift();
		uncounted += 1;
		scheduleNext();
	};
}

function unheeded(ms: number, work: () => void): void {
	setTimeout(work, ms).unref();
}
