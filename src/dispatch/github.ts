import { classifyResponse, type Verdict } from "./classify-response.ts";
import type { DispatchRequest } from "./dispatch-request.ts";
import type { Post, RawResponse } from "./octokit.ts";
import { type TokenSource, TokenUnavailable } from "./token-source.ts";

/** One try to dispatch: what GitHub meant, and the facts that a person asks for. */
export interface Attempt {
	readonly verdict: Verdict;
	/** The HTTP status; none where no answer came. */
	readonly status?: number;
	/** GitHub's id of the request, which its support asks for. */
	readonly requestId?: string;
	readonly ms: number;
}

export interface GitHub {
	/** Tries once, redirects and one repeat after a 401 included; all of it within the time limit. Never rejects. */
	dispatch(request: DispatchRequest, signal: AbortSignal): Promise<Attempt>;
}

export interface GitHubOptions {
	/** Without a slash at its end; paths are appended, so Enterprise Server's `/api/v3` stays. */
	readonly apiUrl: string;
	readonly tokens: TokenSource;
	/** Loads the client when it is first needed. */
	readonly loadPost: () => Promise<Post>;
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** For one call in all. GitHub itself gives up after ten seconds. */
	readonly timeoutMs: number;
}

/** A renamed repository answers with one redirect; more than a few are a loop. */
const MAX_REDIRECTS = 3;

/** The client for repository dispatches. */
export function createGitHub({ apiUrl, tokens, loadPost, now, timeoutMs }: GitHubOptions): GitHub {
	let post: Promise<Post> | undefined;

	async function tryDispatch({ owner, repo, body, token: name }: DispatchRequest, signal: AbortSignal) {
		post ??= loadPost();
		const send = await post;
		const url = `${apiUrl}/repos/${owner}/${repo}/dispatches`;
		const token = await abortable(tokens.get(name), signal);
		const first = await follow(send, url, body, token, signal);
		if (first.verdict.kind !== "bad-token") return first;
		const fresh = await abortable(tokens.refresh(token, name), signal);
		// The same token would be refused again, and failed logins add up to a block of every login.
		return fresh === token ? first : follow(send, url, body, fresh, signal);
	}

	async function follow(send: Post, url: string, body: string, token: string, signal: AbortSignal) {
		let target = url;
		for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
			const response = await send(target, body, token, signal);
			const verdict = classifyResponse(readable(response), now());
			if (verdict.kind !== "moved") return result(response, verdict);
			const next = URL.canParse(verdict.location, target) ? new URL(verdict.location, target) : undefined;
			if (next?.origin !== new URL(apiUrl).origin) {
				return result(response, closed(`GitHub redirects to another host (${verdict.location}); not followed`));
			}
			target = next.href;
		}
		return { verdict: closed(`GitHub redirects in circles from ${url}`) };
	}

	return {
		async dispatch(request, signal) {
			const start = now();
			const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
			const attempt = await tryDispatch(request, limit).catch((error: unknown) => ({
				verdict: noAnswer(error, limit),
			}));
			return { ...attempt, ms: now() - start };
		},
	};
}

function result(response: RawResponse, verdict: Verdict): Omit<Attempt, "ms"> {
	const requestId = response.headers["x-github-request-id"];
	return { verdict, status: response.status, ...(requestId === undefined ? {} : { requestId: String(requestId) }) };
}

function readable({ status, headers, data }: RawResponse) {
	const message = (data as { message?: unknown } | null)?.message;
	return { status, headers, message: typeof message === "string" ? message : "" };
}

function closed(reason: string): Verdict {
	return { kind: "closed", reason };
}

function noAnswer(error: unknown, limit: AbortSignal): Verdict {
	if (error instanceof TokenUnavailable) return { kind: error.kind, reason: error.message };
	if (limit.aborted)
		return { kind: "trouble", reason: "GitHub did not answer in time; whether it took the dispatch is not known" };
	const cause = (error as { cause?: { message?: unknown } }).cause?.message;
	const message = error instanceof Error ? error.message : String(error);
	const detail = typeof cause === "string" && cause !== message ? `${message}: ${cause}` : message;
	return { kind: "trouble", reason: `no answer from GitHub (${detail})` };
}

/** Waits no longer than the signal allows for work that goes on for others. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
	return new Promise((resolve, reject) => {
		const abort = () => reject(signal.reason);
		if (signal.aborted) abort();
		signal.addEventListener("abort", abort, { once: true });
		promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
	});
}
