/** The answer of `GET /api/health`, as far as the page reads it. */
export interface Health {
	readonly status: "healthy" | "degraded" | "unhealthy";
	readonly version: string;
	readonly problems: readonly { readonly setting: string; readonly problem: string }[];
	readonly warnings: readonly string[];
	readonly storage: { readonly reachable: boolean; readonly reason: string | null };
	readonly tokens: readonly {
		readonly lane: string;
		readonly present: boolean;
		readonly state: "present" | "refused" | "missing";
		readonly expiresAt: string | null;
		readonly reason: string | null;
	}[];
	readonly lanes: readonly Lane[];
	/** Paused and parked ones are among them; the events of open windows are not. */
	readonly waiting: number;
	readonly paused: number;
	readonly parked: number;
	readonly oldest: string | null;
	readonly windows: number;
	readonly gathering: readonly Gathering[];
	readonly pace: readonly Pace[];
	readonly deadLetters: number;
	/** Events that no route took, in all. */
	readonly ignored: number;
	/** For each route, how many of them missed it, and by which part of it. */
	readonly missed: readonly {
		readonly route: string;
		readonly events: number;
		readonly by: Readonly<Record<string, number>>;
	}[];
}

export interface Lane {
	readonly lane: string;
	readonly state: "paused" | "parked" | "open";
	readonly until: string | null;
	readonly reason: string | null;
	readonly parkedDestinations: number;
}

export interface Gathering {
	readonly lane: string;
	readonly route: string;
	/** Tells it from other windows of the route. */
	readonly group: string;
	readonly events: number;
	readonly since: string;
	readonly closes: string;
	readonly latest: string;
}

export interface Pace {
	readonly lane: string;
	readonly count: number;
	readonly seconds: number;
	readonly used: number;
}
