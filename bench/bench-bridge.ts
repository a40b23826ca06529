import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bridge, createBridge } from "../src/bridge.ts";
import { readConfig } from "../src/config/config.ts";
import type { Env } from "../src/config/settings.ts";
import { laneOf } from "../src/destinations/github/service.ts";
import { SERVICES } from "../src/destinations/list.ts";
import { leaseBlob } from "../src/ledger/lane-lease.ts";
import { NEW_LANE, toColumns } from "../src/ledger/lane-state.ts";
import { STATE_KEY } from "../src/ledger/rows.ts";
import { createClients, openStorage } from "../src/storage/azure-storage.ts";
import { LEDGER, type LedgerNames, type Storage } from "../src/storage/storage.ts";
import { wrapStorage } from "../support/wrap-storage.ts";

/** A ledger's parts under names of their own: measurements that share a storage must not find each other's rows. */
export function ledgerNames(id: string): LedgerNames {
	const name = `bench-${id}`;
	return {
		table: `bench${id}`,
		queue: name,
		follow: `${name}-follow`,
		container: name,
		payloads: name,
		deadLetters: name,
	};
}

/** A bridge of its own in this process, whose calls of storage are counted. */
export interface BenchBridge {
	readonly bridge: Bridge;
	readonly storage: Storage;
	/** How many calls of the service its storage has made. */
	calls(): number;
	/** Another bridge over the same storage, as on another instance. Its calls are counted with those of the first. */
	another(): Bridge;
}

/** @param around put around the storage, outside of what counts */
export async function openBenchBridge(
	env: Env,
	names: LedgerNames,
	around: (storage: Storage) => Storage = (storage) => storage,
): Promise<BenchBridge> {
	const config = readConfig(env, ".", SERVICES);
	let calls = 0;
	const { AzureWebJobsStorage: connectionString = "" } = env;
	const counted = wrapStorage(openStorage({ kind: "connection-string", connectionString }, names), (_, make) => {
		calls += 1;
		return make();
	});
	const storage = around(counted);
	const another = () =>
		createBridge(config, {
			version: "0.0.0",
			openStorage: async () => storage,
			newId: randomUUID,
			random: Math.random,
			now: Date.now,
			monotonic: () => performance.now(),
			sleep,
		});
	return { bridge: another(), storage, calls: () => calls, another };
}

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
	const { table, queue } = createClients(config, names);
	await table.deleteTable();
	await queue(names.queue).deleteIfExists();
	const storage = openStorage(config, names);
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
	const storage = openStorage({ kind: "connection-string", connectionString });
	const blob = leaseBlob(LANE);
	for (;;) {
		const lease = await storage.lease(blob, LEASE_SECONDS);
		if (lease !== undefined) return storage.release(blob, lease);
		await sleep(LOOK_MS);
	}
}
