import { readIdentity, readSecretName, readVault } from "../../config/azure.ts";
import type { Settings } from "../../config/settings.ts";
import type { Destination } from "../../model.ts";
import type { Route, RouteTo } from "../../route/route.ts";
import type { ConfiguredService, Policy, Service } from "../destination.ts";
import { hasPages, isLocal, readAddress, readSpeed, readToken, refuseNamedTokens } from "../service-settings.ts";
import { createAzureDevOps } from "./azure-devops.ts";
import { API_VERSION, CLOUD_URL } from "./call-azure-devops.ts";
import { buildRun, pathOf, problemsOf, projectOf, resolveRun } from "./pipeline-run.ts";
import { openTokens, type TokenConfig } from "./tokens.ts";

/** Azure DevOps: deliveries that start runs of Azure Pipelines. */
export const azureDevOps: Service = {
	name: "azure-devops",
	owns: ({ pipeline, repository }) => typeof pipeline === "number" && repository === undefined,
	problemsOf,
	resolve: resolveRun,
	configure: (settings, routes) => configured(readAzureDevOpsConfig(settings, routes)),
};

function configured(config: AzureDevOpsConfig): ConfiguredService {
	const { token, ...policy } = config;
	const { address } = policy;
	return {
		...policy,
		name: azureDevOps.name,
		owns: azureDevOps.owns,
		problemsOf,
		laneOf,
		build: buildRun,
		requestLine: (to) => `POST ${address}${pathOf(to, "/runs")}?${API_VERSION}`,
		pageOf: (to) => pipelinePage(address, to),
		open: ({ sleep, ...options }) =>
			createAzureDevOps({ ...options, url: address, tokens: openTokens(token, options.now, sleep) }),
	};
}

/** The lane of a destination: one for each token, since Azure DevOps limits identities. */
function laneOf({ token }: RouteTo): string {
	return token === undefined ? azureDevOps.name : `${azureDevOps.name}-token-${token.toLowerCase()}`;
}

/** The page that lists a pipeline's runs; null where the address has no pages. */
function pipelinePage(address: string, to: Destination): string | null {
	if (!hasPages(address)) return null;
	return `${address}/${projectOf(to)}/_build?definitionId=${Number(to["pipeline"])}`;
}

/** What the settings say of Azure DevOps. */
interface AzureDevOpsConfig extends Policy {
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

/** @param routes those that lead to Azure DevOps */
export function readAzureDevOpsConfig(settings: Settings, routes: readonly Route[]): AzureDevOpsConfig {
	const read = (setting: string) =>
		readAddress(settings, setting, `${CLOUD_URL}, or https://HOST of a server of your own`, findProblem);
	const address = read("AZURE_DEVOPS_URL") ?? CLOUD_URL;
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
		return `is the former address of an organization; write ${CLOUD_URL}, and "${organization}" as the route's organization`;
	if (/\.(?:dev\.azure|visualstudio)\.com$/.test(hostname))
		return `is not the address of Azure Pipelines; write ${CLOUD_URL}`;
	if (hostname !== "dev.azure.com" || path === "") return undefined;
	return `has a path; the organization belongs in the route. Write ${CLOUD_URL}`;
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
