import type { RawResponse } from "../config/bounded-fetch.ts";
import { LONGEST_WAIT_MS, MAX_SKEW_MS } from "../ledger/rows.ts";
import { clipLine, composeReason, withoutSecrets } from "../log.ts";
import type { Answer, Classification } from "../model.ts";

type Headers = RawResponse["headers"];

/** What a service answered. */
export interface ServiceResponse {
	readonly status: number;
	readonly headers: Headers;
	/** The service's own `message`, where the body had one. */
	readonly message: string;
	/** What the body is: JSON as the service's API answers it, nothing, or something that is not the API's, such as a page. */
	readonly body: "json" | "none" | "other";
}

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

function textOf(header = ""): string {
	return header.trim();
}

function wholeNumber(text: string): number | undefined {
	return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Epoch milliseconds; NaN where it is none. The form without a zone is in UTC, too; a zone that is named twice is that zone. */
function httpDate(text: string): number {
	if (!HTTP_DATES.some((form) => form.test(text))) return Number.NaN;
	return Date.parse(`${text} GMT`);
}

/** What came of one call. */
export interface Answered {
	readonly classification: Classification;
	/** None where no answer came. */
	readonly response?: ServiceResponse;
	/** The body as a text, as far as it was read. */
	readonly text?: string;
	/** The same as a value; no object if it was cut off or is not JSON. */
	readonly json?: unknown;
}

/**
 * What an answer says, without the credentials that it may echo.
 * @param json its text as a value
 */
export function readResponse(
	{ status, headers }: RawResponse,
	json: unknown,
	body: ServiceResponse["body"],
	secrets: Iterable<string>,
): ServiceResponse {
	const cleanHeaders = Object.entries(headers).map(([name, value]) => [name, withoutSecrets(value, secrets)]);
	const { message } = (json ?? {}) as { readonly message?: unknown };
	const words = typeof message === "string" ? withoutSecrets(message, secrets) : "";
	return { status, headers: Object.fromEntries(cleanHeaders), message: words, body };
}

type Of<Kind extends Classification["kind"]> = Extract<Classification, { readonly kind: Kind }>;
type Head = Pick<ServiceResponse, "status" | "headers">;

/** GitHub asks for at least a minute where it names no time. Source: "Rate limits for the REST API". */
const UNNAMED_WAIT_MS = 60_000;

/** A reason: the service's own words, and what they mean. */
export function said(service: string, { status, message }: ServiceResponse, meaning: string): string {
	return composeReason(`${service} answered ${status}`, message, `: ${meaning}`);
}

/**
 * The reason names no time: the pause may become longer, and who shows it says until when.
 * @param waitMs what the service asks for; undefined where it names no time
 */
export function rateLimited(
	service: string,
	{ status, message }: ServiceResponse,
	waitMs: number | undefined,
	now: number,
): Of<"rate-limited"> {
	const words = `${status}${message === "" ? "" : `: ${message}`}`;
	return {
		kind: "rate-limited",
		until: now + (waitMs ?? UNNAMED_WAIT_MS),
		named: waitMs !== undefined,
		reason: composeReason(`${service} asks to slow down`, words, ""),
	};
}

/** A 5xx, or a 408: the request may have been taken all the same. */
export function serverError(service: string, response: ServiceResponse, now: number): Of<"uncertain"> {
	const reason = said(service, response, `server error at ${service}`);
	return { kind: "uncertain", retryAfterMs: retryAfterMs(response.headers, now), reason };
}

/** An address that does not lead to the service's API: no run was started, and the request is not to blame. */
export function notFromApi(service: string, { status, headers }: Head, repair: string): Of<"unavailable"> {
	const { location } = headers;
	const type = headers["content-type"];
	const shown = location ?? type;
	const what = shown === undefined ? "" : ` ${location === undefined ? "as" : "to"} ${clipLine(shown, 80)}`;
	return {
		kind: "unavailable",
		reason: `${service} answered ${status}${what}, which is not an answer of its API: ${repair}`,
	};
}

const REQUEST_ID_CHARACTERS = 100;
/** No budget of a service is used up for longer. */
const LONGEST_PAUSE_MS = 3_600_000;

/**
 * What an answer says beside its meaning.
 * @param pauseMs how long nothing more should be sent, as the service asks with answers of any kind
 */
export function factsOf(
	{ status, headers }: Head,
	requestId: string | undefined,
	pauseMs: number | undefined,
	now: number,
): Pick<Answer, "status" | "requestId" | "exhaustedUntil" | "serverTime"> {
	return {
		status,
		requestId: requestId === undefined ? undefined : clipLine(requestId, REQUEST_ID_CHARACTERS),
		exhaustedUntil: pauseMs === undefined ? undefined : now + Math.min(pauseMs, LONGEST_PAUSE_MS),
		serverTime: serverTimeOf(headers, now),
	};
}
