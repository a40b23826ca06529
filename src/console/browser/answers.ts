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
	readonly to: { readonly id: string; readonly [member: string]: unknown } | null;
	readonly acceptedAt: string;
	readonly finishedAt: string | null;
	/** When a replay has last fed it back. */
	readonly replayedAt: string | null;
	readonly attempts: readonly Attempt[];
	readonly reason: string | null;
	/** Of a dead letter: whether a replay would end as before, and why. */
	readonly replay: { readonly wouldRepeat: boolean; readonly why: string | null } | null;
	/** Of a rejected event: what arrived, as text; `whole` where that is all of its `bytes`. */
	readonly arrived: { readonly text: string; readonly bytes: number; readonly whole: boolean } | null;
	/** Where it was asked for: the request that a replay of a dead letter sends. */
	readonly sends?: Sends | null;
	/** Of an event in an open window: the group of that window. */
	readonly group: string | null;
	/** The dispatch that a coalesced event went out with, and its state. */
	readonly window: string | null;
	readonly windowState: State | null;
	/** The runs that it has started, as far as they are known; of a coalesced event those of its window's dispatch. */
	readonly runs: readonly Run[];
	/** How far they were followed: `looking`, `running`, `concluded`, `none`, `cannot tell`, `off`; null: not at all. */
	readonly following: string | null;
	readonly followingReason: string | null;
	/** The page where a person sees them. */
	readonly page: string | null;
}

/** A request, as far as it is shown. */
export interface Sends {
	/** Its method and URL. */
	readonly line: string;
	/** The beginning of its body; `whole` where that is all of its `bytes`. */
	readonly text: string;
	readonly bytes: number;
	readonly whole: boolean;
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
	/** Where the next page begins, if there is one. */
	readonly continue?: string;
	/** What could not be read, while the rest was. */
	readonly problems?: readonly string[];
}

export interface Replayed {
	readonly replayed: readonly Done<"accepted">[];
	readonly more: boolean;
	/** Where the next request goes on. */
	readonly continue?: string | undefined;
}

export interface Discarded {
	readonly discarded: readonly Done<"discarded">[];
	readonly more: boolean;
	readonly continue?: string | undefined;
}

/** What became of one dead letter. */
interface Done<Outcome> {
	readonly key: string;
	readonly outcome: Outcome | "refused";
	readonly reason: string | null;
}

/** What became of the events of a time range, minute by minute. */
export interface Counts {
	readonly since: string;
	readonly until: string;
	/**
	 * Those in which something happened. `received`: accepted in it. `states`: what ended in it, and what was accepted in
	 * it and has not ended.
	 */
	readonly minutes: readonly {
		readonly at: string;
		readonly received: number;
		readonly states: Readonly<Partial<Record<State, number>>>;
	}[];
	/** False where not everything was counted. */
	readonly complete: boolean;
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

/** The answer of `GET /api/health`, as far as the page reads it. */
export interface Health {
	readonly status: "healthy" | "degraded" | "unhealthy";
	readonly version: string;
	readonly problems: readonly { readonly setting: string; readonly problem: string }[];
	readonly warnings: readonly string[];
	readonly storage: { readonly reachable: boolean; readonly reason: string | null };
	readonly tokens: readonly {
		readonly lane: string;
		readonly present: boolean;
		readonly state: "present" | "refused" | "missing";
		readonly expiresAt: string | null;
		readonly reason: string | null;
	}[];
	readonly lanes: readonly Lane[];
	/** Paused and parked ones are among them; the events of open windows are not. */
	readonly waiting: number;
	readonly paused: number;
	readonly parked: number;
	readonly oldest: string | null;
	readonly windows: number;
	readonly gathering: readonly Gathering[];
	readonly pace: readonly Pace[];
	readonly deadLetters: number;
	/** Events that no route took, in all. */
	readonly ignored: number;
	/** For each route, how many of them missed it, and by which part of it. */
	readonly missed: readonly {
		readonly route: string;
		readonly events: number;
		readonly by: Readonly<Record<string, number>>;
	}[];
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
	/** Tells it from other windows of the route. */
	readonly group: string;
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
