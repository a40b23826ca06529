import type { Missed, RoutePart } from "../model.ts";

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
export type MissedTally = Map<string, { by: Partial<Record<RoutePart, number>>; since: string; last: string }>;

/** Adds an event to a tally. */
export function addMissed(tally: MissedTally, missed: readonly Missed[], at: string): void {
	for (const { route, by } of missed) {
		const count = tally.get(route) ?? { by: {}, since: at, last: at };
		tally.set(route, count);
		count.by[by] = (count.by[by] ?? 0) + 1;
		count.last = at;
	}
}

/** Takes out of a tally what is counted elsewhere by now. */
export function subtractMissed(tally: MissedTally, counted: MissedTally): void {
	for (const [route, left] of tally) {
		const done = counted.get(route);
		if (done === undefined) continue;
		for (const [part, count] of Object.entries(done.by) as [RoutePart, number][]) {
			left.by[part] = (left.by[part] ?? 0) - count;
			if (left.by[part] === 0) delete left.by[part];
		}
		// What is left has come since.
		if (Object.keys(left.by).length === 0) tally.delete(route);
		else left.since = done.last;
	}
}

/** Adds a tally to counts that are older. Of too many routes those stay that were missed last. */
export function sumMissed(older: MissedCounts, newer: ReadonlyMap<string, MissedCount>): MissedCounts {
	const all = new Map(Object.entries(older));
	for (const [route, count] of newer) {
		const { by = {}, since = count.since } = all.get(route) ?? {};
		const parts = Object.entries(count.by) as [RoutePart, number][];
		const sum = Object.fromEntries(parts.map(([part, more]) => [part, (by[part] ?? 0) + more]));
		all.set(route, { by: { ...by, ...sum }, since, last: count.last });
	}
	const lastFirst = [...all].sort(([, one], [, other]) => (one.last < other.last ? 1 : -1));
	return Object.fromEntries(lastFirst.slice(0, MOST_ROUTES));
}

/** Counts as bytes of a row. */
export function writeMissed(counts: MissedCounts): Uint8Array {
	return Buffer.from(JSON.stringify(counts));
}

/** What cannot be read counts as none. */
export function readMissed(column: unknown): MissedCounts {
	try {
		const read: unknown = column instanceof Uint8Array ? JSON.parse(Buffer.from(column).toString("utf8")) : {};
		return Object.fromEntries(Object.entries(read as object).filter(([, count]) => isCount(count)));
	} catch {
		return NONE_MISSED;
	}
}

function isCount(value: unknown): boolean {
	const { by, since, last } = (value ?? {}) as Partial<MissedCount>;
	const isWhole = typeof since === "string" && typeof last === "string" && typeof by === "object" && by !== null;
	return isWhole && Object.values(by).every((count) => Number.isSafeInteger(count));
}
