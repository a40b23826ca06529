import type { Hold } from "../ledger/hold.ts";
import { fromColumns, NEW_LANE } from "../ledger/lane-state.ts";
import { STATE_KEY } from "../ledger/row-keys.ts";
import type { Storage } from "../ledger/storage.ts";
import { isSuperseded, readWakeUp, type WakeUp, writeWakeUp } from "../ledger/wake-up.ts";
import { type Log, report } from "../report.ts";
import { reportBacklog } from "./report-lane.ts";
import type { Run } from "./run.ts";

export interface WakeOptions {
	readonly storage: Storage;
	readonly take: (lane: string) => Promise<Hold | undefined>;
	readonly drain: (hold: Hold, run: Run) => Promise<void>;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** Heeds a wake-up, as the queue trigger hands its message over. Rejects where the message has to come back. */
export type Wake = (message: unknown, log: Log) => Promise<void>;

/** A wake-up that finds its lane held comes back so soon: the holder is done, has recorded its own, or is dead. */
const BEHIND_THE_LEASE_SECONDS = 5;
/** Functions may run for five minutes on every plan. */
const RUN_MS = 4 * 60_000;
/** It is not worth a wake-up to wait so long. */
const WAIT_MS = 10_000;

export function createWake({ storage, take, drain, now }: WakeOptions): Wake {
	async function behindTheLease({ lane, wake }: WakeUp): Promise<void> {
		const row = await storage.get(lane, STATE_KEY);
		const { wake: record } = row === undefined ? NEW_LANE : fromColumns(row.columns);
		if (isSuperseded(wake, record, now())) return;
		await storage.put(writeWakeUp({ lane, wake }), BEHIND_THE_LEASE_SECONDS);
	}

	return async (message, log) => {
		const wakeUp = readWakeUp(message);
		if (wakeUp === undefined) {
			report(log, "error", { stage: "wake-up", reason: "a message in the queue is no wake-up; it is dropped" });
			return;
		}
		const hold = await take(wakeUp.lane);
		if (hold === undefined) return behindTheLease(wakeUp);
		const endsAt = now() + RUN_MS;
		let looks = 0;
		try {
			await drain(hold, {
				log,
				wake: wakeUp.wake,
				goesOn: () => now() < endsAt,
				waitsFor: (at) => at <= now() + WAIT_MS && at < endsAt,
				onView(view, state) {
					looks += 1;
					if (looks === 1) reportBacklog(log, wakeUp.lane, view, state, now());
				},
			});
		} finally {
			await hold.release();
		}
	};
}
