import type { Verdict } from "../dispatch/classify-response.ts";
import type { Gate, LaneState } from "./lane-state.ts";

/** What of an entry counts when a call of it has ended. */
export interface Tried {
	readonly repository: string;
	/** Epoch milliseconds. */
	readonly acceptedAt: number;
	/** How often in a row GitHub was in trouble over it. */
	readonly troubles: number;
}

/** What becomes of an entry, and of its lane. */
export interface Settled {
	readonly state: LaneState;
	readonly fate: Fate;
	/** A gate that this call has opened. */
	readonly opened?: Gate;
}

export type Fate =
	| { readonly kind: "dispatched" }
	| { readonly kind: "dead"; readonly reason: string }
	/** Later: paused, parked, or standing aside. */
	| { readonly kind: "kept"; readonly reason: string; readonly notBefore: number; readonly troubles: number };

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
/** The longest that a slow-down without a named end grows to. */
const LONGEST_SLOW_DOWN_MS = 60 * 60_000;
/** A table's property holds 32,000 characters. */
const MAX_GATES = 60;
const MAX_REASON = 300;
/** An entry that GitHub fails at so often in a row steps aside. */
const TROUBLES_BEFORE_ASIDE = 3;

/** GitHub's answer to what it means for the entry and for its lane. Pure. */
export function settle(before: LaneState, entry: Tried, verdict: Verdict, options: SettleOptions): Settled {
	const settled = apply(before, entry, verdict, options);
	if (settled.fate.kind !== "kept") return settled;
	return givenUp(entry, options)
		? { ...settled, fate: { kind: "dead", reason: gaveUp(settled.fate.reason, options) } }
		: settled;
}

/** Whether an entry has waited for a repair, or for GitHub, as long as anybody will. */
export function givenUp(
	{ acceptedAt }: Pick<Tried, "acceptedAt">,
	{ now, giveUpMs }: Pick<SettleOptions, "now" | "giveUpMs">,
): boolean {
	return now - acceptedAt > giveUpMs;
}

/** Why an entry is a dead letter after that time. */
export function gaveUp(reason: string, { giveUpMs }: Pick<SettleOptions, "giveUpMs">): string {
	return `given up after ${Math.round((giveUpMs / 86_400_000) * 100) / 100} days; the last reason: ${reason}`;
}

function apply(before: LaneState, entry: Tried, verdict: Verdict, options: SettleOptions): Settled {
	const { now } = options;
	// Whatever GitHub answered, it was not what the last slow-down or trouble was; unless it was asked before that, when
	// several calls are under way.
	const isPaused = before.pause !== null && before.pause.until > now;
	const state = isPaused ? before : { ...before, pause: null, troubles: 0, slowDowns: 0 };
	const repository = entry.repository.toLowerCase();
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
			const grown = Math.min((verdict.until - now) * 2 ** before.slowDowns, LONGEST_SLOW_DOWN_MS);
			const until = verdict.named ? verdict.until : now + grown;
			return {
				state: { ...before, pause: longer(before.pause, { until, reason }), slowDowns: before.slowDowns + 1 },
				fate: kept(reason, entry.troubles),
			};
		}
		case "uncertain":
		case "trouble": {
			const { reason, retryAfterMs = 0 } = verdict;
			const until = now + Math.max(backoff(before.troubles, options.random), retryAfterMs);
			const troubles = entry.troubles + 1;
			// Were it GitHub as a whole, the next one would fail as well; if it does not, this one alone is the trouble.
			const aside = troubles >= TROUBLES_BEFORE_ASIDE ? until + backoff(troubles, options.random) : 0;
			return {
				state: { ...before, pause: longer(before.pause, { until, reason }), troubles: before.troubles + 1 },
				fate: { kind: "kept", reason, troubles, notBefore: aside },
			};
		}
		case "bad-token":
			return {
				state: { ...state, parked: gate(before.parked, verdict.reason, now) },
				fate: kept(verdict.reason, 0),
			};
		case "closed":
		case "moved": {
			const reason = verdict.kind === "closed" ? verdict.reason : `GitHub redirects to ${verdict.location}`;
			const gates = withGate(before.gates, repository, gate(before.gates[repository], reason, now));
			// Whoever is told "not this repository" has been recognised.
			return { state: { ...state, parked: null, gates }, fate: kept(reason, 0) };
		}
	}
}

type Pause = NonNullable<LaneState["pause"]>;

function longer(before: Pause | null, now: Pause): Pause {
	return before !== null && before.until > now.until ? before : now;
}

/** Exponential, with full jitter, but never less than a second. Source: AWS Architecture Blog, "Exponential Backoff And Jitter". */
function backoff(times: number, random: number): number {
	const most = Math.min(FIRST_BACKOFF_MS * 2 ** (times + 1), LONGEST_BACKOFF_MS);
	return Math.max(FIRST_BACKOFF_MS, Math.round(most * random));
}

function gate(before: Gate | null | undefined, reason: string, now: number): Gate {
	return { since: before?.since ?? now, probeAt: now + PROBE_MS, reason: reason.slice(0, MAX_REASON) };
}

/** One more gate. The state row holds so many; which of them is forgotten shows at the next try. */
function withGate(gates: LaneState["gates"], repository: string, added: Gate): LaneState["gates"] {
	const { [repository]: _, ...others } = gates;
	const all = [...Object.entries(others), [repository, added] as const];
	return Object.fromEntries(all.slice(-MAX_GATES));
}

function kept(reason: string, troubles: number): Fate {
	return { kind: "kept", reason, troubles, notBefore: 0 };
}
