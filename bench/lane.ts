import { setTimeout as sleep } from "node:timers/promises";
import { laneOf } from "../src/destinations/github/service.ts";
import { leaseBlob } from "../src/ledger/lane-lease.ts";
import { NEW_LANE, toColumns } from "../src/ledger/lane-state.ts";
import { STATE_KEY } from "../src/ledger/rows.ts";
import { createClients, openStorage } from "../src/storage/azure-storage.ts";
import { LEDGER, type LedgerNames } from "../src/storage/storage.ts";

/** The lane that every route of the benchmark leads to: they have one token. */
export const LANE = laneOf("fixed", { repository: "contoso/fraud-model" });

/** Longer than any run. */
const PAUSE_MS = 3_600_000;

/**
 * Empties a ledger, and pauses its lane as GitHub's "slow down" does, with a wake-up recorded for the end of the pause:
 * whatever is accepted now is durable and waits, and no message has to be put. Before each measurement, since Azurite
 * looks through all rows of a partition for each that it writes or reads, which Azure does not.
 */
export async function pauseEmptyLane(connectionString: string, names: LedgerNames = LEDGER): Promise<void> {
	const config = { kind: "connection-string", connectionString } as const;
	const { table, queue } = await createClients(config, names);
	await table.deleteTable();
	await queue(names.queue).deleteIfExists();
	const storage = await openStorage(config, names);
	const until = Date.now() + PAUSE_MS;
	const state = { ...NEW_LANE, pause: { until, reason: "the benchmark says so" }, wake: { last: 1, at: until } };
	await storage.commit(LANE, [{ kind: "insert", rowKey: STATE_KEY, columns: toColumns(state) }]);
}

const LEASE_SECONDS = 15;
const LOOK_MS = 20;

/**
 * Waits until the lane of an app's ledger is free. An event is answered before its lane is let go; a process that
 * is killed in between would leave the lane leased for the next one.
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
