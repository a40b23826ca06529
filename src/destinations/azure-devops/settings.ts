import { readIdentity, readSecretName, readVault } from "../../config/azure.ts";
import type { Settings } from "../../config/settings.ts";
import type { Route } from "../../route/route.ts";
import type { Policy } from "../destination.ts";
import { isLocal, readAddress, readSpeed, readToken, refuseNamedTokens } from "../service-settings.ts";
import type { TokenConfig } from "./tokens.ts";

/** What the settings say of Azure DevOps. */
export interface AzureDevOpsConfig extends Policy {
	readonly token: TokenConfig;
}

/**
 * Azure DevOps documents a budget of work, and no number of calls: 200 times what a usual user needs in five minutes.
 * This stays far below. Source: learn.microsoft.com, "Rate and usage limits", Azure DevOps.
 */
const USUAL_PACE = [
	{ count: 2, ms: 1_000 },
	{ count: 60, ms: 60_000 },
];

/** Where Azure DevOps is, unless a server of one's own is meant. That may have a path, such as `/tfs`. */
export const SERVICES = "https://dev.azure.com";

/** @param routes those that lead to Azure DevOps */
export function readAzureDevOpsConfig(settings: Settings, routes: readonly Route[]): AzureDevOpsConfig {
	const read = (setting: string) =>
		readAddress(settings, setting, `${SERVICES}, or https://HOST of a server of your own`, findProblem);
	const address = read("AZURE_DEVOPS_URL") ?? SERVICES;
	const speed = readSpeed(settings, "AZURE_DEVOPS", USUAL_PACE);
	return {
		address,
		formerAddress: read("AZURE_DEVOPS_URL_BEFORE"),
		token: readTokenConfig(settings, routes, address),
		...speed,
	};
}

/** Source: learn.microsoft.com, "Allowed IP addresses and domain URLs", Azure DevOps. */
function findProblem({ hostname }: URL, path: string): string | undefined {
	const organization = /^([^.]+)\.visualstudio\.com$/.exec(hostname)?.[1];
	if (organization !== undefined)
		return `is the former address of an organization; write ${SERVICES}, and "${organization}" as the route's organization`;
	if (/\.(?:dev\.azure|visualstudio)\.com$/.test(hostname))
		return `is not the address of Azure Pipelines; write ${SERVICES}`;
	if (hostname !== "dev.azure.com" || path === "") return undefined;
	return `has a path; the organization belongs in the route. Write ${SERVICES}`;
}

/** Where the token is: a personal one of the vault goes first, then AZURE_DEVOPS_TOKEN, then the app's identity. */
function readTokenConfig(settings: Settings, routes: readonly Route[], address: string): TokenConfig {
	const vault = readVault(settings);
	if (vault === undefined) refuseNamedTokens(settings, routes, { setting: "AZURE_DEVOPS_URL", address });
	const of = vault === undefined ? {} : { vault };
	const secretName = readSecretName(settings, "AZURE_DEVOPS_TOKEN_SECRET_NAME");
	if (secretName !== undefined) {
		if (vault !== undefined) return { kind: "key-vault", secretName, vault };
		settings.refuse(
			"KEY_VAULT_URL",
			"is not set, but AZURE_DEVOPS_TOKEN_SECRET_NAME is; give it the address of the key vault with that secret",
		);
	}
	const token = readToken(settings, "AZURE_DEVOPS_TOKEN");
	if (token !== undefined) return { kind: "fixed", token, ...of };
	const identity = readIdentity(settings, "AZURE_CLIENT_ID");
	const needsDefault = routes.some(({ to }) => to.token === undefined) || vault === undefined;
	if (isLocal(address) && !identity.managedIdentity && needsDefault)
		settings.refuse("AZURE_DEVOPS_TOKEN", "is not set; a stand-in on this machine gets no token of `az login`");
	return { kind: "identity", identity, ...of };
}
