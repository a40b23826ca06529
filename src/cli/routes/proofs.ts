import type { BridgeEvent } from "../../model.ts";
import { advancedFilter, OPENING_WRITES } from "../../route/filter.ts";
import { toFiltered } from "../../route/filtered-event.ts";
import { OPERATORS, type Operator } from "../../route/operators.ts";
import type { AdvancedFilter, Route } from "../../route/route.ts";
import { routeTypes } from "../event-types.ts";

/** What one member of a route asks of one key, as an advanced filter. */
export interface Demand {
	/** The filter; its key in lower case, and one name for each place: `type`, not `eventType`. */
	readonly filter: AdvancedFilter;
	/** The member that asks, below the route: `filter.subjectBeginsWith`. */
	readonly member: string;
}

const SAME_KEYS: Readonly<Record<string, string>> = { eventtype: "type", topic: "source", eventtime: "time" };
const TEXT_KEYS: ReadonlySet<string> = new Set(["id", "type", "source", "subject", "time"]);

/** All that a route asks of single keys: its advanced filters, and its other members in the operators' terms. */
export function demandsOf(route: Route): readonly Demand[] {
	const { subjectBeginsWith, subjectEndsWith, advancedFilters } = route.filter ?? {};
	const { types, named } = routeTypes(route);
	const onlyBlobs = named && types.every((type) => type === "Microsoft.Storage.BlobCreated");
	const demands: Demand[] = [];
	const ask = (member: string, key: string, operatorType: string, values: readonly string[]) =>
		demands.push({ member, filter: { key, operatorType, values } });
	if (named) ask("filter.includedEventTypes", "type", "StringIn", types);
	if (subjectBeginsWith) ask("filter.subjectBeginsWith", "subject", "StringBeginsWith", [subjectBeginsWith]);
	if (subjectEndsWith) ask("filter.subjectEndsWith", "subject", "StringEndsWith", [subjectEndsWith]);
	if (onlyBlobs && route.onlyCompletedWrites !== false) {
		ask("onlyCompletedWrites", "data.api", "StringNotIn", OPENING_WRITES);
	}
	for (const [index, filter] of (advancedFilters ?? []).entries()) {
		const key = filter.key.toLowerCase();
		demands.push({
			member: `filter.advancedFilters[${index}]`,
			filter: { ...filter, key: SAME_KEYS[key] ?? key },
		});
	}
	return demands;
}

/** What a route asks a text to be, under these keys: one of its values as this part of it. */
export function asked(route: Route, keys: RegExp, parts: readonly Operator["operandIs"][]): readonly Demand[] {
	return demandsOf(route).filter(({ filter: { key, operatorType } }) => {
		const operator = OPERATORS[operatorType];
		return keys.test(key) && operator?.of === "string" && !operator.negative && parts.includes(operator.operandIs);
	});
}

/** The filters that demands put on each key. */
export function filtersByKey(demands: readonly Demand[]): ReadonlyMap<string, readonly AdvancedFilter[]> {
	const keys = new Set(demands.map(({ filter }) => filter.key));
	return new Map([...keys].map((key) => [key, demands.map(({ filter }) => filter).filter((one) => one.key === key)]));
}

/**
 * Proofs about advanced filters on one key, by trying. The operators' table says what an operand is to the values that
 * meet it; so a few values can be made such that, if any value at all passes, one of them does. The router's own test
 * tries them. Where the table leaves it open, nothing is claimed.
 */

/** Whether one value under their key can pass all filters. In doubt it says yes. */
export function canAllPass(filters: readonly AdvancedFilter[], onArrays: boolean): boolean {
	if (isReadTwoWays(filters)) return true;
	// Of all values only a missing one passes such a filter.
	const needsNone = filters.some(({ operatorType }) => isNegative(operatorType) && looksAt(operatorType) === "any");
	// An array may hold one element for each filter.
	if (onArrays && mayBeArray(filters) && !needsNone) return true;
	const values = needsNone ? [undefined] : valuesToTry(filters);
	return values === undefined || values.some((value) => filters.every((filter) => passes(filter, value)));
}

/** Whether every value that passes the filters passes the other one on their key, too. In doubt it says no. */
export function follows(filters: readonly AdvancedFilter[], other: AdvancedFilter, onArrays: boolean): boolean {
	const all = [...filters, other];
	if (isReadTwoWays(all)) return false;
	const facts = ({ operatorType, value, values }: AdvancedFilter) => JSON.stringify([operatorType, value, values]);
	if (filters.some((filter) => facts(filter) === facts(other))) return true;
	const values = onArrays && mayBeArray(all) ? undefined : valuesToTry(filters, other);
	return values?.every((value) => passes(other, value) || !filters.every((filter) => passes(filter, value))) ?? false;
}

function mayBeArray([filter]: readonly AdvancedFilter[]): boolean {
	return filter !== undefined && !TEXT_KEYS.has(filter.key);
}

/** A numeric attribute of the envelope is a number to some operators, and its text to others. */
function isReadTwoWays(filters: readonly AdvancedFilter[]): boolean {
	const key = filters[0]?.key ?? "";
	const kinds = new Set(filters.map(({ operatorType }) => OPERATORS[operatorType]?.of));
	kinds.delete("any");
	return !TEXT_KEYS.has(key) && !key.startsWith("data.") && kinds.size > 1;
}

/** Whether one value, or a missing one (undefined), passes a filter, as the router judges. */
export function passes(filter: AdvancedFilter, value: unknown): boolean {
	const event: BridgeEvent = { ...NO_EVENT, data: { value } };
	return advancedFilter({ ...filter, key: "data.value" }, false)(toFiltered(event));
}

const NO_EVENT = { id: "", type: "", source: "", subject: "", time: "", attributes: {} };
/** A missing value, one that no operator looks at, and all booleans. */
const ALWAYS = [undefined, {}, true, false] as const;
/** More than that are not worth the wait. */
const MOST_TEXTS = 10_000;

/**
 * Values of which one passes all filters, if any value does.
 * @param denied a filter that the value has to fail
 * @returns undefined where nothing can be claimed
 */
function valuesToTry(filters: readonly AdvancedFilter[], denied?: AdvancedFilter): readonly unknown[] | undefined {
	const all = denied === undefined ? filters : [...filters, denied];
	if (all.some(({ operatorType }) => OPERATORS[operatorType]?.operandIs === undefined)) return undefined;
	const numbers = all.filter(({ operatorType }) => looksAt(operatorType) === "number").flatMap(operandsOf);
	const texts = textsToTry(
		all.filter(({ operatorType }) => looksAt(operatorType) === "string"),
		// To fail a negative filter is to meet one of its operands.
		(filter) => isNegative(filter.operatorType) === (filter === denied),
	);
	return texts === undefined ? undefined : [...ALWAYS, ...stretches(numbers.flat() as number[]), ...texts];
}

/** One number of each stretch that all operators judge alike: each edge, and one between each two. */
function stretches(edges: readonly number[]): readonly number[] {
	const sorted = [Number.NEGATIVE_INFINITY, ...edges.toSorted((a, b) => a - b), Number.POSITIVE_INFINITY];
	return sorted
		.flatMap((edge, at) => [edge, edge / 2 + (sorted[at + 1] ?? edge) / 2])
		.filter((one) => !Number.isNaN(one));
}

/**
 * Texts that have what the filters demand and as little else as possible, one for each choice among their operands: the
 * longest beginning, every part, the longest end, and between them a character that no operand has. An operand of a
 * negative filter that is in such a text is in every other text for the same choice, too.
 */
function textsToTry(
	filters: readonly AdvancedFilter[],
	demands: (filter: AdvancedFilter) => boolean,
): readonly string[] | undefined {
	const operands = filters.flatMap(operandsOf).map(String);
	const strange = strangerTo(operands.join(""));
	const partial = filters.filter((filter) => demands(filter) && OPERATORS[filter.operatorType]?.operandIs !== "whole");
	if (partial.reduce((product, filter) => product * operandsOf(filter).length, 1) > MOST_TEXTS) return undefined;
	const choices = partial.reduce<readonly Choice[]>(
		(made, filter) =>
			made.flatMap((choice) => operandsOf(filter).map((operand) => chosen(choice, filter, String(operand)))),
		[{ beginning: "", parts: [], end: "" }],
	);
	return [...operands, ...choices.map(({ beginning, parts, end }) => [beginning, ...parts, end].join(strange))];
}

interface Choice {
	readonly beginning: string;
	readonly parts: readonly string[];
	readonly end: string;
}

function chosen(choice: Choice, { operatorType }: AdvancedFilter, operand: string): Choice {
	const is = OPERATORS[operatorType]?.operandIs;
	if (is === "part") return { ...choice, parts: [...choice.parts, operand] };
	if (is === "beginning") return { ...choice, beginning: longer(choice.beginning, operand) };
	return { ...choice, end: longer(choice.end, operand) };
}

function longer(one: string, other: string): string {
	return other.length > one.length ? other : one;
}

/** A character of the private use area that is not in a text. */
function strangerTo(text: string): string {
	let code = 0xe000;
	while (text.includes(String.fromCharCode(code))) code += 1;
	return String.fromCharCode(code);
}

/** In lower case, as operators compare. */
function operandsOf({ value, values }: AdvancedFilter): readonly unknown[] {
	const operands: readonly unknown[] = values ?? (value === undefined ? [] : [value]);
	return operands.map((operand) => (typeof operand === "string" ? operand.toLowerCase() : operand));
}

function looksAt(operatorType: string): Operator["of"] | undefined {
	return OPERATORS[operatorType]?.of;
}

function isNegative(operatorType: string): boolean {
	return OPERATORS[operatorType]?.negative === true;
}
