import { existsSync } from "node:fs";
import { isRepository } from "../../destinations/github/service.ts";
import { SERVICES } from "../../destinations/list.ts";
import { readRoutes } from "../../route/read-routes.ts";
import { digestOfRoutes, type Route } from "../../route/route.ts";
import { CliError } from "../cli-error.ts";
import type { Io } from "../io.ts";
import { loadTable, USUAL_FILE } from "../read-file.ts";
import { type Check, checksOf } from "./check.ts";
import type { GitHubApi } from "./github.ts";

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

export interface FoundRoutes {
	/** Undefined where they are not known. */
	readonly routes?: GivenRoutes | undefined;
	/** Further tables that the bridge may use instead. */
	readonly otherRoutes?: readonly GivenRoutes[];
}

/** What `npm start` dispatches to. */
const LOCAL_REPOSITORY = "contoso/fraud-model";

/**
 * The table that was given, that of the settings, or the one repository; and besides it the table of this folder and
 * the one repository, since the bridge may have been started with those.
 * @param file of --routes
 */
export function findRoutes(
	file: string | undefined,
	env: Io["env"],
	localGitHub: Pick<GitHubApi, "local" | "standIn"> | undefined,
	deployed: boolean,
): FoundRoutes {
	const setting = env["BRIDGE_ROUTES"]?.trim() || undefined;
	const repository = ofRepository(env, localGitHub);
	const others = [
		...(file === undefined || setting === undefined ? [] : fromHere(env)),
		...fromHere({}),
		...repository,
	];
	if (file !== undefined) return { routes: fromTable({ env }, file), otherRoutes: others };
	// A path in a deployed app's settings names a file of its package, which may lie here as well.
	if (setting !== undefined && deployed && !/^[{[]/.test(setting)) {
		return { routes: undefined, otherRoutes: [...fromHere(env), ...others] };
	}
	if (setting !== undefined) return { routes: fromTable({ env }), otherRoutes: others };
	return { routes: repository[0], otherRoutes: others };
}

function fromTable(io: Pick<Io, "env">, file?: string): GivenRoutes {
	const { name, table } = loadTable(io, file, "--routes");
	const read = readRoutes(table, SERVICES);
	return { name, table, routes: read.ok ? read.routes : [], isNamed: file !== undefined };
}

/** The table of BRIDGE_ROUTES, else of `routes.json` in this folder, if it is there and can be read. */
function fromHere(env: Io["env"]): readonly GivenRoutes[] {
	if (env["BRIDGE_ROUTES"] === undefined && !existsSync(USUAL_FILE)) return [];
	try {
		return [fromTable({ env })];
	} catch (error) {
		if (error instanceof CliError) return [];
		throw error;
	}
}

/** `npm start` reads GITHUB_REPOSITORY only where it was told which GitHub to dispatch to. */
function ofRepository(
	env: Io["env"],
	localGitHub: Pick<GitHubApi, "local" | "standIn"> | undefined,
): readonly GivenRoutes[] {
	const named = localGitHub?.standIn ? undefined : env["GITHUB_REPOSITORY"]?.trim() || undefined;
	const repository = named ?? (localGitHub?.local ? LOCAL_REPOSITORY : undefined);
	if (repository === undefined || !isRepository(repository)) return [];
	const origin = named === undefined ? "the default of npm start" : "GITHUB_REPOSITORY";
	const name = `${origin}, every event to ${repository}`;
	return [{ name, routes: [{ name: "default", to: { repository } }], isNamed: false }];
}

interface TableInUse {
	readonly checks: readonly Check[];
	/** The table that what follows is judged by; undefined where there is none. */
	readonly routes: GivenRoutes | undefined;
}

/**
 * The table that the bridge uses, as far as it can be found by its digest: the one that was given, or another one that
 * lies here. A table that the bridge does not use is judged only where it was named, and that is said first.
 */
export function checkTableInUse(
	{ routes: given, otherRoutes = [] }: FoundRoutes,
	{ reachable, digest }: { readonly reachable: boolean; readonly digest?: string | undefined },
): TableInUse {
	const { ok, error, warning, cannotTell } = checksOf("routes");
	if (!reachable) return { checks: [], routes: given };
	const inUse = [given, ...otherRoutes].find((one) => one !== undefined && digestOf(one) === digest);
	if (digest !== undefined && inUse !== undefined && (inUse === given || given?.isNamed !== true)) {
		const instead = given === undefined || inUse === given ? "" : `; it does not use ${given.name}`;
		return { checks: [ok(`the bridge uses this table: ${inUse.name} (digest ${digest})${instead}`)], routes: inUse };
	}
	// A table that the bridge would refuse is in use nowhere, and its problems are told.
	if (given === undefined || given.routes.length === 0) return { checks: [], routes: given };
	if (digest === undefined) {
		const finding = `the bridge does not report which table it uses; the checks below use ${given.name}`;
		return { checks: [cannotTell(finding, "compare this table with the bridge's BRIDGE_ROUTES")], routes: given };
	}
	const differ = `the bridge does not use ${given.name} (digest ${digestOf(given)}), but another table (digest ${digest})`;
	if (given.isNamed) {
		const which = inUse === undefined ? "" : `; the bridge's table is ${inUse.name}`;
		const finding = `${differ}; the checks below use ${given.name}, so they do not describe this bridge${which}`;
		return { checks: [warning(finding, "give the bridge's own table, or deploy this one")], routes: given };
	}
	const finding = `${differ}, so the command cannot check the routes`;
	return { checks: [error(finding, "give the bridge's own table with --routes")], routes: undefined };
}

function digestOf({ routes }: GivenRoutes): string | undefined {
	return routes.length === 0 ? undefined : digestOfRoutes(routes);
}
