import { readInstant } from "../event/instant.ts";
import { cleanText, clipText } from "../log.ts";
import { type Delivery, type EventFacts, isJoin } from "../model.ts";
import type { Columns } from "../storage/storage.ts";
import type { Arrived, Receipt } from "./receipt.ts";
import { shownColumn } from "./rows.ts";

/**
 * What a text column holds, in UTF-16 units: long enough to recognise an event by, since the whole event is in what is
 * sent or in its dead letter. A column holds 32 Ki of them, and 100 rows share 4 MiB.
 */
export const MAX_FACT = 1_500;
const MAX_REASON = 1_500;
/** More than any clock writes, and RFC 3339 allows any number of digits. */
const MAX_TIME = 64;
const MAX_PLAIN = 200;
/** What is shown of an event that was rejected. */
const MAX_ARRIVED = 4_000;

/** What a receipt shows of an event that was rejected. */
export function arrivedColumns(arrived: string | Arrived): Columns {
	if (typeof arrived !== "string") return { arrived: arrived.text, arrivedBytes: arrived.bytes };
	return { arrived: clipText(arrived, MAX_ARRIVED), arrivedBytes: Buffer.byteLength(arrived) };
}

/** A new receipt's columns. */
export function newReceipt(
	delivery: Pick<Delivery, "key" | "event" | "route" | "to" | "blobs" | "how" | "acceptedAt">,
	written: { readonly at: string; readonly by: string; readonly place: string },
): Columns {
	const { key, event, route, to, blobs = [], how, acceptedAt } = delivery;
	return {
		key,
		state: isJoin(how) ? "coalescing" : "accepted",
		...eventColumns(event),
		...routeColumns(route, to),
		...(acceptedAt === undefined ? { acceptedAt: written.at } : { acceptedAt, replayedAt: written.at }),
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
