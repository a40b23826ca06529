import { createAsk } from "../ask.ts";
import { createGitHub } from "../github.ts";
import type { GitHubApi } from "../github-api.ts";
import type { Io } from "../io.ts";

/** A dispatch that GitHub has taken. */
export interface Taken {
	/** owner/name */
	readonly repository: string;
	readonly dispatchType: string;
	/** ISO 8601: when it was sent. */
	readonly at: string;
	/** Texts that a run may be named after: the key, the event's id, its subject, its run. */
	readonly names: readonly string[];
}

export interface WorkflowRun {
	/** The run's title, and the workflow's file. */
	readonly title: string;
	readonly workflow: string;
	readonly status: string;
	readonly conclusion: string | null;
	/** ISO 8601 */
	readonly createdAt: string;
	readonly url: string;
	/**
	 * How it is known: its title names the event (`named`), it is titled after the dispatch type as runs are that have no
	 * `run-name` (`typed`), or it only began at that time (`timed`). GitHub does not tell which dispatch started a run.
	 */
	readonly match: "named" | "typed" | "timed";
}

/** The runs, or why they are not known. */
export type FoundRuns =
	| { readonly ok: true; readonly runs: readonly WorkflowRun[] }
	| { readonly ok: false; readonly why: string };

/** A run begins seconds after its dispatch; clocks differ, and GitHub may be busy. */
const BEFORE_MS = 30_000;
const AFTER_MS = 600_000;
const MATCHES = ["named", "typed", "timed"] as const;

/**
 * Looks for the runs that a dispatch started, the best known first; only those of the best kind.
 * Source: docs.github.com, "List workflow runs for a repository".
 */
export async function findRuns(
	taken: Taken,
	{ url, token }: Pick<GitHubApi, "url" | "token">,
	io: Pick<Io, "fetch" | "now">,
): Promise<FoundRuns> {
	const at = Date.parse(taken.at);
	const within = [at - BEFORE_MS, at + AFTER_MS].map((time) => `${new Date(time).toISOString().slice(0, 19)}Z`);
	const query = new URLSearchParams({ event: "repository_dispatch", created: within.join(".."), per_page: "100" });
	const github = createGitHub({ url, token, ask: createAsk(io), now: io.now });
	const asked = await github.get(`/repos/${taken.repository}/actions/runs?${query}`);
	if (asked.status === 200) return { ok: true, runs: bestOf(readRuns(asked.json, taken)) };
	if (asked.status === 0) {
		const repair = "name the GitHub that the bridge dispatches to with --github";
		return { ok: false, why: `nothing answers at ${url} (${asked.reason}): ${repair}` };
	}
	const repair =
		token === undefined
			? "give a token that may read Actions in GITHUB_TOKEN"
			: `the token may not read the Actions of ${taken.repository}, or the repository is another one`;
	return { ok: false, why: `GitHub answered ${asked.status}: ${repair}` };
}

function readRuns(json: unknown, taken: Taken): readonly WorkflowRun[] {
	const { workflow_runs: given } = (json ?? {}) as { workflow_runs?: readonly Record<string, unknown>[] };
	return (given ?? []).map((run) => {
		const text = (name: string) => (typeof run[name] === "string" ? run[name] : "");
		const title = text("display_title");
		return {
			title,
			workflow: text("path"),
			status: text("status"),
			conclusion: text("conclusion") || null,
			createdAt: text("created_at"),
			url: text("html_url"),
			match: matchOf(title, taken),
		};
	});
}

function matchOf(title: string, { names, dispatchType }: Taken): WorkflowRun["match"] {
	if (names.some((name) => mentions(title, name))) return "named";
	return title === dispatchType ? "typed" : "timed";
}

/** As a word of its own: an id may be as short as "1". */
function mentions(title: string, name: string): boolean {
	const literally = name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
	return name !== "" && new RegExp(`(?<![\\w-])${literally}(?![\\w-])`).test(title);
}

function bestOf(runs: readonly WorkflowRun[]): readonly WorkflowRun[] {
	const best = MATCHES.find((match) => runs.some((run) => run.match === match));
	return runs
		.filter(({ match }) => match === best)
		.sort((one, other) => Date.parse(one.createdAt) - Date.parse(other.createdAt));
}
