import { isLoopback } from "../../config/settings.ts";
import type { Route } from "../../route/route.ts";
import { type Ask, createAsk } from "../ask.ts";
import { counted } from "../print.ts";
import { checkTable } from "../routes/check-table.ts";
import { type Check, checksOf } from "./check.ts";
import { checkBridge, checkClock } from "./check-bridge.ts";
import { checkDoors } from "./check-doors.ts";
import { checkReading } from "./check-following.ts";
import { checkPipelines } from "./check-pipelines.ts";
import { checkRepository } from "./check-repository.ts";
import { checkToken } from "./check-token.ts";
import { checkTableInUse, type GivenRoutes } from "./find-routes.ts";
import type { Target } from "./find-target.ts";
import { createGitHub, type GitHub, type GitHubAnswer, reasonOf } from "./github.ts";
import { lookAtWorkflows } from "./look-at-workflows.ts";

interface DoctorOptions {
	readonly fetch: typeof globalThis.fetch;
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** Told before each step, for the person who waits. */
	readonly onStep?: ((what: string) => void) | undefined;
}

/** Looks at every link of the chain from Event Grid to a workflow, in the order in which an event passes them. */
export async function runDoctor(target: Target, options: DoctorOptions): Promise<readonly Check[]> {
	const { onStep = () => {} } = options;
	const ask = createAsk(options);
	onStep(target.bridgeUrl);
	const bridge = await checkBridge(target, ask);
	const doors = bridge.reachable ? await checkDoors(target, ask) : [];
	const table = checkTableInUse(target, bridge);
	const judged = { ...target, routes: table.routes };
	// Where the bridge uses another table than the given one, that has been said.
	const isUnknown = target.routes !== undefined && table.routes === undefined;
	const routes = [...table.checks, ...(isUnknown ? [] : checkRoutes(table.routes))];
	const github = await checkGitHub(judged, ask, options);
	const pipelines = await checkPipelines(judged.routes?.routes ?? [], target.devOps, ask);
	const clock = checkClock(bridge.aheadMs, github.aheadMs);
	return [...bridge.checks, ...doors, ...routes, ...github.checks, ...pipelines, clock];
}

function checkRoutes(given: GivenRoutes | undefined): Check[] {
	const { ok, cannotTell } = checksOf("routes");
	if (given === undefined) {
		return [
			cannotTell(
				"the command does not know which routes the bridge has",
				"give the bridge's table with --routes, or set BRIDGE_ROUTES or GITHUB_REPOSITORY",
			),
		];
	}
	const findings = given.table === undefined ? [] : checkTable(given.table);
	// What depends on events is no link of the chain.
	const made = findings.flatMap(({ verdict, route, path, problem, repair }) => {
		const checks = checksOf("routes", route === null ? given.name : `${route} ${path}`);
		return verdict === "cannot tell" ? [] : [checks[verdict](problem, repair)];
	});
	return made.length > 0
		? made
		: [ok(`${given.name}: ${counted(given.routes.length, "route")}, no errors and no warnings`)];
}

interface GitHubSeen {
	readonly checks: readonly Check[];
	/** As `Asked` has it. */
	readonly aheadMs?: number | undefined;
}

async function checkGitHub(target: Target, ask: Ask, options: DoctorOptions): Promise<GitHubSeen> {
	const { error, ok, cannotTell } = checksOf("GitHub");
	const routes = target.routes?.routes ?? [];
	const repositories = distinct(routes);
	// Routes that all lead elsewhere need no token of GitHub.
	if (routes.length > 0 && repositories.length === 0) return { checks: [] };
	const { token, githubUrl } = target;
	if (token === undefined) {
		return { checks: [cannotTell("the command needs a token to ask GitHub", "set GITHUB_TOKEN or GH_TOKEN")] };
	}
	if (repositories.length === 0) return { checks: [] };
	const github = createGitHub({ url: githubUrl, token, ask, now: options.now });
	const answers: { name: string; answer: GitHubAnswer }[] = [];
	for (const name of repositories) {
		options.onStep?.(name);
		answers.push({ name, answer: await github.get(`/repos/${name}`) });
		if (answers[0]?.answer.status === 0 || answers[0]?.answer.classification.kind === "unauthorized") break;
	}
	// The first one that was answered properly tells most about the token.
	const told = (answers.find(({ answer }) => answer.status === 200 && answer.fromApi) ?? answers[0])?.answer;
	if (told?.fromApi !== true) {
		const repair = isLoopback(new URL(githubUrl))
			? 'start the stand-in with "npm start", or correct GITHUB_API_URL'
			: "check the network, a proxy, and GITHUB_API_URL";
		const why = told === undefined ? "GitHub was not asked" : reasonOf(told);
		return { checks: [error(`${githubUrl}: ${why}`, repair)] };
	}
	const checks: Check[] = [ok(`${githubUrl} answers`), ...checkToken(target, token, told, options.now())];
	if (told.classification.kind !== "unauthorized") {
		for (const { name, answer } of answers) {
			checks.push(...(await checkOne(name, answer, routesTo(name, routes), target, github)));
		}
	}
	return { checks, aheadMs: told.aheadMs };
}

async function checkOne(
	name: string,
	answer: GitHubAnswer,
	routes: readonly Route[],
	target: Target,
	github: GitHub,
): Promise<readonly Check[]> {
	// A route that names a secret of its own is dispatched with another token than this one.
	const tokenIsBridges = target.tokenIsBridges && routes.some(({ to }) => to.token === undefined);
	const { checks, branch } = await checkRepository(name, answer, github, tokenIsBridges, routes);
	if (branch === undefined) return checks;
	const { follows } = target;
	const workflows = await lookAtWorkflows(name, branch, routes, { github, follows });
	const { ok } = checksOf("runs", name);
	const reading = follows
		? await checkReading(name, github, tokenIsBridges)
		: ok("FOLLOW_RUNS is off, so the bridge does not follow runs");
	return [...checks, ...workflows, reading];
}

/** The repositories of the routes, each once, as first written. */
function distinct(routes: readonly Route[]): string[] {
	const names = routes.flatMap(({ to }) => to.repository ?? []);
	return names.filter((name, at) => names.findIndex((other) => other.toLowerCase() === name.toLowerCase()) === at);
}

function routesTo(name: string, routes: readonly Route[]): readonly Route[] {
	return routes.filter(({ to }) => to.repository?.toLowerCase() === name.toLowerCase());
}
