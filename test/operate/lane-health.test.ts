import { describe, expect, it } from "@jest/globals";
import { NONE_MISSED } from "../../src/ledger/ignored.ts";
import type { LaneOverview } from "../../src/ledger/overview.ts";
import type { Limit } from "../../src/ledger/pace.ts";
import { expiryWarning, isClosed, laneHealthOf, tokenHealthOf } from "../../src/operate/lane-health.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const DAY_MS = 86_400_000;
const OVERDUE_MS = 10 * 60_000;
const ADDRESS = "https://api.github.com";
const LIMITS: readonly Limit[] = [{ count: 2, ms: 60_000 }];
const to = { repository: "contoso/a" };

/** The lane `default`, in which nothing waits. */
const EMPTY: LaneOverview = {
	lane: "default",
	pause: null,
	parked: null,
	hasBreaker: false,
	parkedDestinations: 0,
	waiting: 0,
	waitingPaused: 0,
	waitingParked: 0,
	windows: 0,
	gathering: [],
	calls: [],
	oldest: null,
	dueSince: null,
	deadLetters: 0,
	ignored: 0,
	missed: NONE_MISSED,
	tokenExpiresAt: null,
	address: ADDRESS,
	problem: null,
};
const pause = { until: NOW + 1, reason: "slow down" };
const parked = { since: NOW - 5, probeAt: NOW + 2, reason: "no such token" };
const foreign = { address: "https://elsewhere" };
const unrouted = { lane: "token-old" };
const overdue = { waiting: 1, dueSince: NOW - OVERDUE_MS };

const OPEN = { lane: "default", state: "open", until: null, reason: null, parkedDestinations: 0 };
const PAUSED = { ...OPEN, state: "paused", until: "2026-06-01T00:00:00.001Z", reason: "slow down" };
const PARKED = { ...OPEN, state: "parked", until: "2026-06-01T00:00:00.002Z", reason: "no such token" };
const FOREIGN = "in a lane that belongs to https://elsewhere, and this bridge does not send from it; repair it";
const UNROUTED = "for a token that no route leads to any more; it is sent as long as that token can be used";
const OVERDUE =
	"something has been due since 2026-05-31T23:50:00.000Z, and is not sent; look at the log of the functions deliver and deliverPoison";

function healthOf(seen: Partial<LaneOverview>) {
	return laneHealthOf(
		{ ...EMPTY, ...seen },
		{
			lanes: new Map([["default", to]]),
			destinations: {
				policyOf: () => ({ address: ADDRESS, limits: LIMITS, concurrency: 1 }),
				getToken: async () => undefined,
			},
			repair: "repair it",
			now: () => NOW,
		},
	);
}

const FLOWING: readonly [string, Partial<LaneOverview>][] = [
	["is empty", {}],
	["has what waits for its turn", { waiting: 1, dueSince: NOW - OVERDUE_MS + 1 }],
	["is parked, and empty", { parked }],
	["is paused, empty, and led to by no route", { ...unrouted, pause }],
	["is empty, and led to by no route", unrouted],
	["is empty, and belongs to another address", foreign],
	["has sent a moment ago", { ...overdue, calls: [NOW - OVERDUE_MS + 1] }],
	["has used up its pace", { ...overdue, calls: [NOW - 1, NOW - 1] }],
];

const OTHERS: readonly [string, Partial<LaneOverview>, object][] = [
	["is paused, and empty", { pause }, PAUSED],
	["is paused", { waiting: 1, pause }, PAUSED],
	["is parked", { waiting: 1, parked }, PARKED],
	["is parked and paused", { waiting: 1, parked, pause }, PARKED],
	["is paused until now", { pause: { ...pause, until: NOW } }, { ...PAUSED, until: null }],
	["has closed destinations", { ...overdue, parkedDestinations: 2 }, { ...OPEN, parkedDestinations: 2 }],
	["has what is overdue", overdue, { ...OPEN, reason: OVERDUE }],
	["has sent ten minutes ago", { ...overdue, calls: [NOW - OVERDUE_MS] }, { ...OPEN, reason: OVERDUE }],
	["cannot be read", { problem: "storage is down" }, { ...OPEN, reason: "storage is down" }],
	["belongs to another address", { ...overdue, ...foreign }, { ...OPEN, reason: `1 delivery waits ${FOREIGN}` }],
	[
		"is led to by no route",
		{ ...unrouted, waiting: 1, windows: 2, pause },
		{ ...PAUSED, ...unrouted, reason: `slow down; 3 deliveries wait ${UNROUTED}` },
	],
];

describe("the health of a lane", () => {
	it.each(FLOWING)("has nothing to say of one that %s", (_, seen) => {
		expect(healthOf(seen)).toBeUndefined();
	});

	it.each(OTHERS)("says all that is known of one that %s", (_, seen, expected) => {
		expect(healthOf(seen)).toEqual(expected);
	});
});

describe("whether a lane is closed to what waits in it", () => {
	it.each<[string, Partial<LaneOverview>, boolean]>([
		["is open", { waiting: 1 }, false],
		["is parked", { waiting: 1, parked }, true],
		["is parked, and empty", { parked }, false],
		["belongs to another address", { windows: 1, ...foreign }, true],
		["belongs to another address, and is empty", foreign, false],
	])("is known of one that %s", (_, seen, closed) => {
		expect(isClosed({ ...EMPTY, ...seen }, { address: ADDRESS })).toBe(closed);
	});
});

describe("the health of a token", () => {
	const refused = { waiting: 1, parked: { ...parked, unauthorized: true as const } };
	const present = { lane: "default", present: true, state: "present", expiresAt: null, reason: null };
	const noToken = (kind: string, wide?: boolean) =>
		Object.assign(new Error("there is none"), { classification: { kind, reason: "there is none", wide } });
	const MISSING = { ...present, present: false, state: "missing", reason: "there is none" };

	it.each<[string, Error | undefined, Partial<LaneOverview> | undefined, object]>([
		["is there, and nothing is known of its lane", undefined, undefined, present],
		["is there, and ends", undefined, { tokenExpiresAt: "2026" }, { ...present, expiresAt: "2026" }],
		["is there, and the lane is parked for another cause", undefined, { waiting: 1, parked }, present],
		["is refused", undefined, refused, { ...present, present: false, state: "refused", reason: "no such token" }],
		["was refused, and nothing waits for it", undefined, { ...refused, waiting: 0 }, present],
		["cannot be read, for a cause that is not known", new Error("there is none"), EMPTY, MISSING],
		["is not authorized", noToken("unauthorized"), EMPTY, MISSING],
		["belongs to an app that is closed as a whole", noToken("unavailable", true), EMPTY, MISSING],
		["is missing, and was refused before", noToken("unauthorized"), refused, MISSING],
		["is not for one destination alone", noToken("unavailable"), EMPTY, present],
	])("tells of one that %s", async (_, error, seen, expected) => {
		const getToken = async () => {
			if (error !== undefined) throw error;
		};
		expect(await tokenHealthOf("default", to, getToken, seen && { ...EMPTY, ...seen })).toEqual(expected);
	});
});

describe("the warning of a token's end", () => {
	const at = (ms: number) => new Date(NOW + ms).toISOString();
	it.each<[string, string | null, string | undefined]>([
		["no end", null, undefined],
		["an end that is no time", "soon", undefined],
		["an end in more than thirty days", at(30 * DAY_MS + 1), undefined],
		["an end in thirty days", at(30 * DAY_MS), "ends in 30 days"],
		["an end that is now", at(0), "ends in 0 days"],
		["an end that is over", at(-1), "has ended"],
	])("says what is known of %s", (_, expiresAt, when) => {
		const warning = when && `the token of the lane "default" ${when} (${expiresAt}); put a new one in its place`;
		expect(expiryWarning("default", expiresAt, NOW)).toBe(warning);
	});
});
