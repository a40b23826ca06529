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
		const missed: Missed[] = [];
		const failures: (() => string)[] = [];
		/** For routes that would take the write that completes the upload: named first. */
		const openings: (() => string)[] = [];
		for (const { route, digest, conditions } of compiled) {
			const failed = otherRepository(route, onlyRepository) ?? conditions.find(({ test }) => !test(filtered));
			if (failed !== undefined) {
				missed.push({ route: digest, by: failed.part });
				// It is the last condition of a route.
				const reasons = failed === completedWrite ? openings : failures;
				reasons.push(() => `route "${route.name}": ${failed.failure(event)}`);
				continue;
			}
			const to = resolve(route.to, event.type);
			// Two routes to one destination are one delivery, with the name of the first route.
			if (!matches.has(to.id)) matches.set(to.id, { route: route.name, to, coalesce: route.coalesce });
		}
		return matches.size > 0
			? { matches: [...matches.values()] }
			: { matches: [], reason: explain([...openings, ...failures]), missed };
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

function explain(failures: readonly (() => string)[]): string {
	const named = failures.slice(0, MAX_REASONS).map((failure) => failure());
	const more = failures.length - named.length;
	return `no route matches: ${named.join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
}
