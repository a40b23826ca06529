import { cleanText, redact } from "../../log.ts";

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
export function clip(text: string, characters: number): string {
	// It may have megabytes; only its beginning is looked at.
	const start = text.slice(0, 4 * characters + 1_000);
	const line = start.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ").replace(/\p{Cs}/gu, "");
	return cleanText(line.trim(), characters);
}

/**
 * A reason in one piece: what came from outside gives way, so that the meaning and the repair are always there.
 * @param before such as `GitHub answered 403`
 * @param said GitHub's own words; none where empty
 * @param after what they mean, and the repair
 */
export function composeReason(before: string, said: string, after: string): string {
	const room = REASON_CHARACTERS - before.length - after.length - " ()".length;
	const words = room < 20 ? "" : clip(said, room);
	return clip(`${before}${words === "" ? "" : ` (${words})`}${after}`, REASON_CHARACTERS);
}
