import { type KeyVaultOptions, readSecretName, readVault } from "../../config/azure.ts";
import type { Settings } from "../../config/settings.ts";
import type { Route } from "../../route/route.ts";
import type { Policy } from "../destination.ts";
import { readAddress, readSpeed, readToken, refuseNamedTokens } from "../service-settings.ts";
import type { TokenConfig } from "./tokens.ts";

/** What the settings say of GitHub. */
export interface GitHubConfig extends Policy {
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
