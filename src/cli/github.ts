import { bodyOf } from "../destinations/github/call-github.ts";
import { classifyResponse, isFromApi, type Meaning } from "../destinations/github/classify-response.ts";
import { dispatchPath } from "../destinations/github/repository-dispatch.ts";
import { workflowPath } from "../destinations/github/workflow-dispatch.ts";
import { readResponse } from "../destinations/service-response.ts";
import type { Ask, Asked } from "./ask.ts";

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
