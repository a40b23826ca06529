import { parse, stringify } from "lossless-json";

const MARK = Symbol.for("grid-dispatch.NumberText");

/**
 * A number that JavaScript would write in another way than it arrived: `9007199254740993`, `1e400`, `1.0`. It is kept as
 * its text, so that it leaves as it came. `Number(it)` is the nearest that a double can be.
 */
export class NumberText {
	readonly #text: string;

	constructor(text: string) {
		this.#text = text;
	}

	toString(): string {
		return this.#text;
	}

	valueOf(): number {
		return Number(this.#text);
	}

	/** For `JSON.stringify`, which can write no better than a double; `writeJson` can. */
	toJSON(): number {
		return Number(this.#text);
	}

	get [MARK](): true {
		return true;
	}
}

/** Whether a value is a `NumberText`, of this or of another bundle: the door reads JSON, and the bridge writes it. */
export function isNumberText(value: unknown): value is NumberText {
	return typeof value === "object" && value !== null && (value as { [MARK]?: unknown })[MARK] === true;
}

/** A JSON object: not null, not an array, not a number. */
export function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value) && !isNumberText(value);
}

/**
 * Reads JSON as `JSON.parse` does, but for two things: a byte-order mark is skipped, and a number that would come out
 * in another way than it came in becomes a `NumberText`. Most texts have none, which a cheap test tells.
 * @throws SyntaxError that names the position where the text ceases to be JSON
 */
export function readJson(text: string): unknown {
	return withNumberTexts(withoutMark(text), readPlainJson(text));
}

/** Reads JSON as `readJson` does. Answers the text itself where it is none. */
export function readJsonOrText(text: string): unknown {
	const json = withoutMark(text);
	try {
		// Where a text ceases to be JSON is not asked here: to find that place in a large text takes most of the time.
		return withNumberTexts(json, JSON.parse(json));
	} catch {
		return text;
	}
}

/**
 * Reads JSON with its numbers as JavaScript has them.
 * @throws SyntaxError that names the position where the text ceases to be JSON
 */
export function readPlainJson(text: string): unknown {
	const json = withoutMark(text);
	try {
		return JSON.parse(json) as unknown;
	} catch (error) {
		throw positioned(json, error as Error);
	}
}

/**
 * Writes JSON. Each `NumberText` is written as it arrived. Half a character, such as one of the two halves of an emoji,
 * becomes U+FFFD, as it does in UTF-8: readers do not agree on what it would mean.
 * @throws RangeError for what is nested too deeply
 */
export function writeJson(value: unknown): string {
	const text = hasNumberText(value)
		? (stringify(value, undefined, undefined, [NUMBER_TEXTS]) as string)
		: JSON.stringify(value);
	return text.includes("\\ud") ? text.replace(ESCAPES, (whole, half) => (half === undefined ? whole : "\uFFFD")) : text;
}

/**
 * The same for any depth: a dead letter keeps the whole event, however deeply it is nested.
 * @param root as `readJson` makes it
 */
export function writeDeepJson(root: unknown): string {
	if (!isNestedDeeper(root, EASY_LEVELS)) return writeJson(root);
	const written: string[] = [];
	/** What is still to be written: a value, or a text as it is. */
	const left: Part[] = [{ value: root }];
	for (let part = left.pop(); part !== undefined; part = left.pop()) {
		if (typeof part === "string") written.push(part);
		else if (!isNestedDeeper(part.value, 0)) written.push(writeJson(part.value));
		else for (const inner of partsOf(part.value as object).reverse()) left.push(inner);
	}
	return written.join("");
}

type Part = string | { readonly value: unknown };

/** So many levels can certainly be written by a function that calls itself. */
const EASY_LEVELS = 1_000;

function partsOf(value: object): Part[] {
	const [open, close] = Array.isArray(value) ? "[]" : "{}";
	const members = Object.entries(value).flatMap(([name, member], at): Part[] => [
		`${at === 0 ? "" : ","}${open === "[" ? "" : `${writeJson(name)}:`}`,
		{ value: member },
	]);
	return [open ?? "", ...members, close ?? ""];
}

/** Whether arrays and objects lie in each other to more than so many levels. */
export function isNestedDeeper(value: unknown, levels: number): boolean {
	if (typeof value !== "object" || value === null || isNumberText(value)) return false;
	return levels === 0 || Object.values(value).some((member) => isNestedDeeper(member, levels - 1));
}

function hasNumberText(value: unknown): boolean {
	if (typeof value !== "object" || value === null) return false;
	return isNumberText(value) || Object.values(value).some(hasNumberText);
}

/** `JSON.stringify` escapes what is no whole character, and a backslash by a second one. */
const ESCAPES = /\\(?:(ud[89a-f][0-9a-f]{2})|.)/g;

const NUMBER_TEXTS = { test: isNumberText, stringify: String };

/**
 * Cheap, and true for each text with a number that JavaScript would write otherwise: one that is long, ends in a zero
 * after the point, has an exponent, is very small, or is minus zero. A few texts that look so have none.
 */
const MAYBE = /(?:^|[:,[\s])(?:-0|-?(?:[\d.]{16,}|\d+\.\d*0|0\.000000\d+|\d+(?:\.\d+)?[eE][+-]?\d+))\s*(?:[,\]}]|$)/;

/** @param plain what the text is with plain numbers */
function withNumberTexts(json: string, plain: unknown): unknown {
	if (!MAYBE.test(json)) return plain;
	const read = parseNumbers(json);
	if (read !== undefined) return read;
	// Its neighbours in an array need not be so deep.
	return Array.isArray(plain) ? elementTexts(json).map((element, at) => parseNumbers(element) ?? plain[at]) : plain;
}

/** Undefined for what is nested too deeply for the library. */
function parseNumbers(json: string): unknown {
	try {
		return parse(json, undefined, { parseNumber, onDuplicateKey: ({ newValue }) => newValue });
	} catch (error) {
		if (error instanceof RangeError) return undefined;
		throw error;
	}
}

function parseNumber(text: string): number | NumberText {
	const number = Number(text);
	return JSON.stringify(number) === text ? number : new NumberText(text);
}

/** The texts of an array's elements. Its brackets and commas are told from those inside of an element. */
export function elementTexts(array: string): readonly string[] {
	const texts: string[] = [];
	let [depth, from, inText] = [0, 0, false];
	for (const { 0: token, index } of array.matchAll(TOKEN)) {
		if (token === '"') inText = !inText;
		if (inText) continue;
		if (token === "[" || token === "{") depth += 1;
		else if (token === "]" || token === "}") depth -= 1;
		const isBegin = depth === 1 && token === "[";
		const isEnd = depth === 0 || (depth === 1 && token === ",");
		if (isEnd) texts.push(array.slice(from, index).trim());
		if (isBegin || isEnd) from = index + 1;
	}
	return texts;
}

/** What gives JSON its form, and what a backslash makes part of a text. No match is long: an engine fails at long ones. */
const TOKEN = /\\.|["[\]{},]/g;

function withoutMark(text: string): string {
	return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

/** `JSON.parse` names a position now and then; the library always does. */
function positioned(json: string, error: Error): Error {
	try {
		parse(json, undefined, { parseNumber: () => 0, onDuplicateKey: () => undefined });
		return error;
	} catch (better) {
		return better instanceof SyntaxError ? better : error;
	}
}

const UTF_16_LE = Buffer.from([0xff, 0xfe]);
const UTF_16_BE = Buffer.from([0xfe, 0xff]);

/**
 * The text of a file: in UTF-8, or in UTF-16 with a byte-order mark, as the redirection of Windows PowerShell writes it.
 * Undefined for what is no text.
 */
export function decodeText(content: Uint8Array): string | undefined {
	const bytes = Buffer.from(content);
	const start = bytes.subarray(0, 2);
	const encoding = start.equals(UTF_16_LE) ? "utf-16le" : start.equals(UTF_16_BE) ? "utf-16be" : "utf-8";
	try {
		const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
		return text.includes("\0") ? undefined : text;
	} catch {
		return undefined;
	}
}
