import { type Bridge, createBridge } from "./bridge.ts";
import { createBrokenBridge } from "./broken-bridge.ts";
import { ConfigError, readConfig } from "./config.ts";
import type { Env } from "./settings.ts";

/**
 * Reads the configuration and builds the bridge. A broken configuration must not keep the functions from being there:
 * health tells, and Event Grid keeps the events.
 * @param appRoot the folder that holds `host.json`
 */
export function openBridge(env: Env, appRoot: string, version: string): Bridge {
	try {
		return createBridge(readConfig(env, appRoot), { version });
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		return createBrokenBridge(error.problems);
	}
}
