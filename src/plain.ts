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
	// Between its texts JSON has none of these characters, but for the white space that indents it.
	return JSON.stringify(value, null, indent).replaceAll(HIDDEN, (found) =>
		/[\n\t]/.test(found) ? found : unit(found),
	);
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
