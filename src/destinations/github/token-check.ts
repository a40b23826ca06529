import type { Answered } from "./call-github.ts";
import type { GitHubResponse } from "./github-response.ts";

/** What GitHub says of a token. */
export interface TokenCheck {
	/**
	 * - `ok`: GitHub takes it
	 * - `refused`: it is wrong, ended, or not there; its account is suspended; or the app's installation is, or is missing
	 * - `unknown`: GitHub, or the vault, could not be asked now, or the address does not lead to GitHub's API
	 */
	readonly state: "ok" | "refused" | "unknown";
	/** When it ends, ISO 8601; null where GitHub names no end, as for an app and a classic token without one. */
	readonly expiresAt: string | null;
	/** Why it is not `ok`, with the repair; null where it is. 300 characters at most, without credentials. */
	readonly reason: string | null;
}

/**
 * GitHub's answer to `GET /rate_limit` to what it says of the token. That the app is suspended or not installed, and
 * that a token is refused, are facts of the token; a limit, an outage and a wrong address are not.
 */
export function judgeToken({ classification, response }: Pick<Answered, "classification" | "response">): TokenCheck {
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
export function tokenExpiry({ headers }: Pick<GitHubResponse, "headers">): string | undefined {
	const text = String(headers["github-authentication-token-expiration"] ?? "");
	const [, date, time, zone] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) (UTC|[+-]\d{4})$/.exec(text) ?? [];
	if (date === undefined) return undefined;
	const moment = Date.parse(`${date}T${time}${zone === "UTC" ? "Z" : zone}`);
	return Number.isNaN(moment) ? undefined : new Date(moment).toISOString();
}
