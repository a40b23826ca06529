import { type Answer, githubError } from "./github-rules.ts";
import type { Received } from "./received.ts";
import { LISTENING, type Permissions, readRepositories, type StandInRepository } from "./repository.ts";
import { contentsAnswer, repositoryAnswer, workflowsAnswer } from "./repository-answers.ts";
import { runsAnswer } from "./run-answers.ts";

/** The part of GitHub's API that shows a repository to who looks: what `grid-dispatch doctor` and `trace` ask for. */
export interface RepositoryRoutes {
	/**
	 * Answers a call about a repository that exists; undefined where another rule has to answer, as for a dispatch that
	 * nothing here speaks against.
	 */
	answer(call: RepositoryCall): Answer | undefined;
	/** What every answer to a call with the token of a repository tells about it. */
	headers(repository: string): Readonly<Record<string, string>>;
	/**
	 * Replaces what is shown: one repository or an array of them, as JSON.
	 * @returns how many
	 * @throws TypeError naming what is wrong
	 */
	set(given: unknown): number;
}

export interface RepositoryCall {
	readonly method: string;
	/** owner/name */
	readonly repository: string;
	/** What of it, such as `/dispatches`. */
	readonly below: string;
	readonly query: URLSearchParams;
	/** Of the stand-in. */
	readonly url: string;
}

/** What each call needs, as GitHub documents it for fine-grained tokens. */
function neededFor(method: string, below: string): readonly [permission: string, access: "read" | "write"] {
	if (method === "POST") return ["contents", "write"];
	if (below.startsWith("/contents")) return ["contents", "read"];
	if (below.startsWith("/actions/permissions")) return ["administration", "read"];
	return below.startsWith("/actions") ? ["actions", "read"] : ["metadata", "read"];
}

/** @param received the dispatches that were taken, which is what there are runs of */
export function createRepositoryRoutes(received: readonly Received[] = []): RepositoryRoutes {
	let repositories: readonly StandInRepository[] = [];
	const given = (name: string) =>
		repositories.find(({ repository }) => repository?.toLowerCase() === name.toLowerCase()) ??
		repositories.find(({ repository }) => repository === undefined) ??
		LISTENING;

	function look({ repository, below, query, url }: RepositoryCall): unknown {
		const shown = given(repository);
		if (below === "") return repositoryAnswer(url, repository, shown);
		if (below === "/actions/permissions") return { enabled: shown.actions ?? true, allowed_actions: "all" };
		if (below === "/actions/workflows") return workflowsAnswer(url, repository, shown, query);
		if (below === "/actions/runs") return runsAnswer(url, repository, shown, query, received);
		const path = /^\/contents(?:\/(.*))?$/.exec(below);
		return path === null ? undefined : contentsAnswer(url, repository, decodeURIComponent(path[1] ?? ""), shown);
	}

	return {
		answer(call) {
			const shown = given(call.repository);
			const isDispatch = call.method === "POST" && call.below === "/dispatches";
			if (call.method !== "GET" && !isDispatch) return undefined;
			const refused = refuse(shown, ...neededFor(call.method, call.below));
			if (refused !== undefined) return refused;
			if (!isDispatch) {
				const body = look(call);
				return body === undefined ? undefined : { status: 200, body };
			}
			if (shown.archived !== true) return undefined;
			return githubError(403, "Repository was archived so is read-only.");
		},
		headers(name) {
			const { token = {} } = given(name);
			const expiry = token.expiresAt === undefined ? {} : expiryHeader(token.expiresAt);
			return { ...expiry, ...(token.scopes === undefined ? {} : { "x-oauth-scopes": token.scopes.join(", ") }) };
		},
		set(value) {
			repositories = readRepositories(value);
			return repositories.length;
		},
	};
}

/** What a token lacks: GitHub hides what it may not see at all, and names the permission for the rest. */
function refuse(shown: StandInRepository, permission: string, access: "read" | "write"): Answer | undefined {
	const { permissions, scopes } = shown.token ?? {};
	const isPublic = shown.private === false;
	if (
		scopes !== undefined &&
		!scopes.includes("repo") &&
		!(isPublic && (access === "read" || scopes.includes("public_repo")))
	) {
		return githubError(404, "Not Found");
	}
	if (permissions === undefined || allows(permissions, permission, access)) return undefined;
	if (isPublic && access === "read" && permission !== "administration") return undefined;
	if (permission === "metadata") return githubError(404, "Not Found");
	const headers = { "x-accepted-github-permissions": `${permission}=${access}` };
	return { ...githubError(403, "Resource not accessible by personal access token"), headers };
}

function allows(permissions: Permissions, permission: string, access: "read" | "write"): boolean {
	const granted = permissions[permission];
	return granted === "write" || granted === access;
}

/** As GitHub sends it for a personal access token with an expiry. Source: go-github's parseTokenExpiration. */
export function expiryHeader(expiresAt: string | Date | undefined): Readonly<Record<string, string>> {
	if (expiresAt === undefined) return {};
	const [day, time] = new Date(expiresAt).toISOString().split(/[T.]/);
	return { "github-authentication-token-expiration": `${day} ${time} UTC` };
}
