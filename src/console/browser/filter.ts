import type { State } from "./answers.ts";

/** What the list is narrowed to. */
export interface Filter {
	/** Empty: all. */
	readonly state: State | "";
	readonly find: string;
	readonly range: Range;
}

/** A time range: one that ends now, by its name; or from one moment to another. */
export type Range = RangeName | { readonly since: string; readonly until: string };
export type RangeName = keyof typeof RANGES;

const MINUTE_MS = 60_000;

/** The ranges that end now. `any` has no beginning: the chart shows the last hour then. */
export const RANGES = {
	any: { title: "any time", ms: undefined },
	quarter: { title: "last 15 minutes", ms: 15 * MINUTE_MS },
	hour: { title: "last hour", ms: 60 * MINUTE_MS },
	six: { title: "last 6 hours", ms: 6 * 60 * MINUTE_MS },
	day: { title: "last 24 hours", ms: 24 * 60 * MINUTE_MS },
	week: { title: "last 7 days", ms: 7 * 24 * 60 * MINUTE_MS },
} as const;

export const NO_FILTER: Filter = { state: "", find: "", range: "any" };

/** Whether it narrows anything. */
export function isNarrow({ state, find, range }: Filter): boolean {
	return state !== "" || find !== "" || range !== "any";
}

/** The bounds of a range, epoch milliseconds; left out where it has none. */
export function boundsOf(range: Range, now: number): { readonly since?: number; readonly until?: number } {
	if (typeof range === "string") {
		const { ms } = RANGES[range];
		return ms === undefined ? {} : { since: now - ms };
	}
	const [one, other] = [Date.parse(range.since), Date.parse(range.until)];
	if (Number.isNaN(one)) return Number.isNaN(other) ? {} : { until: other };
	if (Number.isNaN(other)) return { since: one };
	// The bridge refuses bounds that are turned round; a person who types them is not done yet.
	return { since: Math.min(one, other), until: Math.max(one, other) };
}
