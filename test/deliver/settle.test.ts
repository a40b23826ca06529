import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { breakerOf, type Called, type SettleOptions, settle } from "../../src/deliver/settle.ts";
import { type Breaker, type LaneState, NEW_LANE } from "../../src/ledger/lane-state.ts";
import type { Classification } from "../../src/model.ts";

const NOW = Date.parse("2026-05-26T12:00:00Z");
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
const PROBE = 3 * MINUTE;

const TARGET = "contoso/fraud-model";
const ENTRY: Called = { target: TARGET, failures: 0 };
const OPTIONS: SettleOptions = { now: NOW, random: 1, giveUpMs: 7 * DAY };
const PAUSE = { until: NOW - 1, reason: "before" };

function settledBy(
	classification: Classification,
	{
		state = {},
		entry = {},
		options = {},
	}: { state?: Partial<LaneState>; entry?: Partial<Called>; options?: Partial<SettleOptions> } = {},
) {
	return settle({ ...NEW_LANE, ...state }, { ...ENTRY, ...entry }, classification, { ...OPTIONS, ...options });
}

const lane = (state: Partial<LaneState>): LaneState => ({ ...NEW_LANE, ...state });
const breaker = (since: number): Breaker => ({ since, probeAt: since + PROBE, reason: "closed" });
const trouble: Classification = { kind: "transient", reason: "502" };
const uncertain: Classification = { kind: "uncertain", reason: "502" };
const rateLimited = (ms: number, named = true): Classification => ({
	kind: "rate-limited",
	until: NOW + ms,
	named,
	reason: "slower",
});
const closed: Classification = { kind: "unavailable", reason: "no permission" };
const badToken: Classification = { kind: "unauthorized", reason: "401" };
/** Where a lane has been in every kind of trouble. */
const troubled = { pause: PAUSE, failures: 4, rateLimits: 3 };

describe("a dispatch that GitHub has taken", () => {
	it("is a fact, and ends every failure of its lane", () => {
		const { state, disposition } = settledBy({ kind: "taken" }, { state: troubled });
		expect(disposition).toEqual({ kind: "dispatched" });
		expect(state).toEqual(NEW_LANE);
	});

	it("stays a fact however long it took", () => {
		expect(settledBy({ kind: "taken" }, { entry: { failingSince: NOW - 30 * DAY } }).disposition).toEqual({
			kind: "dispatched",
		});
	});

	it("opens the lane that was parked", () => {
		const parked = breaker(NOW - DAY);
		const { state, opened } = settledBy({ kind: "taken" }, { state: { parked } });
		expect(state.parked).toBeNull();
		expect(opened).toBe(parked);
	});

	it("closes its own destination's breaker, and no other's", () => {
		const breakers = { [TARGET]: breaker(NOW - DAY), "contoso/other": breaker(NOW - MINUTE) };
		const { state, opened } = settledBy({ kind: "taken" }, { state: { breakers } });
		expect(state.breakers).toEqual({ "contoso/other": breakers["contoso/other"] });
		expect(opened).toBe(breakers[TARGET]);
	});

	it("remembers as many breakers as the lane's row has room for, the last ones", () => {
		let state: LaneState = NEW_LANE;
		for (let number = 0; number < 500; number++) {
			const classification: Classification = { kind: "unavailable", reason: "x".repeat(1_000) };
			({ state } = settledBy(classification, { state, entry: { target: `contoso/${number}` } }));
		}
		expect(JSON.stringify(state).length).toBeLessThan(32_000);
		expect(state.breakers).toHaveProperty(["contoso/499"]);
		expect(Object.keys(state.breakers).length).toBeGreaterThan(20);
	});

	it("opens nothing where nothing was closed", () => {
		expect(settledBy({ kind: "taken" }).opened).toBeUndefined();
	});
});

describe("a request that can never succeed", () => {
	it("is a dead letter at once, for GitHub's reason, and blocks no other", () => {
		const { state, disposition } = settledBy({ kind: "permanent", reason: "422" }, { state: troubled });
		expect(disposition).toEqual({ kind: "dead-lettered", reason: "422" });
		expect(state).toEqual(NEW_LANE);
	});
});

describe("a request to slow down", () => {
	it("pauses the whole lane until the time that GitHub names", () => {
		const { state, disposition } = settledBy(rateLimited(90 * SECOND), { state: { rateLimits: 5 } });
		expect(state).toMatchObject({ pause: { until: NOW + 90 * SECOND, reason: "slower" }, rateLimits: 6 });
		expect(disposition).toEqual({ kind: "deferred", reason: "slower", notBefore: 0, failures: 0 });
	});

	it.each([
		[0, 1],
		[1, 2],
		[4, 16],
		[11, 2_048],
		[12, 3_600],
		[50, 3_600],
	])(
		"that names a second again and again is obeyed with a growing minimum: after %i others %i seconds",
		(rateLimits, seconds) => {
			const { state } = settledBy(rateLimited(SECOND), { state: { rateLimits } });
			expect(state.pause?.until).toBe(NOW + seconds * SECOND);
		},
	);

	it("is stored short and without credentials, however long and careless GitHub's words are", () => {
		const token = `ghp_${"a1B2".repeat(9)}`;
		const reason = `token ${token} ${"x".repeat(40_000)}`;
		for (const classification of [
			{ ...rateLimited(SECOND), reason },
			{ ...trouble, reason },
			{ ...badToken, reason },
			{ ...closed, reason },
		] as Classification[]) {
			const text = JSON.stringify(settledBy(classification).state);
			expect(text.length).toBeLessThan(1_000);
			expect(text).not.toContain(token);
		}
	});

	it.each([
		[0, 1],
		[1, 2],
		[2, 4],
		[5, 32],
		[6, 60],
		[40, 60],
	])(
		"that names no time doubles with each in a row, up to an hour: after %i others %i minutes",
		(rateLimits, minutes) => {
			const { state } = settledBy(rateLimited(MINUTE, false), { state: { rateLimits } });
			expect(state.pause?.until).toBe(NOW + minutes * MINUTE);
		},
	);

	it("does not count as a failure of GitHub's, nor ends one", () => {
		expect(settledBy(rateLimited(MINUTE), { state: { failures: 2 }, entry: { failures: 2 } })).toMatchObject({
			state: { failures: 2 },
			disposition: { failures: 2 },
		});
	});

	it("leaves what is parked parked", () => {
		const state = { parked: breaker(NOW - DAY), breakers: { [TARGET]: breaker(NOW - DAY) } };
		expect(settledBy(rateLimited(MINUTE), { state }).state).toMatchObject(state);
	});
});

describe("GitHub's failure", () => {
	it.each([
		[0, 2],
		[1, 4],
		[2, 8],
		[6, 128],
		[8, 300],
		[50, 300],
	])("pauses the lane exponentially, up to five minutes: after %i others at most %i seconds", (failures, seconds) => {
		const { state } = settledBy(trouble, { state: { failures } });
		expect(state).toMatchObject({ pause: { until: NOW + seconds * SECOND, reason: "502" }, failures: failures + 1 });
	});

	it("is spread by full jitter, but never shorter than a second", () => {
		fc.assert(
			fc.property(fc.nat(60), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
				const until = settledBy(trouble, { state: { failures }, options: { random } }).state.pause?.until ?? 0;
				const most = Math.min(SECOND * 2 ** (failures + 1), 5 * MINUTE);
				expect(until - NOW).toBe(Math.max(SECOND, Math.round(most * random)));
			}),
		);
		const [none, all] = [0, 1].map(
			(random) => settledBy(trouble, { state: { failures: 5 }, options: { random } }).state.pause?.until,
		);
		expect([none, all]).toEqual([NOW + SECOND, NOW + 64 * SECOND]);
	});

	it("waits at least as long as GitHub asks", () => {
		expect(settledBy({ ...trouble, retryAfterMs: 90 * SECOND }).state.pause?.until).toBe(NOW + 90 * SECOND);
		expect(settledBy({ ...trouble, retryAfterMs: 1 }).state.pause?.until).toBe(NOW + 2 * SECOND);
	});

	it("keeps a delivery that certainly did not arrive in its place", () => {
		const disposition = { kind: "deferred", reason: "502", failures: 0, notBefore: 0, failingSince: NOW };
		expect(settledBy(trouble).disposition).toEqual(disposition);
	});
});

describe("an uncertain answer", () => {
	it.each([
		[0, 5],
		[1, 15],
		[2, 45],
		[5, 1_215],
		[6, 3_600],
		[500, 3_600],
	])("makes the delivery step aside: after %i in a row for %i seconds", (failures, seconds) => {
		const { state, disposition } = settledBy(uncertain, { entry: { failures } });
		expect(disposition).toMatchObject({ kind: "deferred", failures: failures + 1, notBefore: NOW + seconds * SECOND });
		expect(state).toMatchObject({ pause: { until: NOW + 2 * SECOND, reason: "502" }, failures: 1 });
	});

	it("is repeated no earlier than GitHub asks", () => {
		expect(settledBy({ ...uncertain, retryAfterMs: MINUTE }).disposition).toMatchObject({ notBefore: NOW + MINUTE });
	});
});

describe("a refused token", () => {
	it("parks the lane, which probes every three minutes", () => {
		const { state, disposition } = settledBy(badToken, { state: troubled });
		expect(state).toEqual({
			...NEW_LANE,
			parked: { since: NOW, probeAt: NOW + PROBE, reason: "401", unauthorized: true },
		});
		expect(disposition).toEqual({ kind: "deferred", reason: "401", notBefore: 0, failures: 0, failingSince: NOW });
	});

	it("keeps it parked since the first time, for the newest reason", () => {
		const { state } = settledBy({ ...badToken, reason: "expired" }, { state: { parked: breaker(NOW - DAY) } });
		expect(state.parked).toMatchObject({ since: NOW - DAY, probeAt: NOW + PROBE, reason: "expired" });
	});

	it("leaves the destinations' breakers alone", () => {
		const breakers = { "contoso/other": breaker(NOW - DAY) };
		expect(settledBy(badToken, { state: { breakers } }).state.breakers).toEqual(breakers);
	});
});

describe("a closed destination", () => {
	it("is parked, and nothing else is", () => {
		const reason = "no permission";
		const breakers = { "contoso/other": breaker(NOW - DAY) };
		const { state, disposition } = settledBy(closed, { state: { ...troubled, breakers } });
		expect(state).toEqual({
			...NEW_LANE,
			breakers: { ...breakers, [TARGET]: { since: NOW, probeAt: NOW + PROBE, reason } },
		});
		expect(disposition).toEqual({ kind: "deferred", reason, notBefore: 0, failures: 0, failingSince: NOW });
	});

	it("keeps the time since when it is closed", () => {
		const { state } = settledBy(closed, { state: { breakers: { [TARGET]: breaker(NOW - DAY) } } });
		expect(state.breakers[TARGET]).toEqual({ since: NOW - DAY, probeAt: NOW + PROBE, reason: "no permission" });
	});

	it('opens the lane: whoever is told "not this repository" has been recognised', () => {
		expect(settledBy(closed, { state: { parked: breaker(NOW - DAY) } }).state.parked).toBeNull();
	});

	it("keeps a long reason short, since every look at the lane reads it", () => {
		expect(settledBy({ ...closed, reason: "x".repeat(5_000) }).state.breakers[TARGET]?.reason).toHaveLength(300);
	});
});

describe("a refusal that means the account or the token as a whole", () => {
	it("parks the lane, not the destination, and does not call the token refused", () => {
		const { state } = settledBy({ ...closed, wide: true }, { state: troubled });
		expect(state).toEqual({ ...NEW_LANE, parked: { since: NOW, probeAt: NOW + PROBE, reason: "no permission" } });
	});
});

describe("since when a delivery fails", () => {
	const waiting = { target: TARGET, acceptedAt: NOW - 8 * DAY };

	it.each<[string, Partial<LaneState>, object, number | undefined]>([
		["is not said of one that only waits for its turn, however long", {}, {}, undefined],
		["is not said of one that waits out a pause", { pause: { until: NOW + DAY, reason: "" } }, {}, undefined],
		["is the breaker's first failure, for one that waits behind it", { parked: breaker(NOW - DAY) }, {}, NOW - DAY],
		[
			"is its acceptance, where the breaker was open before",
			{ breakers: { [TARGET]: breaker(NOW - 9 * DAY) } },
			{},
			NOW - 8 * DAY,
		],
		[
			"is the breaker's for one that has probed since",
			{ parked: breaker(NOW - DAY) },
			{ failingSince: NOW },
			NOW - DAY,
		],
		[
			"is its own first failure, where that was earlier",
			{ parked: breaker(NOW - DAY) },
			{ failingSince: NOW - 2 * DAY },
			NOW - 2 * DAY,
		],
		[
			"is not said for another destination's breaker",
			{ breakers: { "contoso/other": breaker(NOW - 9 * DAY) } },
			{},
			undefined,
		],
	])("%s", (_, state, more, since) => {
		expect(breakerOf(lane(state), { ...waiting, ...more })?.since).toBe(since);
	});
});

describe("giving up", () => {
	const late = { failingSince: NOW - 7 * DAY - 1 };

	it.each<[string, Classification]>([
		["a refused token", badToken],
		["a closed destination", closed],
		["transient", trouble],
		["an uncertain answer", uncertain],
	])("makes a dead letter of what is too old after %s, with the last reason", (_, classification) => {
		const { disposition } = settledBy(classification, { entry: late });
		expect(disposition).toEqual({
			kind: "dead-lettered",
			reason: expect.stringMatching(/^given up after 7 days; the last reason: ./),
		});
		expect(disposition.kind === "dead-lettered" && disposition.reason).toContain(
			"reason" in classification ? classification.reason : "-",
		);
	});

	it("does not happen at a rate limit, which is no failure", () => {
		expect(settledBy(rateLimited(MINUTE), { entry: late }).disposition.kind).toBe("deferred");
	});

	it("does not happen at a first failure, however long the backlog was", () => {
		for (const classification of [badToken, closed, trouble, uncertain])
			expect(settledBy(classification).disposition.kind).toBe("deferred");
	});

	it("does not happen a moment earlier, and leaves the lane as it would be", () => {
		expect(settledBy(badToken, { entry: { failingSince: NOW - 7 * DAY } }).disposition.kind).toBe("deferred");
		expect(settledBy(badToken, { entry: late }).state).toEqual(settledBy(badToken).state);
	});

	it("names parts of days", () => {
		const { disposition } = settledBy(closed, { entry: late, options: { giveUpMs: DAY / 4 } });
		expect(disposition).toMatchObject({ reason: expect.stringContaining("after 0.25 days") });
	});
});

describe("several calls under way", () => {
	const pause = { until: NOW + MINUTE, reason: "slower" };
	const paused = { pause, failures: 2, rateLimits: 1 };

	it.each<[string, Classification]>([
		["a success", { kind: "taken" }],
		["a request that can never succeed", { kind: "permanent", reason: "422" }],
		["a closed destination", closed],
		["a refused token", badToken],
	])("leave a pause as it is that began after the call: %s", (_, classification) => {
		expect(settledBy(classification, { state: paused }).state).toMatchObject(paused);
		const over = { ...paused, pause: { until: NOW, reason: "slower" } };
		expect(settledBy(classification, { state: over }).state).toMatchObject({
			pause: null,
			failures: 0,
			rateLimits: 0,
		});
	});

	it.each<[string, Classification]>([
		["a rate limit", rateLimited(2 * SECOND)],
		["a failure", trouble],
	])(
		"never shorten the pause of one another, and the newest reason counts where both are as long: %s",
		(_, shorter) => {
			expect(settledBy(shorter, { state: { pause } }).state.pause).toEqual(pause);
			const alike = { until: NOW + 2 * SECOND, reason: "before" };
			expect(settledBy(shorter, { state: { pause: alike } }).state.pause).toEqual({
				until: alike.until,
				reason: "reason" in shorter ? shorter.reason : "",
			});
		},
	);
});

describe("since when a delivery fails, by the last answer", () => {
	const since = NOW - DAY;

	it("stays what it was through a rate limit, and does not begin with one", () => {
		expect(settledBy(rateLimited(MINUTE), { entry: { failingSince: since } }).disposition).toMatchObject({
			failingSince: since,
		});
		expect(settledBy(rateLimited(MINUTE)).disposition).toMatchObject({ failingSince: undefined });
	});

	it.each<[string, Classification]>([
		["a refused token", badToken],
		["a closed destination", closed],
		["a closed account", { ...closed, wide: true }],
		["a failure", trouble],
		["an uncertain answer", uncertain],
	])("is its first failure: %s", (_, classification) => {
		expect(settledBy(classification).disposition).toMatchObject({ kind: "deferred", failingSince: NOW });
		const again = settledBy(classification, { entry: { failingSince: since } });
		expect(again.disposition).toMatchObject({ kind: "deferred", failingSince: since });
	});
});
