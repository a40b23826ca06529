import type { AdvancedFilter, Route } from "../../route/route.ts";
import { type EventType, eventType, routeTypes } from "../event-types.ts";
import { canAllPass, type Demand, demandsOf } from "./demands.ts";
import { error, type RouteFinding, warning } from "./findings.ts";
import { passes } from "./proofs.ts";

/** Filters that no event can pass together, and keys that no event has. */
export function checkFilters(route: Route, place: string): RouteFinding[] {
	const onArrays = route.filter?.enableAdvancedFilteringOnArrays === true;
	const demands = demandsOf(route);
	const keys = [...new Set(demands.map(({ filter }) => filter.key))];
	const clashes = keys.flatMap((key) => {
		const together = demands.filter(({ filter }) => filter.key === key);
		return clashing(together, onArrays).map((members) => clash(members, place));
	});
	return [...clashes, ...checkKeys(route, place)];
}

/** The two demands that exclude each other, or all, where no two do; none where one value may fulfil all. */
function clashing(demands: readonly Demand[], onArrays: boolean): (readonly Demand[])[] {
	const exclude = (some: readonly Demand[]) =>
		!canAllPass(
			some.map(({ filter }) => filter),
			onArrays,
		);
	const pairs = demands.flatMap((one, at) => demands.slice(at + 1).map((other) => [one, other]));
	return [...pairs, demands].filter(exclude).slice(0, 1);
}

function clash(demands: readonly Demand[], place: string): RouteFinding {
	const members = demands.map(({ member }) => member);
	const path = `${place}.${members.find((member) => member.includes("advanced")) ?? members[0]}`;
	const asked = demands.map(inWords).join(" and ");
	const repair = members.includes("onlyCompletedWrites")
		? 'say "onlyCompletedWrites": false, or ask for the operation that completes the upload'
		: "correct one of them, or make two routes of it";
	return error(path, `no event can match: ${demands[0]?.filter.key} cannot fulfil ${asked} at once`, repair);
}

/** As the table asks for it: `StringIn ["a"]`, `subjectEndsWith ".csv"`, `onlyCompletedWrites`. */
function inWords({ member, filter }: Demand): string {
	const { operatorType, value, values = value } = filter;
	const name = member.includes("advanced") ? operatorType : member.replace("filter.", "");
	const operands = member.startsWith("filter.subject") ? filter.values?.[0] : values;
	return member === "onlyCompletedWrites" || operands === undefined ? name : `${name} ${JSON.stringify(operands)}`;
}

/** Members of an envelope that are texts, in either schema, so that nothing lies below them. */
const ENVELOPE = new Set(
	"id type eventtype source topic subject time eventtime dataversion metadataversion specversion datacontenttype dataschema traceparent tracestate".split(
		" ",
	),
);

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

/** The member of the data of known types that a name means, as published. */
function memberNamed(name: string, types: readonly EventType[]): string | undefined {
	return types.flatMap(({ members }) => members).find((member) => member.toLowerCase() === name.toLowerCase());
}

/** What is known of the types that a route takes. */
function knownTypes(route: Route): readonly EventType[] {
	return routeTypes(route).types.flatMap((type) => eventType(type) ?? []);
}

function misplaced(key: string, meant: string, path: string): RouteFinding {
	const problem = `"${key}" looks for an attribute of the envelope; known events have ${meant} in their data`;
	return warning(path, problem, `write "data.${meant}${key.slice(meant.length)}"`);
}

interface Never {
	readonly why: string;
	readonly repair: string;
}

/** Why no event has such a key; undefined where one may. */
function neverThere(names: readonly string[], route: Route): Never | undefined {
	const [first = "", ...below] = names;
	if (names.includes("")) {
		return { why: "it has an empty name between its dots", repair: "write the names with one dot between them" };
	}
	if (first.toLowerCase() === "data") {
		const { types, named } = routeTypes(route);
		const known = knownTypes(route);
		// Data of any other type may have any form.
		return named && known.length === types.length ? neverInData(below, known) : undefined;
	}
	if (below.length === 0) return undefined;
	const isText = ENVELOPE.has(first.toLowerCase());
	return {
		why: `"${first}" ${isText ? "is a text" : "would be an attribute of the envelope"}, and nothing lies below it`,
		repair: `write the key of one member, or one in the data: "data.${names.join(".")}"`,
	};
}

/** In the data of known types, whose examples show what holds texts by name and what is a single value. */
function neverInData([first = "", ...names]: readonly string[], types: readonly EventType[]): Never | undefined {
	const member = memberNamed(first, types);
	const shown = types.flatMap(({ example }) =>
		member !== undefined && member in example.data ? example.data[member] : [],
	);
	if (member === undefined || shown.length === 0 || names.length === 0) return undefined;
	if (shown.every((value) => typeof value !== "object")) {
		return { why: `data.${member} is a single value, and nothing lies below it`, repair: `write "data.${member}"` };
	}
	if (names.length < 2 || !shown.every(isFlat)) return undefined;
	const name = names.join(".");
	const looked = names.map((one) => `"${one}"`).join(" with ");
	return {
		why: `${member} holds texts by name, and a dot cannot stand in a name: "${name}" is looked for as ${looked} below it`,
		repair: `filter by a name without a dot (Event Grid has the same limit), and look at "${name}" in the workflow`,
	};
}

function isFlat(value: unknown): boolean {
	return Object.values(value ?? {}).every((below) => typeof below !== "object");
}

function nothingBelow(filter: AdvancedFilter, { why, repair }: Never, path: string): RouteFinding {
	const { key, operatorType } = filter;
	if (!passes(filter, undefined)) return error(path, `no event can match: "${key}": ${why}`, repair);
	return warning(path, `"${key}" is in no event, so that ${operatorType} always holds: ${why}`, repair);
}
