import { isObject } from "../event/json.ts";
import type { Missed, RoutePart } from "../model.ts";
import { membersOf, readMembers } from "./rows.ts";

/** How many events have missed a route. Times are ISO 8601. */
export interface MissedCount {
	readonly by: Readonly<Partial<Record<RoutePart, number>>>;
	readonly since: string;
	readonly last: string;
}

/** By what tells the route from others. */
export type MissedCounts = Readonly<Record<string, MissedCount>>;

/** A property of a row holds 64 KiB. */
const MOST_ROUTES = 200;

export const NONE_MISSED: MissedCounts = {};

/** Counts that grow. */
export type MissedTally = Map<string, MissedCount>;

/** Adds an event to a tally. */
export function tallyMissed(tally: MissedTally, missed: readonly Missed[], at: string): void {
	for (const { route, by } of missed) {
		tally.set(route, plus(tally.get(route), { by: { [by]: 1 }, since: at, last: at }));
	}
}

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
