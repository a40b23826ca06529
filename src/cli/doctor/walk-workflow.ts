/** As much of a token of GitHub's parser as is looked at. A mapping is a list of pairs, a sequence one of tokens. */
export interface Token {
	readonly range?: { readonly start: { readonly line: number }; readonly end: { readonly line: number } } | undefined;
	/** As it is written, where it is a text or an expression. */
	readonly source?: string | undefined;
}
interface Pair {
	readonly key: unknown;
	readonly value: unknown;
}

/** The source lines of a token. A block ends with the line before the one that its range ends at. */
export function textOf({ range }: Token, lines: readonly string[]): string {
	return range === undefined ? "" : lines.slice(range.start.line - 1, range.end.line).join("\n");
}

/** Visits every member of every mapping below a token, with the names of the mappings around it. */
export function walk(
	token: unknown,
	visit: (key: string, value: unknown, parents: readonly string[]) => void,
	parents: readonly string[] = [],
): void {
	if (!isNested(token)) return;
	for (const item of token) {
		if (!isPair(item)) {
			walk(item, visit, parents);
			continue;
		}
		const key = String(item.key);
		visit(key, item.value, parents);
		walk(item.value, visit, [...parents, key]);
	}
}

export function isNested(token: unknown): token is Iterable<unknown> {
	return typeof token === "object" && token !== null && Symbol.iterator in token;
}

function isPair(item: unknown): item is Pair {
	return typeof item === "object" && item !== null && "key" in item && "value" in item;
}

/** The member of a mapping; undefined where it has none, or is no mapping. */
export function memberOf(token: unknown, name: string): unknown {
	if (!isNested(token)) return undefined;
	for (const item of token) if (isPair(item) && String(item.key) === name) return item.value;
	return undefined;
}

/** A text as it is written, an expression with its marks. */
export function writtenOf(token: unknown): string {
	return (token as Token).source ?? String(token);
}

/** The items of a sequence, or the names of a mapping, as texts; of a text by itself, that text. */
export function namesIn(token: unknown): readonly string[] {
	if (!isNested(token)) return token === undefined ? [] : [String(token)];
	return [...token].map((item) => String(isPair(item) ? item.key : item));
}

/** A place in a file. */
export interface Spot {
	/** The first one is 1. */
	readonly line: number;
	readonly text: string;
}
