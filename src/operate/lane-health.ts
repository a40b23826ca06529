import type { Policy } from "../destinations/destination.ts";
import { type Addresses, foreignAddress } from "../ledger/lane-state.ts";
import { isLane, type LaneOverview } from "../ledger/overview.ts";
import { type Limit, nextSlot } from "../ledger/pace.ts";
import { isoOf } from "../ledger/receipt.ts";
import { redact } from "../log.ts";

export interface LaneHealth {
	readonly lane: string;
	readonly state: "paused" | "parked" | "open";
	/** When it goes on, or is tried again, ISO 8601; null where that is not ahead. */
	readonly until: string | null;
	readonly reason: string | null;
	/** How many repositories are parked that something waits for. */
	readonly parkedDestinations: number;
}

export interface LaneHealthOptions {
	/** Whether a route leads to it. */
	readonly isRouted: boolean;
	/** How fast it may send, and the address that this bridge is configured for. */
	readonly policy: Policy;
	/** What to do about a lane of another address. */
	readonly repair: string;
	/** Epoch milliseconds. */
	readonly now: number;
}

/** What is due for so long, and is neither paused nor parked, waits without a known reason. */
const OVERDUE_MS = 10 * 60_000;

/** A lane that does not simply flow; undefined for one that does, or that nothing waits in any more. */
export function laneHealthOf(
	seen: LaneOverview,
	{ isRouted, policy, repair, now }: LaneHealthOptions,
): LaneHealth | undefined {
	const { lane, parkedDestinations, problem } = seen;
	const waits = seen.waiting + seen.windows;
	const parked = waits > 0 ? seen.parked : null;
	const pause = waits > 0 || isRouted ? seen.pause : null;
	const state = parked !== null ? "parked" : pause !== null ? "paused" : "open";
	const until = parked?.probeAt ?? pause?.until ?? 0;
	const foreign = waits > 0 ? foreignAddress(seen, policy) : undefined;
	const reasons = [
		foreign === undefined ? undefined : foreignReason(waits, foreign, repair),
		parked?.reason ??
			pause?.reason ??
			(parkedDestinations === 0 && foreign === undefined ? overdueReason(seen, policy.limits, now) : undefined),
		isLane(seen) && !isRouted && waits > 0 ? unroutedReason(waits) : undefined,
		problem ?? undefined,
	].filter((reason) => reason !== undefined);
	if (state === "open" && parkedDestinations === 0 && reasons.length === 0) return undefined;
	return {
		lane,
		state,
		until: until > now ? isoOf(until) : null,
		reason: reasons.length === 0 ? null : redact(reasons.join("; ")),
		parkedDestinations,
	};
}

/** Whether what a route leads there cannot be sent: the token is refused, or the lane is another bridge's. */
export function isClosed(seen: LaneOverview, addresses: Addresses): boolean {
	const waits = seen.waiting + seen.windows > 0;
	return waits && (seen.parked !== null || foreignAddress(seen, addresses) !== undefined);
}

function foreignReason(waits: number, address: string, repair: string): string {
	const what = waits === 1 ? "1 delivery waits" : `${waits} deliveries wait`;
	return `${what} in a lane that belongs to ${address}, and this bridge leaves it alone; ${repair}`;
}

/** What waits for its turn in a lane that sends as fast as it may has a reason. */
function overdueReason({ dueSince, calls }: LaneOverview, limits: readonly Limit[], now: number): string | undefined {
	if (dueSince === null || now - dueSince < OVERDUE_MS) return undefined;
	const sends = (calls.at(-1) ?? 0) > now - OVERDUE_MS || nextSlot(calls, limits, now) > now;
	if (sends) return undefined;
	const since = isoOf(dueSince) ?? "long";
	return `something has been due since ${since}, and is not sent; look at the log of the functions deliver and deliverPoison`;
}

function unroutedReason(waits: number): string {
	const what = waits === 1 ? "1 delivery waits" : `${waits} deliveries wait`;
	return `${what} for a token that no route leads to any more; it is sent as long as that token can be used`;
}
