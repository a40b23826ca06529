import type { TokenUnavailable } from "../config/secrets.ts";
import type { Destinations } from "../destinations/list.ts";
import { type Addresses, foreignAddress } from "../ledger/lane-state.ts";
import { isLane, type LaneOverview } from "../ledger/overview.ts";
import { type Limit, nextSlot } from "../ledger/pace.ts";
import { redact } from "../log.ts";
import type { RouteTo } from "../route/route.ts";

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
	/** One destination for each lane that the routes lead to. */
	readonly lanes: ReadonlyMap<string, RouteTo>;
	readonly destinations: Pick<Destinations, "policyOf" | "getToken">;
	/** What to do about a lane of another address. */
	readonly repair: string;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** What is due for so long, and is neither paused nor parked, waits without a known reason. */
const OVERDUE_MS = 10 * 60_000;

/** A lane that does not simply flow; undefined for one that does, or that nothing waits in any more. */
export function laneHealthOf(seen: LaneOverview, options: LaneHealthOptions): LaneHealth | undefined {
	const { lane, parkedDestinations, problem } = seen;
	const { lanes, destinations, repair, now } = options;
	const waits = waitingIn(seen);
	const parked = waits > 0 ? seen.parked : null;
	const pause = waits > 0 || lanes.has(lane) ? seen.pause : null;
	const state = parked !== null ? "parked" : pause !== null ? "paused" : "open";
	const until = parked?.probeAt ?? pause?.until ?? 0;
	const foreign = waits > 0 ? foreignAddress(seen, destinations.policyOf(lane)) : undefined;
	const isUnexplained = parkedDestinations === 0 && foreign === undefined;
	const reasons = [
		foreign &&
			`${deliveries(waits)} in a lane that belongs to ${foreign}, and this bridge does not send from it; ${repair}`,
		parked?.reason ??
			pause?.reason ??
			(isUnexplained ? overdueReason(seen, destinations.policyOf(lane).limits, now()) : undefined),
		isLane(seen) && !lanes.has(lane) && waits > 0
			? `${deliveries(waits)} for a token that no route leads to any more; it is sent as long as that token can be used`
			: undefined,
		problem ?? undefined,
	].filter((reason) => reason !== undefined);
	if (parkedDestinations === 0 && reasons.length === 0) return undefined;
	return {
		lane,
		state,
		until: until > now() ? new Date(until).toISOString() : null,
		reason: reasons.length === 0 ? null : redact(reasons.join("; ")),
		parkedDestinations,
	};
}

/** Whether the deliveries in a lane cannot be sent: the token is refused, or the lane is another bridge's. */
export function isClosed(seen: LaneOverview, addresses: Addresses): boolean {
	return waitingIn(seen) > 0 && (seen.parked !== null || foreignAddress(seen, addresses) !== undefined);
}

function waitingIn({ waiting, windows }: LaneOverview): number {
	return waiting + windows;
}

function deliveries(count: number): string {
	return count === 1 ? "1 delivery waits" : `${count} deliveries wait`;
}

/** What waits for its turn in a lane that sends as fast as it may has a reason. */
function overdueReason({ dueSince, calls }: LaneOverview, limits: readonly Limit[], now: number): string | undefined {
	if (dueSince === null || now - dueSince < OVERDUE_MS) return undefined;
	const sends = (calls.at(-1) ?? 0) > now - OVERDUE_MS || nextSlot(calls, limits, now) > now;
	if (sends) return undefined;
	const since = new Date(dueSince).toISOString();
	return `something has been due since ${since}, and is not sent; look at the log of the functions deliver and deliverPoison`;
}

export interface TokenHealth {
	readonly lane: string;
	/** Whether there is a token to send that the service is not known to refuse. */
	readonly present: boolean;
	/** `missing`: there is none to send. `refused`: the service has answered 401 to it, and something waits for it. */
	readonly state: "present" | "refused" | "missing";
	/** As the service has said last, ISO 8601; null where it has not. */
	readonly expiresAt: string | null;
	/** Why there is none, or why the service refuses it. */
	readonly reason: string | null;
}

/** A token that ends within this time is worth a warning. */
export const EXPIRY_WARNING_MS = 30 * 86_400_000;

/** The token of a lane, by what is configured and by what the service has said last. */
export async function tokenHealthOf(
	lane: string,
	to: RouteTo,
	getToken: Destinations["getToken"],
	seen: LaneOverview | undefined,
): Promise<TokenHealth> {
	const missing = await whyNoToken(getToken, to);
	const reason = missing ?? refusalOf(seen);
	const state = missing !== null ? "missing" : reason !== null ? "refused" : "present";
	return { lane, present: reason === null, state, expiresAt: seen?.tokenExpiresAt ?? null, reason };
}

/** What to do about a token that ends soon; undefined for one that does not. */
export function expiryWarning(lane: string, expiresAt: string | null, now: number): string | undefined {
	const leftMs = expiresAt === null ? Number.NaN : Date.parse(expiresAt) - now;
	if (Number.isNaN(leftMs) || leftMs > EXPIRY_WARNING_MS) return undefined;
	const days = Math.floor(leftMs / 86_400_000);
	const when = days < 0 ? "has ended" : `ends in ${days} days`;
	return `the token of the lane "${lane}" ${when} (${expiresAt}); put a new one in its place`;
}

/**
 * A destination that is closed to a token is no matter of the token, and its name must not be told here. An account or an
 * app that is closed as a whole is.
 */
async function whyNoToken(getToken: Destinations["getToken"], to: RouteTo): Promise<string | null> {
	try {
		await getToken(to);
		return null;
	} catch (error) {
		const { classification, message } = error as Partial<TokenUnavailable> & Error;
		return classification?.kind === "unavailable" && !classification.wide ? null : redact(message);
	}
}

/** Known as long as something waits for it, and so probes it. */
function refusalOf(seen: LaneOverview | undefined): string | null {
	const parked = seen !== undefined && waitingIn(seen) > 0 ? seen.parked : null;
	return parked?.unauthorized === true ? redact(parked.reason) : null;
}
