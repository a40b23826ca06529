import type { Destination } from "../../model.ts";
import type { RouteTo } from "../../route/route.ts";
import type { Client, TokenCheck } from "../destination.ts";
import { type Answered, factsOf, resetMs, type ServiceResponse } from "../service-response.ts";
import { type Tried, type Try, tryWithin } from "../try-calls.ts";
import { type CallOptions, createCall } from "./call-github.ts";
import type { TokenFor } from "./github-app.ts";
import { dispatchPath } from "./repository-dispatch.ts";
import { isRunId, listRequest, type RunsRequest, readList, readOne, runRequest } from "./runs.ts";
import { type AnsweredWithRun, type Ask, createWorkflowSender } from "./send-workflow.ts";
import type { TokenSource } from "./tokens.ts";
import { isWorkflow } from "./workflow-dispatch.ts";

export interface GitHubOptions extends CallOptions {
	readonly tokens: TokenSource;
	readonly sleep: (ms: number) => Promise<void>;
	/** For one delivery in all. GitHub itself gives up after ten seconds. */
	readonly timeoutMs: number;
}

/**
 * A token that was just made is not known everywhere in GitHub for some seconds: it answers 401, or 403 as if a permission
 * were missing. Source: octokit/auth-app.js issues 65 and 589.
 */
const YOUNG_MS = 60_000;
const RETRY_AFTER_MS = [1_000, 2_000, 4_000];
/** The least time that must be left to begin a call. */
const LAST_CALL_MS = 1_000;

type Request = Parameters<Ask>[0];

/**
 * The client for dispatches. An app's token that is younger than a minute, and that GitHub may not know yet, is tried again
 * for some seconds. Asking about a token costs one call, or three with an app's: they are not counted for the pace, and
 * `GET /rate_limit` does not count against GitHub's primary limit.
 */
export function createGitHub({ tokens, now, sleep, timeoutMs, ...options }: GitHubOptions): Client {
	const call = createCall({ ...options, now });

	async function withToken(get: TokenSource["get"], wanted: TokenFor, request: Request, trying: Try) {
		const send = (token: string) => call({ ...request, token }, trying);

		/** Asks again as long as the answer may be no more than the token's youth. */
		async function again(token: string, first: Answered, waits: readonly number[]): Promise<Answered> {
			let answered = first;
			for (const wait of waits) {
				// One that was not made here is old.
				const issuedAt = tokens.issuedAt?.(token) ?? Number.NEGATIVE_INFINITY;
				const isYoung = now() - issuedAt < YOUNG_MS;
				if (!isYoung || !canBeUnknown(answered) || now() + wait + LAST_CALL_MS > trying.endsAt) break;
				await sleep(wait);
				answered = await send(token);
			}
			return answered;
		}

		const token = await get(wanted, trying.calls);
		const first = await again(token, await send(token), RETRY_AFTER_MS.slice(0, 1));
		if (first.classification.kind !== "unauthorized") return again(token, first, RETRY_AFTER_MS.slice(1));
		const fresh = await tokens.refresh(token, wanted, trying.calls);
		// The same token would be refused again, and failed logins add up to a block of every login.
		if (fresh === token) return first;
		return again(fresh, await send(fresh), RETRY_AFTER_MS.slice(1));
	}

	/** Calls with the token of a destination, as many as it takes, within the time limit. */
	function tryOnce<T extends Answered>(to: RouteTo, work: (ask: Ask) => Promise<T>, get = tokens.get) {
		return tryWithin<T>({ service: "GitHub", timeoutMs, now }, (trying) =>
			work((request) => withToken(get, wantedFor(to), request, trying)),
		);
	}

	const sendWorkflow = createWorkflowSender(options.apiUrl, now);

	const read = (to: Destination, request: RunsRequest) => tryOnce(to, (ask) => ask({ method: "GET", ...request }));

	const questionOf = (to: Destination) => ({ to, apiUrl: options.apiUrl, now: now() });

	return {
		async send(to, body) {
			const tried = await tryOnce<AnsweredWithRun>(to, (ask) =>
				isWorkflow(to) ? sendWorkflow(to, body, ask) : ask({ method: "POST", path: dispatchPath(to), body }),
			);
			const { classification, response, run, calls, ms }: Tried<AnsweredWithRun> = tried;
			const facts = response === undefined ? {} : factsOfGitHub(response, now());
			return { classification, ...facts, run, calls, ms };
		},
		async listRuns(to, since, etag, page) {
			return readList(await read(to, listRequest(to, since, etag, page)), questionOf(to), { since, page, etag });
		},
		async readRun(to, id) {
			if (!isRunId(id)) return { kind: "gone", reason: "it is not a run of GitHub: its id is not a number" };
			return readOne(await read(to, runRequest(to, id)), questionOf(to), id);
		},
		getToken: (to) => tokens.get(wantedFor(to)),
		async checkToken(to) {
			const ask = (call: Ask) => call({ method: "GET", path: "/rate_limit", reads: true });
			return judgeToken(await tryOnce(to, ask, tokens.inspect ?? tokens.get));
		},
	};
}

/** What a token is asked for with. */
function wantedFor({ repository = "", token }: RouteTo): TokenFor {
	const [owner = "", repo = ""] = repository.split("/");
	return { owner, repo, token };
}

/** Whether an answer is one that GitHub gives to a token that it does not know yet. */
function canBeUnknown({ classification, response }: Answered): boolean {
	if (response?.status === 401) return classification.kind === "unauthorized";
	return response?.status === 403 && /not accessible by integration/i.test(response.message);
}

function factsOfGitHub(response: ServiceResponse, now: number) {
	const { headers } = response;
	const facts = factsOf(response, headers["x-github-request-id"], resetMs(headers, now), now);
	return { ...facts, tokenExpiresAt: tokenExpiry(response) };
}

/**
 * GitHub's answer to `GET /rate_limit` to what it says of the token. That the app is suspended or not installed, and
 * that a token is refused, are facts of the token; a limit, an outage and a wrong address are not.
 */
function judgeToken({ classification, response }: Pick<Answered, "classification" | "response">): TokenCheck {
	const expiresAt = response === undefined ? null : (tokenExpiry(response) ?? null);
	// An Enterprise Server without rate limits answers 404 to who is logged in.
	const isTaken = classification.kind === "taken" || (response?.status === 404 && response.body === "json");
	if (isTaken) return { state: "ok", expiresAt, reason: null };
	// Without a response it is the app that could not get a token.
	const isOfToken = classification.kind === "unavailable" && (classification.wide === true || response === undefined);
	const isRefused = classification.kind === "unauthorized" || isOfToken;
	return {
		state: isRefused ? "refused" : "unknown",
		expiresAt,
		reason: "reason" in classification ? classification.reason : null,
	};
}

/**
 * When GitHub says that the token ends, which it does for each personal access token that has an end.
 * It writes `2026-12-01 00:00:00 UTC`, or an offset such as `+0200` for UTC.
 * @returns ISO 8601
 */
function tokenExpiry({ headers }: Pick<ServiceResponse, "headers">): string | undefined {
	const text = headers["github-authentication-token-expiration"] ?? "";
	const isTime = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (?:UTC|[+-]\d{4})$/.test(text);
	const moment = isTime ? Date.parse(text) : Number.NaN;
	return Number.isNaN(moment) ? undefined : new Date(moment).toISOString();
}
