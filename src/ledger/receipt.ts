import { readInstant } from "../event/instant.ts";
import { cleanText, clipText } from "../log.ts";
import type { Destination, Following, Run } from "../model.ts";
import { type Attempt, type Delivery, type EventFacts, isJoin } from "../model.ts";
import type { Columns, Row } from "../storage/storage.ts";
import { type LaneState, LONGEST_WAIT_MS, waitingFor } from "./lane-state.ts";
import { readDestination, shownColumn, targetOf } from "./rows.ts";

/** How far a delivery is, as it is written down. `paused` and `parked` are what a lane makes of `accepted`. */
export type WrittenState = "accepted" | "coalescing" | "dispatched" | "coalesced" | "dead" | "rejected" | "ignored";

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
	readonly attempts: readonly Attempt[];
	readonly reason: string | null;
	/** The key of the dispatch that an event was coalesced into. */
	readonly window: string | null;
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

/** A receipt in one of these is final: nothing more is owed. */
export const FINAL_STATES: readonly WrittenState[] = ["dispatched", "coalesced", "dead", "rejected", "ignored"];

export function isFinal({ state }: Pick<Receipt, "state">): boolean {
	return FINAL_STATES.includes(state);
}

/**
 * What a text column holds, in UTF-16 units: long enough to recognise an event by, since the whole event is in what is
 * sent or in its dead letter. A column holds 32 Ki of them, and 100 rows share 4 MiB.
 */
const MAX_FACT = 1_500;
const MAX_REASON = 1_500;
/** More than any clock writes, and RFC 3339 allows any number of digits. */
const MAX_TIME = 64;
const MAX_PLAIN = 200;
const MAX_ATTEMPTS = 20;

/** A new receipt's columns. */
export function newReceipt(
	delivery: Pick<Delivery, "key" | "event" | "route" | "to" | "blobs" | "how">,
	written: { readonly at: string; readonly by: string; readonly place: string },
): Columns {
	const { key, event, route, to, blobs = [], how } = delivery;
	return {
		key,
		state: isJoin(how) ? "coalescing" : "accepted",
		...eventColumns(event),
		...routeColumns(route, to),
		acceptedAt: written.at,
		by: written.by,
		place: written.place,
		...(blobs.length === 0 ? {} : { blobs: blobs.join(" ") }),
	};
}

/** What a receipt keeps of an event, each text within its bound. */
export function eventColumns({ id, type, source, subject, time, run }: EventFacts): Columns {
	return {
		id: clipText(id, MAX_FACT),
		type: clipText(type, MAX_FACT),
		source: clipText(source, MAX_FACT),
		subject: clipText(subject, MAX_FACT),
		time: clipTime(time),
		...(run === undefined ? {} : { run: clipText(run, MAX_FACT) }),
	};
}

/** Where a receipt's event goes; nothing for one that goes nowhere. */
export function routeColumns(route: string | null, to: Receipt["to"]): Columns {
	return {
		...(route === null ? {} : { route: clipText(route, MAX_FACT) }),
		...shownColumn(to),
	};
}

export function reasonColumn(reason: string): string {
	return cleanText(reason, MAX_REASON);
}

/** The same columns in a form that storage takes for certain: short, and of printable ASCII alone. */
export function plainColumns(columns: Columns): Columns {
	const plain = (text: string) => text.slice(0, MAX_PLAIN).replace(/[^\x20-\x7e]/g, "?");
	return Object.fromEntries(
		Object.entries(columns).map(([name, value]) => [name, typeof value === "string" ? plain(value) : value]),
	);
}

/** A time stays one that can be read: what is too long is the fraction of its second. */
function clipTime(time: string): string {
	if (time.length <= MAX_TIME) return time;
	const instant = readInstant(time);
	return instant === undefined ? "" : new Date(instant.epochMs).toISOString();
}

/** The first attempt says when the failure began, the last ones say how it is now. */
export function appendAttempt(attempts: readonly Attempt[], attempt: Attempt): readonly Attempt[] {
	const all = [...attempts, { ...attempt, reason: attempt.reason?.slice(0, 500) ?? null }];
	return all.length > MAX_ATTEMPTS ? [...all.slice(0, 1), ...all.slice(1 - MAX_ATTEMPTS)] : all;
}

export function readReceipt({ rowKey, columns }: Row): Receipt {
	// A merge cannot take a column away; it leaves it empty.
	const text = (name: string) => (columns[name] === undefined || columns[name] === "" ? null : String(columns[name]));
	const run = text("run");
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
			...(run === null ? {} : { run }),
		},
		route: text("route"),
		to: readDestination(columns) ?? null,
		acceptedAt: text("acceptedAt") ?? "",
		finishedAt: text("finishedAt"),
		attempts: attempts ?? [],
		reason: [text("reason"), damage].filter((one) => one !== null).join("; ") || null,
		window: text("window"),
		by: text("by"),
		place: text("place"),
		blobs: text("blobs")?.split(" ") ?? [],
		runs: readRuns(columns["runs"]),
		following: text("following") as Following | null,
		followingReason: text("followingReason"),
		notBefore: Date.parse(text("notBefore") ?? "") || 0,
	};
}

/** The runs of a row; none where they cannot be read. */
export function readRuns(column: Columns[string]): readonly Run[] {
	try {
		const runs: unknown = JSON.parse(String(column ?? "[]") || "[]");
		return Array.isArray(runs) ? runs.filter((run) => typeof (run as Partial<Run> | null)?.id === "string") : [];
	} catch {
		return [];
	}
}

/** Undefined where they cannot be read. */
function readAttempts(text: string | null): readonly Attempt[] | undefined {
	try {
		const attempts: unknown = JSON.parse(text ?? "[]");
		const isWhole = Array.isArray(attempts) && attempts.every((one) => typeof one === "object" && one !== null);
		return isWhole ? (attempts as Attempt[]) : undefined;
	} catch {
		return undefined;
	}
}

/** How far a delivery is, as it is shown. */
export type ReceiptState = WrittenState | "paused" | "parked";

/** A receipt as it is shown. */
export interface FoundReceipt extends Omit<Receipt, "state"> {
	readonly lane: string;
	readonly state: ReceiptState;
}

/** What waits is shown with what it waits for. */
export function showReceipt(receipt: Receipt, lane: string, state: LaneState, now: number): FoundReceipt {
	const { to } = receipt;
	if (receipt.state !== "accepted" || to === null) return { ...receipt, lane };
	// As a delivery's row is read: what is more than a day ahead counts as not there.
	const notBefore = receipt.notBefore > now + LONGEST_WAIT_MS ? 0 : receipt.notBefore;
	const waits = waitingFor(state, { target: targetOf(to), notBefore, reason: receipt.reason }, now);
	if (waits === undefined) return { ...receipt, lane };
	return { ...receipt, lane, state: waits.state, reason: `${waits.reason}; ${nextOf(waits, now)}` };
}

function nextOf({ state, until }: NonNullable<ReturnType<typeof waitingFor>>, now: number): string {
	if (until <= now) return "the next try is due now";
	const time = isoOf(until) ?? "later";
	return state === "parked" ? `tried again at ${time}` : `until ${time}`;
}

/** A row may hold any number; not each is a time. */
export function isoOf(epochMs: number): string | null {
	const time = new Date(epochMs);
	return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

/** Whether one of the texts that a person knows it by holds this one, in any case. */
export function mentions({ key, event, to, window, runs }: FoundReceipt, text: string): boolean {
	const wanted = text.toLowerCase();
	const places = [key, event.id, event.run, event.subject, to?.id, window, ...runs.flatMap(({ id, url }) => [id, url])];
	return places.some((place) => place?.toLowerCase().includes(wanted) === true);
}
