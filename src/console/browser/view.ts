import type { Counts, Health, Local, Receipt, State } from "./answers.ts";

/** What the page shows; a new object with every change. */
export interface View {
	/** The time of this change, epoch milliseconds. */
	readonly now: number;
	/** When the bridge answered last, epoch milliseconds; undefined until it has. */
	readonly seenAt: number | undefined;
	/** `asking`: no answer has come yet. `locked`: a function key is needed. */
	readonly access: "asking" | "open" | "locked";
	/** Why the last look failed, in words; undefined while the bridge answers. */
	readonly problem: string | undefined;
	/** The last look got no answer at all. */
	readonly isOffline: boolean;
	readonly health: Health | undefined;
	/** One page of the list: the newest events, or what the filter finds. */
	readonly shown: readonly Receipt[];
	/** False where the list has a further page. */
	readonly complete: boolean;
	/** The number of the page, from 0. */
	readonly page: number;
	/** The newest receipts that the page knows, and whether the bridge has more. */
	readonly recent: readonly Receipt[];
	readonly isPart: boolean;
	/** What the bridge could not read of the receipts, in words. */
	readonly unread: readonly string[];
	/** The newest dead letters, and whether the bridge has more of them. */
	readonly deadLetters: readonly Receipt[];
	readonly hasMoreDeadLetters: boolean;
	/** The newest events that no route took. */
	readonly ignored: readonly Receipt[];
	/** Per-minute counts; undefined where the bridge does not offer them. */
	readonly counts: Counts | undefined;
	/** The receipt that is open. */
	readonly opened: Opened | undefined;
	/** Undefined except on the local host. */
	readonly local: Local | undefined;
	readonly filter: Filter;
	/** Whether the page keeps asking. */
	readonly running: boolean;
}

/** A receipt that a link or a click asks for. */
export interface Opened {
	readonly key: string;
	/** Undefined while it is looked for, and where it was not found. */
	readonly receipt: Receipt | undefined;
	/** The bridge has no receipt with that key. */
	readonly isMissing: boolean;
}

export type Part = { -readonly [Key in keyof View]?: View[Key] };

/** The view before the first answer. */
export function emptyView(now: number): View {
	return {
		now,
		seenAt: undefined,
		access: "asking",
		problem: undefined,
		isOffline: false,
		health: undefined,
		shown: [],
		complete: true,
		page: 0,
		recent: [],
		isPart: false,
		unread: [],
		deadLetters: [],
		hasMoreDeadLetters: false,
		ignored: [],
		counts: undefined,
		opened: undefined,
		local: undefined,
		filter: NO_FILTER,
		running: true,
	};
}

/** The receipt with that key, if the page knows it. */
export function knownReceipt(view: View, key: string): Receipt | undefined {
	const { shown, recent, deadLetters, ignored, opened } = view;
	const isIt = (receipt: Receipt) => receipt.key === key;
	return (
		recent.find(isIt) ??
		shown.find(isIt) ??
		deadLetters.find(isIt) ??
		ignored.find(isIt) ??
		(opened?.key === key ? opened.receipt : undefined)
	);
}

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
const HOUR_MS = 60 * MINUTE_MS;

/** The ranges that end now. `any` has no beginning: the chart shows the last hour then. */
export const RANGES = {
	any: { title: "any time", ms: undefined },
	quarter: { title: "last 15 minutes", ms: 15 * MINUTE_MS },
	hour: { title: "last hour", ms: HOUR_MS },
	six: { title: "last 6 hours", ms: 6 * HOUR_MS },
	day: { title: "last 24 hours", ms: 24 * HOUR_MS },
	week: { title: "last 7 days", ms: 7 * 24 * HOUR_MS },
} as const;

export const NO_FILTER: Filter = { state: "", find: "", range: "any" };

/** Whether it narrows anything. */
export function isNarrow({ state, find, range }: Filter): boolean {
	return state !== "" || find !== "" || range !== "any";
}

/** The time that the chart covers, epoch milliseconds: that of the list, or the last hour where that has no beginning. */
export function charted(range: Range, now: number): { readonly since: number; readonly until: number } {
	const { since, until = now } = boundsOf(range, now);
	return { since: Math.min(since ?? until - HOUR_MS, until), until };
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
