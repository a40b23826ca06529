import { isLoopback } from "../../config/settings.ts";
import { isRepository } from "../../destinations/github/service.ts";
import { SERVICES } from "../../destinations/list.ts";
import { readRoutes } from "../../route/read-routes.ts";
import type { Route } from "../../route/route.ts";
import { keyOf, urlOf, webhookTokenOf } from "../bridge-options.ts";
import { readUrl } from "../bridge-url.ts";
import { CliError } from "../cli-error.ts";
import { type GitHubApi, githubApi } from "../github-api.ts";
import type { Io } from "../io.ts";
import { loadTable } from "../routes/load-table.ts";
import { askAzure } from "./ask-azure.ts";

/** Azure DevOps, and what to ask it with. */
export interface AzureDevOps {
	/** Without a slash at its end. */
	readonly url: string;
	/** A personal access token; undefined where there is none. */
	readonly token?: string | undefined;
	/** Whether that token is the bridge's own. */
	readonly tokenIsBridges: boolean;
}

/** What is looked at, and with what. */
export interface Target {
	/** Without a slash at its end. */
	readonly bridgeUrl: string;
	/** Whether it is the local host. */
	readonly local: boolean;
	/** A function key. */
	readonly key?: string | undefined;
	/** A bearer token, for a webhook that Microsoft Entra protects. */
	readonly webhookToken?: string | undefined;
	/** The system key of the Event Grid extension. */
	readonly eventGridKey?: string | undefined;
	/** GitHub's API, without a slash at its end. */
	readonly githubUrl: string;
	readonly token?: string | undefined;
	/** Whether that token is the bridge's own. If it is not, what it may not do says nothing about the bridge. */
	readonly tokenIsBridges: boolean;
	/** The topic that the handshake names; an ARM id. */
	readonly topic: string;
	/** The routes, where they are known. */
	readonly routes?: GivenRoutes | undefined;
	/** Whether the bridge follows runs, as far as its settings are known. */
	readonly follows: boolean;
	readonly devOps: AzureDevOps;
}

export interface GivenRoutes {
	/** Where they were found. */
	readonly name: string;
	/** The table as it stands there; undefined for GITHUB_REPOSITORY. */
	readonly table?: unknown;
	/** Empty where the bridge would refuse the table. */
	readonly routes: readonly Route[];
	/** Whether it was asked for by name, with --routes: it may be one that is to come. */
	readonly isNamed: boolean;
}

/** The command's options, as they were given. */
export interface DoctorFlags {
	readonly app?: string;
	readonly resourceGroup?: string;
	readonly url?: string;
	readonly key?: string;
	readonly routes?: string;
	readonly github?: string;
	readonly topic?: string;
	readonly bridgeToken?: boolean;
}

const AZURE_DEVOPS = "https://dev.azure.com";
/** What `npm start` dispatches to. */
const LOCAL_REPOSITORY = "contoso/fraud-model";
const ANY_TOPIC =
	"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/contoso/providers/Microsoft.Storage/storageAccounts/contoso";

/** Finds out what to look at: the local host with its stand-in, or a deployed app with GitHub. */
export async function findTarget(flags: DoctorFlags, io: Pick<Io, "env">): Promise<Target> {
	if (flags.app !== undefined && flags.url !== undefined) throw new CliError("give --app or --url, not both", 2);
	if (flags.app !== undefined && flags.resourceGroup === undefined) {
		throw new CliError("--app needs --resource-group, the app's resource group", 2);
	}
	const facts = flags.app === undefined ? undefined : await askAzure(flags.app, flags.resourceGroup ?? "", io.env);
	const bridge = readUrl(facts?.url ?? urlOf(flags, io), "--url");
	const [bridgeUrl, local] = [bridge.href.replace(/\/+$/, ""), isLoopback(bridge)];
	const env = facts?.settings ?? io.env;
	const github = githubApi(flags.github, bridgeUrl, io, env["GITHUB_API_URL"]);
	return {
		bridgeUrl,
		local,
		// The key of the environment may be another app's.
		key: flags.key ?? facts?.key ?? (facts === undefined ? keyOf(flags, io) : undefined),
		webhookToken: webhookTokenOf(io),
		eventGridKey: facts?.eventGridKey,
		githubUrl: github.url,
		token: github.token,
		tokenIsBridges: local || flags.bridgeToken === true,
		topic: flags.topic ?? ANY_TOPIC,
		routes: routesOf(flags.routes, env, local ? github : undefined, facts !== undefined),
		follows: env["FOLLOW_RUNS"]?.trim().toLowerCase() !== "off",
		devOps: devOpsOf(env, io.env, github, local || flags.bridgeToken === true),
	};
}

/** The stand-in plays Azure Pipelines, too, and takes any token. A real one comes from this environment alone. */
function devOpsOf(settings: Io["env"], env: Io["env"], github: GitHubApi, tokenIsBridges: boolean): AzureDevOps {
	if (github.standIn) return { url: github.url, token: github.token, tokenIsBridges };
	const { href } = readUrl(settings["AZURE_DEVOPS_URL"]?.trim() || AZURE_DEVOPS, "AZURE_DEVOPS_URL");
	const token = env["AZURE_DEVOPS_TOKEN"]?.trim() || undefined;
	return { url: href.replace(/\/+$/, ""), token, tokenIsBridges };
}

/** The table that was given, that of the settings, that of this folder, or the one repository. */
function routesOf(
	file: string | undefined,
	env: Io["env"],
	localGitHub: Pick<GitHubApi, "local" | "standIn"> | undefined,
	deployed: boolean,
): GivenRoutes | undefined {
	const setting = env["BRIDGE_ROUTES"]?.trim() || undefined;
	if (file !== undefined || setting !== undefined) {
		// A path in a deployed app's settings names a file of its package, which is not here.
		if (file === undefined && deployed && !/^[{[]/.test(setting ?? "")) return undefined;
		const { name, table } = loadTable({ env }, file);
		const read = readRoutes(table, SERVICES);
		return { name, table, routes: read.ok ? read.routes : [], isNamed: file !== undefined };
	}
	// `npm start` reads it only where it was told which GitHub to dispatch to.
	const named = localGitHub?.standIn ? undefined : env["GITHUB_REPOSITORY"]?.trim() || undefined;
	const repository = named ?? (localGitHub?.local ? LOCAL_REPOSITORY : undefined);
	if (repository === undefined || !isRepository(repository)) return undefined;
	const name = `every event to ${repository}${named === undefined ? ", as npm start has it without BRIDGE_ROUTES" : ""}`;
	return { name, routes: [{ name: "default", to: { repository } }], isNamed: false };
}
