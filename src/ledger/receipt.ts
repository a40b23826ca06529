import { readInstant } from "../event/instant.ts";
import { isObject } from "../event/json.ts";
import { cleanText, clipLine, clipText } from "../log.ts";
import type { Attempt, Destination, EventFacts, Following, Run } from "../model.ts";
import { type Columns, type Row, WRITTEN_AT } from "../storage/storage.ts";
import { DESTINATION_COLUMNS, readDestination, readTime, shownColumn } from "./rows.ts";

/** How far a delivery is, as it is written down. */
export type WrittenState =
	| "accepted"
	| "coalescing"
	| "dispatched"
	| "coalesced"
	| "dead"
	| "rejected"
	| "ignored"
	| "discarded";

/** How far a delivery is, as it is shown: `paused` and `parked` are what a lane makes of `accepted`. */
export type ReceiptState = WrittenState | "paused" | "parked";

/** What was accepted for one event at one destination, and what became of it. */
export interface Receipt {
	readonly rowKey: string;
	readonly key: string;
	readonly state: WrittenState;
	readonly event: EventFacts;
	readonly route: string | null;
	readonly to: Destination | null;
	/** ISO 8601 */
	readonly acceptedAt: string;
	readonly finishedAt: string | null;
	/** When a replay has last fed it back. */
	readonly replayedAt: string | null;
	/** When its row was last written, by the service's clock; null where that was not read. */
	readonly changedAt: string | null;
	readonly attempts: readonly Attempt[];
	readonly reason: string | null;
	/** The key of the dispatch that an event was coalesced into. */
	readonly window: string | null;
	/** The key of that dispatch's receipt's row; null where an earlier version has coalesced it. */
	readonly dispatch: string | null;
	/** Of an event that was rejected: the beginning of what arrived, and what has judged it. */
	readonly arrived: Arrived | null;
	readonly judge: string | null;
	/** Who has written it: an acceptor whose answer got lost finds its own mark. */
	readonly by: string | null;
	/** The key of its entry, or of its member row. */
	readonly place: string | null;
	readonly blobs: readonly string[];
	/** The runs that it has started, as far as they are known. */
	readonly runs: readonly Run[];
	/** How far they were followed; null where it was not taken, or is one of a window's events. */
	readonly following: Following | null;
	readonly followingReason: string | null;
	/** Its delivery steps aside until then, epoch milliseconds; 0 if it does not. */
	readonly notBefore: number;
}

/** What was rejected, as JSON. */
export interface Arrived {
	/** Its beginning. */
	readonly text: string;
	/** How long all of it is, in UTF-8. */
	readonly bytes: number;
	/** Whether `text` is all of it. */
	readonly whole: boolean;
}

/** How the reason of a delivery begins that was given up, since it has failed or waited for a repair for too long. */
export const GAVE_UP = "given up after ";

/** A receipt in one of these is final: nothing more is owed. */
export const FINAL_STATES: readonly WrittenState[] = [
	"dispatched",
	"coalesced",
	"dead",
	"rejected",
	"ignored",
	"discarded",
];

export function isFinal({ state }: { readonly state: ReceiptState }): boolean {
	return (FINAL_STATES as readonly ReceiptState[]).includes(state);
}

const MAX_ATTEMPTS = 20;
const MAX_ATTEMPT_REASON = 500;

/** The columns that `readReceipt` reads. */
export const RECEIPT_COLUMNS = [
	...["key", "state", "id", "type", "source", "subject", "time", "run", "route", ...DESTINATION_COLUMNS],
	...["acceptedAt", "finishedAt", "replayedAt", "attempts", "reason", "window", "dispatch", "arrived", "arrivedBytes"],
	...["judge", "by", "place", "blobs", "runs", "following", "followingReason", "notBefore", WRITTEN_AT],
];

/** The first attempt says when the failure began, the last ones say how it is now. */
export function appendAttempt(attempts: readonly Attempt[], attempt: Attempt): readonly Attempt[] {
	const all = [...attempts, soundAttempt(attempt)];
	return [...all.slice(0, 1), ...all.slice(1).slice(1 - MAX_ATTEMPTS)];
}

/** An attempt within its bounds, whatever a row says of it: so all of them fit into a column. */
function soundAttempt({ at, status, ms, requestId, reason }: Attempt): Attempt {
	return {
		at: clipLine(String(at ?? ""), MAX_WORD),
		status: Number.isSafeInteger(status) ? status : null,
		ms: Number(ms) || 0,
		requestId: typeof requestId === "string" ? clipLine(requestId, MAX_WORD) : null,
		reason: typeof reason === "string" ? clipLine(reason, MAX_ATTEMPT_REASON) : null,
	};
}

export function readReceipt({ rowKey, columns }: Row): Receipt {
	// A merge cannot take a column away; it leaves it empty.
	const text = (name: string) => (columns[name] === undefined || columns[name] === "" ? null : String(columns[name]));
	const attempts = readAttempts(text("attempts"));
	const damage = attempts === undefined ? "its row in storage is damaged: the attempts cannot be read" : null;
	return {
		rowKey,
		key: text("key") ?? "",
		state: (text("state") ?? "accepted") as WrittenState,
		event: {
			id: text("id") ?? "",
			type: text("type") ?? "",
			source: text("source") ?? "",
			subject: text("subject") ?? "",
			time: text("time") ?? "",
			run: text("run") ?? undefined,
		},
		route: text("route"),
		to: readDestination(columns) ?? null,
		acceptedAt: text("acceptedAt") ?? "",
		finishedAt: text("finishedAt"),
		replayedAt: text("replayedAt"),
		changedAt: text(WRITTEN_AT),
		attempts: attempts ?? [],
		reason: [text("reason"), damage].filter((one) => one !== null).join("; ") || null,
		window: text("window"),
		dispatch: text("dispatch"),
		arrived: readArrived(text("arrived"), columns["arrivedBytes"]),
		judge: text("judge"),
		by: text("by"),
		place: text("place"),
		blobs: text("blobs")?.split(" ") ?? [],
		runs: readRuns(columns["runs"]),
		following: text("following") as Following | null,
		followingReason: text("followingReason"),
		notBefore: readTime(text("notBefore")) ?? 0,
	};
}

function readArrived(text: string | null, bytes: Columns[string]): Arrived | null {
	if (text === null) return null;
	return { text, bytes: Number(bytes) || 0, whole: Buffer.byteLength(text) === bytes };
}

/** The runs of a row; none where they cannot be read. */
export function readRuns(column: Columns[string]): readonly Run[] {
	const runs = (readList(column) ?? []).filter(isObject);
	return runs.filter(({ id }) => typeof id === "string").map((run) => soundRun(run as unknown as Run));
}

const MAX_WORD = 100;
const MAX_NAME = 300;
const MAX_URL = 1_000;

/** A run within the bounds of a receipt, whatever a service or a damaged row says. */
export function soundRun({ id, url, workflow, status, conclusion, attempt, certain }: Run): Run {
	return {
		id: cleanText(String(id), MAX_WORD),
		url: isPage(url) ? url : null,
		workflow: typeof workflow === "string" ? cleanText(workflow, MAX_NAME) : null,
		status: cleanText(String(status ?? ""), MAX_WORD),
		conclusion: typeof conclusion === "string" ? cleanText(conclusion, MAX_WORD) : null,
		attempt: Number.isSafeInteger(attempt) && attempt > 0 ? attempt : 1,
		certain: certain === true,
	};
}

/** An address that a person may follow. */
function isPage(url: string | null): boolean {
	return typeof url === "string" && url.length <= MAX_URL && /^https?:\/\/[^\s"'<>]+$/.test(url) && URL.canParse(url);
}

/** Undefined where they cannot be read. */
export function readAttempts(text: string | null | undefined): readonly Attempt[] | undefined {
	const attempts = readList(text);
	return attempts?.every(isObject) ? (attempts as unknown as readonly Attempt[]).map(soundAttempt) : undefined;
}

/** A list as a column holds it; undefined where it cannot be read. */
function readList(column: Columns[string] | null): readonly unknown[] | undefined {
	try {
		const read: unknown = JSON.parse(String(column || "[]"));
		return Array.isArray(read) ? read : undefined;
	} catch {
		return undefined;
	}
}

/**
 * What a text column holds, in UTF-16 units: long enough to recognise an event by, since the whole event is in what is
 * sent or in its dead letter. A column holds 32 Ki of them, and 100 rows share 4 MiB.
 */
export const MAX_FACT = 1_500;
const MAX_REASON = 1_500;

/** What a receipt keeps of an event, each text within its bound. */
export function eventColumns({ id, type, source, subject, time, run }: EventFacts): Columns {
	return {
		id: clipText(id, MAX_FACT),
		type: clipText(type, MAX_FACT),
		source: clipText(source, MAX_FACT),
		subject: clipText(subject, MAX_FACT),
		time: clipTime(time),
		run: run === undefined ? undefined : clipText(run, MAX_FACT),
	};
}

/** More than any clock writes, and RFC 3339 allows any number of digits. */
const MAX_TIME = 64;

/** A time stays one that can be read: what is too long is the fraction of its second. */
function clipTime(time: string): string {
	if (time.length <= MAX_TIME) return time;
	const instant = readInstant(time);
	return instant === undefined ? "" : new Date(instant.epochMs).toISOString();
}

/** Where a receipt's event goes; nothing for one that goes nowhere. */
export function routeColumns(route: string | null, to: Destination | null | undefined): Columns {
	return { route: route === null ? undefined : clipText(route, MAX_FACT), ...shownColumn(to) };
}

export function reasonColumn(reason: string): string {
	return cleanText(reason, MAX_REASON);
}
