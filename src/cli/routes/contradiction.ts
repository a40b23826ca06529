import { OPERATORS } from "../../route/operators.ts";
import { type Constraint, failsWhenMissing, forbidsValue, holds, needsValue } from "./constraint.ts";
import { someNumberFits } from "./number-spans.ts";

/**
 * Why no event can fulfil all constraints on one key; undefined where one may. It errs on the side of silence: what is
 * called a contradiction is one.
 */
export function contradiction(constraints: readonly Constraint[], onArrays: boolean): string | undefined {
	if (constraints.some(forbidsValue) && constraints.some(failsWhenMissing)) {
		return "it must be missing, and be there";
	}
	// An array can hold one element for each condition.
	if (onArrays) return undefined;
	const positive = constraints.filter(needsValue);
	const kinds = new Set(positive.flatMap(({ operator }) => OPERATORS[operator]?.of ?? []));
	if (kinds.size > 1) {
		if (isAttribute(constraints[0]?.key ?? "")) return undefined;
		return `it must be a ${[...kinds].join(" and a ")} at once`;
	}
	if (kinds.has("number") && !someNumberFits(constraints)) return "no number lies in all of them";
	if (kinds.has("boolean") && ![true, false].some((value) => constraints.every((one) => holds(one, value)))) {
		return "it cannot be true and false";
	}
	return kinds.has("string") ? stringContradiction(constraints) : undefined;
}

/** A numeric extension attribute is read as its text by string operators. */
function isAttribute(key: string): boolean {
	return !key.startsWith("data.") && !["id", "type", "source", "subject", "time"].includes(key);
}

function stringContradiction(constraints: readonly Constraint[]): string | undefined {
	const exact = constraints.find(({ operator }) => operator === "StringIn");
	if (exact !== undefined) {
		const fits = exact.operands.some((value) => constraints.every((one) => holds(one, value)));
		return fits ? undefined : "none of the values that it may have fulfils the others";
	}
	const pairs = constraints.flatMap((one, at) => constraints.slice(at + 1).map((other) => [one, other] as const));
	for (const [one, other] of pairs) {
		const why = excludes(one, other) ?? excludes(other, one);
		if (why !== undefined) return why;
	}
	return undefined;
}

/** A negative operator that fails on whatever begins with, ends with or contains one of its operands. */
const FORBIDDEN: Readonly<Record<string, (part: string, forbidden: string) => boolean>> = {
	StringNotBeginsWith: (part, forbidden) => part.startsWith(forbidden),
	StringNotEndsWith: (part, forbidden) => part.endsWith(forbidden),
	StringNotContains: (part, forbidden) => part.includes(forbidden),
};

function excludes(one: Constraint, other: Constraint): string | undefined {
	const [parts, others] = [one.operands as readonly string[], other.operands as readonly string[]];
	const pair = `${one.operator} ${other.operator}`;
	if (
		pair === "StringBeginsWith StringBeginsWith" &&
		!some(parts, others, (a, b) => a.startsWith(b) || b.startsWith(a))
	)
		return "it cannot begin with two different texts";
	if (pair === "StringEndsWith StringEndsWith" && !some(parts, others, (a, b) => a.endsWith(b) || b.endsWith(a)))
		return "it cannot end with two different texts";
	const forbids = FORBIDDEN[other.operator];
	if (forbids === undefined || !/^String(?:BeginsWith|EndsWith|Contains)$/.test(one.operator)) return undefined;
	const comparable =
		other.operator === "StringNotContains" || other.operator === one.operator.replace("String", "StringNot");
	const allForbidden = parts.every((part) => others.some((forbidden) => forbids(part, forbidden)));
	return comparable && allForbidden ? "what one asks for, the other forbids" : undefined;
}

function some(parts: readonly string[], others: readonly string[], meet: (a: string, b: string) => boolean): boolean {
	return parts.some((part) => others.some((other) => meet(part, other)));
}
