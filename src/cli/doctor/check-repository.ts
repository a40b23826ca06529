import { type GitHub, type GitHubAnswer, reasonOf } from "../github.ts";
import { type Check, checksOf } from "./check.ts";
import { lacksScope, NOT_THE_BRIDGES } from "./check-token.ts";

/** A repository, as far as it could be looked at. */
export interface RepositorySeen {
	readonly checks: readonly Check[];
	/** Its default branch; undefined where nothing more can be asked. */
	readonly branch?: string;
}

/**
 * Whether a repository can be dispatched to.
 * @param answer to `GET /repos/{owner}/{repo}`
 * @param tokenIsBridges whether what the token may not do, the bridge may not either
 */
export async function checkRepository(
	repository: string,
	answer: GitHubAnswer,
	github: GitHub,
	tokenIsBridges: boolean,
): Promise<RepositorySeen> {
	const { error, cannotTell } = checksOf("repository", repository);
	const { classification, json } = answer;
	if (classification.kind !== "taken") {
		const closed = classification.kind === "unavailable" && tokenIsBridges;
		const repair = closed
			? "correct the route's repository, or let the token reach it"
			: "look again later, with a token that may see it";
		const more = classification.kind === "unavailable" && !tokenIsBridges ? NOT_THE_BRIDGES : "";
		return { checks: [(closed ? error : cannotTell)(reasonOf(answer) + more, repair)] };
	}
	const seen = json as Repository;
	const told = seen.archived || seen.disabled || lacksScope(answer) !== undefined;
	return {
		checks: [
			...stateOf(repository, seen),
			...(told ? [] : [await checkRight(repository, github, tokenIsBridges)]),
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
		return [error("it is archived: GitHub takes no dispatch", "unarchive it in its settings, or route to another one")];
	}
	if (disabled) return [error("GitHub has disabled it", "ask GitHub's support")];
	if (name.toLowerCase() === repository.toLowerCase()) return [ok(`reachable; its default branch is ${branch}`)];
	const repair = "write that in the route: GitHub forwards the old name only until another repository takes it";
	return [warning(`it is called ${name} now`, repair)];
}

async function checkRight(repository: string, github: GitHub, tokenIsBridges: boolean): Promise<Check> {
	const { ok, error, cannotTell } = checksOf("token", repository);
	const answer = await github.tryDispatch(repository);
	if (answer.status === 422) return ok("it may dispatch");
	if (answer.classification.kind !== "unavailable") {
		return cannotTell(`whether it may dispatch: ${reasonOf(answer)}`, "look again later");
	}
	const repair = "give it Contents: write on this repository (classic: the scope repo); docs/settings.md";
	if (tokenIsBridges) return error(`it may not dispatch: ${reasonOf(answer)}`, repair);
	return cannotTell(`it may not dispatch: ${reasonOf(answer)}${NOT_THE_BRIDGES}`, "look with the bridge's token");
}

async function checkActions(repository: string, github: GitHub): Promise<Check> {
	const { ok, error, cannotTell } = checksOf("actions", repository);
	const answer = await github.get(`/repos/${repository}/actions/permissions`);
	const enabled = (answer.json as { enabled?: unknown } | null | undefined)?.enabled;
	if (answer.status === 200 && enabled === true) return ok("Actions are on");
	if (answer.status === 200 && enabled === false) {
		return error("Actions are off: no workflow starts", "turn them on: Settings, Actions, General");
	}
	return cannotTell("whether Actions are on: only who administers it may ask", "look at Settings, Actions, General");
}
