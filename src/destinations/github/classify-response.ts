import { clipLine, composeReason } from "../../log.ts";
import type { Classification } from "../../model.ts";
import { resetMs, retryAfterMs } from "../header-time.ts";
import { type Asked, type GitHubResponse, likelyCause } from "./likely-cause.ts";

/** What an answer of GitHub's means: also that the repository has moved, and the same request belongs there. */
export type Meaning = Classification | { readonly kind: "redirected"; readonly location: string };

/** GitHub asks for at least a minute where it names no time. Source: "Rate limits for the REST API". */
const UNNAMED_WAIT_MS = 60_000;

/**
 * The meaning of an answer of GitHub's: of each one, whether it was asked for a dispatch, a token or a look. Pure.
 * Source: docs.github.com, "Rate limits for the REST API", "Best practices", "Troubleshooting the REST API".
 * @param now epoch milliseconds
 */
export function classifyResponse(response: GitHubResponse, now: number, asked?: Asked): Meaning {
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
			reason: said(response, "server error at GitHub"),
		};
	}
	// Of this request alone, whatever says so: a smaller one passes.
	if (status === 413) return { kind: "permanent", reason: said(response, "this request can never succeed") };
	if (!isFromApi(response)) return notFromApi(response);
	if (status === 401) {
		return {
			kind: "unauthorized",
			reason: said(response, "the token is wrong, revoked or expired; replace it with a valid one"),
		};
	}
	const repair = status === 422 || status === 403 ? asked?.repairOf?.(response.message) : undefined;
	if (repair !== undefined) {
		return { kind: repair.ofEvent ? "permanent" : "unavailable", reason: said(response, repair.means) };
	}
	if (status === 422) return { kind: "permanent", reason: said(response, "this request can never succeed") };
	const { means, wide } = likelyCause(response, asked);
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
	return {
		kind: "unavailable",
		reason: `GitHub answered ${status}${what}, which is not an answer of its API: ${repair}`,
	};
}

function isMoved(status: number): boolean {
	return status === 301 || status === 302 || status === 307 || status === 308;
}

/** A 403 is either "not so fast" or "not you", a 422 "not so" or "not so many"; only these signs tell them apart. */
function asksToSlowDown({ status, headers, message }: GitHubResponse): boolean {
	// The value of an input is quoted, and may say anything.
	if (status === 422) return !/^provided value /i.test(message) && /endpoint has been spammed/i.test(message);
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
