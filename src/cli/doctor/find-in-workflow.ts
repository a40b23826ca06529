/** As much of a token of GitHub's parser as is looked at. A mapping is a list of pairs, a sequence one of tokens. */
interface Token {
	readonly range?: { readonly start: { readonly line: number }; readonly end: { readonly line: number } } | undefined;
	/** As it is written, where it is a text or an expression. */
	readonly source?: string | undefined;
}
interface Pair {
	readonly key: unknown;
	readonly value: unknown;
}

/** The source lines of a token. A block ends with the line before the one that its range ends at. */
function textOf({ range }: Token, lines: readonly string[]): string {
	return range === undefined ? "" : lines.slice(range.start.line - 1, range.end.line).join("\n");
}

/** Visits every member of every mapping below a token, with the names of the mappings around it. */
function walk(
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

function isNested(token: unknown): token is Iterable<unknown> {
	return typeof token === "object" && token !== null && Symbol.iterator in token;
}

function isPair(item: unknown): item is Pair {
	return typeof item === "object" && item !== null && "key" in item && "value" in item;
}

/** The member of a mapping; undefined where it has none, or is no mapping. */
function memberOf(token: unknown, name: string): unknown {
	if (!isNested(token)) return undefined;
	for (const item of token) if (isPair(item) && String(item.key) === name) return item.value;
	return undefined;
}

/** A text as it is written, an expression with its marks. */
function writtenOf(token: unknown): string {
	return (token as Token).source ?? String(token);
}

/** The items of a sequence, or the names of a mapping, as texts; of a text by itself, that text. */
function namesIn(token: unknown): readonly string[] {
	if (!isNested(token)) return token === undefined ? [] : [String(token)];
	return [...token].map((item) => String(isPair(item) ? item.key : item));
}

/** A place in a file. */
export interface Spot {
	/** The first one is 1. */
	readonly line: number;
	readonly text: string;
}

/** A concurrency group of a workflow or of one of its jobs; `text` is its name as it is written. */
export interface Group extends Spot {
	/** Whether it lets a run wait that the next one would replace: `queue: max`, on github.com since May 2026. */
	readonly queues: boolean;
	/** Whether the next run cancels the one that is under way. */
	readonly cancels: boolean;
}

/**
 * The concurrency groups of a workflow.
 * @param root of GitHub's parser
 * Source: docs.github.com, "Control the concurrency of workflows and jobs", and GitHub's changelog of 2026-05-07.
 */
export function findGroups(root: unknown): readonly Group[] {
	const groups: Group[] = [];
	walk(root, (key, value, parents) => {
		const place = parents.length === 0 || (parents.length === 2 && parents[0] === "jobs");
		if (key !== "concurrency" || !place) return;
		const name = memberOf(value, "group") ?? value;
		const says = (member: string, text: string) => String(memberOf(value, member) ?? "").toLowerCase() === text;
		groups.push({
			line: (name as Token).range?.start.line ?? 1,
			text: writtenOf(name),
			queues: says("queue", "max"),
			cancels: says("cancel-in-progress", "true"),
		});
	});
	return groups;
}

/** The name that a workflow gives its runs, as it is written; null where it gives none. */
export function runNameOf(root: unknown): string | null {
	const name = memberOf(root, "run-name");
	return name === undefined ? null : writtenOf(name);
}

const EXPRESSION = /\$\{\{(.*?)\}\}/gs;
/** The payload, or the event or context that it is a part of. */
const PAYLOAD = /\bgithub\s*(?:\.\s*event\s*(?:\.\s*client_payload|\[|[^.\w\s]|$)|\[\s*'event'|\)|$)/i;

/**
 * Where the payload of a dispatch is pasted into a script, be it by itself or by way of a variable of `env`. GitHub
 * replaces an expression before a shell or an interpreter reads the script, so that a person who may name an experiment or a
 * blob writes a part of it.
 * @param root of GitHub's parser
 */
export function findInjections(root: unknown, text: string): readonly Spot[] {
	const lines = text.split("\n");
	const scripts: Token[] = [];
	const tainted: string[] = [];
	walk(root, (key, value, parents) => {
		const script = key === "run" || (key === "script" && parents.at(-1) === "with");
		if (script && !isNested(value)) scripts.push(value as Token);
		if (parents.at(-1) === "env" && expressionsOf(textOf(value as Token, lines)).some(isPayload)) tainted.push(key);
	});
	const byVariable = (inner: string) =>
		tainted.some((name) =>
			new RegExp(`\\benv\\s*(?:\\.\\s*|\\[\\s*')${name.replaceAll(/\W/g, "\\$&")}\\b`, "i").test(inner),
		);
	return scripts.flatMap((script) => {
		const first = script.range?.start.line ?? 1;
		const written = textOf(script, lines);
		return [...written.matchAll(EXPRESSION)]
			.filter(([, inner = ""]) => isPayload(inner) || byVariable(inner))
			.map(({ 0: expression, index }) => ({
				line: first + written.slice(0, index).split("\n").length - 1,
				text: expression.replaceAll(/\s+/g, " "),
			}));
	});
}

function isPayload(inner: string): boolean {
	return PAYLOAD.test(inner.trim());
}

function expressionsOf(text: string): string[] {
	return [...text.matchAll(EXPRESSION)].map(([, inner = ""]) => inner);
}

/** The inputs of `on: workflow_dispatch`, by name. */
export type Inputs = Readonly<Record<string, Input>>;

export interface Input {
	/** Whether a dispatch has to give it: it is required, and has no default. */
	readonly isNeeded: boolean;
	/** The only values that it takes; null where it takes any text. */
	readonly options: readonly string[] | null;
}

/**
 * What a workflow dispatch may give a workflow; null where it takes none. Read from the file itself: the conversion of
 * GitHub's parser (0.3.61) drops all events for an input without members, and a default that is a number.
 * @param root of GitHub's parser
 * Source: docs.github.com, "Workflow syntax", `on.workflow_dispatch.inputs`.
 */
export function inputsOf(root: unknown): Inputs | null {
	const on = memberOf(root, "on");
	if (!namesIn(on).includes("workflow_dispatch")) return null;
	const declared = memberOf(memberOf(on, "workflow_dispatch"), "inputs");
	const names = declared === undefined || String(declared) === "" ? [] : namesIn(declared);
	return Object.fromEntries(names.map((name) => [name, inputOf(memberOf(declared, name))]));
}

function inputOf(declared: unknown): Input {
	const text = (member: string) => {
		const value = memberOf(declared, member);
		return value === undefined ? "" : String(value);
	};
	const choices = text("type") === "choice" ? namesIn(memberOf(declared, "options")) : null;
	return {
		isNeeded: text("required") === "true" && text("default") === "",
		options: text("type") === "boolean" ? ["true", "false"] : choices,
	};
}
