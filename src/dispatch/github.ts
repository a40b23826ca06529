import { classifyResponse, resetOf, type Verdict } from "./classify-response.ts";
import type { DispatchRequest } from "./dispatch-request.ts";
import type { Post, RawResponse } from "./octokit.ts";
import { callTime } from "./pace.ts";
import { type TokenSource, TokenUnavailable } from "./token-source.ts";

/** One try to dispatch: what GitHub meant, and the facts that a person asks for. */
export interface Attempt {
	readonly verdict: Verdict;
	/** The HTTP status; none where no answer came. */
	readonly status?: number;
	/** GitHub's id of the request, which its support asks for. */
	readonly requestId?: string;
	readonly ms: number;
	/** The times that stand for the calls that were made, for the pace: none where there was no token to send. */
	readonly calls: readonly number[];
	/** The primary limit is used up until then, epoch milliseconds. */
	readonly exhaustedUntil?: number;
	/** When GitHub says that the token ends, ISO 8601. */
	readonly tokenExpiresAt?: string;
}

export interface GitHub {
	/** Tries once, redirects and one repeat after a 401 included; all of it within the time limit. Never rejects. */
	dispatch(request: DispatchRequest): Promise<Attempt>;
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

/** What GitHub answered, and when it was asked. */
type Answered = Omit<Attempt, "ms" | "calls">;

/** A renamed repository answers with one redirect; more than a few are a loop. */
const MAX_REDIRECTS = 3;

/** The client for repository dispatches. */
export function createGitHub({ apiUrl, tokens, loadPost, now, timeoutMs }: GitHubOptions): GitHub {
	let post: Promise<Post> | undefined;

	async function tryDispatch(request: DispatchRequest, signal: AbortSignal, calls: number[]): Promise<Answered> {
		post ??= loadPost();
		const send = await post.catch((error: unknown) => {
			post = undefined;
			throw error;
		});
		const { owner, repo, body } = request;
		const url = `${apiUrl}/repos/${owner}/${repo}/dispatches`;
		const token = await tokens.get(request);
		const timed: Post = async (...call) => {
			const start = now();
			calls.push(start);
			try {
				return await send(...call);
			} finally {
				calls.splice(-1, 1, callTime(start, now()));
			}
		};
		const first = await follow(timed, url, body, token, signal);
		if (first.verdict.kind !== "bad-token") return first;
		const fresh = await tokens.refresh(token, request);
		// The same token would be refused again, and failed logins add up to a block of every login.
		return fresh === token ? first : follow(timed, url, body, fresh, signal);
	}

	async function follow(send: Post, url: string, body: string, token: string, signal: AbortSignal): Promise<Answered> {
		let target = url;
		for (let redirects = 0; ; redirects++) {
			signal.throwIfAborted();
			const response = await send(target, body, token, signal);
			const verdict = classifyResponse(readable(response), now());
			if (verdict.kind !== "moved") return result(response, verdict);
			const next = URL.canParse(verdict.location, target) ? new URL(verdict.location, target) : undefined;
			if (next?.origin !== new URL(apiUrl).origin) {
				return result(response, closed(`GitHub redirects to another host (${verdict.location}); not followed`));
			}
			if (redirects === MAX_REDIRECTS) return result(response, closed(`GitHub redirects in circles from ${url}`));
			target = next.href;
		}
	}

	return {
		async dispatch(request) {
			const start = now();
			const limit = AbortSignal.timeout(timeoutMs);
			const calls: number[] = [];
			const answered = await abortable(tryDispatch(request, limit, calls), limit).catch((error: unknown) => ({
				verdict: noAnswer(error, limit),
			}));
			return { ...answered, calls: [...calls], ms: now() - start };
		},
	};
}

function result({ status, headers }: RawResponse, verdict: Verdict): Answered {
	const { "x-github-request-id": requestId, "github-authentication-token-expiration": expires } = headers;
	const exhaustedUntil = resetOf(headers);
	const tokenExpiresAt = toIso(expires);
	return {
		verdict,
		status,
		...(requestId === undefined ? {} : { requestId: String(requestId) }),
		...(exhaustedUntil > 0 ? { exhaustedUntil } : {}),
		...(tokenExpiresAt === undefined ? {} : { tokenExpiresAt }),
	};
}

/** GitHub writes `2026-12-01 00:00:00 UTC`, or an offset such as `+0200` for UTC. */
function toIso(time: string | number | undefined): string | undefined {
	const [, date, clock, zone] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) (UTC|[+-]\d{4})$/.exec(String(time ?? "")) ?? [];
	if (date === undefined) return undefined;
	const moment = Date.parse(`${date}T${clock}${zone === "UTC" ? "Z" : zone}`);
	return Number.isNaN(moment) ? undefined : new Date(moment).toISOString();
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
	return { kind: "trouble", reason: `no answer from GitHub (${innermost(error)})` };
}

/** fetch says no more than "fetch failed"; what happened stands in the last of its causes. */
function innermost(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	if (error.cause instanceof Error) return innermost(error.cause);
	return error.message || String((error as NodeJS.ErrnoException).code ?? error.name);
}

/** Waits no longer than the signal allows, whatever the work itself does about it. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
	return new Promise((resolve, reject) => {
		const abort = () => reject(signal.reason);
		if (signal.aborted) abort();
		signal.addEventListener("abort", abort, { once: true });
		promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
	});
}
