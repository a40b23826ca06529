import { tokenForName } from "../log.ts";
import { OPERATORS } from "./operators.ts";
import type { AdvancedFilter, Route, RouteTo } from "./route.ts";
import { type Violation, validateRoutes } from "./validate-routes.generated.js";

/** A routes table, or everything that is wrong with it, each naming the place and the repair. */
type ReadRoutes =
	| { readonly ok: true; readonly routes: readonly Route[] }
	| { readonly ok: false; readonly problems: readonly string[] };

/** Event Grid's own limit: values across all advanced filters of a subscription. */
const MAX_FILTER_VALUES = 25;
/** What is asked of each service about the routes that lead to it. */
export interface OfRoutes {
	owns(to: RouteTo): boolean;
	/** What is wrong with a `to` that its JSON Schema cannot say, member by member. */
	problemsOf(to: RouteTo): readonly { readonly member: string; readonly problem: string }[];
}

/** Reads a routes table (see `routes.schema.json`), already parsed from JSON. */
export function readRoutes(table: unknown, services: readonly OfRoutes[]): ReadRoutes {
	// What is wrong with a form is told by its own violations; `if` adds only that there are some.
	const violations = validateRoutes(table)
		? []
		: (validateRoutes.errors ?? []).filter(({ keyword }) => keyword !== "if");
	const listed = (table as { routes?: unknown } | null)?.routes;
	const routes = (Array.isArray(listed) ? (listed as Route[]) : []).map((route, index) => ({
		...route,
		name: route?.name ?? `routes[${index}]`,
	}));
	// Only a route of the right shape can be asked for what a JSON Schema cannot say.
	const misshapen = new Set(violations.map(({ instancePath }) => instancePath.split("/")[2]));
	const meaning = routes.flatMap((route, index) =>
		misshapen.has(String(index)) ? [] : findProblems(route, index, services),
	);
	const problems = [...new Set(violations.map(describe)), ...meaning, ...repeatedNames(routes)];
	return problems.length > 0 ? { ok: false, problems } : { ok: true, routes };
}

function findProblems(route: Route, index: number, services: readonly OfRoutes[]): string[] {
	const place = `routes[${index}]`;
	const problems: string[] = [];
	const owner = services.find((service) => service.owns(route.to));
	for (const { member, problem } of owner?.problemsOf(route.to) ?? [])
		problems.push(`${place}.to.${member}: ${problem}`);
	const tokenProblem = tokenForName(route.to.token ?? "");
	if (tokenProblem !== undefined) problems.push(`${place}.to.token: ${tokenProblem}`);
	if (route.coalesce !== undefined && route.coalesce.maxSeconds < route.coalesce.quietSeconds) {
		problems.push(`${place}.coalesce.maxSeconds: must be at least quietSeconds`);
	}
	const filters = route.filter?.advancedFilters ?? [];
	const count = filters.reduce((sum, { values, value }) => sum + (values?.length ?? (value === undefined ? 0 : 1)), 0);
	if (count > MAX_FILTER_VALUES) {
		problems.push(
			`${place}.filter: the route has ${count} filter values; Event Grid allows at most ${MAX_FILTER_VALUES}`,
		);
	}
	filters.forEach((filter, at) => {
		const reversed = reversedRange(filter);
		if (reversed !== undefined) {
			problems.push(
				`${place}.filter.advancedFilters[${at}].values: ${reversed} has its ends in the wrong order; put the lower end first`,
			);
		}
	});
	return problems;
}

function reversedRange({ operatorType, values }: AdvancedFilter): string | undefined {
	if (OPERATORS[operatorType]?.operand !== "ranges") return undefined;
	const ranges = values as readonly (readonly [number, number])[];
	const reversed = ranges.find(([low, high]) => low > high);
	return reversed && JSON.stringify(reversed);
}

function repeatedNames(routes: readonly Route[]): string[] {
	const names = routes.map(({ name }) => name);
	const repeated = new Set(names.filter((name, index) => names.indexOf(name) !== index));
	return [...repeated].map(
		(name) => `routes: the name "${name}" is used twice; receipts and logs could not tell the two routes apart`,
	);
}

function describe({ instancePath, keyword, params, message }: Violation): string {
	const at = instancePath === "" ? "the table" : placeOf(instancePath);
	switch (keyword) {
		case "additionalProperties":
			return `${at}: the key "${params["additionalProperty"]}" does not exist here; remove it or correct its spelling`;
		case "enum":
			return `${at}: must be one of ${(params["allowedValues"] as unknown[]).join(", ")}`;
		case "discriminator":
			if (params["tagValue"] === undefined) return `${at}: must have required property 'operatorType'`;
			return `${at}.operatorType: "${params["tagValue"]}" is not one of Event Grid's operators`;
		default:
			return `${at}: ${message}`;
	}
}

/** A JSON pointer as a person writes it: `/routes/0/to/payload/a~1b` is `routes[0].to.payload.a/b`. */
function placeOf(pointer: string): string {
	const parts = pointer.slice(1).split("/");
	const named = parts.map((part) =>
		/^\d+$/.test(part) ? `[${part}]` : `.${part.replaceAll("~1", "/").replaceAll("~0", "~")}`,
	);
	return named.join("").slice(1);
}
