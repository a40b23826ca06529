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
