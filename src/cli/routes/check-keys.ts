import type { AdvancedFilter, Route } from "../../route/route.ts";
import { failsWhenMissing, fromFilter } from "./constraint.ts";
import { error, type RouteFinding, warning } from "./finding.ts";
import { published } from "./known-events.ts";
import { routeTypes } from "./route-types.ts";

/** Members of an envelope that are texts, in either schema, so that nothing lies below them. */
const ENVELOPE = new Set(
	"id type eventtype source topic subject time eventtime dataversion metadataversion specversion datacontenttype dataschema traceparent tracestate".split(
		" ",
	),
);
/** Members of the data of known types that are easily taken for one of the envelope's. */
const DATA = new Map(
	"api url blobUrl contentType contentLength blobType eTag sourceUrl destinationUrl runId runStatus runType runTags runProperties experimentName experimentId modelName modelVersion modelTags modelProperties driftCoefficient"
		.split(" ")
		.map((name) => [name.toLowerCase(), name]),
);
/** Members of the data of Azure ML's types that hold texts by name: one name lies below, and nothing below that. */
const MAPS = new Map(
	"runTags runProperties modelTags modelProperties serviceTags serviceProperties"
		.split(" ")
		.map((name) => [name.toLowerCase(), name]),
);

/** Keys that no event has: a dot leads from a member to one below it, and cannot stand in a name. */
export function checkKeys(route: Route, place: string): RouteFinding[] {
	return (route.filter?.advancedFilters ?? []).flatMap((filter, index) => {
		const path = `${place}.filter.advancedFilters[${index}].key`;
		const names = filter.key.split(".");
		const first = names[0]?.toLowerCase() ?? "";
		const meant = DATA.get(first);
		if (!ENVELOPE.has(first) && first !== "data" && meant !== undefined) return [misplaced(filter.key, meant, path)];
		const never = neverThere(names, route);
		return never === undefined ? [] : [nothingBelow(filter, never, path)];
	});
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
	if (first.toLowerCase() === "data") return ofKnownTypes(route) ? neverInData(below) : undefined;
	if (below.length === 0) return undefined;
	const isText = ENVELOPE.has(first.toLowerCase());
	return {
		why: `"${first}" ${isText ? "is a text" : "would be an attribute of the envelope"}, and nothing lies below it`,
		repair: `write the key of one member, or one in the data: "data.${names.join(".")}"`,
	};
}

/** In the data of known types. */
function neverInData([member = "", ...names]: readonly string[]): Never | undefined {
	const map = MAPS.get(member.toLowerCase());
	const single = map === undefined ? DATA.get(member.toLowerCase()) : undefined;
	if (single !== undefined && names.length > 0) {
		return { why: `data.${single} is a single value, and nothing lies below it`, repair: `write "data.${single}"` };
	}
	if (map === undefined || names.length < 2) return undefined;
	const name = names.join(".");
	const looked = names.map((one) => `"${one}"`).join(" with ");
	return {
		why: `${map} holds texts by name, and a dot cannot stand in a name: "${name}" is looked for as ${looked} below it`,
		repair: `filter by a name without a dot (Event Grid has the same limit), and look at "${name}" in the workflow`,
	};
}

/** Data of somebody else's types may have any form. */
function ofKnownTypes(route: Route): boolean {
	const { types, named } = routeTypes(route);
	return named && types.every((type) => published(type) !== undefined);
}

function nothingBelow(filter: AdvancedFilter, { why, repair }: Never, path: string): RouteFinding {
	const { key, operatorType } = filter;
	if (failsWhenMissing(fromFilter(filter, 0))) return error(path, `no event can match: "${key}": ${why}`, repair);
	return warning(path, `"${key}" is in no event, so that ${operatorType} always holds: ${why}`, repair);
}
