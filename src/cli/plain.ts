/**
 * A text of an event as a terminal may show it, on one line: what would move the cursor, colour, hide or turn around
 * what stands there is shown as what it is.
 */
export function plain(text: string): string {
	return text.replaceAll(
		/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
		(character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
	);
}
