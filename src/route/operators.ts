import type { ValueType } from "./filtered-event.ts";

/**
 * One operator of an advanced filter, wholly: the routes' JSON Schema, the router, the table in docs/routes.md and
 * `routes check` read nothing else.
 */
export interface Operator {
	/** The type of value it looks at; a value of another type is ignored. `any`: it asks only whether there is one. */
	readonly of: ValueType | "any";
	/** How a filter gives its operands: one `value`, a list of `values`, a list of pairs, or none. */
	readonly operand: "value" | "values" | "ranges" | "none";
	/** A negative operator fails when any value meets any operand; a positive one needs one that does. */
	readonly negative: boolean;
	/** What it says of an event that does not have the key. */
	readonly whenMissing: boolean;
	/** When it holds, as docs/routes.md puts it: `it equals one of them`. */
	readonly holds: string;
	/**
	 * What an operand is to a value that meets it, for the proofs of `routes check`: the place on the line of numbers
	 * where the verdict changes; the beginning, the end, a part or the whole of the value. Left out, nothing is claimed
	 * of filters with this operator.
	 */
	readonly operandIs?: "edge" | "beginning" | "end" | "part" | "whole";
	/** Both sides are of the operator's type; strings come in lower case. A range's operand is a pair. */
	meets(value: never, operand: never): boolean;
}

type Range = readonly [number, number];

const POSITIVE = { negative: false, whenMissing: false } as const;
const NEGATIVE = { negative: true, whenMissing: false } as const;
const NEGATIVE_OR_MISSING = { negative: true, whenMissing: true } as const;

const NUMBERS = { of: "number", operand: "values", operandIs: "edge", meets: equal } as const;
const RANGES = { of: "number", operand: "ranges", operandIs: "edge", meets: within } as const;
const BOOLEAN = { of: "boolean", operand: "value", operandIs: "whole", meets: equal } as const;
const WHOLE = { of: "string", operand: "values", operandIs: "whole", meets: equal } as const;
const PART = text("part", (value, operand) => value.includes(operand));
const BEGINNING = text("beginning", (value, operand) => value.startsWith(operand));
const END = text("end", (value, operand) => value.endsWith(operand));
const PRESENCE = { of: "any", operand: "none", operandIs: "whole", meets: () => true } as const;

/**
 * The operators of Event Grid's advanced filters.
 * Source: learn.microsoft.com, "Understand event filtering for Event Grid subscriptions". Where that page is silent
 * (a missing key under the range operators), the rule follows from their plain counterparts.
 */
export const OPERATORS: Readonly<Record<string, Operator>> = {
	NumberIn: { ...NUMBERS, ...POSITIVE, holds: "it equals one of them" },
	NumberNotIn: { ...NUMBERS, ...NEGATIVE_OR_MISSING, holds: "it equals none of them" },
	NumberLessThan: comparison("it is less", (value, operand) => value < operand),
	NumberGreaterThan: comparison("it is greater", (value, operand) => value > operand),
	NumberLessThanOrEquals: comparison("it is less or equal", (value, operand) => value <= operand),
	NumberGreaterThanOrEquals: comparison("it is greater or equal", (value, operand) => value >= operand),
	NumberInRange: { ...RANGES, ...POSITIVE, holds: "it lies in one of the ranges, ends included" },
	NumberNotInRange: { ...RANGES, ...NEGATIVE_OR_MISSING, holds: "it lies in none of them" },
	BoolEquals: { ...BOOLEAN, ...POSITIVE, holds: "it is equal" },
	StringContains: { ...PART, ...POSITIVE, holds: "it contains one of them" },
	StringNotContains: { ...PART, ...NEGATIVE, holds: "it contains none of them" },
	StringBeginsWith: { ...BEGINNING, ...POSITIVE, holds: "it begins with one of them" },
	StringNotBeginsWith: { ...BEGINNING, ...NEGATIVE, holds: "it begins with none of them" },
	StringEndsWith: { ...END, ...POSITIVE, holds: "it ends with one of them" },
	StringNotEndsWith: { ...END, ...NEGATIVE, holds: "it ends with none of them" },
	StringIn: { ...WHOLE, ...POSITIVE, holds: "it equals one of them" },
	StringNotIn: { ...WHOLE, ...NEGATIVE_OR_MISSING, holds: "it equals none of them" },
	IsNullOrUndefined: { ...PRESENCE, ...NEGATIVE_OR_MISSING, holds: "there is no value, or null" },
	IsNotNull: { ...PRESENCE, ...POSITIVE, holds: "there is a value" },
};

function equal(value: unknown, operand: unknown): boolean {
	return value === operand;
}

function within(value: number, [low, high]: Range): boolean {
	return value >= low && value <= high;
}

function comparison(holds: string, meets: (value: number, operand: number) => boolean): Operator {
	return { of: "number", operand: "value", operandIs: "edge", ...POSITIVE, holds, meets };
}

function text(operandIs: "beginning" | "end" | "part", meets: (value: string, operand: string) => boolean) {
	return { of: "string", operand: "values", operandIs, meets } as const;
}
