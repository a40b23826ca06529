import type { Answer } from "./calls.ts";
import { githubError } from "./github-rules.ts";

/** GitHub's limits for one token. Source: docs.github.com, "Rate limits for the REST API". */
export interface Limits {
	/** Primary limit: requests an hour. */
	readonly perHour: number;
	/** Secondary limit: requests that create content, a minute and an hour. */
	readonly contentPerMinute: number;
	readonly contentPerHour: number;
	/** Requests that create content, a second; left out, any number: GitHub advises a second between writes, no more. */
	readonly contentPerSecond?: number;
}

export const DOCUMENTED_LIMITS: Limits = { perHour: 5000, contentPerMinute: 80, contentPerHour: 500 };

/** Two calls sent a second apart may arrive less than a second apart. */
const SECOND_MS = 750;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** What a limit says to one request. */
export interface Allowance {
	/** The `x-ratelimit-*` headers that every answer carries. */
	readonly headers: Readonly<Record<string, string>>;
	readonly exceeded?: "primary" | "secondary";
	/** After a secondary limit: when to come back. */
	readonly retryAfterSeconds?: number;
}

/** A request that only reads counts towards the primary limit alone; a look at the limits, and a 304, towards none. */
type RequestKind = "write" | "read" | "look";

/**
 * Counts requests by token, strictly by arrival. The primary limit's hour starts with its first request, as GitHub's
 * does; the secondary ones look back from each arrival.
 * @returns asks for a request that arrives `at` epoch milliseconds, not before the one asked for last
 */
export function createRateLimits(limits: Limits): (token: string, at: number, kind?: RequestKind) => Allowance {
	const tokens = new Map<string, { used: number; resetAt: number; content: number[] }>();

	return (token, at, kind = "write") => {
		const state = tokens.get(token) ?? { used: 0, resetAt: at + HOUR_MS, content: [] };
		tokens.set(token, state);
		if (at >= state.resetAt) Object.assign(state, { used: 0, resetAt: at + HOUR_MS });
		if (kind !== "look") state.used = Math.min(state.used + 1, limits.perHour + 1);
		const headers = {
			"x-ratelimit-limit": String(limits.perHour),
			"x-ratelimit-remaining": String(Math.max(limits.perHour - state.used, 0)),
			"x-ratelimit-used": String(Math.min(state.used, limits.perHour)),
			"x-ratelimit-reset": String(Math.ceil(state.resetAt / 1000)),
			"x-ratelimit-resource": "core",
		};
		if (kind === "look") return { headers };
		if (state.used > limits.perHour) return { headers, exceeded: "primary" };
		if (kind === "read") return { headers };
		state.content = state.content.filter((time) => time > at - HOUR_MS);
		const free = Math.max(
			freeAt(state.content, limits.contentPerSecond, SECOND_MS),
			freeAt(state.content, limits.contentPerMinute, MINUTE_MS),
			freeAt(state.content, limits.contentPerHour, HOUR_MS),
		);
		if (free > at) return { headers, exceeded: "secondary", retryAfterSeconds: Math.ceil((free - at) / 1000) };
		state.content.push(at);
		return { headers };
	};
}

/** What a request over a limit is answered. */
export function refuseByLimit({ exceeded, headers, retryAfterSeconds }: Allowance): Answer | undefined {
	if (exceeded === undefined) return undefined;
	if (exceeded === "primary") return { ...githubError(403, "API rate limit exceeded for this token."), headers };
	const message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
	return { ...githubError(403, message), headers: { ...headers, "retry-after": String(retryAfterSeconds) } };
}

/** "Get rate limit status for the authenticated user". */
export function rateLimitAnswer({ headers }: Allowance): Answer {
	const members = ["limit", "used", "remaining", "reset"];
	const core = Object.fromEntries(members.map((name) => [name, Number(headers[`x-ratelimit-${name}`])]));
	return {
		status: 200,
		body: { resources: { core, search: { ...core, limit: 30, used: 0, remaining: 30 } }, rate: core },
	};
}

/** When a window has room again, given the times of what is in it, oldest first. */
function freeAt(times: readonly number[], count: number | undefined, windowMs: number): number {
	const blocking = count === undefined ? undefined : times.at(-count);
	return blocking === undefined ? 0 : blocking + windowMs;
}
