import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { isLoopback } from "../../config/settings.ts";
import { baseOf, readUrl } from "../bridge-url.ts";
import { CliError } from "../cli-error.ts";
import type { Io } from "../io.ts";
import { keyOf, urlOf, webhookTokenOf } from "../options.ts";
import { type FoundRoutes, findRoutes } from "./find-routes.ts";
import { type GitHubApi, githubApi } from "./github.ts";

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
export interface Target extends FoundRoutes {
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
	/** Whether the bridge follows runs, as far as its settings are known. */
	readonly follows: boolean;
	readonly devOps: AzureDevOps;
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
const ANY_TOPIC =
	"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/contoso/providers/Microsoft.Storage/storageAccounts/contoso";

/** Finds out what to look at: the local host with its stand-in, or a deployed app with GitHub. */
export async function findTarget(flags: DoctorFlags, io: Pick<Io, "env">): Promise<Target> {
	if (flags.app !== undefined && flags.url !== undefined) throw new CliError("give --app or --url, not both", 2);
	if (flags.app !== undefined && flags.resourceGroup === undefined) {
		throw new CliError("--app needs --resource-group, the app's resource group", 2);
	}
	const facts = flags.app === undefined ? undefined : await askAzure(flags.app, flags.resourceGroup ?? "", io.env);
	const named = facts === undefined ? urlOf(flags, io) : { value: facts.url, from: "--app" };
	const bridge = readUrl(named.value, named.from ?? "--url");
	const [bridgeUrl, local] = [baseOf(bridge), isLoopback(bridge)];
	const env = facts?.settings ?? io.env;
	const tokenIsBridges = local || flags.bridgeToken === true;
	const github = githubApi(flags.github, bridgeUrl, io, env["GITHUB_API_URL"]);
	return {
		bridgeUrl,
		local,
		// The key of the environment may be another app's.
		key: flags.key ?? facts?.key ?? (facts === undefined ? keyOf(flags, io).value : undefined),
		webhookToken: webhookTokenOf(io),
		eventGridKey: facts?.eventGridKey,
		githubUrl: github.url,
		token: github.token,
		tokenIsBridges,
		topic: flags.topic ?? ANY_TOPIC,
		...findRoutes(flags.routes, env, local ? github : undefined, facts !== undefined),
		follows: env["FOLLOW_RUNS"]?.trim().toLowerCase() !== "off",
		devOps: devOpsOf(env, io.env, github, tokenIsBridges),
	};
}

/** The stand-in plays Azure Pipelines, too, and takes any token. A real one comes from this environment alone. */
function devOpsOf(settings: Io["env"], env: Io["env"], github: GitHubApi, tokenIsBridges: boolean): AzureDevOps {
	if (github.standIn) return { url: github.url, token: github.token, tokenIsBridges };
	const address = readUrl(settings["AZURE_DEVOPS_URL"]?.trim() || AZURE_DEVOPS, "AZURE_DEVOPS_URL");
	const token = env["AZURE_DEVOPS_TOKEN"]?.trim() || undefined;
	return { url: baseOf(address), token, tokenIsBridges };
}

/** What a deployed app is like, as far as the Azure CLI may tell. */
interface AppFacts {
	readonly url: string;
	/** Undefined where the caller may not list keys. */
	readonly key: string | undefined;
	readonly eventGridKey: string | undefined;
	/** Undefined where the caller may not read them. */
	readonly settings: Readonly<Record<string, string>> | undefined;
}

const run = promisify(execFile);
/** cmd.exe, which runs az on Windows, reads nothing else into these. */
const NAME = /^[\w.()-]{1,90}$/;

/** Asks the Azure CLI about a function app, with the account of `az login`. */
async function askAzure(app: string, group: string, env: Io["env"]): Promise<AppFacts> {
	for (const name of [app, group])
		if (!NAME.test(name)) throw new CliError(`"${name}" is not a name that Azure allows`, 2);
	const place = ["--name", app, "--resource-group", group];
	const az = async (...args: string[]) => {
		const options = { env: env as NodeJS.ProcessEnv, shell: process.platform === "win32", maxBuffer: 16 * 1024 * 1024 };
		return JSON.parse((await run("az", [...args, ...place, "--output", "json"], options)).stdout) as unknown;
	};
	const shown = (await az("functionapp", "show").catch((error: unknown) => {
		throw new CliError(explain(error, app), 1);
	})) as { defaultHostName?: string; properties?: { defaultHostName?: string } };
	const host = shown.defaultHostName ?? shown.properties?.defaultHostName;
	if (host === undefined)
		throw new CliError(`az does not report the address of ${app}; give the address with --url`, 1);
	const keys = (await az("functionapp", "keys", "list").catch(() => ({}))) as {
		functionKeys?: Record<string, string>;
		systemKeys?: Record<string, string>;
	};
	const listed = (await az("functionapp", "config", "appsettings", "list").catch(() => undefined)) as
		| readonly { name: string; value: string | null }[]
		| undefined;
	return {
		url: `https://${host}`,
		key: keys.functionKeys?.["default"] ?? Object.values(keys.functionKeys ?? {})[0],
		eventGridKey: keys.systemKeys?.["eventgrid_extension"],
		settings: listed && Object.fromEntries(listed.map(({ name, value }) => [name, value ?? ""])),
	};
}

function explain(error: unknown, app: string): string {
	const { code, stderr = "", message } = error as { code?: string | number; stderr?: string; message: string };
	if (code === "ENOENT") return "the Azure CLI (az) is not installed; install it, or give the app's address with --url";
	const said = stderr.split("\n").find((line) => line.trim() !== "") ?? message;
	return `az could not show ${app}: ${said.replace(/^ERROR:\s*/, "")}`;
}
