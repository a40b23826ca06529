import { OPERATORS, PRESENCE_OPERATORS } from "../../route/operators.ts";
import type { AdvancedFilter, Route } from "../../route/route.ts";
import { routeTypes } from "./route-types.ts";

/** One condition on one key, whichever member of the route says it. */
export interface Constraint {
	/** In lower case, and one name for each place: `type`, not `eventType`. */
	readonly key: string;
	readonly operator: string;
	readonly operands: readonly unknown[];
	/** Its member, below the route. */
	readonly member: string;
}

const SAME_KEYS: Readonly<Record<string, string>> = { eventtype: "type", topic: "source", eventtime: "time" };

/** All that a route asks of single keys: its advanced filters, and what its other members say in their terms. */
export function constraintsOf(route: Route): readonly Constraint[] {
	const { subjectBeginsWith, subjectEndsWith, advancedFilters } = route.filter ?? {};
	const { types, named } = routeTypes(route);
	const onlyBlobs = named && types.every((type) => type === "Microsoft.Storage.BlobCreated");
	return [
		...(named ? [made("type", "StringIn", types, "filter.includedEventTypes")] : []),
		...(subjectBeginsWith
			? [made("subject", "StringBeginsWith", [subjectBeginsWith], "filter.subjectBeginsWith")]
			: []),
		...(subjectEndsWith ? [made("subject", "StringEndsWith", [subjectEndsWith], "filter.subjectEndsWith")] : []),
		...(onlyBlobs && route.onlyCompletedWrites !== false
			? [made("data.api", "StringNotIn", ["CreateFile", "SftpCreate"], "onlyCompletedWrites")]
			: []),
		...(advancedFilters ?? []).map((filter, index) => fromFilter(filter, index)),
	];
}

/** An advanced filter as a constraint. */
export function fromFilter({ key, operatorType, value, values }: AdvancedFilter, index: number): Constraint {
	const operands = values ?? (value === undefined ? [] : [value]);
	return made(normalised(key), operatorType, operands, `filter.advancedFilters[${index}]`);
}

function made(key: string, operator: string, operands: readonly unknown[], member: string): Constraint {
	const lower = operands.map((operand) => (typeof operand === "string" ? operand.toLowerCase() : operand));
	return { key, operator, operands: lower, member };
}

function normalised(key: string): string {
	const lower = key.toLowerCase();
	return SAME_KEYS[lower] ?? lower;
}

/** Whether it can hold only where the event has a value of the operator's own type. */
export function needsValue({ operator }: Constraint): boolean {
	const known = OPERATORS[operator];
	return known === undefined ? PRESENCE_OPERATORS[operator]?.present === true : !known.negative;
}

export function forbidsValue({ operator }: Constraint): boolean {
	return PRESENCE_OPERATORS[operator]?.present === false;
}

/** Whether an event that lacks the key fails it. */
export function failsWhenMissing({ operator }: Constraint): boolean {
	return OPERATORS[operator]?.whenMissing === false || PRESENCE_OPERATORS[operator]?.present === true;
}

/** Whether a single value fulfils it, as the router would judge; a value of another type is ignored. */
export function holds({ operator, operands }: Constraint, value: unknown): boolean {
	const known = OPERATORS[operator];
	if (known === undefined) return PRESENCE_OPERATORS[operator]?.present === true;
	const met = typeof value === known.of && operands.some((operand) => known.meets(value as never, operand as never));
	return met !== known.negative;
}
