import { resolve } from "../../destinations/list.ts";
import type { Route, SubscriptionFilter } from "../../route/route.ts";
import { error, type RouteFinding, warning } from "./finding.ts";
import { subjectStart } from "./known-events.ts";
import { routeTypes, sentTypes } from "./route-types.ts";

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
	const before = earlier.filter(({ route }) => sharedTypes(route, later.route).length > 0);
	const hiding = before.find(({ route }) => covers(route, later.route));
	if (hiding !== undefined) {
		const problem = `it is never reached: "${hiding.route.name}" stands before it, leads to the same place and takes every event of it`;
		return [warning(path, problem, "put it first, give it another dispatchType, or remove it")];
	}
	return before
		.filter(({ route }) => mayOverlap(route, later.route))
		.map(({ route }) => {
			const place = `${route.to.repository} with "${sharedTypes(route, later.route)[0]}"`;
			const coalesced = JSON.stringify(route.coalesce) === JSON.stringify(later.route.coalesce);
			const what = coalesced
				? "under the name of the first"
				: "under the name of the first, and gathered as that one says";
			const problem = `"${route.name}" leads to the same place, ${place}: an event that both take is dispatched once, ${what}`;
			return warning(path, problem, "give one of them another dispatchType, or filters that exclude each other");
		});
}

/** The dispatch types that two routes send to one repository for one and the same event type. */
function sharedTypes(one: Route, other: Route): string[] {
	const [sent, alsoSent] = [sentTypes(one), sentTypes(other)];
	return [...sent.keys()].filter((type) => {
		if (!alsoSent.has(type)) return false;
		const [here, there] = [one, other].map(({ to }) => resolve({ ...to, dispatchType: type }, "").id);
		return here === there && (sent.get(type) ?? []).some((event) => alsoSent.get(type)?.includes(event));
	});
}

/** Whether every event of `narrow` is taken by `wide`, and sent to the same place; only where that is certain. */
function covers(wide: Route, narrow: Route): boolean {
	const [a, b] = [wide.filter ?? {}, narrow.filter ?? {}];
	const sameType = wide.to.dispatchType === narrow.to.dispatchType || onlyShared(wide, narrow);
	const types = new Set(routeTypes(wide).types.map((type) => type.toLowerCase()));
	const takesTypes = !routeTypes(wide).named || routeTypes(narrow).types.every((type) => types.has(type.toLowerCase()));
	const namesTypes = routeTypes(narrow).named || !routeTypes(wide).named;
	const writes = wide.onlyCompletedWrites === false || narrow.onlyCompletedWrites !== false;
	return (
		sameType &&
		takesTypes &&
		namesTypes &&
		writes &&
		withinSource(wide, narrow) &&
		withinSubject(a, b) &&
		(a.advancedFilters ?? []).every((filter) =>
			(b.advancedFilters ?? []).some((own) => JSON.stringify(own) === JSON.stringify(filter)),
		) &&
		((a.advancedFilters ?? []).length === 0 || a.enableAdvancedFilteringOnArrays === b.enableAdvancedFilteringOnArrays)
	);
}

/** Whether every type that the narrow one names is sent as the wide one sends it. */
function onlyShared(wide: Route, narrow: Route): boolean {
	const also = sentTypes(wide);
	const sent = [...sentTypes(narrow)];
	return (
		routeTypes(narrow).named && sent.every(([type, events]) => events.every((one) => also.get(type)?.includes(one)))
	);
}

function withinSource({ source: wide }: Route, { source: narrow }: Route): boolean {
	return wide === undefined || (narrow !== undefined && isBelow(narrow, wide));
}

function isBelow(source: string, above: string): boolean {
	const [low, high] = [source, above].map((text) => text.toLowerCase().replace(/\/+$/, ""));
	return low === high || low?.startsWith(`${high}/`) === true;
}

function withinSubject(wide: SubscriptionFilter, narrow: SubscriptionFilter): boolean {
	const cased = wide.isSubjectCaseSensitive === true;
	if (cased && narrow.isSubjectCaseSensitive !== true && (wide.subjectBeginsWith || wide.subjectEndsWith)) return false;
	const text = (value: string | null | undefined) => (cased ? (value ?? "") : (value ?? "").toLowerCase());
	const begins = text(narrow.subjectBeginsWith).startsWith(text(wide.subjectBeginsWith));
	return begins && text(narrow.subjectEndsWith).endsWith(text(wide.subjectEndsWith));
}

/** Whether one event might be taken by both, as far as sources, types and subjects tell. */
function mayOverlap(one: Route, other: Route): boolean {
	if (one.source !== undefined && other.source !== undefined) {
		if (!isBelow(one.source, other.source) && !isBelow(other.source, one.source)) return false;
	}
	const begins = ({ filter }: Route) => (filter?.subjectBeginsWith ?? "").toLowerCase();
	const ends = ({ filter }: Route) => (filter?.subjectEndsWith ?? "").toLowerCase();
	const [begin, otherBegin, end, otherEnd] = [begins(one), begins(other), ends(one), ends(other)];
	if (!begin.startsWith(otherBegin) && !otherBegin.startsWith(begin)) return false;
	if (!end.endsWith(otherEnd) && !otherEnd.endsWith(end)) return false;
	return !apart(one, other) && startsFit(one, other);
}

/** Exact texts asked of one key that have none in common. */
function apart(one: Route, other: Route): boolean {
	const exact = ({ filter }: Route) =>
		(filter?.advancedFilters ?? []).filter(({ operatorType }) => operatorType === "StringIn");
	const lower = (values: readonly unknown[] = []) => values.map((value) => String(value).toLowerCase());
	return exact(one).some(({ key, values }) =>
		exact(other).some(
			(theirs) =>
				theirs.key.toLowerCase() === key.toLowerCase() &&
				!lower(theirs.values).some((value) => lower(values).includes(value)),
		),
	);
}

/** Whether some type that both take has subjects such as both ask for. */
function startsFit(one: Route, other: Route): boolean {
	const theirs = routeTypes(other).types;
	const begins = [one, other].map(({ filter }) => (filter?.subjectBeginsWith ?? "").toLowerCase());
	return routeTypes(one).types.some((type) => {
		const start = subjectStart(type)?.toLowerCase();
		const fits = start === undefined || begins.every((begin) => begin.startsWith(start) || start.startsWith(begin));
		return theirs.includes(type) && fits;
	});
}
