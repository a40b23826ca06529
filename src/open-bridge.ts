import { type Bridge, createBridge } from "./bridge.ts";
import { createBrokenBridge } from "./broken-bridge.ts";
import { ConfigError, readConfig } from "./config.ts";
import type { Env } from "./settings.ts";

/**
 * Reads the configuration and builds the bridge. A broken configuration must not keep the functions from being there:
 * it is said aloud, health tells, and Event Grid keeps the events.
 * @param appRoot the folder that holds `host.json`
 */
export function openBridge(env: Env, appRoot: string, version: string): Bridge {
	try {
		return createBridge(readConfig(env, appRoot), { version });
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		// biome-ignore lint/suspicious/noConsole: there may be no invocation yet whose log could take it
		console.error(`grid-dispatch cannot dispatch before its configuration is repaired:\n${error.message}`);
		return createBrokenBridge(error.problems);
	}
}
