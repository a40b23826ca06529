import type { Verdict } from "../dispatch/classify-response.ts";
import { cleanText } from "../report.ts";
import type { Gate, LaneState } from "./lane-state.ts";

/** What of a delivery counts when a call of it has ended. */
export interface Tried {
	readonly repository: string;
	/** How many of its answers in a row were uncertain. */
	readonly troubles: number;
	/** Its first failure, epoch milliseconds; none where it has not failed. */
	readonly failingSince?: number;
}

/** What becomes of a delivery, and of its lane. */
export interface Settled {
	readonly state: LaneState;
	readonly fate: Fate;
	/** A breaker that this call has closed. */
	readonly opened?: Gate;
}

export type Fate =
	| { readonly kind: "dispatched" }
	| { readonly kind: "dead"; readonly reason: string }
	/** Later: paused, parked, or stepping aside. */
	| {
			readonly kind: "kept";
			readonly reason: string;
			readonly notBefore: number;
			readonly troubles: number;
			/** Its first failure, epoch milliseconds; none after a rate limit, which is no failure. */
			readonly failingSince?: number;
	  };

export interface SettleOptions {
	/** Epoch milliseconds. */
	readonly now: number;
	/** From 0 to 1. */
	readonly random: number;
	/** What has failed for so long is given up. */
	readonly giveUpMs: number;
}

/** While something is parked, GitHub sees one probe in this time. */
const PROBE_MS = 3 * 60_000;
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 5 * 60_000;
/** The longest that a rate limit without a named end grows to, or one that repeats itself. */
const LONGEST_SLOW_DOWN_MS = 60 * 60_000;
/** A limiter that names a short time again and again waits at least a second, then two, four, … */
const FIRST_MINIMUM_MS = 1_000;
/** After an uncertain answer each repeat may start another run: 5 s, tripling, up to an hour. */
const FIRST_ASIDE_MS = 5_000;
const LONGEST_ASIDE_MS = 60 * 60_000;
/** So many are remembered; the state row holds no more of them than fit: see `toColumns`. */
const MAX_GATES = 60;
const MAX_REASON = 300;

/** GitHub's answer to what it means for the delivery and for its lane. Pure. */
export function settle(before: LaneState, entry: Tried, verdict: Verdict, options: SettleOptions): Settled {
	const settled = apply(before, entry, verdict, options);
	const { fate } = settled;
	// A rate limit is no failure of the delivery, however long it lasts.
	if (fate.kind !== "kept" || fate.failingSince === undefined || verdict.kind === "slow-down") return settled;
	return givenUp(fate.failingSince, options)
		? { ...settled, fate: { kind: "dead", reason: gaveUp(fate.reason, options) } }
		: settled;
}

/** Whether a delivery that has failed, or waited for a repair, since then has done so as long as it may. */
export function givenUp(since: number, { now, giveUpMs }: Pick<SettleOptions, "now" | "giveUpMs">): boolean {
	return now - since > giveUpMs;
}

/**
 * Since when a delivery waits behind an open breaker, epoch milliseconds: since its own first failure or the breaker's,
 * whichever was earlier, but not before it was accepted. Undefined where no breaker is open.
 */
export function failingSince(
	{ parked, gates }: LaneState,
	entry: Pick<Tried, "repository" | "failingSince"> & { readonly acceptedAt: number },
): number | undefined {
	const gate = parked ?? gates[entry.repository.toLowerCase()];
	if (gate === undefined) return undefined;
	// A delivery that probes has waited as long as its neighbours, however late its own first failure was.
	return Math.min(entry.failingSince ?? Number.POSITIVE_INFINITY, Math.max(gate.since, entry.acceptedAt));
}

/** Why a delivery is a dead letter after that time. */
export function gaveUp(reason: string, { giveUpMs }: Pick<SettleOptions, "giveUpMs">): string {
	return `given up after ${Math.round((giveUpMs / 86_400_000) * 100) / 100} days; the last reason: ${reason}`;
}

function apply(before: LaneState, entry: Tried, verdict: Verdict, options: SettleOptions): Settled {
	const { now } = options;
	// Any other answer ends a row of rate limits or failures; unless its call was begun before the pause, as happens when
	// several calls are under way.
	const isPaused = before.pause !== null && before.pause.until > now;
	const state = isPaused ? before : { ...before, pause: null, troubles: 0, slowDowns: 0 };
	const repository = entry.repository.toLowerCase();
	const failed = { failingSince: entry.failingSince ?? now };
	switch (verdict.kind) {
		case "dispatched": {
			const { [repository]: gate, ...gates } = before.gates;
			const opened = before.parked ?? gate;
			return {
				state: { ...state, parked: null, gates },
				fate: { kind: "dispatched" },
				...(opened === undefined ? {} : { opened }),
			};
		}
		case "refused":
			return { state, fate: { kind: "dead", reason: verdict.reason } };
		case "slow-down": {
			const { reason } = verdict;
			return {
				state: {
					...before,
					pause: longer(before.pause, { until: slowedUntil(before, verdict, now), reason: short(reason) }),
					slowDowns: before.slowDowns + 1,
				},
				fate: { ...kept(reason, entry.troubles), ...(entry.failingSince === undefined ? {} : failed) },
			};
		}
		case "uncertain":
		case "trouble": {
			const { reason, retryAfterMs = 0 } = verdict;
			const until = now + Math.max(backoff(before.troubles, options.random), retryAfterMs);
			const aside = verdict.kind === "uncertain" ? now + Math.max(asideFor(entry.troubles), retryAfterMs) : 0;
			const troubles = verdict.kind === "uncertain" ? entry.troubles + 1 : entry.troubles;
			return {
				state: {
					...before,
					pause: longer(before.pause, { until, reason: short(reason) }),
					troubles: before.troubles + 1,
				},
				fate: { kind: "kept", reason, troubles, notBefore: aside, ...failed },
			};
		}
		case "bad-token":
			return {
				state: { ...state, parked: { ...gate(before.parked, verdict.reason, now), unauthorized: true } },
				fate: { ...kept(verdict.reason, 0), ...failed },
			};
		case "closed":
		case "moved": {
			const reason = verdict.kind === "closed" ? verdict.reason : `GitHub redirects to ${verdict.location}`;
			if (verdict.kind === "closed" && verdict.wide) {
				return {
					state: { ...state, parked: gate(before.parked, reason, now) },
					fate: { ...kept(reason, 0), ...failed },
				};
			}
			const gates = withGate(before.gates, repository, gate(before.gates[repository], reason, now));
			// A token that is told "not this repository" has been recognised.
			return { state: { ...state, parked: null, gates }, fate: { ...kept(reason, 0), ...failed } };
		}
	}
}

/** A limit without a named end, and one that repeats itself, doubles its wait. */
function slowedUntil(before: LaneState, verdict: Extract<Verdict, { kind: "slow-down" }>, now: number): number {
	const grown = (first: number) => Math.min(first * 2 ** Math.min(before.slowDowns, 30), LONGEST_SLOW_DOWN_MS);
	if (!verdict.named) return now + grown(verdict.until - now);
	return Math.max(verdict.until, now + grown(FIRST_MINIMUM_MS));
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

function asideFor(times: number): number {
	return Math.min(FIRST_ASIDE_MS * 3 ** Math.min(times, 30), LONGEST_ASIDE_MS);
}

function gate(before: Gate | null | undefined, reason: string, now: number): Gate {
	return { since: before?.since ?? now, probeAt: now + PROBE_MS, reason: short(reason) };
}

/** One more breaker. The state row holds so many; one that is forgotten is found again at the next try. */
function withGate(gates: LaneState["gates"], repository: string, added: Gate): LaneState["gates"] {
	const { [repository]: _, ...others } = gates;
	const all = [...Object.entries(others), [repository, added] as const];
	return Object.fromEntries(all.slice(-MAX_GATES));
}

function kept(reason: string, troubles: number) {
	return { kind: "kept", reason, troubles, notBefore: 0 } as const;
}

function short(reason: string): string {
	return cleanText(reason, MAX_REASON);
}
