import { type KeyVaultOptions, readSecretName, readVault } from "../../config/azure.ts";
import type { Settings } from "../../config/settings.ts";
import type { Destination } from "../../model.ts";
import type { Route, RouteTo } from "../../route/route.ts";
import type { Client, ClientOptions, ConfiguredService, Policy, Service } from "../destination.ts";
import { hasPages, readAddress, readSpeed, readToken, refuseNamedTokens } from "../service-settings.ts";
import { createGitHub } from "./github.ts";
import {
	buildDispatch,
	dispatchPath,
	payloadProblem,
	type RepositoryDispatch,
	resolveDispatch,
} from "./repository-dispatch.ts";
import { webOf } from "./runs.ts";
import { openTokens, type TokenConfig } from "./tokens.ts";
import {
	buildWorkflow,
	isWorkflow,
	resolveWorkflow,
	WORKFLOW_LIMITS,
	workflowPath,
	workflowProblems,
} from "./workflow-dispatch.ts";

/** GitHub: deliveries that start workflows. */
export const github: Service = {
	name: "github",
	owns: ({ repository }) => typeof repository === "string",
	problemsOf(to) {
		const ofForm = isWorkflow(to) ? workflowProblems : { payload: payloadProblem };
		const checks = { repository: () => repositoryProblem(to.repository ?? ""), ...ofForm };
		return Object.entries(checks).flatMap(([member, check]) => {
			const problem = check(to);
			return problem === undefined ? [] : [{ member, problem }];
		});
	},
	resolve: (to, eventType) => (isWorkflow(to) ? resolveWorkflow(to) : resolveDispatch(to, eventType)),
	configure: (settings, routes) => configured(readGitHubConfig(settings, routes)),
};

function configured(config: GitHubConfig): ConfiguredService {
	const { token, ...policy } = config;
	// The path of an Enterprise Server's API.
	const isEnterpriseServer = config.address.endsWith("/api/v3");
	const mostInputs = isEnterpriseServer ? WORKFLOW_LIMITS.inputsOnEnterpriseServer : WORKFLOW_LIMITS.inputs;
	return {
		...policy,
		name: github.name,
		owns: github.owns,
		problemsOf: github.problemsOf,
		laneOf: (to) => laneOf(token.kind, to),
		build: (to, event, facts) =>
			isWorkflow(to)
				? buildWorkflow(to, event, facts, mostInputs)
				: buildDispatch(to as RepositoryDispatch, event, facts),
		requestLine: (to) => `POST ${config.address}${isWorkflow(to) ? workflowPath(to) : dispatchPath(to)}`,
		pageOf: (to) => runsPage(config.address, to),
		open: (options) => open(config, options),
	};
}

function open(config: GitHubConfig, options: ClientOptions): Client {
	const reach = { ...options, apiUrl: config.address };
	return createGitHub({ ...reach, tokens: openTokens(config.token, reach) });
}

/**
 * The lane of a destination: one for each token, since GitHub limits tokens. An app has a token for each owner that has
 * installed it.
 */
export function laneOf(kind: GitHubConfig["token"]["kind"], { repository = "", token }: RouteTo): string {
	if (token !== undefined) return `token-${token.toLowerCase()}`;
	return kind === "app" ? `app-${repository.toLowerCase().replace(/\/.*/, "")}` : "default";
}

/**
 * The page of GitHub that lists the runs which a destination's dispatches have started.
 * @param apiUrl GitHub's API: api.github.com, https://HOST/api/v3 of Enterprise Server, https://api.SUBDOMAIN.ghe.com
 * @returns null where the address has no pages
 */
export function runsPage(apiUrl: string, to: Destination): string | null {
	if (!hasPages(apiUrl)) return null;
	const actions = `${webOf(apiUrl)}/${to["repository"]}/actions`;
	if (!isWorkflow(to)) return `${actions}?query=event%3Arepository_dispatch`;
	const { workflow } = to;
	// A page is found by the name of the file alone.
	const isId = /^\d+$/.test(workflow);
	return isId ? `${actions}?query=event%3Aworkflow_dispatch` : `${actions}/workflows/${encodeURIComponent(workflow)}`;
}

/** Owners of managed accounts have an underscore; `.` and `..` would lead elsewhere in a URL and are no names. */
const REPOSITORY = /^[A-Za-z0-9][A-Za-z0-9_-]*\/(?!\.{1,2}$)[A-Za-z0-9._-]+$/;

/** Whether a text is `owner/name`, as GitHub writes it. */
export function isRepository(text: string): boolean {
	return repositoryProblem(text) === undefined;
}

/** Why a text is not `owner/name`, with the repair; undefined where it is. */
function repositoryProblem(text: string): string | undefined {
	// GitHub allows no name that ends so, and answers 404.
	const name = text.replace(/\.git$/i, "");
	if (!REPOSITORY.test(name)) return `"${text}" is not owner/name, such as contoso/fraud-model`;
	return name === text ? undefined : `"${text}" ends in .git, which only its clone address does; write ${name}`;
}

/** What the settings say of GitHub. */
interface GitHubConfig extends Policy {
	readonly token: TokenConfig;
}

/** GitHub's own limits for requests that create content, and its advice. Source: "Rate limits" and "Best practices". */
const USUAL_PACE = [
	{ count: 1, ms: 1_000 },
	{ count: 80, ms: 60_000 },
	{ count: 500, ms: 3_600_000 },
];

/** @param routes those that lead to GitHub */
export function readGitHubConfig(settings: Settings, routes: readonly Route[]): GitHubConfig {
	const address = readApiUrl(settings);
	const speed = readSpeed(settings, "GITHUB", USUAL_PACE);
	const token = readTokenConfig(settings);
	if (token.kind === "fixed") refuseNamedTokens(settings, routes, { setting: "GITHUB_API_URL", address });
	return {
		address,
		// Only compared with what lanes have recorded.
		formerAddress: readAddress(settings, "GITHUB_API_URL_BEFORE", EXAMPLE),
		token,
		...speed,
	};
}

/**
 * Where the token is: a GitHub App goes first, then a token in Key Vault, then GITHUB_TOKEN, then the predecessor's
 * PAT_TOKEN.
 */
function readTokenConfig(settings: Settings): TokenConfig {
	const vault = readVault(settings);
	const appId = settings.get("GITHUB_APP_ID");
	if (appId !== undefined) return readApp(settings, appId, vault);
	if (vault !== undefined) {
		return {
			kind: "key-vault",
			vault,
			secretName: readSecretName(settings, "GITHUB_TOKEN_SECRET_NAME") ?? "github-token",
		};
	}
	const isOld = settings.get("PAT_TOKEN") !== undefined && settings.get("GITHUB_TOKEN") === undefined;
	if (isOld) {
		const better = "rename it to GITHUB_TOKEN, or better store the token in a key vault (KEY_VAULT_URL)";
		settings.warnings.push(`PAT_TOKEN is the predecessor's name; ${better}`);
	}
	const token = readToken(settings, isOld ? "PAT_TOKEN" : "GITHUB_TOKEN") ?? "";
	if (token === "" && !settings.isUnresolved("GITHUB_APP_ID", "KEY_VAULT_URL", "PAT_TOKEN")) {
		settings.refuse(
			"GITHUB_TOKEN",
			"is not set, and neither is KEY_VAULT_URL; set one of them, because the bridge needs a token",
		);
	}
	return { kind: "fixed", token };
}

function readApp(settings: Settings, appId: string, vault: KeyVaultOptions | undefined): TokenConfig {
	if (!/^(?:\d+|Iv[\w.]+)$/.test(appId)) {
		settings.refuse("GITHUB_APP_ID", `"${appId}" is neither an app id nor a client id`);
	}
	const keyName = readSecretName(settings, "GITHUB_APP_KEY_SECRET_NAME") ?? "github-app-key";
	if (vault !== undefined) return { kind: "app", appId, keyName, vault };
	settings.refuse(
		"KEY_VAULT_URL",
		"is not set, but GITHUB_APP_ID is; give it the address of the key vault with the app's private key",
	);
	return { kind: "fixed", token: "" };
}

const GITHUB = "https://api.github.com";
const EXAMPLE = `${GITHUB}, https://HOST/api/v3 for Enterprise Server, or https://api.SUBDOMAIN.ghe.com`;

/**
 * GitHub's API, from `GITHUB_API_URL`. An address that certainly serves web pages, or nothing, is refused with the right
 * one; one that only may be wrong is a warning, since a gateway can stand in front of GitHub.
 */
function readApiUrl(settings: Settings): string {
	return (
		readAddress(settings, "GITHUB_API_URL", EXAMPLE, (url, path) => {
			const problem = findProblem(url, path);
			if (problem === undefined && path !== "" && !path.endsWith("/api/v3")) {
				const usual = "the API of an Enterprise Server is at /api/v3";
				settings.warnings.push(`GITHUB_API_URL: "${url.origin}${path}" has another path than GitHub's: ${usual}`);
			}
			return problem;
		}) ?? GITHUB
	);
}

/** Source: docs.github.com, "Getting started with the REST API", and "About GitHub Enterprise Cloud with data residency". */
function findProblem({ hostname, host }: URL, path: string): string | undefined {
	if (/^(?:www\.)?github\.com$/.test(hostname)) return `is GitHub's web site; its API is ${GITHUB}`;
	if (hostname === "api.github.com")
		return path === "" ? undefined : `has a path that GitHub's API does not have; write ${GITHUB}`;
	const residence = /^(?:api\.)?([^.]+)\.ghe\.com$/.exec(hostname)?.[1];
	if (residence !== undefined) {
		const api = `https://api.${residence}.ghe.com`;
		if (!hostname.startsWith("api.")) return `is a web site; its API is ${api}`;
		return path === "" ? undefined : `has a path that the API does not have; write ${api}`;
	}
	if (path === "" && !hostname.startsWith("api.")) {
		return `has no path, so it serves web pages; the API of an Enterprise Server is https://${host}/api/v3`;
	}
	return undefined;
}
