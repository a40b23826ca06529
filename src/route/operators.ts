import type { ValueType } from "./filtered-event.ts";

/**
 * The 19 operators of Event Grid's advanced filters, as data.
 * Source: learn.microsoft.com, "Understand event filtering for Event Grid subscriptions". Where that page is silent
 * (a missing key under the range operators), the rule follows from their plain counterparts.
 */
export interface Operator {
	/** The type of value it looks at; a value of another type is ignored. */
	readonly of: ValueType;
	/** A negative operator fails when any value meets any operand; a positive one needs one that does. */
	readonly negative: boolean;
	/** What it says of an event that does not have the key. */
	readonly whenMissing: boolean;
	/** Both sides are of the operator's type; strings come in lower case. A range's operand is a pair. */
	meets(value: never, operand: never): boolean;
}

type Range = readonly [number, number];

const numbers = (meets: (value: number, operand: number) => boolean) => positive("number", meets);
const strings = (meets: (value: string, operand: string) => boolean) => positive("string", meets);
const equal = (value: unknown, operand: unknown) => value === operand;
const within = (value: number, [low, high]: Range) => value >= low && value <= high;

export const OPERATORS: Readonly<Record<string, Operator>> = {
	NumberIn: numbers(equal),
	NumberNotIn: not(numbers(equal), { whenMissing: true }),
	NumberLessThan: numbers((value, operand) => value < operand),
	NumberGreaterThan: numbers((value, operand) => value > operand),
	NumberLessThanOrEquals: numbers((value, operand) => value <= operand),
	NumberGreaterThanOrEquals: numbers((value, operand) => value >= operand),
	NumberInRange: positive("number", within),
	NumberNotInRange: not(positive("number", within), { whenMissing: true }),
	BoolEquals: positive("boolean", equal),
	StringContains: strings((value, operand) => value.includes(operand)),
	StringNotContains: not(
		strings((value, operand) => value.includes(operand)),
		{ whenMissing: false },
	),
	StringBeginsWith: strings((value, operand) => value.startsWith(operand)),
	StringNotBeginsWith: not(
		strings((value, operand) => value.startsWith(operand)),
		{ whenMissing: false },
	),
	StringEndsWith: strings((value, operand) => value.endsWith(operand)),
	StringNotEndsWith: not(
		strings((value, operand) => value.endsWith(operand)),
		{ whenMissing: false },
	),
	StringIn: strings(equal),
	StringNotIn: not(strings(equal), { whenMissing: true }),
};

/** The two that ask only whether there is a value. */
export const PRESENCE_OPERATORS: Readonly<Record<string, { readonly present: boolean }>> = {
	IsNullOrUndefined: { present: false },
	IsNotNull: { present: true },
};

function positive<V, O>(of: Operator["of"], meets: (value: V, operand: O) => boolean): Operator {
	return { of, negative: false, whenMissing: false, meets };
}

function not(operator: Operator, { whenMissing }: { whenMissing: boolean }): Operator {
	return { ...operator, negative: true, whenMissing };
}
