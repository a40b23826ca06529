import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bridge, createBridge } from "./bridge.ts";
import { createBrokenBridge } from "./broken-bridge.ts";
import { readStorageConfig, type StorageConfig } from "./config/azure.ts";
import { ConfigError, readConfig } from "./config/config.ts";
import { type Env, Settings } from "./config/settings.ts";
import { createPoisoned, type Poisoned } from "./operate/poisoned.ts";
import type { Storage } from "./storage/storage.ts";

/**
 * Reads the configuration and builds the bridge. A broken configuration must not keep the functions from being there:
 * health tells, and Event Grid keeps the events.
 * @param appRoot the folder that holds `host.json`
 */
export function openBridge(env: Env, appRoot: string, version: string): Bridge {
	try {
		const config = readConfig(env, appRoot);
		return createBridge(config, {
			version,
			openStorage: () => openStorage(config.storage),
			newId: randomUUID,
			random: Math.random,
			now: Date.now,
			monotonic: () => performance.now(),
			sleep,
		});
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		return createBrokenBridge(error.problems, openPoisonedOf(env));
	}
}

/** The SDKs are read when storage is first needed. */
async function openStorage(config: StorageConfig): Promise<Storage> {
	return (await import("./storage/azure-storage.ts")).openStorage(config);
}

/** Where the settings of storage are sound, whatever else is broken. */
function openPoisonedOf(env: Env): (() => Promise<Poisoned>) | undefined {
	const settings = new Settings(env);
	const config = readStorageConfig(settings);
	if (settings.problems().length > 0) return undefined;
	return async () => createPoisoned(await openStorage(config), Date.now);
}
