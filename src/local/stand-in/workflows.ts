import { parse } from "yaml";
import { isObject } from "../../event/json.ts";
import type { StandInRepository } from "./repository.ts";
import type { RunOf } from "./runs.ts";

/** A workflow of the stand-in's repository. */
export interface Workflow extends RunOf {
	readonly file: string;
	/** `active`, or why it is disabled. */
	readonly state: string;
	/** The members of the file; none for what is no YAML. */
	readonly content: Readonly<Record<string, unknown>>;
}

/** What expressions in `run-name` can name: `github.event.…`, `github.ref_name`, `inputs.…`. */
export interface RunContext {
	readonly github: { readonly event: object; readonly ref_name: string };
	readonly inputs?: Readonly<Record<string, unknown>>;
}

/** An input as a workflow declares it. */
interface Input {
	readonly type?: string;
	readonly required?: boolean;
	readonly default?: unknown;
	readonly options?: readonly unknown[];
}

const FOLDER = ".github/workflows";

export function workflowsOf({ workflows = {}, states = {} }: StandInRepository): readonly Workflow[] {
	return Object.entries(workflows).map(([file, text], index) => {
		const content = read(text);
		const path = `${FOLDER}/${file}`;
		const name = typeof content["name"] === "string" ? content["name"] : path;
		return { id: 1000 + index, file, path, name, state: states[file] ?? "active", content };
	});
}

/** Those that a repository dispatch of this type starts: active, and listening to the type as it is written. */
export function listenersTo(given: StandInRepository, type: string): readonly Workflow[] {
	return workflowsOf(given).filter(({ state, content }) => {
		const types = typesOf(content["on"]);
		return state === "active" && (types === "all" || types?.includes(type) === true);
	});
}

/** What a workflow's run is called; without a `run-name`, GitHub calls it otherwise. */
export function titleOf({ content }: Workflow, context: RunContext, otherwise: string): string {
	const runName = content["run-name"];
	return (typeof runName === "string" ? filled(runName, context).trim() : "") || otherwise;
}

/**
 * Checks the inputs of a workflow dispatch as GitHub does, and adds the defaults.
 * @returns the inputs, or the refusal in GitHub's words
 */
export function checkInputs(
	{ content }: Workflow,
	given: Readonly<Record<string, unknown>>,
): { readonly inputs: Readonly<Record<string, unknown>> } | { readonly problem: string } {
	const declared = inputsOf(content["on"]);
	if (declared === undefined) return { problem: "Workflow does not have 'workflow_dispatch' trigger" };
	const unexpected = Object.keys(given).filter((name) => !Object.hasOwn(declared, name));
	if (unexpected.length > 0) return { problem: `Unexpected inputs provided: ${JSON.stringify(unexpected)}` };
	for (const [name, input] of Object.entries(declared)) {
		const value = given[name] ?? input.default;
		if (input.required === true && (value === undefined || value === ""))
			return { problem: `Required input '${name}' not provided` };
		if (given[name] !== undefined && !suits(given[name], input))
			return { problem: `Provided value '${given[name]}' for input '${name}' not in the list of allowed values` };
	}
	const defaults = Object.entries(declared).map(([name, input]) => [name, input.default ?? ""]);
	return { inputs: { ...Object.fromEntries(defaults), ...given } };
}

function suits(value: unknown, { type = "string", options = [] }: Input): boolean {
	if (typeof value === "object") return false;
	if (type === "boolean") return ["true", "false"].includes(String(value));
	if (type === "number") return String(value).trim() !== "" && Number.isFinite(Number(value));
	return type !== "choice" || options.map(String).includes(String(value));
}

const readTexts = new Map<string, Readonly<Record<string, unknown>>>();

/** What is no YAML starts nothing. A text is read once, since each dispatch asks for it. */
function read(text: string): Readonly<Record<string, unknown>> {
	const known = readTexts.get(text);
	if (known !== undefined) return known;
	let content: unknown;
	try {
		content = parse(text);
	} catch {
		content = undefined;
	}
	const members = isObject(content) ? content : {};
	readTexts.set(text, members);
	return members;
}

/** `on` is an event, a list of events, or events with their filters; undefined where it does not listen. */
function typesOf(on: unknown): "all" | readonly string[] | undefined {
	const filter = filterOf(on, "repository_dispatch");
	if (filter === undefined) return undefined;
	const { types } = filter as { types?: string | readonly string[] };
	return types === undefined ? "all" : [types].flat();
}

function inputsOf(on: unknown): Readonly<Record<string, Input>> | undefined {
	const filter = filterOf(on, "workflow_dispatch");
	if (filter === undefined) return undefined;
	const { inputs } = filter as { inputs?: unknown };
	if (!isObject(inputs)) return {};
	return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, isObject(input) ? input : {}]));
}

/** What `on` says about an event, `{}` where it only names it. */
function filterOf(on: unknown, event: string): object | undefined {
	if (on === event || (Array.isArray(on) && on.includes(event))) return {};
	if (!isObject(on) || !(event in on)) return undefined;
	return isObject(on[event]) ? on[event] : {};
}

/** Of GitHub's expressions it knows members, texts, and `||` between them; any other is empty. */
function filled(runName: string, context: RunContext): string {
	return runName.replaceAll(/\$\{\{(.*?)\}\}/g, (_, expression: string) => {
		const values = expression.split("||").map((part) => valueAt(part.trim(), context));
		return values.find((value) => value !== "") ?? "";
	});
}

function valueAt(expression: string, context: RunContext): string {
	const [, text] = /^'(.*)'$/.exec(expression) ?? [];
	if (text !== undefined) return text;
	if (!/^[\w-]+(?:\.[\w-]+|\['[^']+'\])*$/.test(expression)) return "";
	const names = expression.split(/\.|\['|'\]\.?/).filter((name) => name !== "");
	const value = names.reduce<unknown>(
		(at, name) => (at as Record<string, unknown> | null | undefined)?.[name],
		context,
	);
	return ["string", "number", "boolean"].includes(typeof value) ? String(value) : "";
}
