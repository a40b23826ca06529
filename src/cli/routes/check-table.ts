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
		repair: repairOf(problem, place, table),
	};
}

function nameAt(table: unknown, index: string | undefined): string | null {
	if (index === undefined) return null;
	const routes = (table as { routes: readonly ({ name?: unknown } | null)[] }).routes;
	const name = routes[Number(index)]?.name;
	return typeof name === "string" ? name : `routes[${index}]`;
}

function repairOf(problem: string, path: string, table: unknown): string {
	const unknown = /^the key "(.*)" does not exist here/.exec(problem)?.[1];
	if (unknown !== undefined) return repairOfKey(unknown, path, table);
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

/** What to do about a key that does not exist at its place. */
function repairOfKey(key: string, path: string, table: unknown): string {
	const keys = keysOf(path, table);
	// A destination whose form is still open: the key is right in another form than the one that was tried.
	if (keys.includes(key)) {
		const forms = FORMS.filter((form) => keysIn(form).includes(key)).map((form) => `"${form.slice(FORM.length)}"`);
		return `add ${forms.join(" or ")}, which it goes with, or remove it`;
	}
	const meant = nearest(key, keys);
	return meant === undefined ? `remove it; the possible keys are ${keys.join(", ")}` : `write "${meant}"`;
}

const definitions = schema.definitions as Readonly<Record<string, { readonly properties?: object }>>;

/** The forms of `to` among them, each named after the key that tells it apart; in the order in which they are tried. */
const FORM = "to-";
const FORMS = Object.keys(definitions).filter((one) => one.startsWith(FORM));

function keysIn(definition: string): readonly string[] {
	return Object.keys(definitions[definition]?.properties ?? {});
}

/** The keys that the schema knows at a place. */
function keysOf(path: string, table: unknown): readonly string[] {
	if (path === "") return Object.keys(schema.properties);
	if (/\.advancedFilters\[\d+\]$/.test(path)) return ["operatorType", "key", "value", "values"];
	const [, index, member, name] = /^routes\[(\d+)\]\.to(?:\.(\w+)\.(.+))?$/s.exec(path) ?? [];
	const to = (table as Table).routes?.[Number(index)]?.to ?? {};
	if (member !== undefined && name !== undefined) return keysOfMapped(to[member]?.[name]);
	if (index !== undefined) return keysOfDestination(to);
	const place = path.split(".").at(-1) ?? "";
	return keysIn(place in definitions ? place : "route");
}

/** A routes table, as far as these repairs look into it. */
interface Table {
	readonly routes?: readonly { readonly to?: Readonly<Record<string, Readonly<Record<string, unknown>>>> }[];
}

/** The keys of a destination's form; of all forms where that is open. */
function keysOfDestination(to: object): readonly string[] {
	const form = FORMS.find((one) => Object.hasOwn(to, one.slice(FORM.length)));
	return form === undefined ? [...new Set(FORMS.flatMap(keysIn))] : keysIn(form);
}

function keysOfMapped(mapped: unknown): readonly string[] {
	return Object.hasOwn(Object(mapped), "value") ? ["value"] : ["key", "default"];
}
