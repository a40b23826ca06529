import { isObject, readJson, writeJson } from "../../event/json.ts";
import { CliError } from "../cli-error.ts";

/** A member of an event that is to have another value: `data.runId=train-7`. */
export interface Setting {
	readonly path: readonly string[];
	readonly value: unknown;
}

/** Members of the Event Grid schema under CloudEvents' names, which are taken for both. */
const IN_EVENT_GRID_SCHEMA: ReadonlyMap<string, string> = new Map([
	["source", "topic"],
	["type", "eventType"],
	["time", "eventTime"],
]);

/**
 * Reads `path=value`. A value that is JSON is what it says (`3`, `true`, `null`, `{"a":1}`); any other is a text.
 * @throws CliError
 */
export function readSetting(text: string): Setting {
	const [, path = "", value = ""] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
	const names = path.split(".");
	if (path === "" || names.some((name) => name === "")) {
		throw new CliError(`--set must have the form path=value, such as data.runId=train-7, not "${text}"`, 2);
	}
	return { path: names, value: parsed(value) };
}

/** A copy of an event in its envelope with these members set; what is missing on their way is made. */
export function setMembers(
	element: Readonly<Record<string, unknown>>,
	settings: readonly Setting[],
): Record<string, unknown> {
	const copy = readJson(writeJson(element)) as Record<string, unknown>;
	for (const { path, value } of settings) {
		const [first = "", ...below] = path;
		const alias = "eventType" in copy ? IN_EVENT_GRID_SCHEMA.get(first) : undefined;
		const before = put(copy, [alias ?? first, ...below], value);
		const namesSubject = settings.some((other) => other.path[0] === "subject");
		if (first === "data" && !namesSubject) follow(copy, before, value);
	}
	return copy;
}

/** The subject goes along with the fact that it names, such as the run's id. */
function follow(event: Record<string, unknown>, before: unknown, after: unknown): void {
	const { subject } = event;
	if (typeof subject !== "string" || typeof before !== "string" || typeof after !== "string") return;
	event["subject"] = subject
		.split("/")
		.map((part) => (part === before ? after : part))
		.join("/");
}

/** @returns what stood there before */
function put(target: Record<string, unknown>, path: readonly string[], value: unknown): unknown {
	const [name = "", ...below] = path;
	const there = Object.hasOwn(target, name) ? target[name] : undefined;
	if (below.length > 0) {
		const next = isObject(there) ? there : {};
		define(target, name, next);
		return put(next, below, value);
	}
	define(target, name, value);
	return there;
}

/** So that `__proto__` is a name like any other. */
function define(target: Record<string, unknown>, name: string, value: unknown): void {
	Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

function parsed(text: string): unknown {
	try {
		return readJson(text);
	} catch {
		return text;
	}
}
