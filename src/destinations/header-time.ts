import { LONGEST_WAIT_MS, MAX_SKEW_MS } from "../ledger/rows.ts";

/** By lower-case name. */
type Headers = Readonly<Record<string, string | number | undefined>>;

/** No wait is shorter than this: a limiter that says "now" again and again would be called without a break. */
const SHORTEST_MS = 1_000;
/** GitHub's primary limit starts anew each hour; Azure DevOps' budget within minutes. Source: docs.github.com, "Rate limits for the REST API". */
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

/**
 * When a service answered by its own clock, as `date` says it.
 * @param now epoch milliseconds
 * @returns epoch milliseconds, in whole seconds; undefined where it is not said, or is more than a year off
 */
export function serverTimeOf(headers: Headers, now: number): number | undefined {
	const time = httpDate(textOf(headers["date"]));
	return Math.abs(time - now) <= MAX_SKEW_MS ? time : undefined;
}

/** The one place where a header becomes a wait. */
function bounded(ms: number, longest: number): number | undefined {
	return ms > 0 ? Math.min(Math.max(ms, SHORTEST_MS), longest) : undefined;
}

function textOf(header: string | number | undefined): string {
	return String(header).trim();
}

function wholeNumber(text: string): number | undefined {
	return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Epoch milliseconds; NaN where it is none. The form without a zone is in UTC, too; a zone that is named twice is that zone. */
function httpDate(text: string): number {
	if (!HTTP_DATES.some((form) => form.test(text))) return Number.NaN;
	return Date.parse(`${text} GMT`);
}
