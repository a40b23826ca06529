import type { Destination } from "../../model.ts";
import type { RouteTo } from "../../route/route.ts";
import type { ConfiguredService, Service } from "../destination.ts";
import { hasPages } from "../service-settings.ts";
import { createAzureDevOps } from "./azure-devops.ts";
import { API_VERSION } from "./call-azure-devops.ts";
import { buildRun, pathOf, problemsOf, projectOf, resolveRun } from "./pipeline-run.ts";
import { type AzureDevOpsConfig, readAzureDevOpsConfig } from "./settings.ts";
import { openTokens } from "./tokens.ts";

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
		open: ({ version, fetch, now, sleep, timeoutMs }) =>
			createAzureDevOps({
				url: address,
				userAgent: `grid-dispatch/${version}`,
				fetch,
				now,
				timeoutMs,
				tokens: openTokens(token, now, sleep),
			}),
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
