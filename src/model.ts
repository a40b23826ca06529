/**
 * How an event can end, whose doing that is, and what Event Grid is told. Event Grid drops an event that is answered
 * 400 (401, 403, 404 and 413 are as bad), so that is only for the event's own fault; 503 makes it try again.
 * Source of the retry rules: learn.microsoft.com, "Event Grid message delivery and retry".
 */
export const OUTCOMES = {
	/** The destination has taken the dispatch. */
	dispatched: { fault: "none", http: 200 },
	/** Durable; delivered later. */
	accepted: { fault: "none", http: 202 },
	/** Finished before. */
	duplicate: { fault: "none", http: 200 },
	/** No route takes it. */
	ignored: { fault: "none", http: 200 },
	/** Invalid, or it can never fit. */
	rejected: { fault: "event", http: 400 },
	/** It could not be made durable: storage or the configuration stands in the way. */
	unavailable: { fault: "bridge", http: 503 },
} as const;

export type Outcome = keyof typeof OUTCOMES;

/** The end of one event at one destination; of one that has no destination there is one, too. */
export interface EventResult {
	readonly id: string | null;
	readonly outcome: Outcome;
	/** The name of the route that took it. */
	readonly route: string | null;
	/** The delivery's key, which the client payload carries as `bridge.key`. */
	readonly key: string | null;
	readonly reason: string | null;
}

/**
 * What happened, under CloudEvents' names, whichever envelope it arrived in. Frozen.
 * An attribute that the envelope leaves out is the empty string, as an empty subject already is in the
 * Event Grid schema.
 */
export interface BridgeEvent {
	readonly id: string;
	/** As published, for example `Microsoft.Storage.BlobCreated`; compared without regard to case. */
	readonly type: string;
	/** The resource that raised it: the topic of the Event Grid schema, usually an ARM id. */
	readonly source: string;
	readonly subject: string;
	/** RFC 3339, always with a zone, as precise as it arrived. */
	readonly time: string;
	/** Numbers that a double cannot hold are `NumberText`. */
	readonly data: unknown;
	/** All of the data, where `data` holds a reference to it, since it is too large to be sent. */
	readonly wholeData?: unknown;
	/**
	 * What else a CloudEvent says of itself, by its own name: extension attributes, `dataschema`, and `datacontenttype`
	 * where it is not JSON. Left out where there is nothing.
	 */
	readonly extensions?: Readonly<Record<string, unknown>>;
	/** W3C trace context, where the publisher sent one. */
	readonly traceparent?: string;
	/** Everything else in the envelope (`dataversion`, `specversion`, extensions), by lower-case name: for filters alone. */
	readonly attributes: Readonly<Record<string, unknown>>;
}

/** One event, or one window, for one destination: the exact request, and its identity. */
export interface Delivery {
	/** Its identity: the same whenever the event is delivered again. */
	readonly key: string;
	readonly lane: string;
	readonly event: EventFacts;
	/** The name of the route. */
	readonly route: string;
	readonly to: Destination;
	/** Blobs that were written for it. */
	readonly blobs?: readonly string[];
	/** When it was accepted first, ISO 8601; left out where that is now. */
	readonly acceptedAt?: string | undefined;
	readonly how: Request | Join;
}

/**
 * Where a delivery goes: what a route's `to` says, with nothing left open. It is stored with the delivery as one value,
 * and only its folder of destinations/ looks into it.
 */
export interface Destination {
	/**
	 * What makes two destinations the same, such as `contoso/fraud-model#retrain`. Up to the `#` it names the target: what
	 * one circuit breaker is for.
	 */
	readonly id: string;
	/** The name of the secret that holds the token; left out, the default one. */
	readonly token?: string | undefined;
	readonly [member: string]: unknown;
}

/** What of an event a receipt has. */
export interface EventFacts {
	readonly id: string;
	readonly type: string;
	readonly source: string;
	readonly subject: string;
	readonly time: string;
	/** The Azure ML run that it is about. */
	readonly run?: string | undefined;
}

/** The exact request to send: a later change of the routes cannot change a delivery. */
export interface Request {
	/** JSON, as it will be sent. */
	readonly body: string;
}

/** The event joins the window of a group, and is dispatched with all that join it. */
export interface Join {
	/** The group's identity, in hexadecimal digits. */
	readonly group: string;
	readonly quietMs: number;
	readonly maxMs: number;
	/** How many events one dispatch stands for at most; left out, the ledger's own limit. */
	readonly maxEvents?: number | undefined;
	/** The event as a line of the manifest, JSON. */
	readonly line: string;
}

export function isJoin(how: Request | Join): how is Join {
	return "group" in how;
}

/** What an answer means for the request, and for those that wait behind it. */
export type Classification =
	/** The documented success: the run was asked for. */
	| { readonly kind: "taken" }
	/**
	 * A rate limit: nothing more with this token before `until` (epoch milliseconds, from a second to a day ahead), which
	 * the service has `named` or not.
	 */
	| { readonly kind: "rate-limited"; readonly until: number; readonly named: boolean; readonly reason: string }
	/** It certainly did not arrive: the same request can succeed later. `retryAfterMs`: from a second to a day. */
	| { readonly kind: "transient"; readonly retryAfterMs?: number | undefined; readonly reason: string }
	/** It may have been taken: a 5xx, or an answer that was lost after sending. Each repeat may start another run. */
	| { readonly kind: "uncertain"; readonly retryAfterMs?: number | undefined; readonly reason: string }
	/** The token is refused: every request with it will be. */
	| { readonly kind: "unauthorized"; readonly reason: string }
	/** This destination is closed to us until it is repaired. `wide`: the account or token as a whole is, and so is its lane. */
	| { readonly kind: "unavailable"; readonly wide?: true | undefined; readonly reason: string }
	/** Our request can never succeed as it is. */
	| { readonly kind: "permanent"; readonly reason: string };

/** What came of one try to send a delivery: its meaning, and the facts that a person asks for. */
export interface Answer {
	/** Its reason has 300 characters at most, and no credential. */
	readonly classification: Classification;
	/** The HTTP status; none where no answer came. */
	readonly status?: number | undefined;
	/** The service's id of the request, which its support asks for. */
	readonly requestId?: string | undefined;
	readonly ms: number;
	/** The times that stand for the calls that were made, those for a token included, for the pace; epoch milliseconds. */
	readonly calls: readonly number[];
	/** The primary limit is used up until then, epoch milliseconds: an hour ahead at most. */
	readonly exhaustedUntil?: number | undefined;
	/** When the service says that the token ends, ISO 8601. */
	readonly tokenExpiresAt?: string | undefined;
	/** When the service answered, by its own clock; epoch milliseconds. */
	readonly serverTime?: number | undefined;
	/** The run that it has started, where the answer names it. */
	readonly run?: Run | undefined;
}

/** A run of a workflow or a pipeline, as a receipt shows it. */
export interface Run {
	/** The service's id, in digits. */
	readonly id: string;
	/** Its page; null where there is none. */
	readonly url: string | null;
	/** The workflow's or the pipeline's name; null where it is not known. */
	readonly workflow: string | null;
	/** `queued`, `in_progress`, `completed`, or another word of the service's. */
	readonly status: string;
	/** How it has ended: `success`, `failure`, `cancelled`, or another word of the service's; null until then. */
	readonly conclusion: string | null;
	/** 1; more where it was run again. */
	readonly attempt: number;
	/** Whether it is this delivery's for certain: the answer names it, or its title has the delivery's key. */
	readonly certain: boolean;
}

/** A part of a route, as the routes table calls it; `repoName` is the predecessor's narrowing by a request. */
export type RoutePart =
	| "repoName"
	| "source"
	| "includedEventTypes"
	| "subjectBeginsWith"
	| "subjectEndsWith"
	| "advancedFilters"
	| "onlyCompletedWrites";

/** That an event has missed a route: by the first part that it does not meet. */
export interface Missed {
	/** What tells the route from others, and from itself before it was changed: see `digestOfRoutes`. */
	readonly route: string;
	readonly by: RoutePart;
}

/** How far the runs of a delivery were followed; docs/follow.md explains each word. */
export type Following = "looking" | "running" | "concluded" | "none" | "cannot tell" | "off";

/** A call of a destination, as a receipt lists it. */
export interface Attempt {
	/** ISO 8601 */
	readonly at: string;
	/** The HTTP status; null where no answer came. */
	readonly status: number | null;
	readonly ms: number;
	/** The service's id of the request, which its support asks for. */
	readonly requestId: string | null;
	readonly reason: string | null;
}

/** What becomes of a delivery once it was tried. */
export type Disposition =
	| { readonly kind: "dispatched" }
	| { readonly kind: "dead-lettered"; readonly reason: string }
	/** Later: paused, parked, or stepping aside. */
	| {
			readonly kind: "deferred";
			readonly reason: string;
			/** Epoch milliseconds; 0 where it does not step aside. */
			readonly notBefore: number;
			/** How many of its answers in a row were uncertain. */
			readonly failures: number;
			/** Its first failure, epoch milliseconds; none after a rate limit, which is no failure. */
			readonly failingSince?: number | undefined;
			/** Left out where it is certain that it was not taken. */
			readonly doubt?: Doubt | undefined;
	  };

/** What becomes of a delivery that was not dispatched. */
export type NotDispatched = Exclude<Disposition, { kind: "dispatched" }>;

/** What is known of a delivery that may have been taken, and whose run was not seen. Times by the service's clock. */
export interface Doubt {
	/** When the first of those calls began, epoch milliseconds: no run of it is older. */
	readonly since: number;
	/** When the first of them began that may have started a run; none where the runs have excluded each of them. */
	readonly from?: number | undefined;
	/** How often its runs could not be read since its last call. */
	readonly looks?: number | undefined;
	/** Why the runs cannot tell whether it was taken, with the repair; none as long as they can. */
	readonly reason?: string | undefined;
}
