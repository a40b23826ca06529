import { isLoopback } from "../config/settings.ts";
import { baseOf, readUrl } from "./bridge-url.ts";
import type { Io } from "./io.ts";

/** GitHub's API, and what to ask it with. */
export interface GitHubApi {
	/** Without a slash at its end. */
	readonly url: string;
	/** Left out where there is none. */
	readonly token?: string;
	/** Whether it is on this machine. */
	readonly local: boolean;
	/** Whether it is the stand-in of `npm start`, which need not be named. */
	readonly standIn: boolean;
}

const GITHUB = "https://api.github.com";
/** The stand-in takes any; a real one is not sent there, unless its address was named. */
const STAND_IN_TOKEN = "a-token-that-only-the-stand-in-takes";

/**
 * Where the dispatches of a bridge go: those of the local host to its stand-in on the next port, unless `GITHUB_API_URL`
 * names another one on this machine or GitHub itself is asked for. `npm start` does so, too, which sends nothing to
 * GitHub by accident.
 * @param flag "real", an address, or nothing
 * @param setting the bridge's `GITHUB_API_URL`
 */
export function githubApi(
	flag: string | undefined,
	bridgeUrl: string,
	{ env }: Pick<Io, "env">,
	setting = env["GITHUB_API_URL"],
): GitHubApi {
	const named = addressOf(flag, bridgeUrl, setting?.trim());
	const from = flag === undefined || flag === "real" ? "GITHUB_API_URL" : "--github";
	const address = readUrl(named ?? standInOf(bridgeUrl), from);
	const local = isLoopback(address);
	const given = named === undefined ? undefined : [env["GITHUB_TOKEN"], env["GH_TOKEN"]].find((one) => one?.trim());
	const token = given?.trim() ?? (local ? STAND_IN_TOKEN : undefined);
	return { url: baseOf(address), ...(token === undefined ? {} : { token }), local, standIn: named === undefined };
}

/** Undefined for the stand-in. */
function addressOf(flag: string | undefined, bridgeUrl: string, setting: string | undefined): string | undefined {
	if (flag !== undefined && flag !== "real") return flag;
	const isHere = setting !== undefined && URL.canParse(setting) && isLoopback(new URL(setting));
	if (flag === "real" || isHere || !isLoopback(readUrl(bridgeUrl, "--url"))) return setting || GITHUB;
	return undefined;
}

function standInOf(bridgeUrl: string): string {
	const bridge = readUrl(bridgeUrl, "--url");
	return `http://${bridge.hostname}:${Number(bridge.port || 80) + 1}`;
}
