import { setTimeout as sleep } from "node:timers/promises";
import { leaseBlob } from "../src/ledger/lane-lease.ts";
import { openStorage } from "../src/storage/open-storage.ts";
import { LANE } from "./paused-lane.ts";

const LEASE_SECONDS = 15;
const LOOK_MS = 20;

/**
 * Waits until nobody holds the lane of an app's ledger. An event is answered before its lane is let go; a process that
 * is killed in between would leave the lane held for the next one.
 */
export async function laneIsFree(connectionString: string): Promise<void> {
	const storage = await openStorage({ kind: "connection-string", connectionString });
	const blob = leaseBlob(LANE);
	for (;;) {
		const lease = await storage.lease(blob, LEASE_SECONDS);
		if (lease !== undefined) return storage.release(blob, lease);
		await sleep(LOOK_MS);
	}
}
