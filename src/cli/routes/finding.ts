/** One thing that is wrong, or looks wrong, in a routes table. */
export interface Finding {
	/** `error`: the bridge refuses the table, or the route can never do what it says. `warning`: look at it. */
	readonly verdict: "error" | "warning";
	/** The route's name; null where it concerns the whole table. */
	readonly route: string | null;
	/** The member, as a path in the table's JSON: `routes[0].filter.includedEventTypes[1]`; empty for the table itself. */
	readonly path: string;
	readonly problem: string;
	/** What to do, as an instruction. */
	readonly repair: string;
}

/** A finding about one route: what is wrong at a member of it. */
export type RouteFinding = Omit<Finding, "route">;

export function error(path: string, problem: string, repair: string): RouteFinding {
	return { verdict: "error", path, problem, repair };
}

export function warning(path: string, problem: string, repair: string): RouteFinding {
	return { verdict: "warning", path, problem, repair };
}
