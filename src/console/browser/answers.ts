/** What the page is answered, as far as it reads it. `test/console/answers.test.ts` compares it with what is sent. */

export type State =
	| "accepted"
	| "paused"
	| "parked"
	| "coalescing"
	| "dispatched"
	| "coalesced"
	| "dead"
	| "rejected"
	| "discarded"
	| "ignored";

export interface Attempt {
	/** ISO 8601, as all times here. */
	readonly at: string;
	/** Null where no answer came. */
	readonly status: number | null;
	readonly ms: number;
	readonly requestId: string | null;
	readonly reason: string | null;
}

/** Every text of an event may be anything at all, and is shown as text. */
export interface Receipt {
	readonly key: string;
	readonly state: State;
	readonly event: {
		readonly id: string;
		readonly type: string;
		readonly source: string;
		readonly subject: string;
		readonly time: string;
	};
	readonly route: string | null;
	/** What a route's `to` says, with nothing left open; the id is `owner/name#dispatchType`, or its like. */
	readonly to: { readonly id: string } | null;
	readonly acceptedAt: string;
	readonly finishedAt: string | null;
	readonly attempts: readonly Attempt[];
	readonly reason: string | null;
	readonly window: string | null;
	/** The runs that it has started, as far as they are known. */
	readonly runs: readonly Run[];
	/** How far they were followed: `looking`, `running`, `concluded`, `none`, `cannot tell`, `off`; null: not at all. */
	readonly following: string | null;
	readonly followingReason: string | null;
	/** The page where a person sees them. */
	readonly page: string | null;
}

/** Its texts may be anything, too: a workflow has any name. */
export interface Run {
	readonly id: string;
	readonly url: string | null;
	readonly workflow: string | null;
	readonly status: string;
	/** Null until it has ended. */
	readonly conclusion: string | null;
	readonly attempt: number;
	/** Whether it is this receipt's for certain. */
	readonly certain: boolean;
}

export interface Receipts {
	readonly receipts: readonly Receipt[];
	readonly complete: boolean;
}

export interface Health {
	readonly status: "healthy" | "degraded" | "unhealthy";
	readonly version: string;
	readonly problems: readonly { readonly setting: string; readonly problem: string }[];
	readonly warnings: readonly string[];
	readonly storage: { readonly reachable: boolean; readonly reason: string | null };
	readonly tokens: readonly {
		readonly lane: string;
		readonly present: boolean;
		readonly expiresAt: string | null;
		readonly reason: string | null;
	}[];
	readonly lanes: readonly Lane[];
	readonly waiting: number;
	readonly oldest: string | null;
	readonly windows: number;
	readonly gathering: readonly Gathering[];
	readonly pace: readonly Pace[];
	readonly deadLetters: number;
}

export interface Lane {
	readonly lane: string;
	readonly state: "paused" | "parked" | "open";
	readonly until: string | null;
	readonly reason: string | null;
	readonly parkedDestinations: number;
}

export interface Gathering {
	readonly lane: string;
	readonly route: string;
	readonly events: number;
	readonly since: string;
	readonly closes: string;
	readonly latest: string;
}

export interface Pace {
	readonly lane: string;
	readonly count: number;
	readonly seconds: number;
	readonly used: number;
}

export interface Replayed {
	readonly replayed: readonly {
		readonly key: string;
		readonly outcome: "accepted" | "refused";
		readonly reason: string | null;
	}[];
	readonly more: boolean;
	/** Where the next request goes on. */
	readonly continue?: string;
}

/** What only the local host answers. */
export interface Local {
	/** Null where dispatches go elsewhere. */
	readonly standIn: { readonly faultsLeft: number; readonly taken: number } | null;
}

export interface Sample {
	readonly type: string;
	readonly event: Readonly<Record<string, unknown>>;
}

export interface Accepted {
	readonly events: readonly { readonly outcome: string; readonly reason: string | null }[];
}
