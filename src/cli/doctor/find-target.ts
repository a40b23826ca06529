import { isLoopback } from "../../is-loopback.ts";
import { isRepository, readRoutes } from "../../route/read-routes.ts";
import type { Route } from "../../route/route.ts";
import { CliError } from "../cli-error.ts";
import type { Io } from "../io.ts";
import { loadTable } from "../routes/load-table.ts";
import { askAzure } from "./ask-azure.ts";

/** What is looked at, and with what. */
export interface Target {
	/** Without a slash at its end. */
	readonly bridgeUrl: string;
	/** Whether it is the local host. */
	readonly local: boolean;
	/** A function key. */
	readonly key?: string | undefined;
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
}

export interface GivenRoutes {
	/** Where they were found. */
	readonly name: string;
	/** The table as it stands there; undefined for GITHUB_REPOSITORY. */
	readonly table?: unknown;
	/** Empty where the bridge would refuse the table. */
	readonly routes: readonly Route[];
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

const LOCAL = "http://127.0.0.1:7071";
const GITHUB = "https://api.github.com";
/** What `npm start` dispatches to. */
const LOCAL_REPOSITORY = "contoso/fraud-model";
const ANY_TOPIC =
	"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/contoso/providers/Microsoft.Storage/storageAccounts/contoso";
/** The stand-in takes any; a real one is not sent there unless it was given. */
const STAND_IN_TOKEN = "a-token-that-only-the-stand-in-takes";

/** Finds out what to look at: the local host with its stand-in, or a deployed app with GitHub. */
export async function findTarget(flags: DoctorFlags, io: Pick<Io, "env">): Promise<Target> {
	if (flags.app !== undefined && flags.url !== undefined) throw new CliError("give --app or --url, not both", 2);
	if (flags.app !== undefined && flags.resourceGroup === undefined) {
		throw new CliError("--app needs --resource-group, the app's resource group", 2);
	}
	const facts = flags.app === undefined ? undefined : await askAzure(flags.app, flags.resourceGroup ?? "", io.env);
	const bridgeUrl = readUrl(facts?.url ?? flags.url ?? LOCAL, "--url");
	const local = isLoopback(new URL(bridgeUrl));
	// As `npm start` does, which sends nothing to GitHub by accident.
	const env = facts?.settings ?? io.env;
	const githubUrl = readUrl(githubOf(flags.github, env["GITHUB_API_URL"]?.trim(), local, bridgeUrl), "--github");
	const standIn = isLoopback(new URL(githubUrl));
	const token = [io.env["GITHUB_TOKEN"], io.env["GH_TOKEN"]].find((one) => one?.trim())?.trim();
	return {
		bridgeUrl,
		local,
		key: flags.key ?? (io.env["GRID_DISPATCH_KEY"]?.trim() || facts?.key),
		eventGridKey: facts?.eventGridKey,
		githubUrl,
		token: token ?? (standIn ? STAND_IN_TOKEN : undefined),
		tokenIsBridges: local || flags.bridgeToken === true,
		topic: flags.topic ?? ANY_TOPIC,
		routes: routesOf(flags.routes, env, local && standIn, facts !== undefined),
	};
}

function githubOf(flag: string | undefined, setting: string | undefined, local: boolean, bridgeUrl: string): string {
	if (flag !== undefined && flag !== "real") return flag;
	const isHere = setting !== undefined && URL.canParse(setting) && isLoopback(new URL(setting));
	if (!local || flag === "real" || isHere) return setting || GITHUB;
	const url = new URL(bridgeUrl);
	url.port = String(Number(url.port || 80) + 1);
	return url.href;
}

/** The table that was given, that of the settings, that of this folder, or the one repository. */
function routesOf(
	file: string | undefined,
	env: Io["env"],
	local: boolean,
	deployed: boolean,
): GivenRoutes | undefined {
	const setting = env["BRIDGE_ROUTES"]?.trim() || undefined;
	if (file !== undefined || setting !== undefined) {
		// A path in a deployed app's settings names a file of its package, which is not here.
		if (file === undefined && deployed && !/^[{[]/.test(setting ?? "")) return undefined;
		const { name, table } = loadTable({ env }, file);
		const read = readRoutes(table);
		return { name, table, routes: read.ok ? read.routes : [] };
	}
	const named = local ? undefined : env["GITHUB_REPOSITORY"]?.trim() || undefined;
	const repository = named ?? (local ? LOCAL_REPOSITORY : undefined);
	if (repository === undefined || !isRepository(repository)) return undefined;
	const name = `every event to ${repository}${named === undefined ? ", as npm start has it without BRIDGE_ROUTES" : ""}`;
	return { name, routes: [{ name: "default", to: { repository } }] };
}

function readUrl(text: string, flag: string): string {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (url?.protocol !== "https:" && !(url?.protocol === "http:" && isLoopback(url))) {
		throw new CliError(`${flag}: "${text}" is not an https address (http is taken on this machine only)`, 2);
	}
	return text.replace(/\/+$/, "");
}
