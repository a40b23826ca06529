import type { Attempt, Destination, Disposition, Doubt } from "../model.ts";
import { movedBody } from "../storage/rows.ts";
import type { Columns, Row, Write } from "../storage/storage.ts";
import { appendAttempt, readAttempts, reasonColumn } from "./receipt.ts";
import {
	DESTINATION_COLUMNS,
	deadLetterKey,
	destinationColumn,
	isReceiptKey,
	LONGEST_WAIT_MS,
	readDestination,
	readMembers,
	readServiceTime,
	readTimeUntil,
	receiptKey,
	targetOf,
	timeInKey,
	writeTime,
} from "./rows.ts";

/** A dispatch that is owed, as a row of its lane. */
export interface Entry {
	readonly rowKey: string;
	readonly key: string;
	/** The key of its receipt's row. */
	readonly receipt: string;
	/** Epoch milliseconds. */
	readonly acceptedAt: number;
	/** Undefined where the row does not say it. */
	readonly to: Destination | undefined;
	/** What its circuit breaker is for; empty where the row does not say it. */
	readonly target: string;
	readonly route: string;
	/** It steps aside until then, epoch milliseconds; 0 if it does not. */
	readonly notBefore: number;
	/** How many of its answers in a row were uncertain. */
	readonly failures: number;
	/** Its first failure, epoch milliseconds; none where it has not failed. */
	readonly failingSince?: number | undefined;
	/** None where it is certain that it was not taken, or where an earlier version has tried it. */
	readonly doubt?: Doubt | undefined;
	readonly attempts: readonly Attempt[];
	/** What to send; undefined where it has not been read, or lies in a blob. */
	readonly body?: string | undefined;
	readonly bodyBlob?: string | undefined;
	/** The blob that lists the members of the window that it closes, as long as they are not cleaned up. */
	readonly closing?: string | undefined;
	/** Whether it was taken before, and is sent once more since no run came. */
	readonly resent?: true | undefined;
}

/** Everything but what is sent, for looking past entries that cannot be delivered yet. */
export const LIGHT_COLUMNS = [
	"key",
	"receipt",
	"acceptedAt",
	...DESTINATION_COLUMNS,
	"route",
	"notBefore",
	"failures",
	"troubles",
	"failingSince",
	"doubt",
	"attempts",
	"bodyBlob",
	"closing",
	"resent",
] as const;

/** What of a delivery tells of what it is for, and is kept as long as anything of it is. */
type Kept = Pick<Entry, "key" | "receipt" | "to" | "route" | "closing">;

function keptColumns({ key, receipt, to, route, closing }: Kept): Columns {
	return { key, receipt, ...destinationColumn(to), route, closing };
}

/** A new entry's columns, apart from what is sent: `body`, or `bodyBlob`. */
export function newEntry(entry: Kept & Pick<Entry, "acceptedAt">): Columns {
	return { ...keptColumns(entry), acceptedAt: writeTime(entry.acceptedAt) };
}

/**
 * Reads a delivery's row. What cannot be read in it counts as not there, and so does a time that is more than a day ahead:
 * a bad row delays nothing, not even itself.
 * @param now epoch milliseconds
 */
export function readEntry({ rowKey, columns }: Pick<Row, "rowKey" | "columns">, now: number): Entry {
	const text = (name: string) => String(columns[name] ?? "");
	const time = (name: string) => readTimeUntil(text(name), now + LONGEST_WAIT_MS);
	const to = readDestination(columns);
	const { body, resent } = columns;
	return {
		rowKey,
		key: text("key"),
		receipt: isReceiptKey(text("receipt")) ? text("receipt") : receiptKey("", rowKey),
		acceptedAt: Math.min(time("acceptedAt") ?? timeInKey(rowKey) ?? now, now),
		to,
		target: targetOf(to),
		route: text("route"),
		notBefore: time("notBefore") ?? 0,
		failures: Math.max(0, Number(columns["failures"] ?? columns["troubles"] ?? 0)) || 0,
		failingSince: time("failingSince"),
		doubt: readDoubt(text("doubt"), now),
		attempts: readAttempts(text("attempts")) ?? [],
		body: body instanceof Uint8Array ? Buffer.from(body).toString("utf8") : undefined,
		bodyBlob: text("bodyBlob") || undefined,
		closing: text("closing") || undefined,
		resent: resent === true || undefined,
	};
}

/** A time that no service can have meant says nothing, and so does the whole. */
function readDoubt(text: string, now: number): Doubt | undefined {
	const { since, from, looks, reason } = readMembers(text);
	const began = readServiceTime(since, now);
	if (began === undefined) return undefined;
	return {
		since: began,
		from: from === undefined ? undefined : (readServiceTime(from, now) ?? began),
		looks: Number.isSafeInteger(looks) ? (looks as number) : undefined,
		reason: typeof reason === "string" ? reason : undefined,
	};
}

/** What is written of the runs of a delivery that was taken: into its receipt, and as rows of its own. */
export interface FollowWrites {
	readonly receipt: Columns;
	readonly rows: readonly Write[];
}

/**
 * The rows that say what became of an entry: its receipt, the entry itself, and what is kept of a dead one.
 * @param attempt the call that decided it; none where no call was made
 * @param now epoch milliseconds
 * @param follow of one that was taken
 */
export function finishWrites(
	entry: Entry,
	disposition: Disposition,
	attempt: Attempt | undefined,
	now: number,
	follow: FollowWrites = { receipt: {}, rows: [] },
): Write[] {
	const attempts = attempt === undefined ? entry.attempts : appendAttempt(entry.attempts, attempt);
	const tried = { attempts: JSON.stringify(attempts) };
	if (disposition.kind === "deferred") return deferWrites(entry, disposition, tried);
	const isDead = disposition.kind === "dead-lettered";
	const finished: Columns = {
		...tried,
		state: isDead ? "dead" : "dispatched",
		finishedAt: writeTime(now),
		reason: isDead ? reasonColumn(disposition.reason) : "",
		...follow.receipt,
	};
	// A window's members that are not completed yet are completed after a replay, too.
	const forReplay = { ...keptColumns(entry), ...movedBody(entry), ...tried };
	const deadLetter: Write = { kind: "upsert", rowKey: deadLetterKey(entry.receipt), columns: forReplay };
	return [
		{ kind: "merge", rowKey: entry.receipt, columns: finished },
		{ kind: "delete", rowKey: entry.rowKey },
		...(isDead ? [deadLetter] : []),
		...follow.rows,
	];
}

function deferWrites(entry: Entry, disposition: Extract<Disposition, { kind: "deferred" }>, tried: Columns): Write[] {
	const { notBefore, failingSince, failures, doubt, reason } = disposition;
	const aside = { ...tried, notBefore: notBefore === 0 ? undefined : writeTime(notBefore) };
	const kept = {
		...aside,
		failingSince: failingSince === undefined ? undefined : writeTime(failingSince),
		failures,
		// A merge cannot take a column away; it leaves it empty.
		doubt: doubt === undefined ? "" : JSON.stringify(doubt),
	};
	return [
		{ kind: "merge", rowKey: entry.receipt, columns: { ...aside, reason: reasonColumn(reason) } },
		{ kind: "merge", rowKey: entry.rowKey, columns: kept },
	];
}
