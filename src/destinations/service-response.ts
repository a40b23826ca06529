import { clipLine, composeReason } from "../log.ts";
import type { Answer, Classification } from "../model.ts";
import { retryAfterMs, serverTimeOf } from "./header-time.ts";

/** What a service answered. */
export interface ServiceResponse {
	readonly status: number;
	/** By lower-case name. */
	readonly headers: Readonly<Record<string, string | number | undefined>>;
	/** The service's own `message`, where the body had one. */
	readonly message: string;
	/** What the body is: JSON as the service's API answers it, nothing, or something that is not the API's, such as a page. */
	readonly body: "json" | "none" | "other";
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
	const wait = retryAfterMs(response.headers, now);
	const reason = said(service, response, `server error at ${service}`);
	return { kind: "uncertain", ...(wait === undefined ? {} : { retryAfterMs: wait }), reason };
}

/** An address that does not lead to the service's API: no run was started, and the request is not to blame. */
export function notFromApi(service: string, { status, headers }: Head, repair: string): Of<"unavailable"> {
	const { location } = headers;
	const type = headers["content-type"];
	const shown = location ?? type;
	const what = shown === undefined ? "" : ` ${location === undefined ? "as" : "to"} ${clipLine(String(shown), 80)}`;
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
	requestId: string | number | undefined,
	pauseMs: number | undefined,
	now: number,
): Pick<Answer, "status" | "requestId" | "exhaustedUntil" | "serverTime"> {
	const serverTime = serverTimeOf(headers, now);
	return {
		status,
		...(requestId === undefined ? {} : { requestId: clipLine(String(requestId), REQUEST_ID_CHARACTERS) }),
		...(pauseMs === undefined ? {} : { exhaustedUntil: now + Math.min(pauseMs, LONGEST_PAUSE_MS) }),
		...(serverTime === undefined ? {} : { serverTime }),
	};
}
