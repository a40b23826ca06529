/**
 * Finds the text of an element in the JSON that it was read from: for a person, who wants to see what arrived as it arrived.
 * Nothing is looked for before the first element is asked for.
 * @param text an array as JSON, or one element
 * @param elements as `readJson` has read them
 * @returns answers undefined for what is none of the elements
 */
export function textsOf(text: string, elements: readonly unknown[]): (element: unknown) => string | undefined {
	let texts: readonly string[] | undefined;
	return (element) => {
		const whole = text.trim();
		if (element === elements || !whole.startsWith("[")) return whole;
		texts ??= splitArray(whole);
		return texts[elements.indexOf(element)];
	};
}

/** The texts of an array's elements. Its brackets and commas are told from those inside of an element. */
function splitArray(array: string): readonly string[] {
	const texts: string[] = [];
	let depth = 0;
	let from = 1;
	for (const { 0: token, index } of array.matchAll(TOKEN)) {
		if (token === "[" || token === "{") depth += 1;
		else if (token === "]" || token === "}") depth -= 1;
		const isEnd = depth === 0 || (depth === 1 && token === ",");
		if (!isEnd) continue;
		texts.push(array.slice(from, index).trim());
		from = index + 1;
	}
	return texts;
}

/** What gives JSON its form; a string is one of them, whatever stands in it. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{},]/g;
