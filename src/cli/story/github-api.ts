import { isLoopback } from "../../is-loopback.ts";
import { readUrl } from "../bridge-url.ts";
import type { Io } from "../io.ts";

/** GitHub's API, and what to ask it with. */
export interface GitHubApi {
	/** Without a slash at its end. */
	readonly url: string;
	/** Left out where there is none. */
	readonly token?: string;
}

const GITHUB = "https://api.github.com";
/** The stand-in takes any; a real one is not sent there. */
const STAND_IN_TOKEN = "a-token-that-only-the-stand-in-takes";

/**
 * Where the dispatches of a bridge go: those of the local host to its stand-in on the next port, unless `GITHUB_API_URL`
 * names another one on this machine or GitHub itself is asked for.
 * @param flag "real", an address, or nothing
 */
export function githubApi(flag: string | undefined, bridgeUrl: string, { env }: Pick<Io, "env">): GitHubApi {
	const url = readUrl(addressOf(flag, bridgeUrl, env["GITHUB_API_URL"]?.trim()), "--github").href.replace(/\/+$/, "");
	if (isLoopback(new URL(url))) return { url, token: STAND_IN_TOKEN };
	const token = [env["GITHUB_TOKEN"], env["GH_TOKEN"]].find((one) => one?.trim())?.trim();
	return { url, ...(token === undefined ? {} : { token }) };
}

function addressOf(flag: string | undefined, bridgeUrl: string, setting: string | undefined): string {
	if (flag !== undefined && flag !== "real") return flag;
	const bridge = readUrl(bridgeUrl, "--url");
	const isHere = setting !== undefined && URL.canParse(setting) && isLoopback(new URL(setting));
	if (flag === "real" || isHere || !isLoopback(bridge)) return setting || GITHUB;
	return `http://${bridge.hostname}:${Number(bridge.port || 80) + 1}`;
}
