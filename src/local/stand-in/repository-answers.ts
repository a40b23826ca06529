import { createHash } from "node:crypto";
import { pageOf } from "./github-rules.ts";
import type { StandInRepository } from "./repository.ts";
import { type Workflow, workflowsOf } from "./workflows.ts";

/** One path of a repository's default branch: a file's text, or the names in a folder. */
type Node = { readonly text: string } | { readonly folders: readonly string[]; readonly files: readonly string[] };

const WORKFLOWS = ".github/workflows";
const LONG_AGO = "2026-01-05T08:00:00Z";

/** GitHub's "Get a repository", with every member that its description requires. */
export function repositoryAnswer(url: string, fullName: string, given: StandInRepository): object {
	const [owner = "", name = ""] = fullName.split("/");
	const api = `${url}/repos/${fullName}`;
	return {
		id: 1_296_269,
		node_id: "MDEwOlJlcG9zaXRvcnkxMjk2MjY5",
		name,
		full_name: fullName,
		owner: ownerAnswer(url, owner),
		private: given.private ?? true,
		visibility: given.private === false ? "public" : "private",
		html_url: `https://github.com/${fullName}`,
		description: null,
		fork: false,
		url: api,
		default_branch: given.defaultBranch ?? "main",
		archived: given.archived ?? false,
		disabled: given.disabled ?? false,
		permissions: { admin: true, maintain: true, push: true, triage: true, pull: true },
		...urls(
			api,
			"archive assignees blobs branches collaborators comments commits compare contents contributors deployments downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels languages merges milestones notifications pulls releases stargazers statuses subscribers subscription tags teams trees",
		),
		clone_url: `https://github.com/${fullName}.git`,
		git_url: `git:github.com/${fullName}.git`,
		ssh_url: `git@github.com:${fullName}.git`,
		svn_url: `https://github.com/${fullName}`,
		mirror_url: null,
		homepage: null,
		language: null,
		license: null,
		...zero("forks forks_count stargazers_count watchers watchers_count open_issues open_issues_count"),
		...zero("network_count subscribers_count size"),
		...Object.fromEntries(["issues", "projects", "wiki", "pages", "discussions"].map((part) => [`has_${part}`, false])),
		...Object.fromEntries(["pushed_at", "created_at", "updated_at"].map((part) => [part, LONG_AGO])),
	};
}

/** "Get repository content"; undefined where there is nothing at that path. */
export function contentsAnswer(url: string, fullName: string, path: string, given: StandInRepository): unknown {
	const node = nodeAt(path, given.workflows ?? {});
	if (node === undefined) return undefined;
	const entry = (at: string, more: object) => {
		const api = `${url}/repos/${fullName}/contents/${at}`;
		const html = `https://github.com/${fullName}/blob/${given.defaultBranch ?? "main"}/${at}`;
		const links = { self: api, git: api, html };
		return {
			name: at.split("/").at(-1),
			path: at,
			url: api,
			git_url: api,
			html_url: html,
			download_url: null,
			...more,
			_links: links,
		};
	};
	if ("text" in node) {
		const content = Buffer.from(node.text);
		const file = { type: "file", size: content.length, sha: shaOf(content), encoding: "base64" };
		return entry(path, { ...file, content: content.toString("base64") });
	}
	const below = (name: string) => (path === "" ? name : `${path}/${name}`);
	return [
		...node.folders.map((name) => entry(below(name), { type: "dir", size: 0, sha: shaOf(Buffer.from(name)) })),
		...node.files.map((name) => {
			const content = Buffer.from(given.workflows?.[name] ?? "");
			return entry(below(name), { type: "file", size: content.length, sha: shaOf(content) });
		}),
	];
}

/** "List repository workflows". */
export function workflowsAnswer(
	url: string,
	fullName: string,
	given: StandInRepository,
	query: URLSearchParams,
): object {
	const all = workflowsOf(given);
	const page = pageOf(all, query).map((workflow) => workflowAnswer(url, fullName, given, workflow));
	return { total_count: all.length, workflows: page };
}

/** "Get a workflow". */
export function workflowAnswer(url: string, fullName: string, given: StandInRepository, workflow: Workflow): object {
	const { id, name, path, file, state } = workflow;
	return {
		id,
		node_id: `W_${id}`,
		name,
		path,
		state,
		created_at: LONG_AGO,
		updated_at: LONG_AGO,
		url: `${url}/repos/${fullName}/actions/workflows/${id}`,
		html_url: `https://github.com/${fullName}/blob/${given.defaultBranch ?? "main"}/${path}`,
		badge_url: `https://github.com/${fullName}/workflows/${file}/badge.svg`,
	};
}

function nodeAt(path: string, workflows: Readonly<Record<string, string>>): Node | undefined {
	const files = Object.keys(workflows);
	if (files.length === 0) return path === "" ? { folders: [], files: [] } : undefined;
	if (path === "") return { folders: [".github"], files: [] };
	if (path === ".github") return { folders: ["workflows"], files: [] };
	if (path === WORKFLOWS) return { folders: [], files };
	const text = workflows[path.slice(WORKFLOWS.length + 1)];
	return path.startsWith(`${WORKFLOWS}/`) && text !== undefined ? { text } : undefined;
}

/** As much of an account as GitHub's description requires. */
export function ownerAnswer(url: string, login: string): object {
	const own = `${url}/users/${login}`;
	return {
		login,
		id: 1,
		node_id: "MDEyOk9yZ2FuaXphdGlvbjE=",
		gravatar_id: "",
		type: "Organization",
		site_admin: false,
		url: own,
		...urls(
			own,
			"avatar html events followers following gists organizations received_events repos starred subscriptions",
		),
	};
}

/** `{ avatar_url: BASE/avatar }` and so on: addresses that are there because GitHub's description requires them. */
export function urls(base: string, names: string): Record<string, string> {
	return Object.fromEntries(names.split(" ").map((name) => [`${name}_url`, `${base}/${name}`]));
}

function zero(names: string): Record<string, number> {
	return Object.fromEntries(names.split(" ").map((name) => [name, 0]));
}

/** As git names a blob. */
function shaOf(content: Buffer): string {
	return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}
