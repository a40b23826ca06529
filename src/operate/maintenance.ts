import pMap from "p-map";
import type { TokenCheck } from "../destinations/destination.ts";
import { readFollowRows } from "../ledger/follow-rows.ts";
import type { LaneLease } from "../ledger/lane-lease.ts";
import { isBehind } from "../ledger/lane-state.ts";
import { type LaneOverview, overview } from "../ledger/overview.ts";
import { applyRetention } from "../ledger/retention.ts";
import { type Log, report } from "../log.ts";
import type { RouteTo } from "../route/route.ts";
import type { Storage } from "../storage/storage.ts";
import { expiryWarning } from "./lane-health.ts";

interface CheckTokensOptions {
	/** One destination for each lane that the routes lead to. */
	readonly lanes: ReadonlyMap<string, RouteTo>;
	/** Asks the service about a lane's token, and about an app's installation. */
	readonly checkToken: (to: RouteTo) => Promise<TokenCheck>;
	/** Writes down when a lane's token ends, ISO 8601. */
	readonly recordExpiry: (lane: string, expiresAt: string | null) => Promise<void>;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

export interface MaintenanceOptions extends CheckTokensOptions {
	readonly storage: Storage;
	/** Makes sure that a lane is looked at. */
	readonly wakeLane: (lane: string) => Promise<void>;
	/** Makes sure that what a lane has delivered is followed. */
	readonly wakeFollower: (lane: string) => Promise<void>;
	/** So long after its end a receipt is stored. */
	readonly retentionMs: number;
}

/** Functions may run for five minutes on every plan; what is left is for the next day. */
const MAX_MS = 4 * 60_000;

/**
 * Once a day: says what lies there and which tokens end soon, wakes the lanes in which something waits, and removes what is
 * past its time. What fails for one lane is said, and done for the others. Rejects where no lane can be read at all.
 */
export async function maintain(log: Log, options: MaintenanceOptions): Promise<void> {
	const { storage, wakeLane, wakeFollower, retentionMs, now } = options;
	const start = now();
	const seen = await overview(storage, now());
	for (const one of seen) {
		const { lane, deadLetters, waiting, windows, hasBreaker, problem } = one;
		if (problem !== null) reportFailure(log, lane, problem);
		if (deadLetters > 0) report(log, "warn", { stage: "dead-letter", change: "waiting", lane, count: deadLetters });
		reportBacklog(log, one, now());
		// Nothing needs this, unless the queue was emptied; or nothing waits behind a breaker, and a drain removes that.
		if (waiting + windows > 0 || hasBreaker) {
			await wakeLane(lane).catch((error: Error) => reportFailure(log, lane, `not woken: ${error.message}`));
		}
		// Nor does this: as long as something is followed, its wake-up is on its way.
		try {
			if ((await readFollowRows(storage, lane, now(), 1)).length > 0) await wakeFollower(lane);
		} catch (error) {
			reportFailure(log, lane, `its follower is not woken: ${(error as Error).message}`);
		}
	}
	const knownExpiry = (lane: string) => seen.find((one) => one.lane === lane)?.tokenExpiresAt ?? null;
	await checkTokens(log, knownExpiry, options);
	const { removed, complete, failures } = await applyRetention(storage, { now, retentionMs, endsAt: start + MAX_MS });
	for (const { lane, reason } of failures) reportFailure(log, lane, reason);
	report(log, "info", { stage: "maintenance", removed, complete: String(complete), ms: now() - start });
}

function reportFailure(log: Log, lane: string, reason: string): void {
	report(log, "error", { stage: "maintenance", lane, change: "failed", reason });
}

/** A drain says so, too; where no lane is woken any more, this alone tells. */
function reportBacklog(log: Log, { lane, oldest, pause, parked }: LaneOverview, now: number): void {
	if (oldest === null || !isBehind(Date.parse(oldest), now)) return;
	const waitedMs = now - Date.parse(oldest);
	const reason = parked?.reason ?? pause?.reason ?? null;
	report(log, "warn", { stage: "lane", lane, change: "behind", oldest, waitedMs, reason });
}

/** Each may take ten seconds. */
const AT_ONCE = 8;

/**
 * Says of each token whether the service refuses it or it ends soon, before an event finds out; and writes its end down,
 * so that health tells it. What goes wrong with one token is nothing to the others.
 * @param knownExpiry what is written down of when a lane's token ends, ISO 8601
 */
export async function checkTokens(
	log: Log,
	knownExpiry: (lane: string) => string | null,
	options: CheckTokensOptions,
): Promise<void> {
	const { lanes, checkToken, recordExpiry, now } = options;
	const checkLane = async ([lane, to]: readonly [string, RouteTo]) => {
		const known = knownExpiry(lane);
		const found = await checkToken(to).catch((error: Error): TokenCheck => {
			return { state: "unknown", expiresAt: null, reason: error.message };
		});
		const expiresAt = found.state === "ok" ? found.expiresAt : known;
		if (expiresAt !== known) {
			await recordExpiry(lane, expiresAt).catch(({ message }: Error) => {
				report(log, "warn", { stage: "maintenance", lane, change: "token not recorded", reason: message });
			});
		}
		const reason = found.state === "refused" ? found.reason : (expiryWarning(lane, expiresAt, now()) ?? null);
		if (reason !== null) report(log, "warn", { stage: "token", lane, expiresAt, reason });
		if (found.state === "unknown") {
			report(log, "warn", { stage: "maintenance", lane, change: "token not checked", reason: found.reason });
		}
	};
	await pMap(lanes, checkLane, { concurrency: AT_ONCE });
}

/**
 * Writes down when a lane's token ends, as the service says it. Only the drainer with the lease writes a lane's state; while a
 * drainer does, nothing is written: it hears the same from the service itself.
 * @param expiresAt ISO 8601; null where the service names no end
 */
export async function recordExpiry(
	acquire: (lane: string) => Promise<LaneLease | undefined>,
	lane: string,
	expiresAt: string | null,
): Promise<void> {
	const lease = await acquire(lane);
	if (lease === undefined) return;
	try {
		await lease.read(() => true);
		if (lease.foreign() !== undefined || lease.state().tokenExpiresAt === expiresAt) return;
		await lease.commit({ ...lease.state(), tokenExpiresAt: expiresAt }, []);
	} finally {
		await lease.release();
	}
}
