import { readIdentity, readSecretName, readVault } from "../../config/azure.ts";
import { isLoopback, type Settings } from "../../config/settings.ts";
import { type Limit, parsePace } from "../../ledger/pace.ts";
import type { Route } from "../../route/route.ts";
import type { TokenConfig } from "./tokens.ts";

/** What the settings say of Azure DevOps. */
export interface AzureDevOpsConfig {
	/** Without a slash at its end; the organization is appended. */
	readonly address: string;
	/** The address before a move: lanes that were recorded for it are taken over. */
	readonly formerAddress?: string | undefined;
	readonly token: TokenConfig;
	/** How fast it may be called, for each lane. */
	readonly limits: readonly Limit[];
	/** How many calls a lane may have under way. */
	readonly concurrency: number;
}

/**
 * Azure DevOps documents a budget of work, and no number of calls: 200 times what a usual user needs in five minutes.
 * This stays far below. Source: learn.microsoft.com, "Rate and usage limits", Azure DevOps.
 */
const USUAL_PACE = "2/s,60/m";

/** @param routes those that lead to Azure DevOps */
export function readAzureDevOpsConfig(settings: Settings, routes: readonly Route[]): AzureDevOpsConfig {
	const address = readAddress(settings, "AZURE_DEVOPS_URL") ?? SERVICES;
	const isLocal = URL.canParse(address) && isLoopback(new URL(address));
	const limits = parsePace(settings.get("AZURE_DEVOPS_PACE") ?? USUAL_PACE);
	if (typeof limits === "string") settings.refuse("AZURE_DEVOPS_PACE", limits);
	return {
		address,
		formerAddress: readAddress(settings, "AZURE_DEVOPS_URL_BEFORE"),
		token: readToken(settings, routes, isLocal),
		limits: typeof limits === "string" ? [] : limits,
		concurrency: settings.number("AZURE_DEVOPS_CONCURRENCY", 1, { from: 1, to: 50, whole: true }),
	};
}

/** Where Azure DevOps is, unless a server of one's own is meant. */
export const SERVICES = "https://dev.azure.com";

/**
 * Where Azure DevOps is, or was. An address that leads elsewhere for certain is refused with the right one. A server of
 * one's own may have a path, such as `/tfs`.
 * @returns without a slash at its end; undefined where it is not set
 */
function readAddress(settings: Settings, setting: string): string | undefined {
	const text = settings.get(setting);
	if (text === undefined) return undefined;
	const url = settings.url(setting, text, `${SERVICES}, or https://HOST of a server of your own`);
	if (url === undefined) return text.replace(/\/+$/, "");
	const path = url.pathname.replace(/\/+$/, "");
	const problem = findProblem(url.hostname, path);
	if (problem !== undefined) settings.refuse(setting, `"${url.origin}${path}" ${problem}`);
	return url.origin + path;
}

/** Source: learn.microsoft.com, "Allowed IP addresses and domain URLs", Azure DevOps. */
function findProblem(hostname: string, path: string): string | undefined {
	const [, organization] = /^([^.]+)\.visualstudio\.com$/.exec(hostname) ?? [];
	if (organization !== undefined)
		return `is the former address of an organization; write ${SERVICES}, and "${organization}" as the route's organization`;
	if (hostname.endsWith(".dev.azure.com")) return `is not the address of Azure Pipelines; write ${SERVICES}`;
	if (hostname !== "dev.azure.com" || path === "") return undefined;
	return `has a path; the organization belongs in the route. Write ${SERVICES}`;
}

/** Where the token is: a personal one of the vault goes first, then AZURE_DEVOPS_TOKEN, then the app's identity. */
function readToken(settings: Settings, routes: readonly Route[], isLocal: boolean): TokenConfig {
	const vault = readVault(settings);
	const named = routes.filter(({ to }) => to.token !== undefined);
	for (const { name, to } of vault === undefined ? named : []) {
		const unread = `route "${name}": its token "${to.token}" is not read, because AZURE_DEVOPS_URL is on this machine`;
		const missing = `is not set, but the route "${name}" reads its token from the secret "${to.token}"; give it the address of that key vault`;
		if (isLocal) settings.warnings.push(unread);
		else settings.refuse("KEY_VAULT_URL", missing);
	}
	const of = vault === undefined ? {} : { vault };
	if (settings.get("AZURE_DEVOPS_TOKEN_SECRET_NAME") !== undefined) {
		const secretName = readSecretName(settings, "AZURE_DEVOPS_TOKEN_SECRET_NAME", "");
		if (vault !== undefined) return { kind: "key-vault", secretName, vault };
		settings.refuse(
			"KEY_VAULT_URL",
			"is not set, but AZURE_DEVOPS_TOKEN_SECRET_NAME is; give it the address of the key vault with that secret",
		);
	}
	const token = settings.get("AZURE_DEVOPS_TOKEN");
	if (token !== undefined) {
		if (/\s/.test(token)) settings.refuse("AZURE_DEVOPS_TOKEN", "has white space inside; paste the token alone");
		return { kind: "fixed", token, ...of };
	}
	const identity = readIdentity(settings, "AZURE_CLIENT_ID");
	const needsDefault = named.length < routes.length || vault === undefined;
	if (isLocal && !identity.managedIdentity && needsDefault && !settings.isUnresolved("AZURE_DEVOPS_TOKEN"))
		settings.refuse("AZURE_DEVOPS_TOKEN", "is not set; a stand-in on this machine gets no token of `az login`");
	return { kind: "identity", identity, ...of };
}
