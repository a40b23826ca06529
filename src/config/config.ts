import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { TokenConfig } from "../destinations/github/open-tokens.ts";
import { readPlainJson } from "../event/json.ts";
import { type Limit, parsePace } from "../ledger/pace.ts";
import { readRoutes, repositoryProblem } from "../route/read-routes.ts";
import type { Route } from "../route/route.ts";
import { readStorageConfig, type StorageConfig } from "./azure.ts";
import { readApiUrl, readFormerApiUrl, readTokenConfig } from "./github.ts";
import { type Env, isLoopback, type Problem, readEventQueue, Settings } from "./settings.ts";

/** Everything that the environment decides, checked and frozen. */
export interface Config {
	/** Without a slash at its end. */
	readonly githubApiUrl: string;
	/** The address before a move: lanes that were recorded for it are taken over. */
	readonly formerApiUrl?: string | undefined;
	readonly routes: readonly Route[];
	readonly token: TokenConfig;
	/** Where the ledger is. */
	readonly storage: StorageConfig;
	/** How fast GitHub may be called, for each lane. */
	readonly limits: readonly Limit[];
	/** How many calls a lane may have under way. */
	readonly concurrency: number;
	/** What has waited so long for a repair is given up. */
	readonly giveUpMs: number;
	/** So long after its end a receipt is kept. */
	readonly retentionMs: number;
	/** What works, but should be looked at. */
	readonly warnings: readonly string[];
}

/** The configuration cannot be used; holds every problem, not just the first. */
export class ConfigError extends Error {
	override readonly name = "ConfigError";
	readonly problems: readonly Problem[];

	constructor(problems: readonly Problem[]) {
		super(problems.map(({ setting, problem }) => `${setting}: ${problem}`).join("\n"));
		this.problems = problems;
	}
}

/**
 * Reads the configuration.
 * @param env the app's settings
 * @param appRoot the folder that holds `host.json`; the file that BRIDGE_ROUTES names is looked for from there
 * @throws ConfigError with every problem
 */
export function readConfig(env: Env, appRoot: string): Config {
	const settings = new Settings(env);
	const { warnings } = settings;
	const config = {
		githubApiUrl: readApiUrl(settings),
		formerApiUrl: readFormerApiUrl(settings),
		routes: readRouting(settings, appRoot),
		token: readTokenConfig(settings),
		storage: readStorageConfig(settings),
		limits: readPace(settings),
		concurrency: readNumber(settings, "GITHUB_CONCURRENCY", 1, { from: 1, to: 50, whole: true }),
		giveUpMs: readNumber(settings, "GIVE_UP_DAYS", 7, { from: 0.001, to: 365 }) * DAY_MS,
		retentionMs: readNumber(settings, "KEEP_DAYS", 30, { from: 1, to: 3_650 }) * DAY_MS,
		warnings,
	};
	const queue = settings.get("EVENT_QUEUE");
	if (queue !== undefined && readEventQueue({ EVENT_QUEUE: queue }) === undefined) {
		settings.refuse("EVENT_QUEUE", `"${queue}" is not the name of a queue (3 to 56 of a-z, 0-9 and single dashes)`);
	}
	if (config.token.kind === "fixed") refuseNamedTokens(config, settings);
	const problems = settings.problems();
	if (problems.length > 0) throw new ConfigError(problems);
	return deepFreeze(config);
}

const DAY_MS = 86_400_000;

/** GitHub's own limits for requests that create content, and its advice. Source: "Rate limits" and "Best practices". */
const USUAL_PACE = "1/s,80/m,500/h";

function readPace(settings: Settings): readonly Limit[] {
	const limits = parsePace(settings.get("GITHUB_PACE") ?? USUAL_PACE);
	if (typeof limits !== "string") return limits;
	settings.refuse("GITHUB_PACE", limits);
	return [];
}

function readNumber(
	settings: Settings,
	name: string,
	usual: number,
	{ from, to, whole = false }: { from: number; to: number; whole?: boolean },
): number {
	const text = settings.get(name);
	const value = text === undefined ? usual : Number(text);
	const fits = value >= from && value <= to && (Number.isInteger(value) || !whole);
	if (!fits) settings.refuse(name, `"${text}" is not a ${whole ? "whole " : ""}number from ${from} to ${to}`);
	return value;
}

function readRouting(settings: Settings, appRoot: string): readonly Route[] {
	const table = settings.get("BRIDGE_ROUTES");
	if (table !== undefined) return readTable(table, settings, appRoot);
	const repository = settings.get("GITHUB_REPOSITORY");
	if (repository === undefined) {
		const repair = "give it the repository to dispatch to, as owner/name, or set BRIDGE_ROUTES";
		if (!settings.isUnresolved("BRIDGE_ROUTES")) settings.refuse("GITHUB_REPOSITORY", `is not set; ${repair}`);
		return [];
	}
	const problem = repositoryProblem(repository);
	if (problem !== undefined) settings.refuse("GITHUB_REPOSITORY", problem);
	return [{ name: "default", to: { repository } }];
}

function readTable(setting: string, settings: Settings, appRoot: string): readonly Route[] {
	const inline = setting.startsWith("{") || setting.startsWith("[");
	const where = inline ? "" : `${setting}: `;
	try {
		const read = readRoutes(readPlainJson(inline ? setting : readFileSync(resolve(appRoot, setting), "utf8")));
		if (read.ok) return read.routes;
		for (const problem of read.problems) settings.refuse("BRIDGE_ROUTES", where + problem);
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		const repair = "give its path from there, or the table itself as JSON";
		const missing = `there is no file "${setting}" beside host.json; ${repair}`;
		settings.refuse(
			"BRIDGE_ROUTES",
			code === "ENOENT" ? missing : `${where}${error instanceof SyntaxError ? "it is not JSON: " : ""}${message}`,
		);
	}
	return [];
}

/** Without a vault there is one token for all; that is good enough only where nothing but a stand-in sees it. */
function refuseNamedTokens(
	{ githubApiUrl, routes }: Pick<Config, "githubApiUrl" | "routes">,
	settings: Settings,
): void {
	const local = URL.canParse(githubApiUrl) && isLoopback(new URL(githubApiUrl));
	for (const { name, to } of routes) {
		if (to.token === undefined) continue;
		const unread = `route "${name}": its token "${to.token}" is not read, since GITHUB_API_URL is on this machine`;
		if (local) settings.warnings.push(unread);
		else
			settings.refuse(
				"KEY_VAULT_URL",
				`is not set, but the route "${name}" takes its token from the secret "${to.token}"`,
			);
	}
}

function deepFreeze<T>(value: T): T {
	if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
		Object.freeze(value);
		for (const member of Object.values(value)) deepFreeze(member);
	}
	return value;
}
