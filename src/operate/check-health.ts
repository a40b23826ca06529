import type { Problem } from "../config/settings.ts";
import type { Destinations } from "../destinations/list.ts";
import { type LaneOverview, overview } from "../ledger/overview.ts";
import { type Limit, usedOf } from "../ledger/pace.ts";
import { redact } from "../log.ts";
import type { RouteTo } from "../route/route.ts";
import type { Storage } from "../storage/storage.ts";
import { isClosed, type LaneHealth, laneHealthOf } from "./lane-health.ts";
import { expiryWarning, type TokenHealth, tokenHealthOf } from "./token-health.ts";

/**
 * Whether the bridge can work, and how much waits: the present state, not what once was. Open to monitors, so it holds no
 * secret, no event and no repository.
 */
export interface Health {
	/**
	 * `degraded`: something waits for GitHub, for a person, or without a known reason. `unhealthy`: nothing can be accepted,
	 * or nothing sent where a route leads to.
	 */
	readonly status: "healthy" | "degraded" | "unhealthy";
	readonly problems: readonly Problem[];
	readonly warnings: readonly string[];
	readonly storage: { readonly reachable: boolean; readonly reason: string | null };
	readonly tokens: readonly TokenHealth[];
	/** Those that do not simply flow. */
	readonly lanes: readonly LaneHealth[];
	/** Entries that are not delivered yet; counts end at 1,000 for each lane. */
	readonly waiting: number;
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
}

/** While nothing can be asked. */
export const UNKNOWN_HEALTH: Omit<Health, "problems" | "storage"> = {
	status: "unhealthy",
	warnings: [],
	tokens: [],
	lanes: [],
	waiting: 0,
	oldest: null,
	windows: 0,
	gathering: [],
	pace: [],
	deadLetters: 0,
	ignored: 0,
};

export interface WindowHealth {
	readonly lane: string;
	/** The route's name. */
	readonly route: string;
	/** Counting ends at 1,000. */
	readonly events: number;
	/** Since its first event, until no further one has come, and until its end at the latest; ISO 8601. */
	readonly since: string;
	readonly closes: string;
	readonly latest: string;
}

export interface PaceHealth {
	readonly lane: string;
	/** So many calls are allowed in so many seconds. */
	readonly count: number;
	readonly seconds: number;
	readonly used: number;
}

export interface HealthOptions {
	readonly storage: Storage;
	readonly destinations: Pick<Destinations, "policyOf" | "getToken">;
	/** One destination for each lane that the routes lead to. */
	readonly lanes: ReadonlyMap<string, RouteTo>;
	/** What to do about a lane of another address. */
	readonly repair: string;
	readonly warnings: readonly string[];
	/** Epoch milliseconds. */
	readonly now: () => number;
}

export async function checkHealth(options: HealthOptions): Promise<Health> {
	const { storage, destinations, lanes, repair, warnings, now } = options;
	const seen = await overview(storage, now()).catch((error: unknown) => redact(String((error as Error).message)));
	const reachable = typeof seen !== "string";
	const all = reachable ? seen : [];
	const tokenHealth = await Promise.all(
		[...lanes].map(([lane, to]) =>
			tokenHealthOf(
				lane,
				to,
				destinations.getToken,
				all.find((one) => one.lane === lane),
			),
		),
	);
	const laneHealth = all.flatMap((one) => {
		const policy = destinations.policyOf(one.lane);
		return laneHealthOf(one, { isRouted: lanes.has(one.lane), policy, repair, now: now() }) ?? [];
	});
	const deadLetters = sum(all.map((lane) => lane.deadLetters));
	const isDark = !reachable || tokenHealth.some(({ present }) => !present) || all.some(cannotSend);
	return {
		status: isDark ? "unhealthy" : laneHealth.length > 0 || deadLetters > 0 ? "degraded" : "healthy",
		problems: [],
		warnings: [
			...warnings,
			...tokenHealth.flatMap(({ lane, expiresAt }) => expiryWarning(lane, expiresAt, now()) ?? []),
		],
		storage: { reachable, reason: reachable ? null : seen },
		tokens: tokenHealth,
		lanes: laneHealth,
		waiting: sum(all.map(({ waiting }) => waiting)),
		oldest:
			all
				.map(({ oldest }) => oldest)
				.filter((oldest) => oldest !== null)
				.sort()[0] ?? null,
		windows: sum(all.map(({ windows }) => windows)),
		gathering: all.flatMap(toWindowHealth),
		pace: all.flatMap((lane) => toPaceHealth(lane, destinations.policyOf(lane.lane).limits, now())),
		deadLetters,
		ignored: sum(all.map((lane) => lane.ignored)),
	};

	/** What is accepted from now on cannot be sent. */
	function cannotSend(one: LaneOverview): boolean {
		return lanes.has(one.lane) && isClosed(one, destinations.policyOf(one.lane));
	}
}

function toWindowHealth({ lane, gathering }: LaneOverview): readonly WindowHealth[] {
	const iso = (epochMs: number) => new Date(epochMs).toISOString();
	return gathering.map(({ route, events, since, closes, latest }) => ({
		lane,
		route,
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
