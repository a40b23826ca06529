import { isWorkflow } from "../../destinations/github/workflow-dispatch.ts";
import type { Route } from "../../route/route.ts";
import { type Check, checksOf, NOT_THE_BRIDGES } from "./check.ts";
import { lacksScope } from "./check-token.ts";
import { type GitHub, type GitHubAnswer, reasonOf } from "./github.ts";

/** A repository, as far as it could be looked at. */
interface RepositorySeen {
	readonly checks: readonly Check[];
	/** Its default branch; undefined where nothing more can be asked. */
	readonly branch?: string;
}

/**
 * Whether a repository can be dispatched to.
 * @param answer to `GET /repos/{owner}/{repo}`
 * @param tokenIsBridges whether what the token may not do, the bridge may not either
 * @param routes that lead there; none: repository dispatches do
 */
export async function checkRepository(
	repository: string,
	answer: GitHubAnswer,
	github: GitHub,
	tokenIsBridges: boolean,
	routes: readonly Route[] = [],
): Promise<RepositorySeen> {
	const { error, cannotTell } = checksOf("repository", repository);
	const { classification, json } = answer;
	if (classification.kind !== "taken") {
		const closed = classification.kind === "unavailable" && tokenIsBridges;
		const repair = closed
			? "correct the route's repository, or give the token access to it"
			: "try again later, with a token that may see the repository";
		const more = classification.kind === "unavailable" && !tokenIsBridges ? NOT_THE_BRIDGES : "";
		return { checks: [(closed ? error : cannotTell)(reasonOf(answer) + more, repair)] };
	}
	const seen = json as Repository;
	const told = seen.archived || seen.disabled || lacksScope(answer) !== undefined;
	return {
		checks: [
			...stateOf(repository, seen),
			...(told ? [] : await checkRights(repository, github, tokenIsBridges, routes)),
			await checkActions(repository, github),
		],
		branch: seen.default_branch,
	};
}

/** As much of GitHub's repository as is looked at. */
interface Repository {
	readonly full_name: string;
	readonly default_branch: string;
	readonly archived: boolean;
	readonly disabled: boolean;
}

function stateOf(
	repository: string,
	{ full_name: name, default_branch: branch, archived, disabled }: Repository,
): Check[] {
	const { ok, error, warning } = checksOf("repository", repository);
	if (archived) {
		return [
			error(
				"it is archived, so GitHub accepts no dispatch",
				"unarchive it in its settings, or name another repository in the route",
			),
		];
	}
	if (disabled) return [error("GitHub has disabled it", "ask GitHub's support")];
	if (name.toLowerCase() === repository.toLowerCase())
		return [ok(`the token can reach it; its default branch is ${branch}`)];
	const repair = "write the new name in the route: GitHub forwards the old name only until another repository uses it";
	return [warning(`its name is now ${name}`, repair)];
}

/** Repository dispatches and workflow dispatches need different permissions; one of each tells. */
async function checkRights(repository: string, github: GitHub, tokenIsBridges: boolean, routes: readonly Route[]) {
	const workflow = routes.map(({ to }) => to).find(isWorkflow)?.workflow;
	const isDispatched = workflow === undefined || routes.some(({ to }) => !isWorkflow(to));
	const check = (one?: string) => checkRight(repository, github, tokenIsBridges, one);
	return [...(isDispatched ? [await check()] : []), ...(workflow === undefined ? [] : [await check(workflow)])];
}

async function checkRight(
	repository: string,
	github: GitHub,
	tokenIsBridges: boolean,
	workflow: string | undefined,
): Promise<Check> {
	const { ok, error, cannotTell } = checksOf("token", repository);
	const answer = await github.tryDispatch(repository, workflow);
	const [what, permission] =
		workflow === undefined ? ["dispatch", "Contents: write"] : ["start workflows", "Actions: write"];
	if (answer.status === 422) return ok(`the token may ${what}`);
	// What is not there is told below.
	if (answer.status === 404 && workflow !== undefined) {
		return cannotTell(
			`the command cannot check whether the token may ${what}: GitHub does not find ${workflow}`,
			"try again when the workflow exists",
		);
	}
	if (answer.classification.kind !== "unavailable") {
		return cannotTell(
			`the command could not check whether the token may ${what}: ${reasonOf(answer)}`,
			"try again later",
		);
	}
	const repair = `give the token ${permission} on this repository (classic token: the scope repo); see docs/settings.md`;
	if (tokenIsBridges) return error(`the token may not ${what}: ${reasonOf(answer)}`, repair);
	return cannotTell(
		`the token may not ${what}: ${reasonOf(answer)}${NOT_THE_BRIDGES}`,
		"run doctor with the bridge's token",
	);
}

async function checkActions(repository: string, github: GitHub): Promise<Check> {
	const { ok, error, cannotTell } = checksOf("actions", repository);
	const answer = await github.get(`/repos/${repository}/actions/permissions`);
	const enabled = (answer.json as { enabled?: unknown } | null | undefined)?.enabled;
	if (answer.status === 200 && enabled === true) return ok("Actions are on");
	if (answer.status === 200 && enabled === false) {
		return error("Actions are off, so no workflow starts", "turn them on: Settings, Actions, General");
	}
	return cannotTell(
		"the token may not read whether Actions are on; that needs administrator rights",
		"check it on the repository's page: Settings, Actions, General",
	);
}
