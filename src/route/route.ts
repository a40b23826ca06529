/** One row of the routes table, as `routes.schema.json` describes it. */
export interface Route {
	readonly name: string;
	readonly source?: string;
	readonly filter?: SubscriptionFilter;
	readonly onlyCompletedWrites?: boolean;
	readonly to: To;
	readonly coalesce?: Coalesce;
}

/** Where a route leads: a union, told apart by its keys. */
export type To = RepositoryDispatch;

/** GitHub's `POST /repos/{owner}/{repo}/dispatches`. */
export interface RepositoryDispatch {
	/** owner/name */
	readonly repository: string;
	/** GitHub's `event_type`; left out, it follows from the event's type. */
	readonly dispatchType?: string;
	/** The name of another secret in the same key vault. */
	readonly token?: string;
}

/** A destination with nothing left open. */
export type Destination = RepositoryDispatch & { readonly dispatchType: string };

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
