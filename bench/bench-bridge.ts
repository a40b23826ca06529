import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bridge, createBridge } from "../src/bridge.ts";
import { readConfig } from "../src/config/config.ts";
import type { Env } from "../src/config/settings.ts";
import { SERVICES } from "../src/destinations/list.ts";
import { openStorage } from "../src/storage/azure-storage.ts";
import type { LedgerNames, Storage } from "../src/storage/storage.ts";
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
	const counted = wrapStorage(await openStorage(config.storage, names), (_, make) => {
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
