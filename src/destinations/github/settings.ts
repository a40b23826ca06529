import { type KeyVaultOptions, readSecretName, readVault } from "../../config/azure.ts";
import type { Settings } from "../../config/settings.ts";
import { isLoopback } from "../../config/settings.ts";
import type { Limit } from "../../ledger/pace.ts";
import { parsePace } from "../../ledger/pace.ts";
import type { Route } from "../../route/route.ts";
import type { TokenConfig } from "./tokens.ts";

/** What the settings say of GitHub. */
export interface GitHubConfig {
	/** The address of its API, without a slash at its end. */
	readonly address: string;
	/** The address before a move: lanes that were recorded for it are taken over. */
	readonly formerAddress?: string | undefined;
	readonly token: TokenConfig;
	/** How fast GitHub may be called, for each lane. */
	readonly limits: readonly Limit[];
	/** How many calls a lane may have under way. */
	readonly concurrency: number;
}

/** GitHub's own limits for requests that create content, and its advice. Source: "Rate limits" and "Best practices". */
const USUAL_PACE = "1/s,80/m,500/h";

/** @param routes those that lead to GitHub */
export function readGitHubConfig(settings: Settings, routes: readonly Route[]): GitHubConfig {
	const config = {
		address: readApiUrl(settings),
		formerAddress: readFormerApiUrl(settings),
		token: readTokenConfig(settings),
		limits: readPace(settings),
		concurrency: settings.number("GITHUB_CONCURRENCY", 1, { from: 1, to: 50, whole: true }),
	};
	if (config.token.kind === "fixed") refuseNamedTokens(config.address, routes, settings);
	return config;
}

function readPace(settings: Settings): readonly Limit[] {
	const limits = parsePace(settings.get("GITHUB_PACE") ?? USUAL_PACE);
	if (typeof limits !== "string") return limits;
	settings.refuse("GITHUB_PACE", limits);
	return [];
}

/** Without a vault there is one token for all; that is good enough only where nothing but a stand-in sees it. */
function refuseNamedTokens(address: string, routes: readonly Route[], settings: Settings): void {
	const local = URL.canParse(address) && isLoopback(new URL(address));
	for (const { name, to } of routes) {
		if (to.token === undefined) continue;
		const unread = `route "${name}": its token "${to.token}" is not read, because GITHUB_API_URL is on this machine`;
		const missing = `is not set, but the route "${name}" reads its token from the secret "${to.token}"; give it the address of that key vault`;
		if (local) settings.warnings.push(unread);
		else settings.refuse("KEY_VAULT_URL", missing);
	}
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
			secretName: readSecretName(settings, "GITHUB_TOKEN_SECRET_NAME", "github-token"),
		};
	}
	const [token, patToken] = [settings.get("GITHUB_TOKEN"), settings.get("PAT_TOKEN")];
	if (token !== undefined) return fixed(settings, "GITHUB_TOKEN", token);
	if (patToken !== undefined) {
		const better = "rename it to GITHUB_TOKEN, or better store the token in a key vault (KEY_VAULT_URL)";
		settings.warnings.push(`PAT_TOKEN is the predecessor's name; ${better}`);
		return fixed(settings, "PAT_TOKEN", patToken);
	}
	if (!settings.isUnresolved("GITHUB_APP_ID", "KEY_VAULT_URL", "GITHUB_TOKEN", "PAT_TOKEN")) {
		settings.refuse(
			"GITHUB_TOKEN",
			"is not set, and neither is KEY_VAULT_URL; set one of them, because the bridge needs a token",
		);
	}
	return { kind: "fixed", token: "" };
}

function fixed(settings: Settings, name: string, token: string): TokenConfig {
	if (/\s/.test(token)) settings.refuse(name, "has white space inside; paste the token alone");
	return { kind: "fixed", token };
}

function readApp(settings: Settings, appId: string, vault: KeyVaultOptions | undefined): TokenConfig {
	if (!/^(?:\d+|Iv[\w.]+)$/.test(appId)) {
		settings.refuse("GITHUB_APP_ID", `"${appId}" is neither an app id nor a client id`);
	}
	const keyName = readSecretName(settings, "GITHUB_APP_KEY_SECRET_NAME", "github-app-key");
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
 * @returns without a slash at its end
 */
function readApiUrl(settings: Settings): string {
	const text = settings.get("GITHUB_API_URL") ?? GITHUB;
	const url = settings.url("GITHUB_API_URL", text, EXAMPLE);
	if (url === undefined) return text.replace(/\/+$/, "");
	const path = url.pathname.replace(/\/+$/, "");
	const address = url.origin + path;
	if (isLoopback(url)) return address;
	const problem = findProblem(url, path);
	if (problem !== undefined) settings.refuse("GITHUB_API_URL", `"${address}" ${problem}`);
	else if (path !== "" && !path.endsWith("/api/v3")) {
		const usual = "the API of an Enterprise Server is at /api/v3";
		settings.warnings.push(`GITHUB_API_URL: "${address}" has another path than GitHub's: ${usual}`);
	}
	return address;
}

/** Source: docs.github.com, "Getting started with the REST API", and "About GitHub Enterprise Cloud with data residency". */
function findProblem({ hostname, host }: URL, path: string): string | undefined {
	if (/^(?:www\.)?github\.com$/.test(hostname)) return `is GitHub's web site; its API is ${GITHUB}`;
	if (hostname === "api.github.com")
		return path === "" ? undefined : `has a path that GitHub's API does not have; write ${GITHUB}`;
	const [, residence] = /^(?:api\.)?([^.]+)\.ghe\.com$/.exec(hostname) ?? [];
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

/**
 * The address before a move, from `GITHUB_API_URL_BEFORE`: only compared with what lanes have recorded, so it is written
 * in the same form.
 * @returns undefined where it is not set
 */
function readFormerApiUrl(settings: Settings): string | undefined {
	const text = settings.get("GITHUB_API_URL_BEFORE");
	const url = text === undefined ? undefined : settings.url("GITHUB_API_URL_BEFORE", text, EXAMPLE);
	return url && url.origin + url.pathname.replace(/\/+$/, "");
}
