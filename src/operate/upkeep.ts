import { isBehind } from "../ledger/lane-state.ts";
import { type LaneOverview, overview } from "../ledger/overview.ts";
import type { Storage } from "../ledger/storage.ts";
import { tidy } from "../ledger/tidy.ts";
import { type Log, report } from "../report.ts";
import { expiryWarning } from "./check-health.ts";

export interface UpkeepOptions {
	readonly storage: Storage;
	/** Those that the routes lead to. */
	readonly lanes: ReadonlySet<string>;
	/** Makes sure that somebody looks at a lane. */
	readonly wake: (lane: string) => Promise<void>;
	/** So long after its end a receipt is kept. */
	readonly keepMs: number;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** Functions may run for five minutes on every plan; what is left is for the next day. */
const MAX_MS = 4 * 60_000;

/** Once a day: says which tokens end soon and what lies there, and removes what is past its time. */
export async function upkeep(log: Log, { storage, lanes, wake, keepMs, now }: UpkeepOptions): Promise<void> {
	for (const found of await overview(storage, now())) {
		const { lane, tokenExpiresAt, deadLetters, waiting, windows } = found;
		const warning = expiryWarning(lane, tokenExpiresAt, now());
		if (warning !== undefined && lanes.has(lane)) {
			report(log, "warn", { stage: "token", lane, expiresAt: tokenExpiresAt, reason: warning });
		}
		if (deadLetters > 0) report(log, "warn", { stage: "dead-letter", change: "waiting", lane, count: deadLetters });
		reportBacklog(log, found, now());
		// Nothing needs this, unless somebody has emptied the queue.
		if (waiting + windows > 0) await wake(lane);
	}
	const start = now();
	const { removed, complete } = await tidy(storage, { now, keepMs, endsAt: start + MAX_MS });
	report(log, "info", { stage: "upkeep", removed, complete: String(complete), ms: now() - start });
}

/** Whoever drains a lane says so, too; where nobody is woken any more, this alone tells. */
function reportBacklog(log: Log, { lane, oldest, pause, parked }: LaneOverview, now: number): void {
	if (oldest === null || !isBehind(Date.parse(oldest), now)) return;
	const waitedMs = now - Date.parse(oldest);
	const reason = parked?.reason ?? pause?.reason ?? null;
	report(log, "warn", { stage: "lane", lane, change: "behind", oldest, waitedMs, reason });
}
