import type { LaneLease } from "../ledger/lane-lease.ts";
import { readLaneState } from "../ledger/lane-state.ts";
import { isSuperseded, readWakeUp, type WakeUp, writeWakeUp } from "../ledger/wake-up.ts";
import { type Log, report } from "../log.ts";
import type { Storage } from "../storage/storage.ts";
import { countWaiting, reportBacklog } from "./report.ts";
import type { DrainCaller } from "./send-due.ts";

export interface WakeOptions {
	readonly storage: Storage;
	readonly acquire: (lane: string) => Promise<LaneLease | undefined>;
	readonly drain: (lease: LaneLease, caller: DrainCaller) => Promise<void>;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** Obeys a wake-up, as the queue trigger hands its message over. Rejects where the message has to come back. */
export type Wake = (message: unknown, log: Log) => Promise<void>;

/** A wake-up whose lane another drainer has leased comes back so soon: that one is done then, has recorded its own, or is dead. */
export const BEHIND_THE_LEASE_SECONDS = 5;
/** A wake-up of a lane that belongs to another address comes back for the app that it is meant for. */
const FOREIGN_SECONDS = 30;
/** Functions may run for five minutes on every plan. */
const RUN_MS = 4 * 60_000;
/** It is not worth a wake-up to wait so long. */
const WAIT_MS = 10_000;

/** What to do about a lane of another address. Health and doctor say it, too. */
export const MOVED =
	"if the bridge has moved, set GITHUB_API_URL_BEFORE (or AZURE_DEVOPS_URL_BEFORE) to that address; if two apps share a storage account, give each app its own account";

export function createWake({ storage, acquire, drain, now }: WakeOptions): Wake {
	async function behindTheLease({ lane, wake }: WakeUp): Promise<void> {
		const { wake: recorded } = await readLaneState(storage, lane, now());
		if (isSuperseded(wake, recorded, now())) return;
		await storage.put(writeWakeUp({ lane, wake }), BEHIND_THE_LEASE_SECONDS);
	}

	/** Another app on the same storage account, configured for another address, has this lane: it is left alone. */
	async function leaveForeign(wakeUp: WakeUp, address: string, log: Log): Promise<void> {
		const { lane } = wakeUp;
		const waiting = await countWaiting(storage, lane);
		const reason = `the state row of this lane says that it belongs to ${address}, so this bridge does not send its deliveries; ${MOVED}`;
		report(log, "error", { stage: "lane", lane, change: "foreign", address, waiting, reason });
		await storage.put(writeWakeUp(wakeUp), FOREIGN_SECONDS);
	}

	return async (message, log) => {
		const wakeUp = readWakeUp(message);
		if (wakeUp === undefined) {
			report(log, "error", { stage: "wake-up", reason: "a message in the queue is not a wake-up; it is deleted" });
			return;
		}
		const lease = await acquire(wakeUp.lane);
		if (lease === undefined) return behindTheLease(wakeUp);
		const endsAt = now() + RUN_MS;
		let isFirstView = true;
		try {
			await drain(lease, {
				log,
				wake: wakeUp.wake,
				goesOn: () => now() < endsAt,
				waitsFor: (at) => at <= now() + WAIT_MS,
				onView(view, state) {
					if (isFirstView) reportBacklog(log, wakeUp.lane, view, state, now());
					isFirstView = false;
				},
			});
		} finally {
			await lease.release();
		}
		const address = lease.foreign();
		if (address !== undefined) await leaveForeign(wakeUp, address, log);
	};
}
