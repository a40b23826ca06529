import type { Received } from "./received.ts";
import type { StandInRepository } from "./repository.ts";
import { repositoryAnswer } from "./repository-answers.ts";
import { type ListeningWorkflow, workflowsFor } from "./workflows.ts";

const COMMIT = "4c1f3a0b9d2e8f7a6c5b4d3e2f1a0b9c8d7e6f5a";

/**
 * "List workflow runs for a repository": one for each dispatch that was taken and each workflow that listens to it, the
 * newest first, as if it had succeeded at once. Of the filters it heeds `event` and a `created` of two times with `..`
 * between.
 */
export function runsAnswer(
	url: string,
	fullName: string,
	given: StandInRepository,
	query: URLSearchParams,
	received: readonly Received[],
): object {
	const all = received
		.filter(({ repository }) => isSame(repository, fullName))
		.flatMap((dispatch) => workflowsFor(given, dispatch.event_type).map((workflow) => ({ dispatch, workflow })))
		.map(({ dispatch, workflow }, index) => runAnswer(url, fullName, given, workflow, dispatch, index + 1))
		.filter(({ event, created_at }) => isWanted(query, event, created_at))
		.reverse();
	const size = Number(query.get("per_page") ?? 30);
	const start = (Number(query.get("page") ?? 1) - 1) * size;
	return { total_count: all.length, workflow_runs: all.slice(start, start + size) };
}

function runAnswer(
	url: string,
	fullName: string,
	given: StandInRepository,
	workflow: ListeningWorkflow,
	dispatch: Received,
	number: number,
) {
	const id = 30_000_000 + number;
	const api = `${url}/repos/${fullName}/actions/runs/${id}`;
	const repository = repositoryAnswer(url, fullName, given);
	const author = { name: "contoso", email: "ml@contoso.example" };
	const time = `${dispatch.at.slice(0, 19)}Z`;
	const { id: workflowId, name, path } = workflow;
	return {
		id,
		node_id: `WFR_${id}`,
		name,
		path,
		display_title: workflow.titleFor(dispatch),
		event: "repository_dispatch",
		status: "completed",
		conclusion: "success",
		run_number: number,
		workflow_id: workflowId,
		check_suite_id: id,
		check_suite_node_id: `CS_${id}`,
		head_branch: given.defaultBranch ?? "main",
		head_sha: COMMIT,
		head_commit: { id: COMMIT, tree_id: COMMIT, message: "Listen", timestamp: time, author, committer: author },
		created_at: time,
		updated_at: time,
		run_started_at: time,
		pull_requests: [],
		repository,
		head_repository: repository,
		url: api,
		html_url: `https://github.com/${fullName}/actions/runs/${id}`,
		...Object.fromEntries(
			["jobs", "logs", "artifacts", "cancel", "rerun"].map((part) => [`${part}_url`, `${api}/${part}`]),
		),
		check_suite_url: `${url}/repos/${fullName}/check-suites/${id}`,
		workflow_url: `${url}/repos/${fullName}/actions/workflows/${workflowId}`,
	};
}

function isWanted(query: URLSearchParams, event: string, createdAt: string): boolean {
	const wanted = query.get("event");
	const [from, to] = (query.get("created") ?? "").split("..").map((time) => Date.parse(time));
	const at = Date.parse(createdAt);
	if (wanted !== null && wanted !== event) return false;
	return !(at < (from ?? at)) && !(at > (to ?? at));
}

function isSame(one: string, other: string): boolean {
	return one.toLowerCase() === other.toLowerCase();
}
