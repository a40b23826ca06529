import pMap from "p-map";
import type { TokenCheck } from "../destinations/destination.ts";
import { type Log, report } from "../log.ts";
import type { RouteTo } from "../route/route.ts";
import { expiryWarning } from "./token-health.ts";

export interface CheckTokensOptions {
	/** One destination for each lane that the routes lead to. */
	readonly lanes: ReadonlyMap<string, RouteTo>;
	/** What is written down of when a lane's token ends, ISO 8601. */
	readonly knownExpiry: (lane: string) => string | null;
	/** Asks the service about a lane's token, and about an app's installation; left out, only what is known is told. */
	readonly check?: ((to: RouteTo) => Promise<TokenCheck>) | undefined;
	/** Writes down when it ends. */
	readonly record: (lane: string, expiresAt: string | null) => Promise<void>;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** Each may take ten seconds. */
const AT_ONCE = 8;

/**
 * Says of each token whether the service refuses it or it ends soon, before an event finds out; and writes its end down,
 * so that health tells it. What goes wrong with one token is nothing to the others.
 */
export async function checkTokens(log: Log, options: CheckTokensOptions): Promise<void> {
	const all = [...options.lanes];
	await pMap(all, ([lane, to]) => checkOne(log, lane, to, options), { concurrency: AT_ONCE });
}

async function checkOne(log: Log, lane: string, to: RouteTo, options: CheckTokensOptions): Promise<void> {
	const { knownExpiry, check, record, now } = options;
	const known = knownExpiry(lane);
	const found = await ask(to, check);
	const expiresAt = found?.state === "ok" ? found.expiresAt : known;
	if (expiresAt !== known) {
		await record(lane, expiresAt).catch((error: unknown) => {
			report(log, "warn", { stage: "upkeep", lane, change: "token not recorded", reason: (error as Error).message });
		});
	}
	const reason = found?.state === "refused" ? found.reason : (expiryWarning(lane, expiresAt, now()) ?? null);
	if (reason !== null) report(log, "warn", { stage: "token", lane, expiresAt, reason });
	if (found?.state === "unknown") {
		report(log, "warn", { stage: "upkeep", lane, change: "token not checked", reason: found.reason });
	}
}

async function ask(to: RouteTo, check: CheckTokensOptions["check"]): Promise<TokenCheck | undefined> {
	try {
		return await check?.(to);
	} catch (error) {
		return { state: "unknown", expiresAt: null, reason: (error as Error).message };
	}
}
