import { isWorkflow } from "../../destinations/github/workflow-dispatch.ts";
import type { Route } from "../../route/route.ts";
import { type Check, checksOf } from "./check.ts";
import { checkFollowing } from "./check-following.ts";
import { checkListeners, type Listeners, nameOf } from "./check-listeners.ts";
import { checkStarted, type ReadAt } from "./check-started.ts";
import { type GitHub, reasonOf } from "./github.ts";
import type { WorkflowFacts, WorkflowFile } from "./read-workflows.ts";

const FOLDER = ".github/workflows";
const PAGE = 100;

interface LookOptions {
	readonly github: GitHub;
	/** Whether the bridge follows runs. */
	readonly follows: boolean;
}

/**
 * Reads the workflows of a repository's default branch, and finds out which of them listen to what the routes send there,
 * what they start by name, and whether their runs can be followed.
 */
export async function lookAtWorkflows(
	repository: string,
	branch: string,
	routes: readonly Route[],
	{ github, follows }: LookOptions,
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
					`there is no folder ${FOLDER} on ${branch}, so no workflow listens`,
					`add a workflow with "on: ${routes.every(({ to }) => isWorkflow(to)) ? "workflow_dispatch" : "repository_dispatch"}" to ${branch}`,
				),
			];
		}
	}
	if (listed.status !== 200 || !Array.isArray(listed.json)) {
		return [
			cannotTell(`the command could not read the workflows: ${reasonOf(listed)}`, "give the token Contents: read"),
		];
	}
	const paths = (listed.json as { type: string; path: string }[])
		.filter(({ type, path }) => type === "file" && /\.ya?ml$/.test(path))
		.map(({ path }) => path);
	const listeners = await readListeners(repository, branch, paths, github);
	const readAt: ReadAt = async (path, ref) => {
		const file = await readFile(repository, path, github, `?ref=${encodeURIComponent(ref)}`);
		if ("status" in file) return file.status === 404 ? undefined : file.status;
		const [workflow] = await parse([file]);
		return workflow;
	};
	const unseen = cannotTell(
		"the token may not read whether a workflow is disabled",
		"give the token Actions: read, or look at the Actions tab",
	);
	const dispatches = routes.filter(({ to }) => !isWorkflow(to));
	return [
		...(dispatches.length === 0 ? [] : checkListeners(dispatches, listeners)),
		...(await checkStarted(routes, listeners, readAt)),
		...checkFiles(repository, listeners.workflows),
		...(listeners.states === undefined ? [unseen] : []),
		...(follows ? checkFollowing(routes, listeners) : []),
	];
}

async function readListeners(
	repository: string,
	branch: string,
	paths: readonly string[],
	github: GitHub,
): Promise<Listeners> {
	const read = await Promise.all(paths.map((path) => readFile(repository, path, github)));
	const listed = await listWorkflows(repository, github);
	return {
		repository,
		branch,
		workflows: await parse(read.filter((file) => "text" in file)),
		unread: read.filter((file) => "status" in file).map(({ path }) => path),
		states: listed && new Map(listed.map(({ path, state }) => [path, state])),
		ids: listed && new Map(listed.map(({ path, id }) => [String(id), path])),
	};
}

async function parse(files: readonly WorkflowFile[]): Promise<readonly WorkflowFacts[]> {
	const { readWorkflows } = await import("./read-workflows.ts");
	return readWorkflows(files);
}

/**
 * The file; or GitHub's status where it could not be read.
 * @param at a query that names another branch or tag than the default branch
 */
async function readFile(
	repository: string,
	path: string,
	github: GitHub,
	at = "",
): Promise<WorkflowFile | { readonly path: string; readonly status: number }> {
	const place = path.split("/").map(encodeURIComponent).join("/");
	const answer = await github.get(`/repos/${repository}/contents/${place}${at}`);
	const { content, encoding } = (answer.json ?? {}) as { content?: unknown; encoding?: unknown };
	if (answer.status !== 200 || typeof content !== "string" || encoding !== "base64") {
		return { path, status: answer.status };
	}
	return { path, text: Buffer.from(content, "base64").toString("utf8") };
}

interface Listed {
	readonly id: number;
	readonly path: string;
	readonly state: string;
}

/** Far more than a repository has. */
const MOST_PAGES = 20;

/** Undefined where the token may not see them. */
async function listWorkflows(repository: string, github: GitHub): Promise<readonly Listed[] | undefined> {
	const known = new Map<number, Listed>();
	for (let page = 1; page <= MOST_PAGES; page++) {
		const answer = await github.get(`/repos/${repository}/actions/workflows?per_page=${PAGE}&page=${page}`);
		const { workflows } = (answer.json ?? {}) as { workflows?: unknown };
		if (answer.status !== 200 || !Array.isArray(workflows)) return undefined;
		const before = known.size;
		for (const one of workflows.filter(isListed)) known.set(one.id, one);
		// A server that does not know of pages answers the same again.
		if (workflows.length < PAGE || known.size === before) break;
	}
	return [...known.values()];
}

function isListed(value: unknown): value is Listed {
	const { id, path, state } = (value ?? {}) as Partial<Record<keyof Listed, unknown>>;
	return typeof id === "number" && typeof path === "string" && typeof state === "string";
}

/** What is wrong in workflow files themselves, each with its line. */
function checkFiles(repository: string, workflows: readonly WorkflowFacts[]): readonly Check[] {
	return workflows.flatMap((workflow) => [...unsound(repository, workflow), ...injected(repository, workflow)]);
}

function unsound(repository: string, { path, parses, mentions, problems }: WorkflowFacts): Check[] {
	return (parses ? problems : problems.slice(0, 1)).map(({ line, text }) => {
		const { error, warning } = checksOf("workflows", `${repository} ${nameOf(path)}:${line}`);
		if (parses) return warning(`GitHub's parser reports an error: ${text}`, `correct line ${line} of ${path}`);
		const what = `the file is not valid, so GitHub does not run it: ${text}`;
		return (mentions ? error : warning)(what, `correct the YAML at line ${line} of ${path}`);
	});
}

function injected(repository: string, { path, injections }: WorkflowFacts): Check[] {
	return injections.map(({ line, text }) => {
		const { error } = checksOf("workflows", `${repository} ${nameOf(path)}:${line}`);
		const what = `${text} is inserted into a script: the name of an experiment or a blob can run commands there`;
		return error(what, "pass the value through env: and use the variable in quotes, as README.md shows");
	});
}
