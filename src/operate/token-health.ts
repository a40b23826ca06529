import type { TokenUnavailable } from "../config/secrets.ts";
import type { Destinations } from "../destinations/list.ts";
import type { LaneOverview } from "../ledger/overview.ts";
import { redact } from "../log.ts";
import type { RouteTo } from "../route/route.ts";

export interface TokenHealth {
	readonly lane: string;
	/** Whether there is a token to send that GitHub is not known to refuse. */
	readonly present: boolean;
	/** As GitHub has said last, ISO 8601; null where it has not. */
	readonly expiresAt: string | null;
	/** Why there is none, or why GitHub refuses it. */
	readonly reason: string | null;
}

/** A token that ends within this time is worth a warning. */
export const EXPIRY_WARNING_MS = 30 * 86_400_000;

/** The token of a lane, by what is configured and by what GitHub has said last. */
export async function tokenHealthOf(
	lane: string,
	to: RouteTo,
	getToken: Destinations["getToken"],
	seen: LaneOverview | undefined,
): Promise<TokenHealth> {
	const missing = await whyNoToken(getToken, to);
	const reason = missing ?? refusalOf(seen);
	return { lane, present: reason === null, expiresAt: seen?.tokenExpiresAt ?? null, reason };
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
	const parked = seen !== undefined && seen.waiting + seen.windows > 0 ? seen.parked : null;
	return parked?.unauthorized === true ? redact(parked.reason) : null;
}
