import { isDeepStrictEqual } from "node:util";
import { resolve } from "../../destinations/list.ts";
import { isObject } from "../../event/json.ts";
import type { Destination } from "../../model.ts";
import type { Mapping } from "../../route/mapping.ts";
import type { AdvancedFilter, Route } from "../../route/route.ts";
import { eventType, routeTypes } from "../event-types.ts";
import { error, type RouteFinding, warning } from "./findings.ts";
import { canAllPass, demandsOf, filtersByKey, follows } from "./proofs.ts";

/** GitHub's own limits for names: an account's and a repository's. */
const LONGEST = [
	["owner", 39],
	["name", 100],
] as const;

/** A route of the table that can be read, and its place there. */
export interface Placed {
	readonly route: Route;
	readonly index: number;
}

export function checkNames({ to }: Route, place: string): RouteFinding[] {
	const parts = (to.repository ?? "").split("/");
	return LONGEST.flatMap(([what, limit], at) => {
		const text = parts[at] ?? "";
		if (text.length <= limit) return [];
		const problem = `the ${what} has ${text.length} characters; GitHub allows at most ${limit}`;
		return [error(`${place}.to.repository`, problem, "correct the repository's name")];
	});
}

const INVISIBLE = /[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** GitHub takes any text as an `event_type`; a workflow listens to exactly that text. */
export function checkDispatchType({ to }: Route, place: string): RouteFinding[] {
	const dispatchType = String(to["dispatchType"] ?? "");
	if (!INVISIBLE.test(dispatchType)) return [];
	const simple = dispatchType
		.split(new RegExp(INVISIBLE, "gu"))
		.filter((part) => part !== "")
		.join("-");
	const problem = `"${dispatchType}" contains white space: a workflow listens to it only if its types contain exactly the same text, with every space`;
	return [
		warning(
			`${place}.to.dispatchType`,
			problem,
			`write "${simple || "new-data"}", here and in the types of the workflows`,
		),
	];
}

/** What earlier routes have to say about a later one: an event that both take is dispatched once, by the first. */
export function checkSamePlace(later: Placed, earlier: readonly Placed[]): RouteFinding[] {
	const path = `routes[${later.index}]`;
	const before = earlier
		.map(({ route }) => ({ route, shared: sharedTypes(route, later.route) }))
		.filter(({ shared }) => shared.length > 0);
	const hiding = before.find(({ route, shared }) => sendsAll(route, later.route, shared) && covers(route, later.route));
	if (hiding !== undefined) {
		const problem = `this route never has an effect: the earlier route "${hiding.route.name}" matches all of its events and has the same destination`;
		return [warning(path, problem, "move this route before the other one, give it another dispatchType, or remove it")];
	}
	return before
		.filter(({ route, shared }) => mayOverlap(route, later.route, shared))
		.map(({ route, shared: [type = ""] }) => {
			const place = destinationOf(route, type).id.replace(/#(.*)$/s, ' with "$1"');
			const differ = (of: (one: Route) => unknown) => JSON.stringify(of(route)) !== JSON.stringify(of(later.route));
			const differing = [differ(({ coalesce }) => coalesce) && "coalesce", differ(mappingsOf) && "mappings"];
			const as = ["name", ...differing.filter(Boolean)].join(" and ");
			const problem = `the earlier route "${route.name}" has the same destination, ${place}: an event that matches both routes is dispatched once, with the ${as} of the earlier route`;
			return warning(
				path,
				problem,
				"give one of the routes another dispatchType, or change the filters so that no event matches both",
			);
		});
}

/** What a route's destination maps, by the member of `to`: no other member has members of its own. */
export function mappingsOf({ to }: Route): readonly (readonly [string, Mapping])[] {
	return Object.entries(to).flatMap(([member, value]) =>
		isObject(value) ? [[member, value as Mapping] as const] : [],
	);
}

/** Where a route leads for events of a type. */
export function destinationOf({ to }: Route, type: string): Destination {
	return resolve(to, type);
}

/** The event types that both routes take and send to the same place. */
function sharedTypes(one: Route, other: Route): readonly string[] {
	const { types } = routeTypes(other);
	return routeTypes(one).types.filter(
		(type) => types.includes(type) && destinationOf(one, type).id === destinationOf(other, type).id,
	);
}

/** Whether what the narrow route takes goes to the wide one's place, whatever its type: types may be unknown here. */
function sendsAll(wide: Route, narrow: Route, shared: readonly string[]): boolean {
	const { types, named } = routeTypes(narrow);
	return isDeepStrictEqual(wide.to, narrow.to) || (named && types.every((type) => shared.includes(type)));
}

/** Whether every event of `narrow` is taken by `wide`; only where that is certain. */
function covers(wide: Route, narrow: Route): boolean {
	const writes = wide.onlyCompletedWrites === false || narrow.onlyCompletedWrites !== false;
	const source = wide.source === undefined || (narrow.source !== undefined && isBelow(narrow.source, wide.source));
	if (!writes || !source || !sameCase(wide, narrow)) return false;
	const given = filtersByKey(demandsOf(narrow));
	const onArrays = looksIntoArrays(wide);
	// An array is a value of another type to a route that does not look into it.
	if (onArrays !== looksIntoArrays(narrow) && wide.filter?.advancedFilters?.length) return false;
	return demandsOf(wide)
		.filter(({ member }) => member !== "onlyCompletedWrites")
		.every(({ filter }) => follows(given.get(filter.key) ?? [], filter, onArrays));
}

/** Proofs about subjects disregard case; where the wide route does not, the narrow one has to ask for the very same. */
function sameCase({ filter: wide }: Route, { filter: narrow }: Route): boolean {
	if (wide?.isSubjectCaseSensitive !== true) return true;
	const same = (member: "subjectBeginsWith" | "subjectEndsWith") => !wide[member] || wide[member] === narrow?.[member];
	const cased = narrow?.isSubjectCaseSensitive === true || !(wide.subjectBeginsWith || wide.subjectEndsWith);
	return cased && same("subjectBeginsWith") && same("subjectEndsWith");
}

/** Whether a source is another one, or below it. */
function isBelow(source: string, above: string): boolean {
	const [low, high] = [source, above].map((text) => text.toLowerCase().replace(/\/+$/, ""));
	return low === high || low?.startsWith(`${high}/`) === true;
}

/** Whether one event of these types might be taken by both. */
function mayOverlap(one: Route, other: Route, types: readonly string[]): boolean {
	const [source, otherSource] = [one.source, other.source];
	if (source !== undefined && otherSource !== undefined) {
		if (!isBelow(source, otherSource) && !isBelow(otherSource, source)) return false;
	}
	const onArrays = looksIntoArrays(one) || looksIntoArrays(other);
	const filters = filtersByKey([...demandsOf(one), ...demandsOf(other)]);
	if (![...filters.values()].every((together) => canAllPass(together, onArrays))) return false;
	return types.some((type) => canAllPass([...(filters.get("subject") ?? []), ...ofType(type)], onArrays));
}

/** What is known of every event of a type, as filters. */
function ofType(type: string): readonly AdvancedFilter[] {
	const starts = eventType(type)?.subjectStarts;
	return starts === undefined ? [] : [{ key: "subject", operatorType: "StringBeginsWith", values: starts }];
}

function looksIntoArrays({ filter }: Route): boolean {
	return filter?.enableAdvancedFilteringOnArrays === true;
}
