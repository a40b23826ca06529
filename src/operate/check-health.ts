import type { Problem } from "../config/settings.ts";
import type { MissedCounts } from "../ledger/ignored.ts";
import { type LaneOverview, overview } from "../ledger/overview.ts";
import { type Limit, usedOf } from "../ledger/pace.ts";
import { redact } from "../log.ts";
import type { RoutePart } from "../model.ts";
import { digestOfRoutes, type Route } from "../route/route.ts";
import type { Storage } from "../storage/storage.ts";
import {
	expiryWarning,
	isClosed,
	type LaneHealth,
	type LaneHealthOptions,
	laneHealthOf,
	type TokenHealth,
	tokenHealthOf,
} from "./lane-health.ts";

/**
 * Whether the bridge can work, and how much waits: the present state, not what once was. Open to monitors, so it holds no
 * secret, no event and no repository.
 */
export interface Health {
	/**
	 * `degraded`: something waits for a service, for a person, or without a known reason. `unhealthy`: nothing can be accepted,
	 * or nothing sent at all.
	 */
	readonly status: "healthy" | "degraded" | "unhealthy";
	readonly problems: readonly Problem[];
	readonly warnings: readonly string[];
	/** What tells the routes table in use from another: see `digestOfRoutes`. Null where there is none. */
	readonly routes: { readonly digest: string | null };
	readonly storage: { readonly reachable: boolean; readonly reason: string | null };
	readonly tokens: readonly TokenHealth[];
	/** Those that do not simply flow. */
	readonly lanes: readonly LaneHealth[];
	/** Entries that are not delivered yet; counts end at 1,000 for each lane. */
	readonly waiting: number;
	/** How many of them are paused, and how many parked. */
	readonly paused: number;
	readonly parked: number;
	/** When the oldest of them was accepted, ISO 8601. */
	readonly oldest: string | null;
	readonly windows: number;
	/** The first of them, and how full they are. */
	readonly gathering: readonly WindowHealth[];
	/** How much of what `GITHUB_PACE` allows is used up, for each lane that was sent through, and each limit. */
	readonly pace: readonly PaceHealth[];
	readonly deadLetters: number;
	/** How many events were ignored in all, those that left no receipt included. */
	readonly ignored: number;
	/** How many of them have missed each route of the table, and by which part of it. */
	readonly missed: readonly MissedRoute[];
}

/** How many ignored events have missed a route as it is. Times are ISO 8601. */
interface MissedRoute {
	/** Its name. */
	readonly route: string;
	readonly events: number;
	/** By the first part that an event does not meet. */
	readonly by: Readonly<Partial<Record<RoutePart, number>>>;
	readonly since: string;
	readonly last: string;
}

/** While nothing can be asked. */
export const UNKNOWN_HEALTH: Omit<Health, "problems" | "storage"> = {
	status: "unhealthy",
	warnings: [],
	routes: { digest: null },
	tokens: [],
	lanes: [],
	waiting: 0,
	paused: 0,
	parked: 0,
	oldest: null,
	windows: 0,
	gathering: [],
	pace: [],
	deadLetters: 0,
	ignored: 0,
	missed: [],
};

interface WindowHealth {
	readonly lane: string;
	/** The route's name. */
	readonly route: string;
	/** Tells it from other windows of the route, as receipts do: a hash, which says nothing of an event. */
	readonly group: string;
	/** Counting ends at 1,000. */
	readonly events: number;
	/** Since its first event, until no further one has come, and until its end at the latest; ISO 8601. */
	readonly since: string;
	readonly closes: string;
	readonly latest: string;
}

interface PaceHealth {
	readonly lane: string;
	/** So many calls are allowed in so many seconds. */
	readonly count: number;
	readonly seconds: number;
	readonly used: number;
}

interface HealthOptions extends LaneHealthOptions {
	readonly storage: Storage;
	readonly warnings: readonly string[];
	readonly routes: readonly Route[];
}

export async function checkHealth(options: HealthOptions): Promise<Health> {
	const { storage, destinations, lanes, routes, warnings, now } = options;
	const seen = await overview(storage, now()).catch((error: unknown) => redact(String((error as Error).message)));
	const reachable = typeof seen !== "string";
	const all = reachable ? seen : [];
	const byLane = new Map(all.map((one) => [one.lane, one]));
	const tokenHealth = await Promise.all(
		[...lanes].map(([lane, to]) => tokenHealthOf(lane, to, destinations.getToken, byLane.get(lane))),
	);
	const laneHealth = all.flatMap((one) => laneHealthOf(one, options) ?? []);
	const deadLetters = sum(all.map((lane) => lane.deadLetters));
	/** Lanes that a route leads to, and in which nothing can be sent. */
	const dark = tokenHealth.filter(({ lane, present }) => {
		const seenLane = byLane.get(lane);
		return !present || (seenLane !== undefined && isClosed(seenLane, destinations.policyOf(lane)));
	});
	// While one token works, what is for it is sent. A table has one route at least.
	const isDark = !reachable || dark.length === lanes.size;
	const isDegraded = dark.length > 0 || laneHealth.length > 0 || deadLetters > 0;
	const expiries = tokenHealth.flatMap(({ lane, expiresAt }) => expiryWarning(lane, expiresAt, now()) ?? []);
	return {
		status: isDark ? "unhealthy" : isDegraded ? "degraded" : "healthy",
		problems: [],
		warnings: [...warnings, ...expiries],
		routes: { digest: digestOfRoutes(routes) },
		storage: { reachable, reason: reachable ? null : seen },
		tokens: tokenHealth,
		lanes: laneHealth,
		waiting: sum(all.map(({ waiting }) => waiting)),
		paused: sum(all.map(({ waitingPaused }) => waitingPaused)),
		parked: sum(all.map(({ waitingParked }) => waitingParked)),
		oldest: all.flatMap(({ oldest }) => oldest ?? []).sort()[0] ?? null,
		windows: sum(all.map(({ windows }) => windows)),
		gathering: all.flatMap(toWindowHealth),
		pace: all.flatMap((lane) => toPaceHealth(lane, destinations.policyOf(lane.lane).limits, now())),
		deadLetters,
		ignored: sum(all.map((lane) => lane.ignored)),
		missed: all.flatMap(({ missed }) => toMissedRoutes(missed, routes)),
	};
}

/** A route that has been changed is another one. */
function toMissedRoutes(missed: MissedCounts, routes: readonly Route[]): readonly MissedRoute[] {
	return routes.flatMap((route) => {
		const count = missed[digestOfRoutes([route])];
		return count === undefined ? [] : [{ route: route.name, events: sum(Object.values(count.by)), ...count }];
	});
}

function toWindowHealth({ lane, gathering }: LaneOverview): readonly WindowHealth[] {
	const iso = (epochMs: number) => new Date(epochMs).toISOString();
	return gathering.map(({ route, group, events, since, closes, latest }) => ({
		lane,
		route,
		group,
		events,
		since: iso(since),
		closes: iso(closes),
		latest: iso(latest),
	}));
}

function toPaceHealth({ lane, calls }: LaneOverview, limits: readonly Limit[], now: number): readonly PaceHealth[] {
	if (calls.length === 0) return [];
	return limits.map((limit) => {
		return { lane, count: limit.count, seconds: limit.ms / 1_000, used: usedOf(limit, calls, now) };
	});
}

function sum(numbers: readonly number[]): number {
	return numbers.reduce((total, number) => total + number, 0);
}
