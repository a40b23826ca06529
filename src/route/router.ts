import type { BridgeEvent, Destination, Missed } from "../model.ts";
import { type Condition, clip, completedWrite, filterConditions } from "./filter.ts";
import { toFiltered } from "./filtered-event.ts";
import { type Coalesce, digestOfRoutes, type Route, type RouteTo } from "./route.ts";

/** An event's way: the routes that take it, one per destination, or why none does. */
export type Routed =
	| { readonly matches: readonly Match[] }
	| { readonly matches: readonly []; readonly reason: string; readonly missed: readonly Missed[] };

export interface Match {
	/** The route's name. */
	readonly route: string;
	readonly to: Destination;
	readonly coalesce?: Coalesce | undefined;
}

export type Router = (event: BridgeEvent, onlyRepository?: string) => Routed;

/** A route that an event has missed, and the first of its conditions that was not met. */
interface Failure {
	readonly route: Route;
	readonly digest: string;
	readonly condition: Condition;
}

/** How many routes a reason names before it only counts them. */
const MAX_REASONS = 5;

/**
 * Makes the router for a routes table; all that can be computed once is computed here.
 * @param resolve a route's `to` for events of one type, with nothing left open
 * @param lowerCase to be counted in a test
 */
export function createRouter(
	routes: readonly Route[],
	resolve: (to: RouteTo, eventType: string) => Destination,
	lowerCase?: (text: string) => string,
): Router {
	const compiled = routes.map((route) => ({ route, digest: digestOfRoutes([route]), conditions: conditionsOf(route) }));

	return (event, onlyRepository) => {
		const matches = new Map<string, Match>();
		const filtered = toFiltered(event, lowerCase);
		const failures: Failure[] = [];
		for (const { route, digest, conditions } of compiled) {
			const condition = otherRepository(route, onlyRepository) ?? conditions.find(({ test }) => !test(filtered));
			if (condition !== undefined) {
				failures.push({ route, digest, condition });
				continue;
			}
			const to = resolve(route.to, event.type);
			// Two routes to one destination are one delivery, with the name of the first route.
			if (!matches.has(to.id)) matches.set(to.id, { route: route.name, to, coalesce: route.coalesce });
		}
		if (matches.size > 0) return { matches: [...matches.values()] };
		const missed = failures.map(({ digest, condition }) => ({ route: digest, by: condition.part }));
		return { matches: [], reason: explain(failures, event), missed };
	};
}

function conditionsOf(route: Route): readonly Condition[] {
	return [
		...(route.source === undefined ? [] : [sourceCondition(route.source)]),
		...filterConditions(route.filter ?? {}),
		...(route.onlyCompletedWrites === false ? [] : [completedWrite]),
	];
}

function sourceCondition(source: string): Condition {
	const wanted = source.toLowerCase().replace(/\/+$/, "");
	return {
		part: "source",
		test: ({ event, lower }) => {
			const given = lower(event.source);
			return given === wanted || given.startsWith(`${wanted}/`);
		},
		failure: (event) => `the source "${clip(event.source)}" is not "${source}"`,
	};
}

/** The predecessor's `?repoName=` narrows the table; it can never lead to a repository that the table does not name. */
function otherRepository(route: Route, onlyRepository: string | undefined): Condition | undefined {
	const { repository } = route.to;
	if (onlyRepository === undefined || repository?.toLowerCase() === onlyRepository.toLowerCase()) return undefined;
	const there = repository === undefined ? "to no repository" : `to ${repository}`;
	return { part: "repoName", test: () => false, failure: () => `it leads ${there}, not to repoName=${onlyRepository}` };
}

/** Routes that would take the write that completes the upload are named first: that is the last condition of a route. */
function explain(failures: readonly Failure[], event: BridgeEvent): string {
	const openings = failures.filter(({ condition }) => condition === completedWrite);
	const others = failures.filter(({ condition }) => condition !== completedWrite);
	const named = [...openings, ...others]
		.slice(0, MAX_REASONS)
		.map(({ route, condition }) => `route "${route.name}": ${condition.failure(event)}`);
	const more = failures.length - named.length;
	return `no route matches: ${named.join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
}
