import type { Health, Receipt } from "./answers.ts";
import type { View } from "./view.ts";

/**
 * The present, from both sources: health, whose answer the bridge keeps for ten seconds, and the receipts, which are two
 * seconds old at most. Where receipts prove more than health says, they count.
 */
export interface Present {
	/** How many deliveries wait, windows not counted; undefined where that is not known. */
	readonly waiting: number | undefined;
	/** Whether there may be more. */
	readonly isLeast: boolean;
	readonly paused: number;
	readonly parked: number;
	readonly deadLetters: number | undefined;
}

/** Counting ends there, for each lane. */
const COUNTED = 1_000;

export function presentOf(view: View): Present {
	const { health, recent, isPart, access, deadLetters, hasMoreDeadLetters } = view;
	const known = countStates(recent);
	const isWhole = access === "open" && !isPart;
	const waiting = isWhole ? known.waiting : most(health?.waiting, known.waiting);
	const isCounted = access === "open" && !hasMoreDeadLetters;
	return {
		waiting,
		isLeast: !isWhole && (waiting ?? 0) >= COUNTED,
		paused: known.paused,
		parked: known.parked,
		deadLetters: isCounted ? deadLetters.length : most(health?.deadLetters, deadLetters.length),
	};
}

/** Whether the receipts prove that health is out of date, so that it is worth asking for it at once. */
export function contradicts({ health, recent, isPart, access }: View): boolean {
	if (health === undefined || access !== "open") return false;
	const { waiting, paused, parked, lost } = countStates(recent);
	if (waiting > health.waiting || (!isPart && waiting < health.waiting)) return true;
	if (lost > health.deadLetters) return true;
	const isClosed = health.lanes.some(({ state, parkedDestinations }) => state !== "open" || parkedDestinations > 0);
	return paused + parked > 0 && !isClosed;
}

/** A token that a service has just refused; health may not say so yet. */
export function refusedLately(recent: readonly Receipt[]): Receipt | undefined {
	return recent.find(({ state, attempts }) => {
		return (state === "parked" || state === "paused") && attempts.at(-1)?.status === 401;
	});
}

/** The tokens that cannot be used, by what health says and by what was answered since. */
export function unusableTokens({ health, recent }: View): readonly Health["tokens"][number][] {
	const missing = health?.tokens.filter(({ present }) => !present) ?? [];
	const refused = refusedLately(recent);
	if (missing.length > 0 || refused === undefined) return missing;
	const reason = refused.attempts.at(-1)?.reason ?? refused.reason;
	return [{ lane: refused.to?.id.split("#")[0] ?? "", present: false, state: "refused", expiresAt: null, reason }];
}

function countStates(receipts: readonly Receipt[]) {
	const count = (...states: readonly string[]) => receipts.filter(({ state }) => states.includes(state)).length;
	const [accepted, paused, parked] = [count("accepted"), count("paused"), count("parked")];
	return { waiting: accepted + paused + parked, paused, parked, lost: count("dead", "rejected") };
}

function most(health: number | undefined, known: number): number | undefined {
	return health === undefined ? (known === 0 ? undefined : known) : Math.max(health, known);
}
