import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bridge, type BridgeOptions, createBridge } from "../../src/bridge.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Env } from "../../src/config/settings.ts";
import type { Service } from "../../src/destinations/destination.ts";
import { SERVICES } from "../../src/destinations/list.ts";
import { type GitHubStandIn, type StandInOptions, startGitHubStandIn } from "../../src/local/github-stand-in.ts";
import type { LedgerNames } from "../../src/storage/storage.ts";
import { fileStorage, newNames, openFileStorage } from "./file-storage.ts";

export const TOKEN = "ghp_0123456789abcdefghijklmnopqrstuvwxyz";

/** More than any test sends. */
const NO_LIMITS = { perHour: 1e9, contentPerMinute: 1e9, contentPerHour: 1e9 };

/** A bridge in this process, and the GitHub stand-in that it dispatches to. */
export interface BridgeFixture {
	readonly github: GitHubStandIn;
	/**
	 * A new bridge, at a pace that holds nobody up.
	 * @param names of its ledger, to share one; a new one unless given
	 * @param services what it can deliver to; all unless given
	 */
	bridge(env?: Env, options?: Partial<BridgeOptions>, names?: LedgerNames, services?: readonly Service[]): Bridge;
}

/** Over real storage, which all fixtures of a test file share. */
export async function startFixture(options: StandInOptions = {}): Promise<BridgeFixture> {
	const connectionString = await fileStorage();
	const github = await startGitHubStandIn({ tokens: [TOKEN], limits: NO_LIMITS, ...options });
	const usual = {
		GITHUB_API_URL: github.url,
		GITHUB_TOKEN: TOKEN,
		GITHUB_REPOSITORY: "contoso/fraud-model",
		GITHUB_PACE: "1000/s",
		AzureWebJobsStorage: connectionString,
	};
	return {
		github,
		bridge: (env = {}, more = {}, names = newNames(), services = SERVICES) => {
			const config = readConfig({ ...usual, ...env }, import.meta.dirname, services);
			return createBridge(config, {
				version: "9.9.9",
				openStorage: () => openFileStorage(names),
				newId: randomUUID,
				random: Math.random,
				now: Date.now,
				monotonic: () => performance.now(),
				sleep,
				...more,
			});
		},
	};
}
