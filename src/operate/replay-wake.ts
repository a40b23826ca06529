import { readLaneState } from "../ledger/receipt.ts";
import { writeWakeUp } from "../ledger/wake-up.ts";
import type { PutMessage, Storage } from "../storage/storage.ts";

/** The wake-ups for lanes that deliveries are put back into. */
export interface ReplayWake {
	/** Before a delivery is written: from now on a wake-up is in the queue that surfaces after that, even if we die. */
	ahead(lane: string): Promise<void>;
	/** After all that was written: every lane is woken at once, whichever of them cannot be. */
	all(): Promise<void>;
}

export interface ReplayWakeOptions {
	readonly storage: Pick<Storage, "get" | "put" | "unput">;
	/** Makes sure that a lane is looked at, at once. */
	readonly wake: (lane: string) => Promise<void>;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** One request takes less than a minute: it surfaces after all that is written by it. */
const AHEAD_SECONDS = 120;

export function createReplayWake({ storage, wake, now }: ReplayWakeOptions): ReplayWake {
	const put = new Map<string, PutMessage>();

	return {
		async ahead(lane) {
			if (put.has(lane)) return;
			const { wake: recorded } = await readLaneState(storage, lane, now());
			put.set(lane, await storage.put(writeWakeUp({ lane, wake: recorded.last }), AHEAD_SECONDS));
		},
		async all() {
			await Promise.all(
				[...put].map(async ([lane, message]) => {
					try {
						await wake(lane);
						await storage.unput(message);
					} catch {
						// What was put ahead surfaces within two minutes, and does the same.
					}
				}),
			);
		},
	};
}
