import { SERVICES } from "../../destinations/list.ts";
import { OPERATORS } from "../../route/operators.ts";
import { readRoutes } from "../../route/read-routes.ts";
import type { Route } from "../../route/route.ts";
import schema from "../../route/routes-schema.generated.json" with { type: "json" };
import { nearest } from "../nearest.ts";
import { checkDispatchType, checkNames, checkSamePlace, type Placed } from "./check-destinations.ts";
import { checkFilters } from "./check-filters.ts";
import { checkMappings } from "./check-mappings.ts";
import { checkContainer, checkEmptyFiles, checkSubject } from "./check-subject.ts";
import { checkSource, checkTypes } from "./check-types.ts";
import type { Finding, RouteFinding } from "./findings.ts";

/** Every check of one route by itself. */
const CHECKS: readonly ((route: Route, place: string) => RouteFinding[])[] = [
	checkNames,
	checkDispatchType,
	checkTypes,
	checkSource,
	checkSubject,
	checkFilters,
	checkMappings,
	checkContainer,
	checkEmptyFiles,
];

/** All that is wrong with a routes table: what the bridge refuses, and what it accepts although it is probably a mistake. */
export function checkTable(table: unknown): readonly Finding[] {
	const read = readRoutes(table, SERVICES);
	const refused = read.ok ? [] : read.problems.map((problem) => fromProblem(problem, table));
	const placed = soundRoutes(table);
	const sense = placed.flatMap(({ route, index }, at) => {
		const place = `routes[${index}]`;
		const own = CHECKS.flatMap((check) => check(route, place));
		const dead = own.some(({ verdict }) => verdict === "error");
		// What can match nothing competes with nothing.
		const shared = dead ? [] : checkSamePlace({ route, index }, placed.slice(0, at));
		return [...own, ...shared].map((finding) => ({ ...finding, route: route.name }));
	});
	return [...refused, ...sense];
}

/** The routes that the bridge could use if they stood alone. */
function soundRoutes(table: unknown): readonly Placed[] {
	const routes = (table as { routes?: unknown } | null)?.routes;
	if (!Array.isArray(routes)) return [];
	return routes.flatMap((route: unknown, index) => {
		const alone = readRoutes({ routes: [route] }, SERVICES);
		const [sound] = alone.ok ? alone.routes : [];
		const given = (route as { name?: string } | null)?.name;
		return sound === undefined ? [] : [{ route: { ...sound, name: given ?? `routes[${index}]` }, index }];
	});
}

/** A problem in the bridge's own words: the place, a colon, what is wrong. */
function fromProblem(text: string, table: unknown): Finding {
	const [, path = "", problem = text] = /^(the table|routes[^:\s]*): (.+)$/s.exec(text) ?? [];
	const index = /^routes\[(\d+)\]/.exec(path)?.[1];
	const place = path === "the table" ? "" : path;
	return {
		verdict: "error",
		route: nameAt(table, index),
		path: place,
		problem,
		repair: repairOf(problem, place),
	};
}

function nameAt(table: unknown, index: string | undefined): string | null {
	if (index === undefined) return null;
	const routes = (table as { routes: readonly ({ name?: unknown } | null)[] }).routes;
	const name = routes[Number(index)]?.name;
	return typeof name === "string" ? name : `routes[${index}]`;
}

function repairOf(problem: string, path: string): string {
	const unknown = /^the key "(.*)" does not exist here/.exec(problem)?.[1];
	if (unknown !== undefined) {
		const keys = keysOf(path);
		const meant = nearest(unknown, keys);
		return meant === undefined ? `remove it; the possible keys are ${keys.join(", ")}` : `write "${meant}"`;
	}
	const operator = /^"(.*)" is not one of Event Grid's/.exec(problem)?.[1];
	if (operator !== undefined) {
		const operators = Object.keys(OPERATORS);
		const meant = nearest(operator, operators);
		return meant === undefined ? `write one of ${operators.join(", ")}` : `write "${meant}"`;
	}
	const missing = /must have required property '(.+)'/.exec(problem)?.[1];
	if (missing !== undefined) return `add "${missing}"`;
	if (problem.includes("more than 100 characters"))
		return "choose a shorter dispatchType, and change the types of the workflows that listen to it";
	if (problem.includes("filter values") || problem.includes("more than 25 items")) return "split the route into two";
	if (problem.includes("is used twice")) return "give one of them another name";
	const cloned = /"([^"\s]+)\.git"/.exec(problem)?.[1];
	if (cloned !== undefined && path.endsWith(".repository")) return `write "${cloned}"`;
	return "correct it as docs/routes.md says";
}

/** The forms of `to` among them. */
const definitions = schema.definitions as Readonly<Record<string, { readonly properties?: object }>>;

/** The keys that the schema knows at a place. */
function keysOf(path: string): readonly string[] {
	if (path === "") return Object.keys(schema.properties);
	if (/\.advancedFilters\[\d+\]$/.test(path)) return ["operatorType", "key", "value", "values"];
	const name = path.split(".").at(-1) ?? "";
	const isHere = (one: string) => (name === "to" ? one.startsWith("to-") : one === name);
	const found = Object.keys(definitions).filter(isHere);
	const properties = (found.length === 0 ? ["route"] : found).map((one) => definitions[one]?.properties ?? {});
	return [...new Set(properties.flatMap((one) => Object.keys(one)))];
}
