/** What GitHub answered: a status and headers, or nothing at all. */
export interface GitHubResponse {
	readonly status: number;
	/** By lower-case name. */
	readonly headers: Readonly<Record<string, string | number | undefined>>;
	/** GitHub's own `message`, where the body had one. */
	readonly message: string;
}

/** What an answer means for the request, and for those that wait behind it. */
export type Verdict =
	/** 2xx: the workflow was dispatched. */
	| { readonly kind: "dispatched" }
	/** A rate limit: nothing more with this token before `until` (epoch milliseconds), which GitHub has named or not. */
	| { readonly kind: "slow-down"; readonly until: number; readonly named: boolean; readonly reason: string }
	/** GitHub's trouble, or the network's: the same request can succeed later. */
	| { readonly kind: "trouble"; readonly retryAfterMs?: number; readonly reason: string }
	/** It may have been taken: a 5xx, or an answer that was lost after sending. Each repeat may start another run. */
	| { readonly kind: "uncertain"; readonly retryAfterMs?: number; readonly reason: string }
	/** The token is refused: every request with it will be. */
	| { readonly kind: "bad-token"; readonly reason: string }
	/** This destination is closed to us until it is repaired. `wide`: the account or token as a whole is, and so is its lane. */
	| { readonly kind: "closed"; readonly wide?: true; readonly reason: string }
	/** Our request can never succeed as it is. */
	| { readonly kind: "refused"; readonly reason: string }
	/** The repository has moved: the same POST belongs there. */
	| { readonly kind: "moved"; readonly location: string };

/** GitHub asks for at least a minute where it names no time. Source: "Rate limits for the REST API". */
const UNNAMED_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 86_400_000;

/**
 * GitHub's answer to its meaning. Pure; `now` is in epoch milliseconds.
 * Source: docs.github.com, "Rate limits for the REST API", "Best practices", "Troubleshooting the REST API".
 */
export function classifyResponse(response: GitHubResponse, now: number): Verdict {
	const { status, headers, message } = response;
	if (status >= 200 && status < 300) return { kind: "dispatched" };
	if (isMoved(status) && headers["location"] !== undefined) {
		return { kind: "moved", location: String(headers["location"]) };
	}
	if (status === 429 || (status === 403 && asksToSlowDown(response))) {
		const { until, named } = waitUntil(headers, now);
		const what = `GitHub asks to slow down (${status}${message === "" ? "" : `: ${message}`})`;
		return { kind: "slow-down", until, named, reason: `${what}; until ${new Date(until).toISOString()}` };
	}
	if (status >= 500 || status === 408) {
		const retryAfterMs = seconds(headers["retry-after"]);
		const wait = retryAfterMs === undefined ? {} : { retryAfterMs: retryAfterMs * 1000 };
		return { kind: "trouble", ...wait, reason: said(response, "its own trouble") };
	}
	if (status === 401) {
		return {
			kind: "bad-token",
			reason: said(response, "the token is wrong, revoked or expired; put a valid one in its place"),
		};
	}
	if (status === 400 || status === 413 || status === 422) {
		return { kind: "refused", reason: said(response, "this request can never succeed") };
	}
	return { kind: "closed", reason: said(response, likelyCauses(response)) };
}

function isMoved(status: number): boolean {
	return status === 301 || status === 302 || status === 307 || status === 308;
}

/** A 403 is either "not so fast" or "not you"; only these signs tell them apart. */
function asksToSlowDown({ headers, message }: GitHubResponse): boolean {
	return (
		headers["retry-after"] !== undefined ||
		String(headers["x-ratelimit-remaining"]) === "0" ||
		/secondary rate limit|abuse detection|maximum number of login attempts/i.test(message)
	);
}

/** Retry-After goes first, then the primary limit's reset, then a minute. */
function waitUntil(headers: GitHubResponse["headers"], now: number): { until: number; named: boolean } {
	const retryAfter = seconds(headers["retry-after"]);
	const until = retryAfter === undefined ? resetOf(headers) : now + retryAfter * 1000;
	// A reset that has passed (the clocks differ) names no time, and no limit of GitHub's lasts longer than a day.
	if (retryAfter === undefined && until <= now) return { until: now + UNNAMED_WAIT_MS, named: false };
	return { until: Math.min(until, now + LONGEST_WAIT_MS), named: true };
}

/**
 * When the primary limit, if it is used up, starts anew: epoch milliseconds, else 0. A call that was taken may have been
 * the last one, and says so.
 */
export function resetOf(headers: GitHubResponse["headers"]): number {
	const usedUp = String(headers["x-ratelimit-remaining"]) === "0";
	return usedUp ? (seconds(headers["x-ratelimit-reset"]) ?? 0) * 1000 : 0;
}

/** A header's whole seconds; GitHub has been seen to send it blank. */
function seconds(header: string | number | undefined): number | undefined {
	const text = String(header ?? "").trim();
	return /^\d+$/.test(text) ? Number(text) : undefined;
}

function said({ status, message }: GitHubResponse, meaning: string): string {
	return `GitHub answered ${status}${message === "" ? "" : ` (${message})`}: ${meaning}`;
}

function likelyCauses({ status, headers }: GitHubResponse): string {
	const wanted = headers["x-accepted-github-permissions"];
	const asked = wanted === undefined ? "Contents: write" : `${wanted}, as GitHub asks`;
	switch (status) {
		case 403:
			return `the token lacks a permission (${asked}), is not approved by the organisation yet, or needs single sign-on`;
		case 404:
			return `there is no such repository, or the token cannot see it (private: it needs ${asked})`;
		case 410:
			return "the repository is gone, or Actions are off in it";
		default:
			return "not an answer that GitHub documents for a dispatch; tried again later";
	}
}
