import { boundedFetch, type RawResponse } from "../config/bounded-fetch.ts";
import { TokenUnavailable } from "../config/secrets.ts";
import { callTime } from "../ledger/pace.ts";
import { clipLine, composeReason, REASON_CHARACTERS, withoutSecrets } from "../log.ts";
import type { Answer, Classification } from "../model.ts";
import type { ClientOptions } from "./destination.ts";

/** A try that is under way, and what is noted of its calls, so that they can be accounted for when they end early. */
export interface Try {
	/** Ends it. */
	readonly signal: AbortSignal;
	/** When the signal will, epoch milliseconds. */
	readonly endsAt: number;
	/** The times that stand for the calls, epoch milliseconds: for the pace. */
	readonly calls: number[];
	/** Credentials that were sent: no reason may hold them. */
	readonly secrets: Set<string>;
	/** A request is out, and its answer has not come: one that may start a run, or one that only reads. */
	underWay: false | "write" | "read";
}

/** @param start epoch milliseconds */
export function beginTry(timeoutMs: number, start: number, calls: number[] = []): Try {
	const signal = AbortSignal.timeout(timeoutMs);
	return { signal, endsAt: start + timeoutMs, calls, secrets: new Set(), underWay: false };
}

/** How a service is reached. */
export type Reach = Pick<ClientOptions, "version" | "fetch" | "now">;

/** One request of a service's API. */
export interface ServiceRequest {
	readonly method: "GET" | "POST";
	readonly url: string;
	/** Without the user agent, which is the same for all. */
	readonly headers: Readonly<Record<string, string>>;
	/** It is sent unchanged: these are the bytes whose size was checked. */
	readonly body?: string | undefined;
	/** The pace counts only writes, so the time of a read is not recorded. */
	readonly kind: "write" | "read";
	/** The answer's body is read up to so many bytes. */
	readonly mostBytes: number;
}

/**
 * Sends one request, and records its time. Any status is an answer. A redirect is one, too: fetch would turn a redirected
 * POST into a GET. Rejects where no answer came.
 */
export async function sendOnce(
	{ version, fetch, now }: Reach,
	{ method, url, headers, body, kind, mostBytes }: ServiceRequest,
	trying: Try,
): Promise<RawResponse> {
	trying.signal.throwIfAborted();
	const start = now();
	const calls = kind === "write" ? trying.calls : [];
	const at = calls.push(start) - 1;
	trying.underWay = kind;
	try {
		const response = await boundedFetch(fetch, mostBytes)(url, {
			method,
			headers: { ...headers, "user-agent": `grid-dispatch/${version}` },
			body: body ?? null,
			redirect: "manual",
			signal: trying.signal,
		});
		trying.underWay = false;
		return response;
	} finally {
		calls[at] = callTime(start, now());
	}
}

/** What a header holds: visible ASCII. Anything else is refused before it is sent, in an error that quotes it. */
export function isCredential(token: string): boolean {
	return /^[\x21-\x7e]+$/.test(token);
}

export const NO_CREDENTIAL: Classification = {
	kind: "unauthorized",
	reason: "the token has white space or characters that no token has; store the token alone",
};

interface Limits {
	/** The service's name, for reasons. */
	readonly service: string;
	/** For all calls of the try. */
	readonly timeoutMs: number;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

export type Tried<T> = T & Pick<Answer, "calls" | "ms">;

/** One try, however many calls it makes, within a time limit. Never rejects: no answer is a verdict, too. */
export async function tryWithin<T extends { readonly classification: Classification }>(
	{ service, timeoutMs, now }: Limits,
	work: (trying: Try) => Promise<T>,
): Promise<Tried<T | Pick<T, "classification">>> {
	const start = now();
	const trying = beginTry(timeoutMs, start);
	const answered = await abortable(work(trying), trying.signal).catch((error: unknown) => ({
		classification: noAnswer(service, error, trying),
	}));
	const classification = withCleanReason(answered.classification, trying);
	return { ...answered, classification, calls: [...trying.calls], ms: now() - start };
}

/** What is added to the reason of a call that may have been taken. */
export const NOT_KNOWN = "; it is not known whether the request was taken";

/** Why a call was not answered, and what that means. */
export function noAnswer(service: string, error: unknown, { signal, calls, underWay, secrets }: Try): Classification {
	if (error instanceof TokenUnavailable) return error.classification;
	if (signal.aborted) {
		const late = `${service} did not answer in time`;
		if (underWay === "write") return { kind: "uncertain", reason: late + NOT_KNOWN };
		const left = `no time was left to call ${service}`;
		const never = calls.length > 0 ? `${left} again` : `${left}; nothing was sent`;
		return { kind: "transient", reason: underWay === "read" ? late : never };
	}
	const words = withoutSecrets(innermost(error), secrets);
	const before = `no answer from ${service}`;
	if (underWay === "read") return { kind: "transient", reason: composeReason(before, words, "") };
	const isSent = underWay === "write" && !wasNeverSent(error);
	const reason = composeReason(before, words, isSent ? NOT_KNOWN : "; nothing was sent");
	return { kind: isSent ? "uncertain" : "transient", reason };
}

/** Errors before any byte of the request is sent: names, addresses, connections. */
const CODES = new Set([
	"ENOTFOUND",
	"EAI_AGAIN",
	"EAI_FAIL",
	"EAI_NODATA",
	"EAI_NONAME",
	"ECONNREFUSED",
	"EHOSTUNREACH",
	"EHOSTDOWN",
	"ENETUNREACH",
	"ENETDOWN",
	"EADDRNOTAVAIL",
	"UND_ERR_CONNECT_TIMEOUT",
]);
/** TLS: the certificate is not trusted, or the handshake fails. Source: Node.js, "TLS/SSL", X509 certificate error codes. */
const TLS_CODES =
	/^(?:CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_CERT|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|ERR_TLS_|ERR_SSL_(?:WRONG_VERSION_NUMBER|UNSUPPORTED_PROTOCOL|NO_|PACKET_LENGTH_TOO_LONG|.*HANDSHAKE|.*PROTOCOL_VERSION|.*UNRECOGNIZED_NAME))/;
const BEFORE_SENDING = new Set(["getaddrinfo", "connect"]);

interface NodeError {
	readonly code?: unknown;
	readonly syscall?: unknown;
	readonly message?: unknown;
	readonly cause?: unknown;
	readonly errors?: unknown;
}

/**
 * Whether a call that got no answer certainly never reached the other side: its name was not found, its connection was
 * not made, or its TLS handshake failed. A reset, a broken pipe or a closed socket may come after it was taken.
 * @param error of fetch, whose causes say what happened
 */
export function wasNeverSent(error: unknown): boolean {
	if (typeof error !== "object" || error === null) return false;
	const { code, syscall, message, cause, errors } = error as NodeError;
	if (CODES.has(String(code)) || TLS_CODES.test(String(code)) || BEFORE_SENDING.has(String(syscall))) return true;
	if (code === "ECONNRESET" && /before secure TLS connection/.test(String(message))) return true;
	return wasNeverSent(cause) || (Array.isArray(errors) && errors.length > 0 && errors.every(wasNeverSent));
}

/** fetch only says "fetch failed". The last one of its causes says what happened. */
function innermost(error: unknown): string {
	if (typeof error !== "object" || error === null) return String(error);
	const { cause, message, code, name } = error as NodeJS.ErrnoException & { cause?: unknown };
	if (typeof cause === "object" && cause !== null) return innermost(cause);
	return message || String(code ?? name);
}

/** Whatever made a reason: no credential leaves in it, and no more than a row can hold. */
function withCleanReason(classification: Classification, { secrets }: Try): Classification {
	if (!("reason" in classification)) return classification;
	return { ...classification, reason: clipLine(withoutSecrets(classification.reason, secrets), REASON_CHARACTERS) };
}

/** Waits no longer than the signal allows, whatever the work itself does about it. The signal is for this work alone. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
	return new Promise((resolve, reject) => {
		const abort = () => reject(signal.reason);
		if (signal.aborted) abort();
		signal.addEventListener("abort", abort);
		work.then(resolve, reject);
	});
}
