import type { Route } from "../../route/route.ts";
import { type Constraint, constraintsOf } from "./constraint.ts";
import { contradiction } from "./contradiction.ts";
import { error, type RouteFinding, warning } from "./finding.ts";

/** What an envelope may hold beside the members that have a place of their own: of either schema, and of tracing. */
const ATTRIBUTES = new Set([
	..."dataversion metadataversion specversion datacontenttype dataschema traceparent tracestate".split(" "),
	..."id type eventtype source topic subject time eventtime data".split(" "),
]);
/** Members of the data of known types that are easily taken for one of the envelope's. */
const DATA = new Map(
	"api url blobUrl contentType contentLength blobType eTag sourceUrl destinationUrl runId runStatus runType runTags runProperties experimentName experimentId modelName modelVersion modelTags modelProperties driftCoefficient"
		.split(" ")
		.map((name) => [name.toLowerCase(), name]),
);

/** Advanced filters that no event can fulfil together, and keys that no event has. */
export function checkFilters(route: Route, place: string): RouteFinding[] {
	const constraints = constraintsOf(route);
	const onArrays = route.filter?.enableAdvancedFilteringOnArrays === true;
	const keys = [...new Set(constraints.map(({ key }) => key))];
	const contradictions = keys.flatMap((key) => {
		const together = constraints.filter((one) => one.key === key);
		const why = contradiction(together, onArrays);
		return why === undefined ? [] : [clash(key, together, why, place)];
	});
	return [
		...contradictions,
		...(route.filter?.advancedFilters ?? []).flatMap(({ key }, index) =>
			checkKey(key, `${place}.filter.advancedFilters[${index}].key`),
		),
	];
}

function clash(key: string, together: readonly Constraint[], why: string, place: string): RouteFinding {
	const members = together.map(({ member }) => member);
	const path = `${place}.${members.find((member) => member.includes("advanced")) ?? members[0]}`;
	const asked = together.map(({ operator, operands, member }) =>
		member === "onlyCompletedWrites"
			? "onlyCompletedWrites"
			: `${operator}${operands.length > 0 ? ` ${JSON.stringify(operands)}` : ""}`,
	);
	const repair = members.includes("onlyCompletedWrites")
		? 'say "onlyCompletedWrites": false, or ask for the operation that completes the upload'
		: "correct one of them, or make two routes of it";
	return error(path, `no event can match: ${key} is asked to be ${asked.join(" and ")}, but ${why}`, repair);
}

function checkKey(key: string, path: string): RouteFinding[] {
	const [first = ""] = key.toLowerCase().split(".");
	const meant = DATA.get(first);
	if (ATTRIBUTES.has(first) || meant === undefined) return [];
	const problem = `"${key}" looks for an attribute of the envelope; known events have ${meant} in their data`;
	return [warning(path, problem, `write "data.${meant}${key.slice(first.length)}"`)];
}
