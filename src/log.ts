/** Where log lines go: the invocation's log in Azure, so that the platform knows the invocation of each line. */
export type Log = (level: Level, line: string) => void;

type Level = "info" | "warn" | "error";

/** An invocation's log, where the platform files the lines under that invocation. */
export function toLog(context: Readonly<Record<Level, (line: string) => void>>): Log {
	return (level, line) => context[level](line);
}

/**
 * What happened in one stage, on one line. The queries of infra/ read these names; test/infra/queries.test.ts runs them on such lines.
 * - `receive`: a request that contains no event; `handshake`
 * - `accept`: one event at one destination
 * - `dispatch`: one call of a destination
 * - `lane`: a lane or a destination pauses, is parked, is behind, or is open again
 * - `window`: a window was closed
 * - `dead-letter`: something was given up, or is fed back
 * - `follow`: how the run of a delivery has ended, or that it has none
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
		| "follow"
		| "wake-up"
		| "maintenance"
		| "token";
	readonly [fact: string]: string | number | null | undefined;
}

/** Application Insights takes 32 KB a message; an event's id or subject can be as long as its sender likes. */
const MAX_FACT_CHARACTERS = 1_000;

/** Writes one line of JSON, so that no event can break it in two. Everything that looks like a secret is removed. */
export function report(log: Log, level: Level, line: Line): void {
	const clean = (_: string, fact: unknown) => (typeof fact === "string" ? cleanText(fact, MAX_FACT_CHARACTERS) : fact);
	log(level, JSON.stringify(line, clean));
}

/**
 * GitHub's token formats (classic, fine-grained, app, and the newer app tokens, which hold a JWT), personal access tokens
 * of Azure DevOps (52 characters of base 32, or 84 with a mark near their end), JWTs, bearer and basic credentials,
 * private keys, and the keys and signatures that Azure puts into URLs. No match includes the quotation mark that ends a
 * text in JSON, also where that mark is escaped.
 */
const SECRETS = [
	/\b(?:gh[a-z]_|github_pat_)[A-Za-z0-9_.-]{16,}/g,
	/\b(?:[a-z2-7]{52}|[A-Za-z0-9]{74,78}AZDO[A-Za-z0-9]{2,6})\b/g,
	/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g,
	/-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[^"\\]|\\+(?!["\\]))*/g,
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

/**
 * What is wrong with a token that stands where the name of its secret belongs; undefined for a name. Lanes are called after
 * such names, and health shows them to everyone.
 */
export function tokenForName(name: string): string | undefined {
	if (redact(name) === name) return undefined;
	return "looks like a token itself; put the token into the key vault, and give the name of its secret";
}

/**
 * A text of at most so many UTF-16 units, in which no character is cut in half: what is left of one is no character, and
 * storage may refuse it.
 */
export function clipText(text: string, max: number): string {
	if (text.length <= max) return text.toWellFormed();
	const end = isHighSurrogate(text.charCodeAt(max - 1)) ? max - 1 : max;
	return text.slice(0, end).toWellFormed();
}

function isHighSurrogate(unit: number): boolean {
	return unit >= 0xd800 && unit <= 0xdbff;
}

/** Control and format characters, and the two that end a line in Unicode: they move, hide, colour or turn around text. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * A text from outside as a terminal or a log may show it, on one line: a character that would move the cursor, colour,
 * hide or turn around what stands there is shown as what it is.
 */
export function plain(text: string): string {
	return text.replaceAll(HIDDEN, shown);
}

/**
 * The same for all that a program prints, which may have lines and tabs. It is the last net before a terminal; texts
 * from outside go through `plain` before, so that none of them begins a line of its own.
 * @param own sequences that the program itself makes, such as colours
 */
export function printable(text: string, own: readonly string[] = []): string {
	const [first, ...others] = own;
	if (first === undefined) return text.replaceAll(HIDDEN, (found) => (/[\n\t]/.test(found) ? found : shown(found)));
	return text
		.split(first)
		.map((part) => printable(part, others))
		.join(first);
}

/** A value as JSON in which nothing is hidden: the same value for every parser. */
export function plainJson(value: unknown, indent?: string): string {
	return plainInJson(JSON.stringify(value, null, indent));
}

/** The same for a text that is JSON already. */
export function plainInJson(json: string): string {
	// Between its texts JSON has none of these characters, but for the white space that indents it.
	return json.replaceAll(HIDDEN, (found) => (/[\n\t]/.test(found) ? found : unit(found)));
}

function shown(character: string): string {
	return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** As JSON writes it: a character beyond the basic plane is two of these. */
function unit(character: string): string {
	return Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
		.map((code) => `\\u${code.toString(16).padStart(4, "0")}`)
		.join("");
}

/** A reason goes into rows, answers and the log, so it has so many characters at most. */
export const REASON_CHARACTERS = 300;

/** A shorter text is no credential, and would be found inside words. */
const SHORTEST_SECRET = 8;

/**
 * A text from outside without credentials: those whose form is known, and the given ones wherever they stand.
 * A proxy may echo the request, token included.
 */
export function withoutSecrets(text: string, secrets: Iterable<string>): string {
	let clean = text;
	for (const secret of secrets) {
		if (secret.length >= SHORTEST_SECRET) clean = clean.replaceAll(secret, "[redacted]");
	}
	return redact(clean);
}

/** A text from outside on one line, without credentials, control characters and half characters, and no longer than that. */
export function clipLine(text: string, characters: number): string {
	// It may have megabytes; only its beginning is looked at.
	const start = text.slice(0, 4 * characters + 1_000);
	const line = start.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ").replace(/\p{Cs}/gu, "");
	return cleanText(line.trim(), characters);
}

/**
 * One reason from three parts. Only the words from outside are cut, so the meaning and the repair are always there.
 * @param before such as `GitHub answered 403`
 * @param said GitHub's own words; none where empty
 * @param after what they mean, and the repair
 */
export function composeReason(before: string, said: string, after: string): string {
	const room = REASON_CHARACTERS - before.length - after.length - " ()".length;
	const words = room < 20 ? "" : clipLine(said, room);
	return clipLine(`${before}${words === "" ? "" : ` (${words})`}${after}`, REASON_CHARACTERS);
}
