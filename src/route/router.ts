import type { BridgeEvent } from "../event/bridge-event.ts";
import { toDispatchType } from "./dispatch-type.ts";
import { type Condition, clip, completedWrite, filterConditions } from "./filter.ts";
import { toFiltered } from "./filtered-event.ts";
import type { Coalesce, Destination, Route } from "./route.ts";

/** An event's way: the routes that take it, one per destination, or why none does. */
export type Routed =
	| { readonly matches: readonly Match[] }
	| { readonly matches: readonly []; readonly reason: string };

export interface Match {
	/** The route's name. */
	readonly route: string;
	readonly to: Destination;
	readonly coalesce?: Coalesce;
}

export type Router = (event: BridgeEvent, onlyRepository?: string) => Routed;

/** How many routes a reason names before it only counts them. */
const MAX_REASONS = 5;

/**
 * Makes the router for a routes table; all that can be computed once is computed here.
 * @param lowerCase to be counted in a test
 */
export function createRouter(routes: readonly Route[], lowerCase?: (text: string) => string): Router {
	const compiled = routes.map((route) => ({ route, conditions: conditionsOf(route) }));

	return (event, onlyRepository) => {
		const matches = new Map<string, Match>();
		const filtered = toFiltered(event, lowerCase);
		const failures: (() => string)[] = [];
		/** Of routes that would have taken the upload's completion: what is told first. */
		const openings: (() => string)[] = [];
		for (const { route, conditions } of compiled) {
			const failed = otherRepository(route, onlyRepository) ?? conditions.find(({ test }) => !test(filtered));
			if (failed !== undefined) {
				// It is the last condition of a route.
				const reasons = failed === completedWrite ? openings : failures;
				reasons.push(() => `route "${route.name}": ${failed.failure(event)}`);
				continue;
			}
			const to = { ...route.to, dispatchType: route.to.dispatchType ?? toDispatchType(event.type) };
			const destination = destinationId(to);
			// Two routes to one destination are one promise; the first one's name stands.
			if (!matches.has(destination)) matches.set(destination, toMatch(route, to));
		}
		return matches.size > 0
			? { matches: [...matches.values()] }
			: { matches: [], reason: explain([...openings, ...failures]) };
	};
}

function toMatch({ name, coalesce }: Route, to: Destination): Match {
	return { route: name, to, ...(coalesce === undefined ? {} : { coalesce }) };
}

/** What makes two destinations the same: GitHub's repository names do not distinguish case, its event types do. */
export function destinationId({ repository, dispatchType }: Destination): string {
	return `${repository.toLowerCase()}#${dispatchType}`;
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
		test: ({ event, lower }) => {
			const given = lower(event.source);
			return given === wanted || given.startsWith(`${wanted}/`);
		},
		failure: (event) => `the source "${clip(event.source)}" is not "${source}"`,
	};
}

/** The predecessor's `?repoName=` narrows the table; it can never lead to a repository that the table does not name. */
function otherRepository(route: Route, onlyRepository: string | undefined): Condition | undefined {
	if (onlyRepository === undefined || route.to.repository.toLowerCase() === onlyRepository.toLowerCase()) {
		return undefined;
	}
	return { test: () => false, failure: () => `it leads to ${route.to.repository}, not to repoName=${onlyRepository}` };
}

function explain(failures: readonly (() => string)[]): string {
	const named = failures.slice(0, MAX_REASONS).map((failure) => failure());
	const more = failures.length - named.length;
	return `no route matches: ${named.join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
}
