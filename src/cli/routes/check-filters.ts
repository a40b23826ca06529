import type { AdvancedFilter, Route } from "../../route/route.ts";
import { error, type RouteFinding, warning } from "./findings.ts";
import { ENVELOPE, knownTypes, memberNamed, misplaced, type Never, neverThere } from "./known-keys.ts";
import { canAllPass, type Demand, demandsOf, passes } from "./proofs.ts";

/** Filters that no event can pass together, and keys that no event has. */
export function checkFilters(route: Route, place: string): RouteFinding[] {
	const onArrays = route.filter?.enableAdvancedFilteringOnArrays === true;
	const demands = demandsOf(route);
	const keys = [...new Set(demands.map(({ filter }) => filter.key))];
	const clashes = keys.flatMap((key) => {
		const together = demands.filter(({ filter }) => filter.key === key);
		const excluding = clashing(together, onArrays);
		return excluding === undefined ? [] : [clash(excluding, place)];
	});
	return [...clashes, ...checkKeys(route, place)];
}

/** The two demands that exclude each other, or all, where no two do; undefined where one value may fulfil all. */
function clashing(demands: readonly Demand[], onArrays: boolean): readonly Demand[] | undefined {
	const exclude = (some: readonly Demand[]) =>
		!canAllPass(
			some.map(({ filter }) => filter),
			onArrays,
		);
	const pairs = demands.flatMap((one, at) => demands.slice(at + 1).map((other) => [one, other]));
	return [...pairs, demands].find(exclude);
}

function clash(demands: readonly Demand[], place: string): RouteFinding {
	const members = demands.map(({ member }) => member);
	const path = `${place}.${members.find((member) => member.includes("advanced")) ?? members[0]}`;
	const asked = demands.map(inWords).join(" and ");
	const repair = members.includes("onlyCompletedWrites")
		? 'write "onlyCompletedWrites": false, or filter for the operation that completes the upload'
		: "correct one of these conditions, or split the route into two";
	return error(path, `no event can match: ${demands[0]?.filter.key} cannot meet ${asked} at the same time`, repair);
}

/** As the table asks for it: `StringIn ["a"]`, `subjectEndsWith ".csv"`, `onlyCompletedWrites`. */
function inWords({ member, filter }: Demand): string {
	const { operatorType, value, values = value } = filter;
	const name = member.includes("advanced") ? operatorType : member.replace("filter.", "");
	const operands = member.startsWith("filter.subject") ? filter.values?.[0] : values;
	return member === "onlyCompletedWrites" || operands === undefined ? name : `${name} ${JSON.stringify(operands)}`;
}

/** Keys that no event has: a dot leads from a member to one below it, and cannot stand in a name. */
function checkKeys(route: Route, place: string): RouteFinding[] {
	return (route.filter?.advancedFilters ?? []).flatMap((filter, index) => {
		const path = `${place}.filter.advancedFilters[${index}].key`;
		const names = filter.key.split(".");
		const first = names[0]?.toLowerCase() ?? "";
		const meant = memberNamed(first, knownTypes(route));
		if (!ENVELOPE.has(first) && first !== "data" && meant !== undefined) return [misplaced(filter.key, meant, path)];
		const never = neverThere(names, route);
		return never === undefined ? [] : [nothingBelow(filter, never, path)];
	});
}

function nothingBelow(filter: AdvancedFilter, { why, repair }: Never, path: string): RouteFinding {
	const { key, operatorType } = filter;
	if (!passes(filter, undefined)) return error(path, `no event can match: "${key}": ${why}`, repair);
	return warning(path, `no event has the key "${key}", so ${operatorType} is always true: ${why}`, repair);
}
