import { isDeepStrictEqual } from "node:util";
import { resolve } from "../../destinations/list.ts";
import type { AdvancedFilter, Route } from "../../route/route.ts";
import { eventType, routeTypes } from "../event-types.ts";
import { canAllPass, demandsOf, filtersByKey, follows } from "./demands.ts";
import { error, type RouteFinding, warning } from "./findings.ts";

/** GitHub's own limits for names: an account's and a repository's. */
const LONGEST = { owner: 39, name: 100 } as const;

/** A route of the table that can be read, and its place there. */
export interface Placed {
	readonly route: Route;
	readonly index: number;
}

export function checkNames({ to }: Route, place: string): RouteFinding[] {
	const [owner = "", name = ""] = (to.repository ?? "").split("/");
	return Object.entries({ owner, name }).flatMap(([what, text]) => {
		const limit = LONGEST[what as keyof typeof LONGEST];
		if (text.length <= limit) return [];
		const problem = `the ${what} has ${text.length} characters; on GitHub it has ${limit} at the most`;
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
	const problem = `"${dispatchType}" has white space in it: a workflow listens to it only where its types name the same text, space by space`;
	return [
		warning(`${place}.to.dispatchType`, problem, `write "${simple || "new-data"}", and let workflows listen to that`),
	];
}

/** What earlier routes have to say about a later one: an event that both take is dispatched once, by the first. */
export function checkSamePlace(later: Placed, earlier: readonly Placed[]): RouteFinding[] {
	const path = `routes[${later.index}]`;
	const before = earlier.filter(({ route }) => sharedPlaces(route, later.route).length > 0);
	const hiding = before.find(({ route }) => covers(route, later.route));
	if (hiding !== undefined) {
		const problem = `it is never reached: "${hiding.route.name}" stands before it, leads to the same place and takes every event of it`;
		return [warning(path, problem, "put it first, give it another dispatchType, or remove it")];
	}
	return before
		.filter(({ route }) => mayOverlap(route, later.route))
		.map(({ route }) => {
			const place = placeOf(sharedPlaces(route, later.route)[0] ?? "");
			const coalesced = JSON.stringify(route.coalesce) === JSON.stringify(later.route.coalesce);
			const what = coalesced
				? "under the name of the first"
				: "under the name of the first, and gathered as that one says";
			const problem = `"${route.name}" leads to the same place, ${place}: an event that both take is dispatched once, ${what}`;
			return warning(path, problem, "give one of them another dispatchType, or filters that exclude each other");
		});
}

/** An id as a person reads it: `contoso/fraud-model with "new-data"`. */
function placeOf(id: string): string {
	return id.replace(/#(.*)$/s, ' with "$1"');
}

/** The destinations that a route leads to, by their ids, with the event types that each is for. */
export function sentTo(route: Route): ReadonlyMap<string, readonly string[]> {
	const sent = new Map<string, string[]>();
	for (const type of routeTypes(route).types) {
		const { id } = resolve(route.to, type);
		sent.set(id, [...(sent.get(id) ?? []), type]);
	}
	return sent;
}

/** The destinations that two routes lead to with one and the same event type. */
function sharedPlaces(one: Route, other: Route): string[] {
	const also = sentTo(other);
	const shared = [...sentTo(one)].filter(([id, types]) => types.some((type) => also.get(id)?.includes(type)));
	return shared.map(([id]) => id);
}

/** Whether every event of `narrow` is taken by `wide`, and sent to the same place; only where that is certain. */
function covers(wide: Route, narrow: Route): boolean {
	const sameType = isDeepStrictEqual(wide.to, narrow.to) || onlyShared(wide, narrow);
	const writes = wide.onlyCompletedWrites === false || narrow.onlyCompletedWrites !== false;
	const source = wide.source === undefined || (narrow.source !== undefined && isBelow(narrow.source, wide.source));
	if (!sameType || !writes || !source || !sameCase(wide, narrow)) return false;
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

/** Whether every type that the narrow one names is sent as the wide one sends it. */
function onlyShared(wide: Route, narrow: Route): boolean {
	const also = sentTo(wide);
	const sent = [...sentTo(narrow)];
	return (
		routeTypes(narrow).named && sent.every(([type, events]) => events.every((one) => also.get(type)?.includes(one)))
	);
}

/** Whether a source is another one, or below it. */
function isBelow(source: string, above: string): boolean {
	const [low, high] = [source, above].map((text) => text.toLowerCase().replace(/\/+$/, ""));
	return low === high || low?.startsWith(`${high}/`) === true;
}

/** Whether one event of a type that both send to one place might be taken by both. */
function mayOverlap(one: Route, other: Route): boolean {
	const [source, otherSource] = [one.source, other.source];
	if (source !== undefined && otherSource !== undefined) {
		if (!isBelow(source, otherSource) && !isBelow(otherSource, source)) return false;
	}
	const onArrays = looksIntoArrays(one) || looksIntoArrays(other);
	const filters = filtersByKey([...demandsOf(one), ...demandsOf(other)]);
	if (![...filters.values()].every((together) => canAllPass(together, onArrays))) return false;
	const types = routeTypes(other).types.filter((type) => routeTypes(one).types.includes(type));
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
