import { setTimeout as sleep } from "node:timers/promises";
import { isStorageError } from "./storage.ts";

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;

export interface PersistOptions {
	/** How long to go on; the SDK's own retries come on top. */
	readonly forMs?: number;
	/** Called before each further try. If it rejects, so does the whole. */
	readonly between?: () => Promise<void>;
}

/** Repeats a write that storage did not answer, until it is written, is refused, or its time is over. */
export async function persist<T>(write: () => Promise<T>, options: PersistOptions = {}): Promise<T> {
	const { forMs = 3_000, between } = options;
	const waits = Math.ceil(forMs / LONGEST_WAIT_MS) + Math.log2(LONGEST_WAIT_MS / FIRST_WAIT_MS);
	for (let tries = 0; ; tries++) {
		try {
			return await write();
		} catch (error) {
			if (!isStorageError(error) || error.refused || tries >= waits) throw error;
			await sleep(Math.min(FIRST_WAIT_MS * 2 ** tries, LONGEST_WAIT_MS));
			await between?.();
		}
	}
}
