import { writeWakeUp } from "../ledger/wake-up.ts";
import { LEDGER, type Storage } from "../storage/storage.ts";

/** Makes sure that what was taken is looked at soon. Nothing here rejects: delivery does not depend on it. */
export interface WakeFollower {
	/** To be called before the commit that writes a row to follow. */
	before(lane: string): Promise<void>;
	/** To be called after it: a commit that took long may have come after the follower's look. */
	after(lane: string): Promise<void>;
	/** For a lane in which something is followed, though perhaps no wake-up is on its way. */
	now(lane: string): Promise<void>;
}

/** Most runs are there by then, and the commit is made. */
const DELAY_MS = 20_000;
/** What a commit usually takes, and more. */
const COMMIT_MS = 8_000;
/** How long a delivery waits for the queue. It is written even if the queue does not answer. */
const PATIENCE_MS = 2_000;

/**
 * One message serves all deliveries that are written before it surfaces, so a process puts at most one in some seconds.
 * Its number is 0. So it ends at once if a follower's own next look is already in the queue.
 * @param now epoch milliseconds
 */
export function createWakeFollower(storage: Pick<Storage, "put">, now: () => number): WakeFollower {
	/** When the last message of each lane surfaces, epoch milliseconds. */
	const surfacesAt = new Map<string, number>();

	async function put(lane: string, seconds: number): Promise<void> {
		const at = now() + seconds * 1_000;
		await storage.put(writeWakeUp({ lane, wake: 0 }), seconds, LEDGER.follow);
		surfacesAt.set(lane, at);
	}

	/** If a message could not be put, the next delivery puts it. If none comes, maintenance does. */
	async function patiently(lane: string): Promise<void> {
		let timer: NodeJS.Timeout | undefined;
		const late = new Promise<void>((resolve) => {
			timer = setTimeout(resolve, PATIENCE_MS);
		});
		await Promise.race([put(lane, DELAY_MS / 1_000).catch(() => {}), late]);
		clearTimeout(timer);
	}

	/** A message never surfaces later than its delay: if it seems to, the clock was set back. */
	function isComing(lane: string, inMs: number): boolean {
		const waits = (surfacesAt.get(lane) ?? 0) - now();
		return waits >= inMs && waits <= DELAY_MS;
	}

	return {
		async before(lane) {
			if (!isComing(lane, COMMIT_MS)) await patiently(lane);
		},
		async after(lane) {
			if (!isComing(lane, 1)) await patiently(lane);
		},
		now: (lane) => put(lane, 0),
	};
}
