import type { Route } from "../../route/route.ts";
import { type EventType, eventType, routeTypes } from "../event-types.ts";
import { type RouteFinding, warning } from "./findings.ts";

/** Members of an envelope that are texts, in either schema, so that nothing lies below them. */
export const ENVELOPE = new Set(
	"id type eventtype source topic subject time eventtime dataversion metadataversion specversion datacontenttype dataschema traceparent tracestate".split(
		" ",
	),
);

/** The member of the data of known types that a name means, as published. */
export function memberNamed(name: string, types: readonly EventType[]): string | undefined {
	return types.flatMap(({ members }) => members).find((member) => member.toLowerCase() === name.toLowerCase());
}

/** What is known of the types that a route takes. */
export function knownTypes(route: Route): readonly EventType[] {
	return routeTypes(route).types.flatMap((type) => eventType(type) ?? []);
}

/** Whether the route names its types, and each is a known one. */
export function takesKnownTypes(route: Route): boolean {
	const { types, named } = routeTypes(route);
	return named && knownTypes(route).length === types.length;
}

/** For a key that leaves out `data.`. */
export function misplaced(key: string, meant: string, path: string): RouteFinding {
	const problem = `"${key}" means an attribute of the envelope, but known events have ${meant} in their data`;
	return warning(path, problem, `write "data.${meant}${key.slice(meant.length)}"`);
}

/** Why no event has a key, and what to do. */
export interface Never {
	readonly why: string;
	readonly repair: string;
}

/** Why no event has such a key; undefined where one may. */
export function neverThere(names: readonly string[], route: Route): Never | undefined {
	const [first = "", ...below] = names;
	if (names.includes("")) {
		return { why: "a name between its dots is empty", repair: "write one dot between two names" };
	}
	if (first.toLowerCase() === "data") {
		// Data of any other type may have any form.
		return takesKnownTypes(route) ? neverInData(below, knownTypes(route)) : undefined;
	}
	if (below.length === 0) return undefined;
	const isText = ENVELOPE.has(first.toLowerCase());
	return {
		why: `"${first}" ${isText ? "is a text" : "would be an attribute of the envelope"}, so it has no members`,
		repair: `write only "${first}", or a key in the data: "data.${names.join(".")}"`,
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
		return { why: `data.${member} is a single value, so it has no members`, repair: `write "data.${member}"` };
	}
	if (names.length < 2 || !shown.every(isFlat)) return undefined;
	const name = names.join(".");
	const looked = names.map((one) => `"${one}"`).join(" with ");
	return {
		why: `a dot in a key separates two names, so "${name}" means ${looked} below it, but ${member} contains only texts`,
		repair: `filter on a name without a dot (Event Grid has the same limit), and check "${name}" in the workflow`,
	};
}

function isFlat(value: unknown): boolean {
	return Object.values(value ?? {}).every((below) => typeof below !== "object");
}
