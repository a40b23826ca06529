import { type Answered, type ApiRequest, createCall, newTrace, noAnswer, type Trace } from "./call-github.ts";
import type { Classification } from "./classify-response.ts";
import type { DispatchRequest } from "./dispatch-request.ts";
import { resetMs } from "./header-time.ts";
import type { Send } from "./octokit.ts";
import { clip, REASON_CHARACTERS, withoutSecrets } from "./reason.ts";
import { judgeToken, type TokenCheck, tokenExpiry } from "./token-check.ts";
import type { TokenFor, TokenSource } from "./token-source.ts";

/** One try to dispatch: what GitHub meant, and the facts that a person asks for. */
export interface Attempt {
	/** Its reason has 300 characters at most, and no credential. */
	readonly classification: Classification;
	/** The HTTP status; none where no answer came. */
	readonly status?: number;
	/** GitHub's id of the request, which its support asks for. */
	readonly requestId?: string;
	readonly ms: number;
	/** The times that stand for the calls that were made, those for an app's token included, for the pace. */
	readonly calls: readonly number[];
	/** The primary limit is used up until then, epoch milliseconds: an hour ahead at most. */
	readonly exhaustedUntil?: number;
	/** When GitHub says that the token ends, ISO 8601. */
	readonly tokenExpiresAt?: string;
}

export interface GitHub {
	/**
	 * Tries once, redirects and one repeat after a 401 included; all of it within the time limit. An app's token that is
	 * younger than a minute, and that GitHub may not know yet, is tried again for some seconds. Never rejects.
	 */
	dispatch(request: DispatchRequest): Promise<Attempt>;
	/**
	 * Asks GitHub about the token of a lane, and about an app's installation: one call, or three with an app's. Meant for
	 * once a day: the calls are not counted for the pace, and `GET /rate_limit` does not count against GitHub's primary
	 * limit. Never rejects.
	 * @param wanted a destination of the lane
	 */
	checkToken(wanted: TokenFor): Promise<TokenCheck>;
}

export interface GitHubOptions {
	/** Without a slash at its end; paths are appended, so Enterprise Server's `/api/v3` stays. */
	readonly apiUrl: string;
	readonly tokens: TokenSource;
	/** Loads the client when it is first needed. */
	readonly loadSend: () => Promise<Send>;
	/** Epoch milliseconds. */
	readonly now: () => number;
	readonly sleep: (ms: number) => Promise<void>;
	/** For one call in all. GitHub itself gives up after ten seconds. */
	readonly timeoutMs: number;
}

/**
 * A token that was just made is not known everywhere in GitHub for some seconds: it answers 401, or 403 as if a permission
 * were missing. Source: octokit/auth-app.js issues 65 and 589.
 */
const YOUNG_MS = 60_000;
const RETRY_AFTER_MS = [1_000, 2_000, 4_000];
/** What a call takes that is still worth beginning. */
const LAST_CALL_MS = 1_000;
const REQUEST_ID_CHARACTERS = 100;

type RequestWith = (token: string) => ApiRequest;

/** The client for repository dispatches. */
export function createGitHub({ tokens, now, sleep, timeoutMs, ...options }: GitHubOptions): GitHub {
	const call = createCall({ ...options, now });

	async function withToken(get: TokenSource["get"], wanted: TokenFor, toRequest: RequestWith, trying: Trying) {
		const { signal, trace, endsAt } = trying;

		/** Asks again as long as the answer may be no more than the token's youth. */
		async function again(token: string, first: Answered, waits: readonly number[]): Promise<Answered> {
			let answered = first;
			for (const wait of waits) {
				const issuedAt = tokens.issuedAt?.(token);
				const isYoung = issuedAt !== undefined && now() - issuedAt < YOUNG_MS;
				if (!isYoung || !canBeUnknown(answered) || now() + wait + LAST_CALL_MS > endsAt) break;
				await sleep(wait);
				answered = await call(toRequest(token), signal, trace);
			}
			return answered;
		}

		const token = await get(wanted, trace.calls);
		const first = await again(token, await call(toRequest(token), signal, trace), RETRY_AFTER_MS.slice(0, 1));
		if (first.classification.kind !== "unauthorized") return again(token, first, RETRY_AFTER_MS.slice(1));
		const fresh = await tokens.refresh(token, wanted, trace.calls);
		// The same token would be refused again, and failed logins add up to a block of every login.
		if (fresh === token) return first;
		return again(fresh, await call(toRequest(fresh), signal, trace), RETRY_AFTER_MS.slice(1));
	}

	/** All of it within the time limit. */
	async function tryOnce(get: TokenSource["get"], wanted: TokenFor, toRequest: RequestWith): Promise<Tried> {
		const start = now();
		const signal = AbortSignal.timeout(timeoutMs);
		const trace = newTrace();
		const trying = { signal, trace, endsAt: start + timeoutMs };
		const answered = await abortable(withToken(get, wanted, toRequest, trying), signal).catch((error: unknown) => ({
			classification: noAnswer(error, signal, trace),
		}));
		const classification = withCleanReason(answered.classification, trace);
		return { ...answered, classification, calls: [...trace.calls], ms: now() - start };
	}

	return {
		async dispatch(request) {
			const { owner, repo, body } = request;
			const path = `/repos/${owner}/${repo}/dispatches`;
			const tried = await tryOnce(tokens.get, request, (token) => ({ method: "POST", path, token, body }));
			const { classification, response, calls, ms } = tried;
			return { classification, ...(response === undefined ? {} : factsOf(response, now())), calls, ms };
		},
		async checkToken(wanted) {
			const path = "/rate_limit";
			const tried = await tryOnce(tokens.inspect ?? tokens.get, wanted, (token) => ({ method: "GET", path, token }));
			return judgeToken(tried);
		},
	};
}

/** A try that is under way. */
interface Trying {
	readonly signal: AbortSignal;
	readonly trace: Trace;
	/** Epoch milliseconds. */
	readonly endsAt: number;
}

type Tried = Answered & Pick<Attempt, "calls" | "ms">;

/** Whether an answer is one that GitHub gives to a token that it does not know yet. */
function canBeUnknown({ classification, response }: Answered): boolean {
	if (response?.status === 401) return classification.kind === "unauthorized";
	return response?.status === 403 && /not accessible by integration/i.test(response.message);
}

function factsOf(
	{ status, headers }: NonNullable<Answered["response"]>,
	now: number,
): Omit<Attempt, "classification" | "calls" | "ms"> {
	const requestId = headers["x-github-request-id"];
	const exhaustedMs = resetMs(headers, now);
	const tokenExpiresAt = tokenExpiry({ headers });
	return {
		status,
		...(requestId === undefined ? {} : { requestId: clip(String(requestId), REQUEST_ID_CHARACTERS) }),
		...(exhaustedMs === undefined ? {} : { exhaustedUntil: now + exhaustedMs }),
		...(tokenExpiresAt === undefined ? {} : { tokenExpiresAt }),
	};
}

/** Whatever made a reason: no credential leaves in it, and no more than a row can hold. */
function withCleanReason(classification: Classification, { secrets }: Trace): Classification {
	if (!("reason" in classification)) return classification;
	return { ...classification, reason: clip(withoutSecrets(classification.reason, secrets), REASON_CHARACTERS) };
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
