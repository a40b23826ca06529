import { clipLine, composeReason } from "../../log.ts";
import type { Classification } from "../../model.ts";
import { type GitHubResponse, likelyCause } from "./likely-cause.ts";

/** What an answer of GitHub's means: also that the repository has moved, and the same request belongs there. */
export type Meaning = Classification | { readonly kind: "redirected"; readonly location: string };

/** GitHub asks for at least a minute where it names no time. Source: "Rate limits for the REST API". */
const UNNAMED_WAIT_MS = 60_000;

/**
 * The meaning of an answer of GitHub's: of each one, whether it was asked for a dispatch, a token or a look. Pure.
 * Source: docs.github.com, "Rate limits for the REST API", "Best practices", "Troubleshooting the REST API".
 * @param now epoch milliseconds
 */
export function classifyResponse(response: GitHubResponse, now: number): Meaning {
	const { status, headers } = response;
	if (status >= 200 && status < 300) return isFromApi(response) ? { kind: "taken" } : notFromApi(response);
	if (isMoved(status) && headers["location"] !== undefined) {
		return { kind: "redirected", location: String(headers["location"]) };
	}
	if (asksToSlowDown(response)) return rateLimited(response, now);
	if (status >= 500 || status === 408) {
		const wait = retryAfterMs(headers, now);
		return {
			kind: "uncertain",
			...(wait === undefined ? {} : { retryAfterMs: wait }),
			reason: said(response, "a failure of its own"),
		};
	}
	// Of this request alone, whatever says so: a smaller one passes.
	if (status === 413) return { kind: "permanent", reason: said(response, "this request can never succeed") };
	if (!isFromApi(response)) return notFromApi(response);
	if (status === 401) {
		return {
			kind: "unauthorized",
			reason: said(response, "the token is wrong, revoked or expired; put a valid one in its place"),
		};
	}
	if (status === 422) return { kind: "permanent", reason: said(response, "this request can never succeed") };
	const { means, wide } = likelyCause(response);
	return { kind: "unavailable", ...(wide === undefined ? {} : { wide }), reason: said(response, means) };
}

/**
 * Whether an answer is one of GitHub's API. A wrong address, a proxy or an expired session answers with a page, a
 * redirect to one, or a 203; a 422 of the API always says in JSON what it is about.
 */
export function isFromApi({ status, body }: GitHubResponse): boolean {
	if (status === 203 || (status >= 300 && status < 400)) return false;
	return body !== "other" && !(body === "none" && status === 422);
}

/** An address that does not lead to GitHub's API: nothing was dispatched, and the request is not to blame. */
export function notFromApi(
	response: Pick<GitHubResponse, "status" | "headers">,
): Classification & { readonly kind: "unavailable" } {
	const { status, headers } = response;
	const location = headers["location"];
	const type = headers["content-type"];
	const shown = clipLine(String(location ?? type ?? ""), 80);
	const what = location === undefined ? (type === undefined ? "" : ` as ${shown}`) : ` to ${shown}`;
	const repair = "check GITHUB_API_URL (Enterprise Server: https://HOST/api/v3; is /api/v3 missing?) and proxies";
	return { kind: "unavailable", reason: `GitHub answered ${status}${what}, which is not its API's answer: ${repair}` };
}

function isMoved(status: number): boolean {
	return status === 301 || status === 302 || status === 307 || status === 308;
}

/** A 403 is either "not so fast" or "not you", a 422 "not so" or "not so many"; only these signs tell them apart. */
function asksToSlowDown({ status, headers, message }: GitHubResponse): boolean {
	if (status === 422) return /endpoint has been spammed/i.test(message);
	if (status !== 403) return status === 429;
	return (
		headers["retry-after"] !== undefined ||
		String(headers["x-ratelimit-remaining"]).trim() === "0" ||
		/secondary rate limit|abuse detection|maximum number of login attempts|endpoint has been spammed/i.test(message)
	);
}

/** Retry-After goes first, then the primary limit's reset, then a minute. */
function rateLimited(response: GitHubResponse, now: number): Classification {
	const { status, headers, message } = response;
	const wait = retryAfterMs(headers, now) ?? resetMs(headers, now);
	const until = now + (wait ?? UNNAMED_WAIT_MS);
	const words = `${status}${message === "" ? "" : `: ${message}`}`;
	const reason = composeReason("GitHub asks to slow down", words, `; until ${new Date(until).toISOString()}`);
	return { kind: "rate-limited", until, named: wait !== undefined, reason };
}

function said({ status, message }: GitHubResponse, meaning: string): string {
	return composeReason(`GitHub answered ${status}`, message, `: ${meaning}`);
}

type Headers = GitHubResponse["headers"];

/** No wait is shorter than this: a limiter that says "now" again and again would be called without a break. */
const SHORTEST_MS = 1_000;
/** No wait is longer than this, whatever a header says: a day late is late enough to look again. */
export const LONGEST_WAIT_MS = 86_400_000;
/** GitHub's primary limit starts anew each hour. Source: docs.github.com, "Rate limits for the REST API". */
const PRIMARY_WINDOW_MS = 3_600_000;
/** As seconds this would be the year 5138, so a larger number counts milliseconds. */
const LARGEST_SECONDS = 100_000_000_000;

/** The three forms of an HTTP date, all of which a recipient has to take. Source: RFC 9110 §5.6.7. */
const HTTP_DATES = [
	/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/,
	/^[A-Z][a-z]+day, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d GMT$/,
	/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/,
];

/**
 * The wait that `retry-after` names: whole seconds or an HTTP date (RFC 9110 §10.2.3).
 * @param now epoch milliseconds
 * @returns milliseconds, from a second to a day; undefined where no time is given: no header, one that cannot be read
 * (`1m0s` has been seen, and blank), `0`, or a date that has passed
 */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
	const text = textOf(headers["retry-after"]);
	const seconds = wholeNumber(text);
	return bounded(seconds === undefined ? httpDate(text) - now : seconds * 1_000, LONGEST_WAIT_MS);
}

/**
 * The wait until the primary limit starts anew, where it is used up: `x-ratelimit-remaining: 0` with
 * `x-ratelimit-reset` in epoch seconds. Milliseconds are understood, too.
 * @param now epoch milliseconds
 * @returns milliseconds, from a second to an hour, which is as long as the limit lasts; undefined where it is not used
 * up, or no time to come is named
 */
export function resetMs(headers: Headers, now: number): number | undefined {
	if (textOf(headers["x-ratelimit-remaining"]) !== "0") return undefined;
	const reset = wholeNumber(textOf(headers["x-ratelimit-reset"])) ?? Number.NaN;
	return bounded(reset < LARGEST_SECONDS ? reset * 1_000 - now : reset - now, PRIMARY_WINDOW_MS);
}

/** The one place where a header becomes a wait. */
function bounded(ms: number, longest: number): number | undefined {
	return ms > 0 ? Math.min(Math.max(ms, SHORTEST_MS), longest) : undefined;
}

function textOf(header: string | number | undefined): string {
	return String(header ?? "").trim();
}

function wholeNumber(text: string): number | undefined {
	return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Epoch milliseconds; NaN where it is none. The form without a zone is in UTC, too. */
function httpDate(text: string): number {
	if (!HTTP_DATES.some((form) => form.test(text))) return Number.NaN;
	return Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
}
