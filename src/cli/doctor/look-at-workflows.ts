import { isWorkflow } from "../../destinations/github/workflow-dispatch.ts";
import type { Route } from "../../route/route.ts";
import { type GitHub, reasonOf } from "../github.ts";
import { type Check, checksOf } from "./check.ts";
import { checkFiles } from "./check-files.ts";
import { checkListeners, type Listeners } from "./check-listeners.ts";
import { checkStarted } from "./check-started.ts";
import type { WorkflowFile } from "./read-workflows.ts";

const FOLDER = ".github/workflows";
const PAGE = 100;

/** Reads the workflows of a repository's default branch, and finds out who listens to what the routes send there. */
export async function lookAtWorkflows(
	repository: string,
	branch: string,
	routes: readonly Route[],
	github: GitHub,
): Promise<readonly Check[]> {
	const { error, cannotTell } = checksOf("workflows", repository);
	const listed = await github.get(`/repos/${repository}/contents/${FOLDER}`);
	if (listed.status === 404) {
		const root = await github.get(`/repos/${repository}/contents`);
		// The token may read, and there is no such folder; or the repository is empty, which GitHub answers 404 to.
		const isEmpty = root.status === 404 && /empty/i.test(root.text);
		if (root.status === 200 || isEmpty) {
			return [
				error(
					`there is no ${FOLDER} on ${branch}: nothing listens`,
					`add a workflow with "on: ${routes.every(({ to }) => isWorkflow(to)) ? "workflow_dispatch" : "repository_dispatch"}" to ${branch}`,
				),
			];
		}
	}
	if (listed.status !== 200 || !Array.isArray(listed.json)) {
		return [cannotTell(`who listens: ${reasonOf(listed)}`, "let the token read Contents")];
	}
	const paths = (listed.json as { type: string; path: string }[])
		.filter(({ type, path }) => type === "file" && /\.ya?ml$/.test(path))
		.map(({ path }) => path);
	const read = await Promise.all(paths.map((path) => readFile(repository, path, github)));
	const files = read.filter((file) => typeof file !== "string");
	const { readWorkflows } = await import("./read-workflows.ts");
	const workflows = await readWorkflows(files);
	const states = await readStates(repository, github);
	const unread = read.filter((file) => typeof file === "string");
	const listeners: Listeners = { repository, branch, workflows, unread, states: states.known };
	const dispatches = routes.filter(({ to }) => !isWorkflow(to));
	const heard = dispatches.length === 0 ? [] : checkListeners(dispatches, listeners);
	return [...heard, ...checkStarted(routes, listeners), ...checkFiles(repository, workflows), ...states.checks];
}

/** The file; or its path where it could not be read. */
async function readFile(repository: string, path: string, github: GitHub): Promise<WorkflowFile | string> {
	const answer = await github.get(`/repos/${repository}/contents/${path.split("/").map(encodeURIComponent).join("/")}`);
	const { content, encoding } = (answer.json ?? {}) as { content?: unknown; encoding?: unknown };
	if (answer.status !== 200 || typeof content !== "string" || encoding !== "base64") return path;
	return { path, text: Buffer.from(content, "base64").toString("utf8") };
}

async function readStates(repository: string, github: GitHub) {
	const known = new Map<string, string>();
	for (let page = 1; ; page++) {
		const answer = await github.get(`/repos/${repository}/actions/workflows?per_page=${PAGE}&page=${page}`);
		const { workflows } = (answer.json ?? {}) as { workflows?: { path: string; state: string }[] };
		if (answer.status !== 200 || workflows === undefined) {
			const { cannotTell } = checksOf("workflows", repository);
			return {
				known: undefined,
				checks: [
					cannotTell("whether one of them is disabled", "let the token read Actions, or look at the Actions tab"),
				],
			};
		}
		for (const { path, state } of workflows) known.set(path, state);
		if (workflows.length < PAGE) return { known, checks: [] };
	}
}
