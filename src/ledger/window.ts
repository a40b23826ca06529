import type { Destination, Join } from "../model.ts";
import type { Row, Write } from "../storage/storage.ts";
import { DESTINATION_COLUMNS, destinationColumn, readDestination, readTime, windowKey } from "./rows.ts";

/** A group whose events are gathered into one dispatch. */
export interface Group extends Omit<Join, "line"> {
	readonly route: string;
	/** Undefined where the row does not say it. */
	readonly to: Destination | undefined;
	/** A dispatch of which nothing is left to tell who its members were: they are gathered anew, under another key. */
	readonly after?: string | undefined;
}

/** A group that is being gathered, as a row of its lane. */
export interface Window extends Group {
	readonly maxEvents: number;
	readonly rowKey: string;
	/** Its members need no look before that, epoch milliseconds; 0 where there was no look yet. */
	readonly dueAt: number;
	/** The newest member that was seen then, and when the oldest was accepted, epoch milliseconds. */
	readonly newest?: string | undefined;
	readonly oldestAt?: number | undefined;
	/** How many members were seen, and how many bytes their lines take. */
	readonly seen: number;
	readonly seenBytes: number;
}

/** What `readWindow` reads. */
export const WINDOW_COLUMNS = [
	"group",
	"quietMs",
	"maxMs",
	"maxEvents",
	"route",
	...DESTINATION_COLUMNS,
	"after",
	"dueAt",
	"newest",
	"oldestAt",
	"seen",
	"seenBytes",
] as const;

/** What one dispatch stands for at most: so many events, and so many bytes of manifest. What is left is the next window's. */
export const MAX_EVENTS = 100_000;
export const MAX_MANIFEST_BYTES = 256 * 1024 * 1024;
/** What a route can ask for. */
const LONGEST_MS = 86_400_000;

/** Makes sure that a group's window is there, and leaves it as it is if it was. */
export function ensureWindow({ group, quietMs, maxMs, maxEvents = MAX_EVENTS, route, to, after }: Group): Write {
	const columns = { group, quietMs, maxMs, maxEvents, route, ...destinationColumn(to), after };
	return { kind: "upsert", rowKey: windowKey(group), columns };
}

/** What is missing in a row, or cannot be, is read as what closes the window soonest: a row must not block its lane. */
export function readWindow({ rowKey, columns }: Pick<Row, "rowKey" | "columns">): Window {
	const text = (name: string) => (columns[name] === undefined ? undefined : String(columns[name]));
	const number = (name: string) => (Number.isFinite(Number(columns[name])) ? Number(columns[name]) : undefined);
	const time = (name: string) => readTime(text(name));
	const [oldestAt, after] = [time("oldestAt"), text("after")];
	const newest = text("newest")?.match(/^m-[\w-]+$/)?.[0];
	const maxMs = within(number("maxMs") ?? 0, 0, LONGEST_MS);
	const latest = oldestAt === undefined ? Number.POSITIVE_INFINITY : oldestAt + maxMs;
	return {
		rowKey,
		group: rowKey.slice(windowKey("").length),
		quietMs: within(number("quietMs") ?? 0, 0, LONGEST_MS),
		maxMs,
		maxEvents: within(Math.floor(number("maxEvents") ?? MAX_EVENTS), 1, MAX_EVENTS),
		route: text("route") ?? "",
		to: readDestination(columns),
		dueAt: Math.min(time("dueAt") ?? 0, latest),
		seen: number("seen") ?? 0,
		seenBytes: number("seenBytes") ?? 0,
		newest,
		oldestAt,
		after,
	};
}

/** The group of a window, apart from what is known of its members. */
export function toGroup({ group, quietMs, maxMs, maxEvents, route, to, after }: Window): Group {
	return { group, quietMs, maxMs, maxEvents, route, to, after };
}

/** A member's key says when it was accepted, in epoch milliseconds: `m-group-time-key`. 0 where it says nothing. */
export function acceptedAtOf(memberRowKey: string | undefined): number {
	return readTime(Number(memberRowKey?.split("-")[2])) ?? 0;
}

function within(value: number, least: number, most: number): number {
	return Math.min(Math.max(value, least), most);
}
