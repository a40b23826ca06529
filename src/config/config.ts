import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { decodeText, isObject, readPlainJson } from "../event/json.ts";
import { type OfRoutes, readRoutes } from "../route/read-routes.ts";
import type { Route, RouteTo } from "../route/route.ts";
import { readStorageConfig, type StorageConfig } from "./azure.ts";
import { readEntra } from "./entra-settings.ts";
import { type Env, type Problem, readEventQueue, Settings } from "./settings.ts";

/** A service as far as it matters here; `Service` in destinations/ is the whole of it. */
interface Configurable<Configured> extends OfRoutes {
	configure(settings: Settings, routes: readonly Route[]): Configured;
}

/** Everything that the environment decides, checked and frozen. */
export interface Config<Configured> {
	readonly routes: readonly Route[];
	/** Every service that a delivery can be for, whether a route leads there or not. */
	readonly services: readonly Configured[];
	/** Where the ledger is. */
	readonly storage: StorageConfig;
	/** A delivery that has waited this long for a repair is given up. */
	readonly giveUpMs: number;
	/** A receipt is removed so long after its end. */
	readonly retentionMs: number;
	/** Whether the bridge follows the runs of dispatches. */
	readonly followRuns: boolean;
	/** A dispatch without a run after this time has none. */
	readonly runWithinMs: number;
	/** Settings that work, but that a person should check. */
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
export function readConfig<Configured>(
	env: Env,
	appRoot: string,
	services: readonly Configurable<Configured>[],
): Config<Configured> {
	const settings = new Settings(env);
	const { warnings } = settings;
	const { routes, meant } = readRouting(settings, appRoot, services);
	const config = {
		routes,
		services: services.map((service) => {
			const isUsed = meant.some((to) => service.owns(to));
			return service.configure(
				isUsed ? settings : new Settings(env),
				routes.filter(({ to }) => service.owns(to)),
			);
		}),
		storage: readStorageConfig(settings),
		giveUpMs: settings.number("GIVE_UP_DAYS", 7, { from: 0.001, to: 365 }) * DAY_MS,
		retentionMs: settings.number("KEEP_DAYS", 30, { from: 1, to: 3_650 }) * DAY_MS,
		followRuns: settings.flag("FOLLOW_RUNS", true),
		runWithinMs: settings.number("RUN_WITHIN_MINUTES", 60, { from: 1, to: 1_440 }) * 60_000,
		warnings,
	};
	const queue = settings.get("EVENT_QUEUE");
	if (queue !== undefined && readEventQueue({ EVENT_QUEUE: queue }) === undefined) {
		const rule =
			"3 to 56 of a-z, 0-9 and single dashes, may not end in -poison, and may not be that of a queue of the bridge's own";
		settings.refuse("EVENT_QUEUE", `"${queue}" cannot be the event queue: its name needs ${rule}`);
	}
	// The webhook reads these itself; here they are only checked.
	readEntra(settings);
	const problems = settings.problems();
	if (problems.length > 0) throw new ConfigError(problems);
	return deepFreeze(config);
}

const DAY_MS = 86_400_000;

/**
 * The routes, and where they lead as far as they can be read. Of a service that no route leads to, nothing need be set: what
 * waits for it is sent as far as its settings allow. A broken table must not ask a team for the token of a service that it
 * does not use.
 */
interface Routing {
	readonly routes: readonly Route[];
	readonly meant: readonly RouteTo[];
}

const NOWHERE: Routing = { routes: [], meant: [] };
/** What is meant where no table is. */
const SOME_REPOSITORY: Routing = { routes: [], meant: [{ repository: "" }] };

function readRouting(settings: Settings, appRoot: string, services: readonly OfRoutes[]): Routing {
	const table = settings.get("BRIDGE_ROUTES");
	if (table !== undefined) return readTable(table, settings, appRoot, services);
	const repository = settings.get("GITHUB_REPOSITORY");
	if (repository === undefined) {
		if (settings.isUnresolved("BRIDGE_ROUTES")) return NOWHERE;
		const repair = "give it the repository to dispatch to, as owner/name, or set BRIDGE_ROUTES";
		settings.refuse("GITHUB_REPOSITORY", `is not set; ${repair}`);
		return SOME_REPOSITORY;
	}
	const to = { repository };
	const problems = services.find((service) => service.owns(to))?.problemsOf(to) ?? [];
	for (const { problem } of problems) settings.refuse("GITHUB_REPOSITORY", problem);
	return { routes: [{ name: "default", to }], meant: [to] };
}

/** What is no text is read as far as it is one, so that the error names where it ceases to be JSON. */
function readText(file: string): string {
	const content = readFileSync(file);
	return decodeText(content) ?? content.toString("utf8");
}

function readTable(setting: string, settings: Settings, appRoot: string, services: readonly OfRoutes[]): Routing {
	const inline = setting.startsWith("{") || setting.startsWith("[");
	const where = inline ? "" : `${setting}: `;
	try {
		const table = readPlainJson(inline ? setting : readText(resolve(appRoot, setting)));
		const read = readRoutes(table, services);
		if (read.ok) return { routes: read.routes, meant: read.routes.map(({ to }) => to) };
		for (const problem of read.problems) settings.refuse("BRIDGE_ROUTES", where + problem);
		return { routes: [], meant: destinationsOf(table) };
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		const repair = "give its path from there, or the table itself as JSON";
		const missing = `there is no file "${setting}" beside host.json; ${repair}`;
		settings.refuse(
			"BRIDGE_ROUTES",
			code === "ENOENT" ? missing : `${where}${error instanceof SyntaxError ? "it is not JSON: " : ""}${message}`,
		);
	}
	return NOWHERE;
}

/** Where the routes of a broken table lead, as far as they say it. */
function destinationsOf(table: unknown): readonly RouteTo[] {
	const routes = isObject(table) ? table["routes"] : table;
	const all: readonly unknown[] = Array.isArray(routes) ? routes : [];
	return all.map((route) => (isObject(route) ? route["to"] : undefined)).filter((to) => isObject(to));
}

function deepFreeze<T>(value: T): T {
	if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
		Object.freeze(value);
		for (const member of Object.values(value)) deepFreeze(member);
	}
	return value;
}
