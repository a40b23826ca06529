import { readLaneState } from "../ledger/show-receipt.ts";
import type { PutMessage, Storage } from "../ledger/storage.ts";
import { writeWakeUp } from "../ledger/wake-up.ts";

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

/** It surfaces so much later; and is put anew before half of that is over, so that it surfaces after what is written. */
const AHEAD_SECONDS = 60;

export function createReplayWake({ storage, wake, now }: ReplayWakeOptions): ReplayWake {
	const put = new Map<string, { readonly at: number; readonly messages: readonly PutMessage[] }>();

	return {
		async ahead(lane) {
			const before = put.get(lane);
			if (before !== undefined && now() - before.at < (AHEAD_SECONDS / 2) * 1_000) return;
			const { state } = await readLaneState(storage, lane);
			const at = now();
			const message = await storage.put(writeWakeUp({ lane, wake: state.wake.last }), AHEAD_SECONDS);
			put.set(lane, { at, messages: [...(before?.messages ?? []), message] });
		},
		async all() {
			await Promise.all(
				[...put].map(async ([lane, { messages }]) => {
					try {
						await wake(lane);
						await Promise.all(messages.map((message) => storage.unput(message)));
					} catch {
						// What was put ahead surfaces within a minute, and does the same.
					}
				}),
			);
		},
	};
}
