/**
 * How an event can end, whose doing that is, and what Event Grid is told. Event Grid drops an event that is answered
 * 400 (401, 403, 404 and 413 are as bad), so that is kept for the event's own fault; 503 makes it try again.
 * Source of the retry rules: learn.microsoft.com, "Event Grid message delivery and retry".
 */
export const OUTCOMES = {
	/** GitHub has taken the dispatch. */
	dispatched: { fault: "nobody", http: 200 },
	/** Durable; delivered later. */
	accepted: { fault: "nobody", http: 202 },
	/** Finished before. */
	duplicate: { fault: "nobody", http: 200 },
	/** No route takes it. */
	ignored: { fault: "nobody", http: 200 },
	/** Invalid, or it can never fit. */
	rejected: { fault: "event", http: 400 },
	/** Not possible now: GitHub, the token or the configuration stands in the way. */
	unavailable: { fault: "bridge", http: 503 },
} as const;

export type Outcome = keyof typeof OUTCOMES;

/** The end of one event at one destination; of one that has no destination there is one, too. */
export interface EventResult {
	readonly id: string | null;
	readonly outcome: Outcome;
	/** The name of the route that took it. */
	readonly route: string | null;
	/** The promise's key, which the client payload carries as `bridge.key`. */
	readonly key: string | null;
	readonly reason: string | null;
}

/** One answer for a request: it stands for all its events, since Event Grid delivers a batch again whole or not at all. */
export function httpStatus(results: readonly EventResult[]): 200 | 202 | 400 | 503 {
	const outcomes = new Set(results.map(({ outcome }) => outcome));
	if (outcomes.has("unavailable")) return OUTCOMES.unavailable.http;
	if (outcomes.has("rejected") && outcomes.size === 1) return OUTCOMES.rejected.http;
	return outcomes.has("accepted") ? OUTCOMES.accepted.http : OUTCOMES.dispatched.http;
}
