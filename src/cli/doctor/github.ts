import { isLoopback } from "../../config/settings.ts";
import { bodyOf } from "../../destinations/github/call-github.ts";
import { classifyResponse, isFromApi, type Meaning } from "../../destinations/github/classify-response.ts";
import { dispatchPath } from "../../destinations/github/repository-dispatch.ts";
import { workflowPath } from "../../destinations/github/workflow-dispatch.ts";
import { readResponse } from "../../destinations/service-response.ts";
import type { Ask, Asked } from "../ask.ts";
import { baseOf, readUrl } from "../bridge-url.ts";
import type { Io } from "../io.ts";

/** GitHub's REST API, as far as it is looked at. */
export interface GitHub {
	/** @param path such as `/repos/contoso/fraud-model` */
	get(path: string): Promise<GitHubAnswer>;
	/**
	 * Asks for a dispatch without its required type, or for one of a workflow without its required ref. GitHub looks at
	 * the token's rights before it looks at the request, so that a refusal of the request (422) says that the rights are
	 * enough, and nothing is started.
	 */
	tryDispatch(repository: string, workflow?: string): Promise<GitHubAnswer>;
}

export interface GitHubAnswer extends Asked {
	/** What a refusal means, in the bridge's own words; `transient` where nothing answered. */
	readonly classification: Meaning;
	/** Whether GitHub's API answered, and no page, proxy or sign-in did. */
	readonly fromApi: boolean;
}

/** @param now epoch milliseconds */
export function createGitHub(options: {
	url: string;
	token?: string | undefined;
	ask: Ask;
	now: () => number;
}): GitHub {
	const headers = {
		accept: "application/vnd.github+json",
		"user-agent": "grid-dispatch-cli",
		"x-github-api-version": "2022-11-28",
		...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
	};

	async function call(path: string, init: RequestInit = {}): Promise<GitHubAnswer> {
		// A repository that was renamed is answered with where it is now.
		const there = { redirect: "follow" as const, headers: { ...headers, ...init.headers } };
		const asked = await options.ask(`${options.url}${path}`, { ...init, ...there });
		return { ...asked, ...judge(asked, options.now()) };
	}

	return {
		get: (path) => call(path),
		tryDispatch: (repository, workflow) =>
			call(workflow === undefined ? dispatchPath({ repository }) : workflowPath({ repository, workflow }), {
				method: "POST",
				headers: { "content-type": "application/json" },
				body: "{}",
			}),
	};
}

function judge(asked: Asked, now: number): Pick<GitHubAnswer, "classification" | "fromApi"> {
	const { status, headers, json, text, reason } = asked;
	if (status === 0)
		return { classification: { kind: "transient", reason: `no answer from GitHub (${reason})` }, fromApi: false };
	const raw = { status, headers: Object.fromEntries(headers), text };
	const response = readResponse(raw, json, bodyOf(raw), []);
	return { classification: classifyResponse(response, now), fromApi: isFromApi(response) };
}

/** Why an answer is none, where it is one: `reason` of its verdict. */
export function reasonOf({ classification }: GitHubAnswer): string {
	return "reason" in classification ? classification.reason : `GitHub answered ${classification.kind}`;
}

/** GitHub's API, and what to ask it with. */
export interface GitHubApi {
	/** Without a slash at its end. */
	readonly url: string;
	/** Undefined where there is none. */
	readonly token: string | undefined;
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
	return { url: baseOf(address), token, local, standIn: named === undefined };
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
