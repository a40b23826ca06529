import { type Limit, usedOf } from "../dispatch/pace.ts";
import type { TokenFor, TokenSource, TokenUnavailable } from "../dispatch/token-source.ts";
import { type LaneOverview, overview } from "../ledger/overview.ts";
import type { Storage } from "../ledger/storage.ts";
import { redact } from "../report.ts";
import type { Problem } from "../settings.ts";

/** Whether the bridge can work, and how much waits. Open to monitors, so it holds no secret, no event and no repository. */
export interface Health {
	/** `degraded`: something waits for GitHub, or for a person. `unhealthy`: nothing can be accepted, or nothing sent. */
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
}

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

export interface TokenHealth {
	readonly lane: string;
	/** Whether there is a token to send; GitHub may still refuse it. */
	readonly present: boolean;
	/** As GitHub has said with its last answer; null where it has not. */
	readonly expiresAt: string | null;
	readonly reason: string | null;
}

export interface LaneHealth {
	readonly lane: string;
	readonly state: "paused" | "parked" | "open";
	readonly until: string | null;
	readonly reason: string | null;
	readonly parkedDestinations: number;
}

export interface HealthOptions {
	readonly storage: Storage;
	readonly tokens: TokenSource;
	/** One destination for each lane that the routes lead to. */
	readonly lanes: ReadonlyMap<string, TokenFor>;
	readonly limits: readonly Limit[];
	readonly warnings: readonly string[];
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** A token that ends within this time is worth a warning. */
export const EXPIRY_WARNING_MS = 30 * 86_400_000;

export async function checkHealth(options: HealthOptions): Promise<Health> {
	const { storage, tokens, lanes, limits, warnings, now } = options;
	const [overviews, present] = await Promise.all([
		overview(storage, now()).catch((error: unknown) => redact(String((error as Error).message))),
		Promise.all([...lanes].map(async ([lane, wanted]) => ({ lane, reason: await whyNoToken(tokens, wanted) }))),
	]);
	const reachable = typeof overviews !== "string";
	const all = reachable ? overviews : [];
	const expiryOf = (lane: string) => all.find((one) => one.lane === lane)?.tokenExpiresAt ?? null;
	const tokenHealth = present.map(({ lane, reason }) => ({
		lane,
		present: reason === null,
		expiresAt: expiryOf(lane),
		reason,
	}));
	const expiring = tokenHealth.flatMap(({ lane, expiresAt }) => expiryWarning(lane, expiresAt, now()) ?? []);
	const laneHealth = all.map(toLaneHealth);
	const disturbed = laneHealth.filter(({ state, parkedDestinations }) => state !== "open" || parkedDestinations > 0);
	const deadLetters = sum(all.map((lane) => lane.deadLetters));
	const dark =
		!reachable || tokenHealth.some((token) => !token.present) || disturbed.some(({ state }) => state === "parked");
	const dim = disturbed.length > 0 || deadLetters > 0;
	return {
		status: dark ? "unhealthy" : dim ? "degraded" : "healthy",
		problems: [],
		warnings: [...warnings, ...expiring],
		storage: { reachable, reason: reachable ? null : overviews },
		tokens: tokenHealth,
		lanes: disturbed,
		waiting: sum(all.map(({ waiting }) => waiting)),
		oldest:
			all
				.map(({ oldest }) => oldest)
				.filter((oldest) => oldest !== null)
				.sort()[0] ?? null,
		windows: sum(all.map(({ windows }) => windows)),
		gathering: all.flatMap(toWindowHealth),
		pace: all.flatMap((lane) => toPaceHealth(lane, limits, now())),
		deadLetters,
	};
}

/** What to do about a token that ends soon; undefined for one that does not. */
export function expiryWarning(lane: string, expiresAt: string | null, now: number): string | undefined {
	if (expiresAt === null || Date.parse(expiresAt) - now > EXPIRY_WARNING_MS) return undefined;
	const days = Math.floor((Date.parse(expiresAt) - now) / 86_400_000);
	const when = days < 0 ? "has ended" : `ends in ${days} days`;
	return `the token of the lane "${lane}" ${when} (${expiresAt}); put a new one in its place`;
}

/** What is closed to a token is one destination, not the lane; and its name is nobody's business here. */
async function whyNoToken(tokens: TokenSource, wanted: TokenFor): Promise<string | null> {
	try {
		await tokens.get(wanted);
		return null;
	} catch (error) {
		const { kind, message } = error as Partial<TokenUnavailable> & Error;
		return kind === "closed" ? null : redact(message);
	}
}

function toLaneHealth({ lane, pause, parked, parkedDestinations }: LaneOverview): LaneHealth {
	const state = parked !== null ? "parked" : pause !== null ? "paused" : "open";
	const until = parked?.probeAt ?? pause?.until;
	const reason = parked?.reason ?? pause?.reason;
	return {
		lane,
		state,
		until: until === undefined ? null : new Date(until).toISOString(),
		reason: reason === undefined ? null : redact(reason),
		parkedDestinations,
	};
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
