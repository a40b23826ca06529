import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OPERATORS, type Operator } from "../src/route/operators.ts";

/** A JSON Schema. */
export type Schema = Readonly<Record<string, unknown>>;

/** A JSON Schema of routes tables, in draft 7. */
export interface RoutesSchema extends Schema {
	readonly definitions: Readonly<Record<string, Schema>>;
}

/** Event Grid's own limit for a string value. */
const LONGEST_TEXT = 512;

/**
 * The whole JSON Schema of a routes table: `src/route/routes.schema.json`, with the operators of their table and the
 * forms of `to` that the folders of destinations describe.
 */
export function routesSchema(root: string): RoutesSchema {
	const base = JSON.parse(readFileSync(join(root, "src/route/routes.schema.json"), "utf8")) as RoutesSchema;
	const { $comment: _, ...advancedFilter } = base.definitions["advancedFilter"] ?? {};
	const filter = { ...advancedFilter, oneOf: forms() };
	return { ...base, definitions: { ...base.definitions, ...destinations(root, base), advancedFilter: filter } };
}

/**
 * The forms of `to`, a definition each, and `to` itself, which tells them apart. A form that asks for more keys is tried
 * first; the last one's problems are told where no form is meant for certain.
 */
function destinations(root: string, base: RoutesSchema): RoutesSchema["definitions"] {
	const folder = join(root, "src/destinations");
	const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => TO_FILE.test(file));
	const all = files.map((file) => ({
		key: TO_FILE.exec(file)?.[1] as string,
		schema: JSON.parse(readFileSync(join(folder, file), "utf8")) as Schema & { readonly required: readonly string[] },
	}));
	all.sort((one, other) => other.schema.required.length - one.schema.required.length || (one.key < other.key ? -1 : 1));
	const { $comment: _, ...to } = base.definitions["to"] ?? {};
	const told = all.reduceRight<Schema>((others, { key }) => {
		const then = { $ref: `#/definitions/to-${key}` };
		if (Object.keys(others).length === 0) return then;
		return { if: { type: "object", required: [key] }, then, else: others };
	}, {});
	return { to: { ...to, ...told }, ...Object.fromEntries(all.map(({ key, schema }) => [`to-${key}`, schema])) };
}

/** A form of `to`, named after the key that tells it apart, such as `github/to.repository.schema.json`. */
const TO_FILE = /\bto\.(\w+)\.schema\.json$/;

/** One form for all operators whose operands are given alike. */
function forms(): readonly Schema[] {
	const names = new Map<string, string[]>();
	for (const [name, operator] of Object.entries(OPERATORS)) {
		const form = JSON.stringify(operandOf(operator));
		names.set(form, [...(names.get(form) ?? []), name]);
	}
	return [...names].map(([form, operators]) => {
		const operand = JSON.parse(form) as Schema;
		return {
			additionalProperties: false,
			...(Object.keys(operand).length === 0 ? {} : { required: Object.keys(operand) }),
			properties: {
				operatorType: { description: "Event Grid's operator: docs/routes.md, Operators.", enum: operators },
				key: { $ref: "#/definitions/key" },
				...operand,
			},
		};
	});
}

/** The member of a filter that holds its operands, with its schema. */
function operandOf({ of, operand }: Operator): Schema {
	const item = of === "string" ? { type: of, maxLength: LONGEST_TEXT } : { type: of };
	const list = { type: "array", minItems: 1 };
	switch (operand) {
		case "none":
			return {};
		case "value":
			return { value: { description: "What the value under the key is compared with.", ...item } };
		case "values":
			return { values: { description: "One of them must fit; of a Not operator, none may.", ...list, items: item } };
		case "ranges": {
			const pair = { type: "array", minItems: 2, maxItems: 2, items: item };
			return {
				values: {
					description: "Pairs of the lowest and the highest number, both included: [[1, 5], [10, 20]].",
					...list,
					items: pair,
				},
			};
		}
	}
}
