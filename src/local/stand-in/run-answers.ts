import { pageOf } from "./github-rules.ts";
import type { StandInRepository } from "./repository.ts";
import { repositoryAnswer, urls } from "./repository-answers.ts";
import { type Run, stateOf } from "./runs.ts";

/** What a list of runs is asked for. */
export interface RunsQuestion {
	/** Of the stand-in. */
	readonly url: string;
	readonly fullName: string;
	readonly shown: StandInRepository;
	readonly query: URLSearchParams;
	/** Epoch milliseconds. */
	readonly now: number;
}

const COMMIT = "4c1f3a0b9d2e8f7a6c5b4d3e2f1a0b9c8d7e6f5a";
/** "This endpoint will return up to 1,000 results for each search when using the following parameters". */
const MOST_FOUND = 1000;
const SEARCHES = ["actor", "branch", "check_suite_id", "created", "event", "head_sha", "status"];

/**
 * "List workflow runs for a repository", and for a workflow.
 * @param runs those that can be seen, the newest first
 */
export function runsAnswer(question: RunsQuestion, runs: readonly Run[]): object {
	const { query, now } = question;
	const found = runs.filter((run) => isWanted(run, query, now));
	const isSearch = SEARCHES.some((name) => query.has(name));
	const page = pageOf(isSearch ? found.slice(0, MOST_FOUND) : found, query);
	const { url, fullName, shown } = question;
	const repository = repositoryAnswer(url, fullName, shown);
	return { total_count: found.length, workflow_runs: page.map((run) => runAnswer(question, run, repository)) };
}

/** "Get a workflow run". */
export function runAnswer(
	{ url, fullName, shown, now }: RunsQuestion,
	run: Run,
	repository = repositoryAnswer(url, fullName, shown),
): object {
	const { id, number, of, title, ref, createdAt } = run;
	const { status, conclusion, updatedAt } = stateOf(run, now) ?? { status: "queued", conclusion: null, updatedAt: now };
	const api = `${url}/repos/${fullName}/actions/runs/${id}`;
	const author = { name: "contoso", email: "ml@contoso.example" };
	const commit = { id: COMMIT, tree_id: COMMIT, message: "Listen", timestamp: time(createdAt), author };
	return {
		id,
		node_id: `WFR_${id}`,
		name: of.name,
		path: of.path,
		display_title: title,
		event: eventOf(run),
		status,
		conclusion,
		run_number: number,
		run_attempt: 1,
		workflow_id: of.id,
		check_suite_id: id,
		check_suite_node_id: `CS_${id}`,
		head_branch: ref,
		head_sha: COMMIT,
		head_commit: { ...commit, committer: author },
		created_at: time(createdAt),
		updated_at: time(updatedAt),
		// Of the attempt, which begins when it is queued.
		run_started_at: time(createdAt),
		pull_requests: [],
		repository,
		head_repository: repository,
		url: api,
		html_url: htmlUrl(fullName, id),
		...urls(api, "jobs logs artifacts cancel rerun"),
		check_suite_url: `${url}/repos/${fullName}/check-suites/${id}`,
		workflow_url: `${url}/repos/${fullName}/actions/workflows/${of.id}`,
	};
}

/** The answer to a workflow dispatch that asks for its run. */
export function runDetails(url: string, fullName: string, id: number): object {
	const run_url = `${url}/repos/${fullName}/actions/runs/${id}`;
	return { workflow_run_id: id, run_url, html_url: htmlUrl(fullName, id) };
}

function htmlUrl(fullName: string, id: number): string {
	return `https://github.com/${fullName}/actions/runs/${id}`;
}

function eventOf({ dispatch }: Run): string {
	return dispatch.workflow === undefined ? "repository_dispatch" : "workflow_dispatch";
}

/** GitHub gives whole seconds. */
function time(at: number): string {
	return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

function isWanted(run: Run, query: URLSearchParams, now: number): boolean {
	const is = (name: string, ...values: readonly (string | null | undefined)[]) =>
		!query.has(name) || values.includes(query.get(name));
	const { status, conclusion } = stateOf(run, now) ?? {};
	return (
		is("event", eventOf(run)) &&
		is("status", status, conclusion) &&
		is("branch", run.ref) &&
		is("head_sha", COMMIT) &&
		isWithin(Math.floor(run.createdAt / 1000) * 1000, query.get("created") ?? "")
	);
}

/** `2026-05-26`, `>=…`, `<…`, `…..…`, with `*` for an open end. Source: docs.github.com, "Query for dates". */
function isWithin(at: number, range: string): boolean {
	const [, comparison, bound] = /^(>=|<=|>|<)(.*)$/.exec(range) ?? [];
	if (comparison !== undefined && bound !== undefined) {
		const { from, to } = span(bound);
		return { ">=": at >= from, ">": at > to, "<=": at <= to, "<": at < from }[comparison] === true;
	}
	if (range === "") return true;
	const [from = "", to = from] = range.split("..");
	return (from === "*" || at >= span(from).from) && (to === "*" || at <= span(to).to);
}

/** A day is as long as it is, and a time is a moment. */
function span(text: string): { readonly from: number; readonly to: number } {
	const from = Date.parse(text);
	return { from, to: /^\d{4}-\d\d-\d\d$/.test(text) ? from + 86_399_999 : from };
}
