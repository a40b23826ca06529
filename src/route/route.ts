import { createHash } from "node:crypto";

/** One row of the routes table, as `routes.schema.json` describes it. */
export interface Route {
	readonly name: string;
	readonly source?: string;
	readonly filter?: SubscriptionFilter;
	readonly onlyCompletedWrites?: boolean;
	readonly to: RouteTo;
	readonly coalesce?: Coalesce;
	/** Whether a delivery is sent once more, with the same key, where no run comes. */
	readonly redispatchWhenNone?: boolean;
}

/**
 * Where a route leads: a union of what the folders of destinations/ describe in `to.*.schema.json`, told apart by its keys.
 * Only the folder that owns it looks into it.
 */
export interface RouteTo {
	/** `owner/name`, for what is GitHub's. */
	readonly repository?: string;
	/** The name of another secret in the same key vault. */
	readonly token?: string | undefined;
	readonly [member: string]: unknown;
}

export interface Coalesce {
	readonly quietSeconds: number;
	readonly maxSeconds: number;
	/** How many events one dispatch stands for at most; left out, 100,000. */
	readonly maxEvents?: number;
	readonly by?: "route" | "source" | "container" | "directory";
}

/** The filter of an Event Grid subscription. Source: learn.microsoft.com, "Understand event filtering". */
export interface SubscriptionFilter {
	readonly includedEventTypes?: readonly string[] | null;
	readonly subjectBeginsWith?: string | null;
	readonly subjectEndsWith?: string | null;
	readonly isSubjectCaseSensitive?: boolean | null;
	readonly enableAdvancedFilteringOnArrays?: boolean | null;
	readonly advancedFilters?: readonly AdvancedFilter[] | null;
}

export interface AdvancedFilter {
	readonly operatorType: string;
	readonly key: string;
	readonly value?: number | boolean;
	readonly values?: readonly (number | string | readonly [number, number])[];
}

/**
 * What tells one routes table from another: the same for the same table, however it is written. The first 16 digits of the
 * SHA-256 of its JSON with all keys in order.
 */
export function digestOfRoutes(routes: readonly Route[]): string {
	return createHash("sha256").update(JSON.stringify(routes, inOrder)).digest("hex").slice(0, 16);
}

function inOrder(_: string, value: unknown): unknown {
	if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
	return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
