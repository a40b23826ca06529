import { isNumberText, writeJson } from "./json.ts";

/** JSON of any depth: a dead letter keeps the whole event, and what can be read can be nested as deeply as it likes. */
export function toJson(value: unknown): string {
	try {
		return writeJson(value);
	} catch (error) {
		if (!(error instanceof RangeError)) throw error;
		return writeDeep(value);
	}
}

/** What is still to be written: a value, or a text as it is. */
type Part = { readonly value: unknown } | { readonly text: string };

/** @param root as `readJson` makes it */
function writeDeep(root: unknown): string {
	const written: string[] = [];
	const left: Part[] = [{ value: root }];
	for (let part = left.pop(); part !== undefined; part = left.pop()) {
		if ("text" in part) written.push(part.text);
		else if (typeof part.value !== "object" || part.value === null || isNumberText(part.value))
			written.push(writeJson(part.value));
		else for (const inner of partsOf(part.value).reverse()) left.push(inner);
	}
	return written.join("");
}

function partsOf(value: object): Part[] {
	if (Array.isArray(value)) {
		const items = value.flatMap((item: unknown, at) => [{ text: at === 0 ? "" : "," }, { value: item }]);
		return [{ text: "[" }, ...items, { text: "]" }];
	}
	const members = Object.entries(value).flatMap(([name, member], at) => [
		{ text: `${at === 0 ? "" : ","}${writeJson(name)}:` },
		{ value: member as unknown },
	]);
	return [{ text: "{" }, ...members, { text: "}" }];
}
