import { createHash } from "node:crypto";
import { readInstant } from "../event/instant.ts";
import { isObject } from "../event/json.ts";
import type { EventFacts, Missed, RoutePart } from "../model.ts";
import { type Columns, isStorageError, type Storage, type Write } from "../storage/storage.ts";
import { inTransactions } from "../storage/transactions.ts";
import { eventColumns, reasonColumn } from "./receipt.ts";
import { trimIgnored } from "./retention.ts";
import { IGNORED_LANE, membersOf, plainWrite, readCount, readMembers, receiptKey, writeTime } from "./rows.ts";

/** An event that no route takes. */
export interface IgnoredEvent {
	readonly event: EventFacts;
	readonly reason: string;
	/** By which part it has missed each route. */
	readonly missed: readonly Missed[];
}

interface IgnoredAt extends IgnoredEvent {
	/** Epoch milliseconds. */
	readonly at: number;
}

/** How many events have missed a route. Times are ISO 8601. */
export interface MissedCount {
	readonly by: Readonly<Partial<Record<RoutePart, number>>>;
	readonly since: string;
	readonly last: string;
}

/** By what tells the route from others. */
export type MissedCounts = Readonly<Record<string, MissedCount>>;

export const NONE_MISSED: MissedCounts = {};

/** How many events were ignored, those that left no row included. */
interface IgnoredCount {
	readonly total: number;
	/** For each route that was missed. */
	readonly missed: MissedCounts;
}

/** The row that counts them, in the partition of their receipts. */
const COUNT_KEY = "a-ignored";

/** Writes the receipts of ignored events. Rejects with StorageError. */
async function writeIgnored(storage: Storage, ignored: readonly IgnoredAt[]): Promise<void> {
	const rows = new Map(ignored.map(toReceipt).map((row) => [row.rowKey, row]));
	for (const writes of inTransactions([...rows.values()].map((row) => [row]))) {
		try {
			await storage.commit(IGNORED_LANE, writes);
		} catch (error) {
			if (!(isStorageError(error) && error.refusesContent)) throw error;
			await storage.commit(IGNORED_LANE, writes.map(plainWrite));
		}
	}
}

/** The key follows from the event, so that one that is delivered again is one row. */
function toReceipt({ event, reason, at }: IgnoredAt): Write {
	const { id, type, source, subject, time } = event;
	const instant = readInstant(time)?.text ?? time;
	const identity = JSON.stringify([source.toLowerCase(), type.toLowerCase(), id, subject, instant]);
	const key = createHash("sha256").update(identity).digest("hex").slice(0, 32);
	const when = { acceptedAt: writeTime(at), finishedAt: writeTime(at) };
	const columns = { key, state: "ignored", ...eventColumns(event), ...when, reason: reasonColumn(reason) };
	return { kind: "upsert", rowKey: receiptKey(time, key), columns };
}

/** Adds to the count. Rejects with StorageError, in conflict where another instance was faster. */
async function countIgnored(storage: Storage, more: number, missed: MissedTally): Promise<void> {
	const row = await storage.get(IGNORED_LANE, COUNT_KEY);
	const before = toCount(row?.columns);
	const columns = {
		state: JSON.stringify({ total: before.total + more }),
		missed: writeMissed(sumMissed(before.missed, missed)),
	};
	const write: Write =
		row === undefined
			? { kind: "insert", rowKey: COUNT_KEY, columns }
			: { kind: "replace", rowKey: COUNT_KEY, columns, etag: row.etag };
	await storage.commit(IGNORED_LANE, [write]);
}

/** How many events were ignored. Rejects with StorageError. */
export async function readIgnoredCount(storage: Pick<Storage, "get">): Promise<IgnoredCount> {
	return toCount((await storage.get(IGNORED_LANE, COUNT_KEY))?.columns);
}

/** A count that cannot be read begins anew. */
function toCount({ state, missed }: Columns = {}): IgnoredCount {
	return { total: readCount(readMembers(state)["total"]), missed: readMissed(missed) };
}

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
 * Records ignored events, outside the acknowledgement path: its caller tells it, and does not wait. What cannot be written is
 * tried again a minute later; what a process has not written when it ends is lost, since nothing is owed for it.
 */
export function createIgnoredLog({
	storage,
	now,
	later = unheeded,
}: IgnoredLogOptions): (ignored: IgnoredEvent) => void {
	/** The newest ones that are not written yet. */
	let waiting: IgnoredAt[] = [];
	/** Those that are not in the count yet. */
	let uncounted = 0;
	let missed: MissedTally = new Map();
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
		else if (uncounted > 0) schedule(countAt);
	}

	async function write(): Promise<void> {
		dueAt = Number.NEGATIVE_INFINITY;
		if (now() >= minuteEnds) [left, minuteEnds] = [A_MINUTE, now() + MINUTE_MS];
		try {
			await writeReceipts();
			if (uncounted > 0 && now() >= countAt) await writeCount();
			if (untrimmed >= TRIM_EVERY) {
				untrimmed = 0;
				await trimIgnored(storage, now());
			}
		} catch {
			// Nothing is owed here, and health tells when storage is away.
			[left, countAt] = [0, minuteEnds];
		}
		dueAt = Number.POSITIVE_INFINITY;
		scheduleNext();
	}

	async function writeReceipts(): Promise<void> {
		const written = waiting.slice(Math.max(0, waiting.length - left));
		await writeIgnored(storage, written);
		waiting = waiting.filter((each) => !written.includes(each));
		left -= written.length;
		untrimmed += written.length;
	}

	async function writeCount(): Promise<void> {
		const [more, counted] = [uncounted, missed];
		[uncounted, missed] = [0, new Map()];
		countAt = now() + MINUTE_MS;
		try {
			await countIgnored(storage, more, counted);
		} catch (error) {
			uncounted += more;
			missed = new Map(Object.entries(sumMissed(Object.fromEntries(counted), missed)));
			throw error;
		}
	}

	return (ignored) => {
		waiting.push({ ...ignored, at: now() });
		if (waiting.length > A_MINUTE) waiting.shift();
		uncounted += 1;
		tallyMissed(missed, ignored.missed, writeTime(now()));
		scheduleNext();
	};
}

function unheeded(ms: number, work: () => void): void {
	setTimeout(work, ms).unref();
}

/** Counts that grow. */
export type MissedTally = Map<string, MissedCount>;

/** Adds an event to a tally. */
export function tallyMissed(tally: MissedTally, missed: readonly Missed[], at: string): void {
	for (const { route, by } of missed) {
		tally.set(route, plus(tally.get(route), { by: { [by]: 1 }, since: at, last: at }));
	}
}

/** A property of a row holds 64 KiB. */
const MOST_ROUTES = 200;

/** Adds counts to older ones. Of too many routes those stay that were missed last. */
export function sumMissed(older: MissedCounts, newer: ReadonlyMap<string, MissedCount>): MissedCounts {
	const all = new Map(Object.entries(older));
	for (const [route, count] of newer) all.set(route, plus(all.get(route), count));
	const lastFirst = [...all].sort(([, one], [, other]) => (one.last < other.last ? 1 : -1));
	return Object.fromEntries(lastFirst.slice(0, MOST_ROUTES));
}

function plus(older: MissedCount | undefined, newer: MissedCount): MissedCount {
	if (older === undefined) return newer;
	const by = { ...older.by };
	for (const [part, more] of Object.entries(newer.by) as [RoutePart, number][]) by[part] = (by[part] ?? 0) + more;
	return { by, since: older.since, last: newer.last };
}

/** Counts as bytes of a row. */
export function writeMissed(counts: MissedCounts): Uint8Array {
	return Buffer.from(JSON.stringify(counts));
}

/** What cannot be read counts as none. */
export function readMissed(column: unknown): MissedCounts {
	const read = readMembers(column instanceof Uint8Array ? Buffer.from(column).toString("utf8") : "");
	return Object.fromEntries(Object.entries(read).filter(([, count]) => isCount(count))) as MissedCounts;
}

function isCount(value: unknown): boolean {
	const { by, since, last } = membersOf(value);
	const isWhole = typeof since === "string" && typeof last === "string" && isObject(by);
	return isWhole && Object.values(by).every((count) => Number.isSafeInteger(count));
}
