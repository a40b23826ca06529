import { type Bridge, type BridgeOptions, createBridge } from "../../src/bridge.ts";
import { readConfig } from "../../src/config.ts";
import { type GitHubStandIn, type StandInOptions, startGitHubStandIn } from "../../src/local/github-stand-in.ts";
import type { Env } from "../../src/settings.ts";

export const TOKEN = "ghp_0123456789abcdefghijklmnopqrstuvwxyz";

/** More than any test sends. */
const NO_LIMITS = { perHour: 1e9, contentPerMinute: 1e9, contentPerHour: 1e9 };

/** A bridge in this process, and the GitHub stand-in that it dispatches to. */
export interface BridgeFixture {
	readonly github: GitHubStandIn;
	bridge(env?: Env, options?: Partial<BridgeOptions>): Bridge;
}

export async function startFixture(options: StandInOptions = {}): Promise<BridgeFixture> {
	const github = await startGitHubStandIn({ tokens: [TOKEN], limits: NO_LIMITS, ...options });
	return {
		github,
		bridge: (env = {}, more = {}) =>
			createBridge(
				readConfig(
					{ GITHUB_API_URL: github.url, GITHUB_TOKEN: TOKEN, GITHUB_REPOSITORY: "contoso/fraud-model", ...env },
					import.meta.dirname,
				),
				{ version: "9.9.9", ...more },
			),
	};
}
