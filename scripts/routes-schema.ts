import { readFileSync } from "node:fs";
import { join } from "node:path";
import { OPERATORS, type Operator } from "../src/route/operators.ts";

type Schema = Readonly<Record<string, unknown>>;

/** A JSON Schema of routes tables, in draft 7. */
export interface RoutesSchema extends Schema {
	readonly definitions: Readonly<Record<string, Schema>>;
}

/** Event Grid's own limit for a string value. */
const LONGEST_TEXT = 512;

/** The whole JSON Schema of a routes table: `src/route/routes.schema.json`, with the operators of their table. */
export function routesSchema(root: string): RoutesSchema {
	const base = JSON.parse(readFileSync(join(root, "src/route/routes.schema.json"), "utf8")) as RoutesSchema;
	const { $comment: _, ...advancedFilter } = base.definitions["advancedFilter"] ?? {};
	return { ...base, definitions: { ...base.definitions, advancedFilter: { ...advancedFilter, oneOf: forms() } } };
}

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
			properties: { operatorType: { enum: operators }, key: { $ref: "#/definitions/key" }, ...operand },
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
			return { value: item };
		case "values":
			return { values: { ...list, items: item } };
		case "ranges": {
			const pair = { type: "array", minItems: 2, maxItems: 2, items: item };
			return {
				values: { description: "Pairs of lower and upper end, both included.", ...list, items: pair },
			};
		}
	}
}
