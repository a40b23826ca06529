import { clipText } from "./clip-text.ts";

/** Where log lines go: the invocation's log in Azure, so that the platform knows which invocation spoke. */
export type Log = (level: "info" | "warn" | "error", line: string) => void;

/** An invocation's log, where the platform files the lines under that invocation. */
export function toLog(context: Readonly<Record<Parameters<Log>[0], (line: string) => void>>): Log {
	return (level, line) => context[level](line);
}

/**
 * What happened in one stage, on one line. The queries of infra/ read these names, held by test/infra/queries.test.ts.
 * - `receive`: a request that holds no event; `handshake`
 * - `accept`: one event at one destination
 * - `dispatch`: one call of GitHub
 * - `lane`: a lane or a destination pauses, is parked, is behind, or is open again
 * - `window`: a window was closed
 * - `dead-letter`: something was given up, or is fed back
 * - `wake-up`: a wake-up that went another way than to a drain
 * - `maintenance`: what was done once a day; `token`: what is to be done about a token
 */
export interface Line {
	readonly stage:
		| "receive"
		| "handshake"
		| "accept"
		| "dispatch"
		| "lane"
		| "window"
		| "dead-letter"
		| "wake-up"
		| "maintenance"
		| "token";
	readonly [fact: string]: string | number | null | undefined;
}

/** Writes one wide line: JSON, so that no event can break it in two, with everything that looks like a secret gone. */
export function report(log: Log, level: Parameters<Log>[0], line: Line): void {
	log(level, redact(JSON.stringify(line, (_, fact: unknown) => (typeof fact === "string" ? clip(fact) : fact))));
}

/** Application Insights takes 32 KB a message; an event's id or subject can be as long as its sender likes. */
const MAX_FACT_CHARACTERS = 1_000;

function clip(text: string): string {
	return text.length > MAX_FACT_CHARACTERS ? `${clipText(text, MAX_FACT_CHARACTERS)}…` : text;
}

/**
 * GitHub's token formats (classic, fine-grained, app, and the newer app tokens, which hold a JWT), JWTs, bearer and
 * basic credentials, private keys, and the keys and signatures that Azure puts into URLs.
 */
const SECRETS = [
	/\b(?:gh[a-z]_|github_pat_)[A-Za-z0-9_.-]{16,}/g,
	/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g,
	/-----BEGIN [A-Z ]*PRIVATE KEY-----[^"]*/g,
	/(?<=\b(?:bearer|basic|token) )[A-Za-z0-9+/=._~-]{8,}/gi,
	/(?<=[?&;](?:code|sig|sv_sig|accountkey|sharedaccesskey|x-functions-key)=)[^&\s"\\]+/gi,
];

/**
 * A text from outside as it may be stored and shown: without credentials, and not longer than its place. A character
 * that would be cut in two is left out.
 * @param most UTF-16 code units
 */
export function cleanText(text: string, most: number): string {
	const clean = redact(text.slice(0, 4 * most + 1_000));
	return clean.length <= most ? clean.toWellFormed() : `${clipText(clean, most - 1)}…`;
}

/** A text without credentials in it. */
export function redact(text: string): string {
	return SECRETS.reduce((clean, secret) => clean.replace(secret, "[redacted]"), text);
}
