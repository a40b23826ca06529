import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bridge, type BridgeOptions, createBridge } from "../src/bridge.ts";
import { readConfig } from "../src/config/config.ts";
import type { Env } from "../src/config/settings.ts";
import type { LedgerNames } from "../src/storage/names.ts";
import { openStorage } from "../src/storage/open-storage.ts";
import type { Storage } from "../src/storage/storage.ts";
import { type CountedStorage, countCalls } from "./count-calls.ts";

/** A ledger's parts under names of their own: measurements that share a storage must not find each other's rows. */
export function ledgerNames(id: string): LedgerNames {
	const name = `bench-${id}`;
	return { table: `bench${id}`, queue: name, container: name, payloads: name, deadLetters: name };
}

/** A bridge of its own in this process, whose calls of storage are counted. */
export interface BenchBridge extends Pick<CountedStorage, "calls"> {
	readonly bridge: Bridge;
	readonly storage: Storage;
}

/** @param around put around the storage, outside of what counts */
export async function openBenchBridge(
	env: Env,
	names: LedgerNames,
	options: Partial<BridgeOptions> & { readonly around?: (storage: Storage) => Storage } = {},
): Promise<BenchBridge> {
	const { around = (storage) => storage, ...more } = options;
	const config = readConfig(env, ".");
	const counted = countCalls(await openStorage(config.storage, names));
	const storage = around(counted.storage);
	const bridge = createBridge(config, {
		version: "0.0.0",
		openStorage: async () => storage,
		newId: randomUUID,
		random: Math.random,
		now: Date.now,
		monotonic: () => performance.now(),
		sleep,
		...more,
	});
	return { bridge, storage, calls: counted.calls };
}
