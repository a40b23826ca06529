import type { Breaker, LaneState } from "../ledger/lane-state.ts";
import type { Entry } from "../ledger/outbox.ts";
import { GAVE_UP } from "../ledger/receipt.ts";
import { cleanText } from "../log.ts";
import type { Answer, Classification, Disposition, NotDispatched, Run } from "../model.ts";
import { asideFor, reasonOfDoubt } from "./find-run.ts";

/** What came of an attempt to deliver. */
export type AttemptResult = {
	/** With its body, where that could be read. */
	readonly entry: Entry;
	/** Epoch milliseconds. */
	readonly at: number;
} & (
	| {
			readonly answer: Answer;
			/** It was not sent: this run of it was found. */
			readonly found?: Run;
	  }
	| {
			readonly disposition: NotDispatched;
			/** Why no call was made; `unread`: storage does not hand out what is to be sent. */
			readonly uncalled: "looked for again" | "unread" | "given up";
	  }
);

export type AnsweredAttempt = Extract<AttemptResult, { answer: Answer }>;
export type UncalledAttempt = Exclude<AttemptResult, AnsweredAttempt>;

/** What of a delivery counts when a call of it has ended. Its doubt is the one after the call. */
export type Called = Pick<Entry, "target" | "failures" | "failingSince" | "doubt">;

/** What becomes of a delivery, and of its lane. */
export interface Settled {
	readonly state: LaneState;
	readonly disposition: Disposition;
	/** A breaker that this call has closed. */
	readonly opened?: Breaker | undefined;
}

export interface SettleOptions {
	/** Epoch milliseconds. */
	readonly now: number;
	/** From 0 to 1. */
	readonly random: number;
	/** What has failed for so long is given up. */
	readonly giveUpMs: number;
}

/** While something is parked, the service sees one probe in this time. */
const PROBE_MS = 3 * 60_000;
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 5 * 60_000;
/** The longest pause for a rate limit that names no end, or that follows another one. */
const LONGEST_SLOW_DOWN_MS = 60 * 60_000;
/** A limiter that names a short time again and again waits at least a second, then two, four, … */
const FIRST_MINIMUM_MS = 1_000;
/** So many are remembered; the state row holds no more of them than fit: see `toColumns`. */
const MAX_BREAKERS = 60;
const MAX_REASON = 300;

/** From an answer to its meaning for the delivery and for its lane. Pure. */
export function settle(
	before: LaneState,
	entry: Called,
	classification: Classification,
	options: SettleOptions,
): Settled {
	const { now } = options;
	// Any other answer ends a row of rate limits or failures; unless its call was begun before the pause, as happens when
	// several calls are under way.
	const isPaused = before.pause !== null && before.pause.until > now;
	const state = isPaused ? before : { ...before, pause: null, failures: 0, rateLimits: 0 };
	const { target } = entry;
	switch (classification.kind) {
		case "taken": {
			const { [target]: breaker, ...breakers } = before.breakers;
			const opened = before.parked ?? breaker;
			return { state: { ...state, parked: null, breakers }, disposition: { kind: "dispatched" }, opened };
		}
		case "permanent":
			return { state, disposition: { kind: "dead-lettered", reason: classification.reason } };
		case "rate-limited": {
			const { reason } = classification;
			const { failures, failingSince, doubt } = entry;
			return {
				state: {
					...before,
					pause: longer(before.pause, { until: slowedUntil(before, classification, now), reason: short(reason) }),
					rateLimits: before.rateLimits + 1,
				},
				// It is no failure of the delivery, however long it lasts.
				disposition: { kind: "deferred", reason, failures, notBefore: 0, failingSince, doubt },
			};
		}
		case "uncertain":
		case "transient": {
			const { kind, reason, retryAfterMs = 0 } = classification;
			const until = now + Math.max(backoff(before.failures, options.random), retryAfterMs);
			const pause = longer(before.pause, { until, reason: short(reason) });
			return {
				state: { ...before, pause, failures: before.failures + 1 },
				disposition:
					kind === "uncertain"
						? stepAside(entry, { reason, retryAfterMs }, options)
						: failed(entry, { reason, failures: entry.failures }, options),
			};
		}
		case "unauthorized":
			return {
				state: { ...state, parked: { ...breaker(before.parked, classification.reason, now), unauthorized: true } },
				disposition: failed(entry, { reason: classification.reason }, options),
			};
		case "unavailable": {
			const { reason, wide } = classification;
			const disposition = failed(entry, { reason }, options);
			if (wide) return { state: { ...state, parked: breaker(before.parked, reason, now) }, disposition };
			const breakers = withBreaker(before.breakers, target, breaker(before.breakers[target], reason, now));
			// The service recognised the token, because it refused only this destination.
			return { state: { ...state, parked: null, breakers }, disposition };
		}
	}
}

type GiveUpOptions = Pick<SettleOptions, "now" | "giveUpMs">;

/** A delivery that may have been taken: each repeat may start another run. Its reason says what the bridge does about it. */
function stepAside(
	entry: Called,
	{ reason, retryAfterMs }: { readonly reason: string; readonly retryAfterMs: number },
	options: GiveUpOptions,
): NotDispatched {
	const { failures, doubt } = entry;
	const notBefore = options.now + Math.max(asideFor(failures, doubt), retryAfterMs);
	const disposition = failed(entry, { reason, failures: failures + 1, notBefore }, options);
	if (disposition.kind !== "deferred" || doubt === undefined) return disposition;
	return { ...disposition, reason: reasonOfDoubt(reason, doubt) };
}

/** What a failure means for its delivery; `notBefore` is left out where it does not step aside. */
interface Failure {
	readonly reason: string;
	readonly failures?: number;
	readonly notBefore?: number;
}

/** A delivery that fails is tried again later, until it has failed for as long as it may. */
export function failed(
	{ failingSince, doubt }: Pick<Entry, "failingSince" | "doubt">,
	{ reason, failures = 0, notBefore = 0 }: Failure,
	options: GiveUpOptions,
): NotDispatched {
	const since = failingSince ?? options.now;
	const givenUp = whyGivenUp(since, reason, options);
	if (givenUp !== undefined) return { kind: "dead-lettered", reason: givenUp };
	return { kind: "deferred", reason, failures, notBefore, failingSince: since, doubt };
}

/** The reason of a delivery that is given up, since it has failed or been parked for longer than it may. */
export function whyGivenUp(since: number, reason: string, { now, giveUpMs }: GiveUpOptions): string | undefined {
	if (now - since <= giveUpMs) return undefined;
	return `${GAVE_UP}${Math.round((giveUpMs / 86_400_000) * 100) / 100} days; the last reason: ${reason}`;
}

/**
 * The open breaker that a delivery waits for. `since`: its own first failure or the breaker's, whichever was earlier, but
 * not before it was accepted.
 */
export function breakerOf(
	{ parked, breakers }: LaneState,
	{
		target,
		failingSince = Number.POSITIVE_INFINITY,
		acceptedAt,
	}: Pick<Entry, "target" | "failingSince" | "acceptedAt">,
): Pick<Breaker, "since" | "reason"> | undefined {
	const breaker = parked ?? breakers[target];
	if (breaker === undefined) return undefined;
	// A delivery that probes has waited as long as its neighbours, however late its own first failure was.
	return { since: Math.min(failingSince, Math.max(breaker.since, acceptedAt)), reason: breaker.reason };
}

/** Doubles the pause for a limit that names no end, or that follows another one. */
function slowedUntil(
	before: LaneState,
	classification: Extract<Classification, { kind: "rate-limited" }>,
	now: number,
): number {
	const grown = (first: number) => Math.min(first * 2 ** Math.min(before.rateLimits, 30), LONGEST_SLOW_DOWN_MS);
	if (!classification.named) return now + grown(classification.until - now);
	return Math.max(classification.until, now + grown(FIRST_MINIMUM_MS));
}

type Pause = NonNullable<LaneState["pause"]>;

function longer(before: Pause | null, now: Pause): Pause {
	return before !== null && before.until > now.until ? before : now;
}

/** Exponential, with full jitter, but never less than a second. Source: AWS Architecture Blog, "Exponential Backoff And Jitter". */
function backoff(times: number, random: number): number {
	const most = Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(times + 1, 30), LONGEST_BACKOFF_MS);
	return Math.max(FIRST_BACKOFF_MS, Math.round(most * random));
}

function breaker(before: Breaker | null | undefined, reason: string, now: number): Breaker {
	return { since: before?.since ?? now, probeAt: now + PROBE_MS, reason: short(reason) };
}

/** Adds a breaker. The state row has room for a limited number. A breaker that is dropped opens again at the next try. */
function withBreaker(breakers: LaneState["breakers"], target: string, added: Breaker): LaneState["breakers"] {
	const { [target]: _, ...others } = breakers;
	const all = [...Object.entries(others), [target, added] as const];
	return Object.fromEntries(all.slice(-MAX_BREAKERS));
}

function short(reason: string): string {
	return cleanText(reason, MAX_REASON);
}
