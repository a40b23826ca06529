import { OPENING_WRITES } from "../../route/filter.ts";
import { OPERATORS, type Operator } from "../../route/operators.ts";
import type { AdvancedFilter, Route } from "../../route/route.ts";
import { routeTypes } from "../event-types.ts";
import { implies, someValueFits } from "./proofs.ts";

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

/** Whether one value under their key can pass all filters. In doubt it says yes. */
export function canAllPass(filters: readonly AdvancedFilter[], onArrays: boolean): boolean {
	return isReadTwoWays(filters) || someValueFits(filters, onArrays && mayBeArray(filters));
}

/** Whether a value that passes the filters passes the other one on their key, too. In doubt it says no. */
export function follows(filters: readonly AdvancedFilter[], other: AdvancedFilter, onArrays: boolean): boolean {
	const all = [...filters, other];
	return !isReadTwoWays(all) && implies(filters, other, onArrays && mayBeArray(all));
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
