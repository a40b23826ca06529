import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import {
	dueAt,
	foreignAddress,
	fromColumns,
	isBehind,
	type LaneState,
	laneDueAt,
	NEW_LANE,
	toColumns,
	waitingFor,
	withoutIdleBreakers,
} from "../../src/ledger/lane-state.ts";

const NOW = 1_000_000_000_000;
const DAY = 86_400_000;
const breaker = (probeAt: number, reason = "closed") => ({ since: 0, probeAt, reason });
const lane = (state: Partial<LaneState>): LaneState => ({ ...NEW_LANE, ...state });
const entry = (notBefore = 0) => ({ target: "contoso/fraud-model", notBefore });

const past = fc.integer({ min: 0, max: NOW });
const wait = fc.integer({ min: 0, max: NOW + DAY });
const anyReason = fc.string({ maxLength: 300 });
const anyBreaker = fc.record({ since: past, probeAt: wait, reason: anyReason });
const anyState = fc.record<LaneState>({
	wake: fc.record({ last: fc.nat(), at: fc.option(wait) }),
	address: fc.option(fc.webUrl()),
	pause: fc.option(fc.record({ until: wait, reason: anyReason })),
	failures: fc.nat(),
	rateLimits: fc.nat(),
	parked: fc.option(anyBreaker),
	breakers: fc.dictionary(fc.stringMatching(/^[a-z]+\/[a-z]+$/), anyBreaker),
	calls: fc.array(past, { maxLength: 500 }).map((times) => times.sort((one, other) => one - other)),
	tokenExpiresAt: fc.option(fc.string()),
});

describe("a lane's state", () => {
	it("is read as it was written", () => {
		fc.assert(fc.property(anyState, (state) => expect(fromColumns(toColumns(state), NOW)).toEqual(state)));
	});

	it("is read with what was added since, where an older version has written it", () => {
		const { state, ...columns } = toColumns(NEW_LANE);
		const { rateLimits: _, tokenExpiresAt: __, ...older } = JSON.parse(String(state)) as LaneState;
		expect(fromColumns({ ...columns, state: JSON.stringify(older) }, NOW)).toEqual(NEW_LANE);
	});

	it("is read from a row of version 0.1.0, whose names were others", () => {
		const old = {
			wake: { last: 3, at: null },
			gates: { "contoso/x": breaker(NOW) },
			troubles: 2,
			slowDowns: 4,
		};
		expect(fromColumns({ state: JSON.stringify(old), calls: Buffer.alloc(0) }, NOW)).toEqual({
			...NEW_LANE,
			wake: { last: 3, at: null },
			breakers: { "contoso/x": breaker(NOW) },
			failures: 2,
			rateLimits: 4,
		});
	});

	it("is sound whatever its row holds: every wait is a date within a day, every call in the past", () => {
		const absurd = fc.oneof(
			fc.double(),
			fc.integer({ min: NOW, max: Number.MAX_SAFE_INTEGER }),
			fc.jsonValue(),
			fc.constantFrom(58_946 * 365 * DAY, -1e300, -8.64e15 - 1, "1798000000000", null, undefined),
		);
		const anyRow = fc.record({
			wake: fc.oneof(absurd, fc.record({ last: absurd, at: absurd })),
			pause: fc.oneof(absurd, fc.record({ until: absurd, reason: absurd })),
			parked: fc.oneof(absurd, fc.record({ since: absurd, probeAt: absurd, reason: absurd })),
			breakers: fc.oneof(absurd, fc.dictionary(fc.string(), fc.record({ since: absurd, probeAt: absurd }))),
			failures: absurd,
			rateLimits: absurd,
			address: absurd,
		});
		const text = fc.oneof(
			anyRow.map((row) => JSON.stringify(row)),
			fc.string(),
		);
		const columns = fc.record({ state: text, calls: fc.oneof(fc.uint8Array(), fc.constant(undefined)) });
		fc.assert(
			fc.property(columns, (row) => {
				const state = fromColumns(row, NOW);
				const times = [
					state.wake.at,
					state.pause?.until,
					...[state.parked, ...Object.values(state.breakers)].flatMap((one) => [one?.since, one?.probeAt]),
				];
				for (const time of times.filter((one) => one !== null && one !== undefined)) {
					expect(time).toBeLessThanOrEqual(NOW + DAY);
					expect(() => new Date(time).toISOString()).not.toThrow();
				}
				expect(state.calls.every((call) => call <= NOW)).toBe(true);
				expect([state.failures, state.rateLimits, state.wake.last + 1].every(Number.isSafeInteger)).toBe(true);
				expect(fromColumns(toColumns(state), NOW)).toEqual(state);
			}),
		);
	});

	it("fits into its row with as many breakers, reasons and names as long as they can be", () => {
		const named = (number: number) =>
			[`${"o".repeat(39)}/${"r".repeat(97)}${number}`, breaker(NOW, '"\u0000'.repeat(150))] as const;
		const breakers = Object.fromEntries(Array.from({ length: 60 }, (_, number) => named(number)));
		const columns = toColumns(lane({ breakers }));
		expect(String(columns["state"]).length).toBeLessThan(32_768);
		const read = fromColumns(columns, NOW);
		expect(Object.keys(read.breakers).at(-1)).toMatch(/59$/);
	});

	it("is left alone by a clock that is behind another instance's: its calls count as made now", () => {
		const calls = [NOW - 1_000, NOW + 10 * 60_000];
		expect(fromColumns(toColumns(lane({ calls })), NOW).calls).toEqual([NOW - 1_000, NOW]);
	});

	it("fits into a table's property with the largest pace that may be configured", () => {
		const { calls } = toColumns(lane({ calls: Array(10_000).fill(Date.parse("9999-12-31T23:59:59Z")) }));
		expect((calls as Uint8Array).length).toBeLessThanOrEqual(64 * 1024);
	});
});

describe("when an entry can be delivered", () => {
	it.each<[string, Partial<LaneState>, number, number]>([
		["at once in an open lane", {}, 0, 0],
		["after the lane's pause", { pause: { until: 70, reason: "" } }, 0, 70],
		["with the probe of a parked lane", { parked: breaker(80) }, 0, 80],
		["with the probe of its destination", { breakers: { "contoso/fraud-model": breaker(90) } }, 0, 90],
		["whatever closes another destination", { breakers: { "contoso/other": breaker(90) } }, 0, 0],
		["when it no longer stands aside", {}, 60, 60],
		["when the last of all this is over", { pause: { until: 70, reason: "" }, parked: breaker(80) }, 60, 80],
	])("is %s", (_, state, notBefore, due) => {
		expect(dueAt(lane(state), entry(notBefore))).toBe(due);
	});

	it("is for no delivery before the lane's pause and probe are over", () => {
		expect(laneDueAt(lane({ pause: { until: 70, reason: "" }, parked: breaker(80) }))).toBe(80);
		expect(laneDueAt(lane({ pause: { until: 90, reason: "" }, parked: breaker(80) }))).toBe(90);
		expect(laneDueAt(lane({ breakers: { "contoso/fraud-model": breaker(90) } }))).toBe(0);
	});
});

describe("what an entry waits for", () => {
	const later = NOW + 1;

	it.each<[string, Partial<LaneState>, number, ReturnType<typeof waitingFor>]>([
		["nothing, in an open lane", {}, 0, undefined],
		[
			"the lane's pause",
			{ pause: { until: later, reason: "slow" } },
			0,
			{ state: "paused", until: later, reason: "slow" },
		],
		["nothing, when the pause is over", { pause: { until: NOW, reason: "slow" } }, 0, undefined],
		["the lane's probe", { parked: breaker(later, "401") }, 0, { state: "parked", until: later, reason: "401" }],
		[
			"the lane's probe, even when it is due: a parked lane stays parked until a call succeeds",
			{ parked: breaker(NOW - 1, "401") },
			0,
			{ state: "parked", until: NOW - 1, reason: "401" },
		],
		[
			"its destination's probe",
			{ breakers: { "contoso/fraud-model": breaker(later, "404") } },
			0,
			{ state: "parked", until: later, reason: "404" },
		],
		["nothing of another destination", { breakers: { "contoso/other": breaker(later) } }, 0, undefined],
		["its turn to step back in", {}, later, { state: "paused", until: later, reason: expect.any(String) as never }],
		["nothing, when it has stood aside long enough", {}, NOW, undefined],
		[
			"its turn to step back in, where the lane's pause is shorter",
			{ pause: { until: later, reason: "slow" } },
			later + 1,
			{ state: "paused", until: later + 1, reason: expect.any(String) as never },
		],
		[
			"the lane's pause, where its turn comes earlier",
			{ pause: { until: later + 1, reason: "slow" } },
			later,
			{ state: "paused", until: later + 1, reason: "slow" },
		],
	])("is %s", (_, state, notBefore, expected) => {
		expect(waitingFor(lane(state), entry(notBefore), NOW)).toEqual(expected);
	});
});

describe("a delivery that steps aside", () => {
	it("waits for what is said of it, where that is known", () => {
		const waits = waitingFor(NEW_LANE, { ...entry(NOW + 1), reason: "its run is looked for" }, NOW);
		expect(waits).toEqual({ state: "paused", until: NOW + 1, reason: "its run is looked for" });
	});
});

describe("a state row that is not sound", () => {
	const read = (state: object) => fromColumns({ state: JSON.stringify(state), calls: undefined }, NOW);

	it("loses what cannot be read, and no more", () => {
		const breakers = { "contoso/a": { probeAt: "soon" }, "contoso/b": breaker(NOW) };
		expect(read({ breakers, failures: -3, rateLimits: 2 })).toEqual({
			...NEW_LANE,
			breakers: { "contoso/b": breaker(NOW) },
			rateLimits: 2,
		});
	});

	it("has no reason where none is recorded", () => {
		expect(read({ pause: { until: NOW }, parked: { since: 0, probeAt: NOW } })).toMatchObject({
			pause: { until: NOW, reason: "" },
			parked: { since: 0, probeAt: NOW, reason: "" },
		});
	});

	it("has its calls in order", () => {
		expect(fromColumns(toColumns(lane({ calls: [3, 1, 2] })), NOW).calls).toEqual([1, 2, 3]);
	});

	it.each([
		[true, { unauthorized: true }],
		[false, {}],
		["yes", {}],
		[undefined, {}],
	])("says that the token is refused only where that is recorded: %j", (unauthorized, expected) => {
		expect(read({ parked: { ...breaker(NOW), unauthorized } }).parked).toStrictEqual({ ...breaker(NOW), ...expected });
	});

	it("leaves out breakers from 30,000 characters on, the oldest first, and nothing else", () => {
		const breakers = { "contoso/a": breaker(NOW), "contoso/b": breaker(NOW) };
		const length = (address: string) => String(toColumns(lane({ breakers, address }))["state"]).length;
		const room = "x".repeat(30_000 - length(""));
		expect(length(room)).toBe(30_000);
		const read = fromColumns(toColumns(lane({ breakers, address: `${room}x` })), NOW);
		expect(Object.keys(read.breakers)).toEqual(["contoso/b"]);
		const long = lane({ breakers, address: "x".repeat(40_000) });
		expect(fromColumns(toColumns(long), NOW)).toEqual({ ...long, breakers: {} });
	});
});

describe("a lane of another address", () => {
	const [here, before, elsewhere] = ["https://api.github.com", "https://old.example", "https://elsewhere.example"];

	it.each([
		["is none before any drainer has been there", null, undefined],
		["is none where it is this app's", here, undefined],
		["is none where it was this app's before", before, undefined],
		["is told by its address", elsewhere, elsewhere],
	])("%s", (_, address, foreign) => {
		expect(foreignAddress({ address }, { address: here, formerAddress: before })).toBe(foreign);
	});

	it("is the former one's too, where the app has not been moved", () => {
		expect(foreignAddress({ address: before }, { address: here })).toBe(before);
	});
});

describe("a lane that is behind", () => {
	it("has a delivery that has waited for ten minutes", () => {
		expect(isBehind(NOW - 10 * 60_000, NOW)).toBe(true);
		expect(isBehind(NOW - 10 * 60_000 + 1, NOW)).toBe(false);
		expect(isBehind(NOW, NOW)).toBe(false);
	});
});

describe("breakers for which nothing waits", () => {
	const breakers = { "contoso/a": breaker(5), "contoso/b": breaker(6) };
	const parked = breaker(7);
	const without = (state: Partial<LaneState>, ...repositories: string[]) =>
		withoutIdleBreakers(lane(state), new Set(repositories));

	it("are removed, and no others", () => {
		const { "contoso/a": a } = breakers;
		expect(without({ breakers, parked, failures: 2 }, "contoso/a", "contoso/c")).toEqual(
			lane({ breakers: { "contoso/a": a }, parked, failures: 2 }),
		);
		expect(without({ breakers }, "contoso/c")).toEqual(NEW_LANE);
	});

	it("are the lane's own, too, where nothing waits at all", () => {
		expect(without({ parked, failures: 2 })).toEqual(lane({ failures: 2 }));
		expect(without({ breakers, parked })).toEqual(NEW_LANE);
	});

	it("leave the state as it is where there are none, so that it need not be written", () => {
		for (const state of [lane({}), lane({ breakers, parked })])
			expect(withoutIdleBreakers(state, new Set(["contoso/a", "contoso/b"]))).toBe(state);
		expect(withoutIdleBreakers(NEW_LANE, new Set())).toBe(NEW_LANE);
	});
});

describe("a delivery that steps aside", () => {
	it("waits because a repeat may start a second run", () => {
		expect(waitingFor(NEW_LANE, entry(NOW + 1), NOW)?.reason).toContain("a repeat may start a second run");
	});
});
