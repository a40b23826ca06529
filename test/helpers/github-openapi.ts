import { readFileSync } from "node:fs";
import { Ajv, type AnySchemaObject, type ValidateFunction } from "ajv";
import type { Called } from "../../support/call.ts";

/** As much of an OpenAPI 3.0 operation as is looked at here, its references resolved. */
export interface Operation {
	readonly parameters: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
	readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: AnySchemaObject }>> };
	readonly responses: Readonly<
		Record<string, { readonly content?: Readonly<Record<string, { readonly schema: AnySchemaObject }>> }>
	>;
}

/** GitHub's own description of its REST API. */
const description: unknown = JSON.parse(
	readFileSync(require.resolve("@octokit/openapi/generated/api.github.com.json"), "utf8"),
);
// OpenAPI's own keywords, such as `nullable` and `example`, are no JSON Schema.
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });

const operations = new Map<string, Operation>();
const validators = new WeakMap<AnySchemaObject, ValidateFunction>();

/** @param path as the description writes it, such as `/repos/{owner}/{repo}` */
export function operation(path: string, method: "get" | "post"): Operation {
	const name = `${method} ${path}`;
	const known = operations.get(name) ?? (resolved(at(["paths", path, method])) as Operation);
	operations.set(name, known);
	return known;
}

/** What the description of an operation has against an answer; empty where it holds. */
export function objections({ responses }: Operation, answer: Called): unknown[] {
	const response = responses[String(answer.status)];
	if (response === undefined) return [`${answer.status} is not documented`];
	if (response.content === undefined) return answer.text === "" ? [] : ["a body is not documented"];
	const mediaType = answer.headers["content-type"]?.split(";")[0] ?? "";
	return schemaObjections(response.content[mediaType]?.schema, answer.json());
}

/** What the description of an operation has against the body of a request, which is JSON. */
export function bodyObjections({ requestBody }: Operation, body: unknown): unknown[] {
	return schemaObjections(requestBody?.content["application/json"]?.schema, body);
}

function schemaObjections(schema: AnySchemaObject | undefined, value: unknown): unknown[] {
	if (schema === undefined) return ["no schema is documented"];
	const validate = validators.get(schema) ?? ajv.compile(schema);
	validators.set(schema, validate);
	return validate(value) ? [] : (validate.errors ?? []);
}

function at(path: readonly string[]): unknown {
	return path.reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], description);
}

/** A part of the description with its references resolved, and OpenAPI's `nullable` as JSON Schema says it. */
function resolved(node: unknown): unknown {
	if (Array.isArray(node)) return node.map(resolved);
	if (typeof node !== "object" || node === null) return node;
	const { $ref: reference, nullable, ...members } = node as { $ref?: unknown; nullable?: unknown };
	if (typeof reference === "string") return resolved(at(reference.slice("#/".length).split("/")));
	const schema = Object.fromEntries(Object.entries(members).map(([key, value]) => [key, resolved(value)]));
	return nullable === true ? { anyOf: [{ type: "null" }, schema] } : schema;
}
