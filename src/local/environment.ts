import { type Env, isLoopback } from "../config/settings.ts";
import { StartError } from "./command-line.ts";

/** How the app is to be run on this machine. */
export interface LocalSetup {
	/** The app's settings. */
	readonly env: Env;
	/** Where dispatches go. */
	readonly apiUrl: string;
	/** Whether the stand-in has to be started for that. */
	readonly standIn: boolean;
	/** The storage's connection string; undefined where Azurite has to be started for it. */
	readonly storage: string | undefined;
	/** What was set and is not used, and why. */
	readonly notes: readonly string[];
}

/** What could let a real token near the stand-in. */
const IGNORED = ["GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN", "GITHUB_APP_ID", "PAT_TOKEN"];
const AZURE = ["AZURE_DEVOPS_URL", "AZURE_DEVOPS_TOKEN"];
const STAND_IN_TOKEN = "a-token-that-only-the-stand-in-takes";

/** The settings of an identity-based connection. The local triggers connect with a connection string. */
const IDENTITY = /^AzureWebJobsStorage__/i;

/**
 * Settles the settings of a local run. GitHub Actions and Codespaces set `GITHUB_API_URL`, `GITHUB_REPOSITORY` and even
 * a live `GITHUB_TOKEN` by themselves, so none of that is used unless it was clearly meant: with `--github real`, or
 * with a `GITHUB_API_URL` on this machine. Runs of Azure Pipelines then go to that address as well, unless
 * `AZURE_DEVOPS_URL` names another one on this machine.
 * @throws StartError for a storage account that a GitHub on this machine must not be let near
 */
export function settleEnvironment(env: Env, options: { real: boolean; standInUrl: string }): LocalSetup {
	const given = env["GITHUB_API_URL"]?.trim();
	const storage = env["AzureWebJobsStorage"]?.trim() || undefined;
	if (storage !== undefined) checkStorage(storage, options.real);
	const notes = noteIdentity(env);
	if (options.real) return { env, apiUrl: given || "https://api.github.com", standIn: false, storage, notes };
	if (given !== undefined && isLocal(given)) {
		const azure = settleAzure(env, new URL(given).origin);
		const reason =
			"not used: the bridge starts pipelines at the address of GITHUB_API_URL (use --github real to use these settings)";
		if (azure.ignored.length > 0) notes.unshift(`${azure.ignored.join(", ")} ${reason}`);
		return { env: { ...env, ...azure.env }, apiUrl: given, standIn: false, storage, notes };
	}
	// A vault on this machine is a stand-in, too.
	const vault = isLocal(env["KEY_VAULT_URL"]) ? env["KEY_VAULT_URL"] : undefined;
	const azure = settleAzure(env, options.standInUrl);
	const ours = [...IGNORED, ...(vault === undefined ? ["KEY_VAULT_URL"] : [])].filter((name) => env[name]);
	const ignored = [...ours, ...azure.ignored];
	const reason = "not used: the bridge dispatches to the stand-in (use --github real to use these settings)";
	if (ignored.length > 0) notes.unshift(`${ignored.join(", ")} ${reason}`);
	const standIn = {
		GITHUB_API_URL: options.standInUrl,
		GITHUB_REPOSITORY: "contoso/fraud-model",
		GITHUB_TOKEN: STAND_IN_TOKEN,
		GITHUB_APP_ID: undefined,
		PAT_TOKEN: undefined,
		KEY_VAULT_URL: vault,
		...azure.env,
	};
	return { env: { ...env, ...standIn }, apiUrl: options.standInUrl, standIn: true, storage, notes };
}

/** A real token of Azure DevOps is used only at an address on this machine that was named for it. */
function settleAzure(env: Env, url: string): { readonly env: Env; readonly ignored: readonly string[] } {
	if (isLocal(env["AZURE_DEVOPS_URL"])) return { env: {}, ignored: [] };
	const ignored = AZURE.filter((name) => env[name]);
	return { env: { AZURE_DEVOPS_URL: url, AZURE_DEVOPS_TOKEN: STAND_IN_TOKEN }, ignored };
}

/** What waits in an account for GitHub would be taken from there, and sent to a stand-in. */
function checkStorage(connectionString: string, real: boolean): void {
	const hosts = remoteStorageHosts(connectionString);
	if (hosts === undefined) {
		throw new StartError(
			"AzureWebJobsStorage is not the connection string of a storage account; remove it (npm start then starts Azurite), or set it to UseDevelopmentStorage=true or to AccountName=…;AccountKey=…",
		);
	}
	if (hosts.length === 0 || real) return;
	throw new StartError(
		`AzureWebJobsStorage names a storage account that is not on this machine (${hosts[0]}), but the bridge here dispatches to a GitHub on this machine. It would send the events that wait in that account to the wrong GitHub. Remove AzureWebJobsStorage (npm start then starts Azurite), or set it to UseDevelopmentStorage=true. If you mean that account, add --github real`,
	);
}

function noteIdentity(env: Env): string[] {
	const names = Object.keys(env).filter((name) => IDENTITY.test(name) && env[name]);
	if (names.length === 0) return [];
	return [`${names.join(", ")} not used: a local run needs the connection string AzureWebJobsStorage`];
}

function isLocal(url: string | undefined): boolean {
	return url !== undefined && URL.canParse(url) && isLoopback(new URL(url));
}

const SERVICES = ["blob", "queue", "table"] as const;
/** Where the services of an account are, unless the connection string says otherwise. */
const USUAL_SUFFIX = "core.windows.net";

/**
 * The hosts of a storage account that are not on this machine; undefined for a text that is no connection string. An
 * emulator on its usual ports (`UseDevelopmentStorage=true`) has none.
 * Source: learn.microsoft.com, "Configure Azure Storage connection strings".
 */
export function remoteStorageHosts(connectionString: string): readonly string[] | undefined {
	const settings = new Map(
		connectionString
			.split(";")
			.map((setting) => setting.trim())
			.filter((setting) => setting !== "")
			.map((setting) => {
				const [name = "", ...value] = setting.split("=");
				return [name.trim().toLowerCase(), value.join("=").trim()] as const;
			}),
	);
	const account = settings.get("accountname");
	const proxy = settings.get("developmentstorageproxyuri");
	if (settings.get("usedevelopmentstorage")?.toLowerCase() === "true")
		return remote(proxy === undefined ? [] : [proxy]);
	const suffix = settings.get("endpointsuffix") || USUAL_SUFFIX;
	const endpoints = SERVICES.map(
		(service) =>
			settings.get(`${service}endpoint`) || (account ? `https://${account}.${service}.${suffix}` : undefined),
	);
	return endpoints.some((endpoint) => endpoint === undefined || !URL.canParse(endpoint))
		? undefined
		: remote(endpoints as string[]);
}

function remote(urls: readonly string[]): readonly string[] {
	return urls
		.map((url) => (URL.canParse(url) ? new URL(url) : undefined))
		.filter((url) => url === undefined || !isLoopback(url))
		.map((url) => url?.hostname ?? "an unreadable address");
}
