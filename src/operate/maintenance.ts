import { isBehind } from "../ledger/lane-state.ts";
import { type LaneOverview, overview } from "../ledger/overview.ts";
import { applyRetention } from "../ledger/retention.ts";
import { type Log, report } from "../log.ts";
import type { RouteTo } from "../route/route.ts";
import type { Storage } from "../storage/storage.ts";
import { type CheckTokensOptions, checkTokens } from "./check-tokens.ts";

export interface MaintenanceOptions {
	readonly storage: Storage;
	/** One destination for each lane that the routes lead to. */
	readonly lanes: ReadonlyMap<string, RouteTo>;
	/** Makes sure that a lane is looked at. */
	readonly wake: (lane: string) => Promise<void>;
	readonly checkToken?: CheckTokensOptions["check"];
	/** Writes down when a lane's token ends. */
	readonly recordExpiry: CheckTokensOptions["record"];
	/** So long after its end a receipt is kept. */
	readonly retentionMs: number;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** Functions may run for five minutes on every plan; what is left is for the next day. */
const MAX_MS = 4 * 60_000;

/**
 * Once a day: says what lies there and which tokens end soon, wakes the lanes in which something waits, and removes what is
 * past its time. What fails for one lane is said, and done for the others. Rejects where no lane can be read at all.
 */
export async function upkeep(log: Log, options: MaintenanceOptions): Promise<void> {
	const { storage, lanes, wake, checkToken, recordExpiry, retentionMs, now } = options;
	const start = now();
	const seen = await overview(storage, now());
	for (const one of seen) {
		const { lane, deadLetters, waiting, windows, hasBreaker, problem } = one;
		if (problem !== null) reportFailure(log, lane, problem);
		if (deadLetters > 0) report(log, "warn", { stage: "dead-letter", change: "waiting", lane, count: deadLetters });
		reportBacklog(log, one, now());
		// Nothing needs this, unless the queue was emptied; or nothing waits behind a breaker, and a drain removes that.
		if (waiting + windows > 0 || hasBreaker) {
			await wake(lane).catch((error: unknown) => reportFailure(log, lane, `not woken: ${(error as Error).message}`));
		}
	}
	const knownExpiry = (lane: string) => seen.find((one) => one.lane === lane)?.tokenExpiresAt ?? null;
	await checkTokens(log, { lanes, knownExpiry, check: checkToken, record: recordExpiry, now });
	const { removed, complete, failures } = await applyRetention(storage, { now, retentionMs, endsAt: start + MAX_MS });
	for (const { lane, reason } of failures) reportFailure(log, lane, reason);
	report(log, "info", { stage: "upkeep", removed, complete: String(complete), ms: now() - start });
}

function reportFailure(log: Log, lane: string, reason: string): void {
	report(log, "error", { stage: "upkeep", lane, change: "failed", reason });
}

/** Who drains a lane says so, too; where none is woken any more, this alone tells. */
function reportBacklog(log: Log, { lane, oldest, pause, parked }: LaneOverview, now: number): void {
	if (oldest === null || !isBehind(Date.parse(oldest), now)) return;
	const waitedMs = now - Date.parse(oldest);
	const reason = parked?.reason ?? pause?.reason ?? null;
	report(log, "warn", { stage: "lane", lane, change: "behind", oldest, waitedMs, reason });
}
