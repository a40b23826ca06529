import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { Verdict } from "../../src/dispatch/classify-response.ts";
import { type Gate, type LaneState, NEW_LANE } from "../../src/ledger/lane-state.ts";
import { failingSince, type SettleOptions, settle, type Tried } from "../../src/ledger/settle.ts";

const NOW = Date.parse("2026-05-26T12:00:00Z");
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
const PROBE = 3 * MINUTE;

const ENTRY: Tried = { repository: "Contoso/Fraud-Model", troubles: 0 };
const REPOSITORY = "contoso/fraud-model";
const OPTIONS: SettleOptions = { now: NOW, random: 1, giveUpMs: 7 * DAY };
const PAUSE = { until: NOW - 1, reason: "before" };

function settledBy(
	verdict: Verdict,
	{
		state = {},
		entry = {},
		options = {},
	}: { state?: Partial<LaneState>; entry?: Partial<Tried>; options?: Partial<SettleOptions> } = {},
) {
	return settle({ ...NEW_LANE, ...state }, { ...ENTRY, ...entry }, verdict, { ...OPTIONS, ...options });
}

const lane = (state: Partial<LaneState>): LaneState => ({ ...NEW_LANE, ...state });
const gate = (since: number): Gate => ({ since, probeAt: since + PROBE, reason: "closed" });
const trouble: Verdict = { kind: "trouble", reason: "502" };
const uncertain: Verdict = { kind: "uncertain", reason: "502" };
const slowDown = (ms: number, named = true): Verdict => ({
	kind: "slow-down",
	until: NOW + ms,
	named,
	reason: "slower",
});
const closed: Verdict = { kind: "closed", reason: "no permission" };
const badToken: Verdict = { kind: "bad-token", reason: "401" };
/** Where a lane has been in every kind of trouble. */
const troubled = { pause: PAUSE, troubles: 4, slowDowns: 3 };

describe("a dispatch that GitHub has taken", () => {
	it("is a fact, and ends every trouble of its lane", () => {
		const { state, fate } = settledBy({ kind: "dispatched" }, { state: troubled });
		expect(fate).toEqual({ kind: "dispatched" });
		expect(state).toEqual(NEW_LANE);
	});

	it("stays a fact however long it took", () => {
		expect(settledBy({ kind: "dispatched" }, { entry: { failingSince: NOW - 30 * DAY } }).fate).toEqual({
			kind: "dispatched",
		});
	});

	it("opens the lane that was parked", () => {
		const parked = gate(NOW - DAY);
		const { state, opened } = settledBy({ kind: "dispatched" }, { state: { parked } });
		expect(state.parked).toBeNull();
		expect(opened).toBe(parked);
	});

	it("opens its own destination's gate, and no other's", () => {
		const gates = { [REPOSITORY]: gate(NOW - DAY), "contoso/other": gate(NOW - MINUTE) };
		const { state, opened } = settledBy({ kind: "dispatched" }, { state: { gates } });
		expect(state.gates).toEqual({ "contoso/other": gates["contoso/other"] });
		expect(opened).toBe(gates[REPOSITORY]);
	});

	it("keeps as many gates as the lane's row has room for, the last ones", () => {
		let state: LaneState = NEW_LANE;
		for (let number = 0; number < 500; number++) {
			const verdict: Verdict = { kind: "closed", reason: "x".repeat(1_000) };
			({ state } = settledBy(verdict, { state, entry: { repository: `contoso/${number}` } }));
		}
		expect(JSON.stringify(state).length).toBeLessThan(32_000);
		expect(state.gates).toHaveProperty(["contoso/499"]);
		expect(Object.keys(state.gates).length).toBeGreaterThan(20);
	});

	it("opens nothing where nothing was closed", () => {
		expect(settledBy({ kind: "dispatched" })).not.toHaveProperty("opened");
	});
});

describe("a request that can never succeed", () => {
	it("is a dead letter at once, for GitHub's reason, and holds nobody up", () => {
		const { state, fate } = settledBy({ kind: "refused", reason: "422" }, { state: troubled });
		expect(fate).toEqual({ kind: "dead", reason: "422" });
		expect(state).toEqual(NEW_LANE);
	});
});

describe("a request to slow down", () => {
	it("pauses the whole lane until the time that GitHub names", () => {
		const { state, fate } = settledBy(slowDown(90 * SECOND), { state: { slowDowns: 5 } });
		expect(state).toMatchObject({ pause: { until: NOW + 90 * SECOND, reason: "slower" }, slowDowns: 6 });
		expect(fate).toEqual({ kind: "kept", reason: "slower", notBefore: 0, troubles: 0 });
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
		(slowDowns, seconds) => {
			const { state } = settledBy(slowDown(SECOND), { state: { slowDowns } });
			expect(state.pause?.until).toBe(NOW + seconds * SECOND);
		},
	);

	it("is stored short and without credentials, however long and careless GitHub's words are", () => {
		const token = `ghp_${"a1B2".repeat(9)}`;
		const reason = `token ${token} ${"x".repeat(40_000)}`;
		for (const verdict of [
			{ ...slowDown(SECOND), reason },
			{ ...trouble, reason },
			{ ...badToken, reason },
			{ ...closed, reason },
		] as Verdict[]) {
			const text = JSON.stringify(settledBy(verdict).state);
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
		(slowDowns, minutes) => {
			const { state } = settledBy(slowDown(MINUTE, false), { state: { slowDowns } });
			expect(state.pause?.until).toBe(NOW + minutes * MINUTE);
		},
	);

	it("does not count as a trouble of GitHub's, nor ends one", () => {
		expect(settledBy(slowDown(MINUTE), { state: { troubles: 2 }, entry: { troubles: 2 } })).toMatchObject({
			state: { troubles: 2 },
			fate: { troubles: 2 },
		});
	});

	it("keeps what is parked parked", () => {
		const state = { parked: gate(NOW - DAY), gates: { [REPOSITORY]: gate(NOW - DAY) } };
		expect(settledBy(slowDown(MINUTE), { state }).state).toMatchObject(state);
	});
});

describe("GitHub's trouble", () => {
	it.each([
		[0, 2],
		[1, 4],
		[2, 8],
		[6, 128],
		[8, 300],
		[50, 300],
	])("pauses the lane exponentially, up to five minutes: after %i others at most %i seconds", (troubles, seconds) => {
		const { state } = settledBy(trouble, { state: { troubles } });
		expect(state).toMatchObject({ pause: { until: NOW + seconds * SECOND, reason: "502" }, troubles: troubles + 1 });
	});

	it("is spread by full jitter, but never shorter than a second", () => {
		fc.assert(
			fc.property(fc.nat(60), fc.double({ min: 0, max: 1, noNaN: true }), (troubles, random) => {
				const until = settledBy(trouble, { state: { troubles }, options: { random } }).state.pause?.until ?? 0;
				const most = Math.min(SECOND * 2 ** (troubles + 1), 5 * MINUTE);
				expect(until - NOW).toBe(Math.max(SECOND, Math.round(most * random)));
			}),
		);
		const [none, all] = [0, 1].map(
			(random) => settledBy(trouble, { state: { troubles: 5 }, options: { random } }).state.pause?.until,
		);
		expect([none, all]).toEqual([NOW + SECOND, NOW + 64 * SECOND]);
	});

	it("waits at least as long as GitHub asks", () => {
		expect(settledBy({ ...trouble, retryAfterMs: 90 * SECOND }).state.pause?.until).toBe(NOW + 90 * SECOND);
		expect(settledBy({ ...trouble, retryAfterMs: 1 }).state.pause?.until).toBe(NOW + 2 * SECOND);
	});

	it("keeps a delivery that certainly did not arrive in its place", () => {
		const fate = { kind: "kept", reason: "502", troubles: 0, notBefore: 0, failingSince: NOW };
		expect(settledBy(trouble).fate).toEqual(fate);
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
	])("makes the delivery step aside: after %i in a row for %i seconds", (troubles, seconds) => {
		const { state, fate } = settledBy(uncertain, { entry: { troubles } });
		expect(fate).toMatchObject({ kind: "kept", troubles: troubles + 1, notBefore: NOW + seconds * SECOND });
		expect(state).toMatchObject({ pause: { until: NOW + 2 * SECOND, reason: "502" }, troubles: 1 });
	});

	it("is repeated no earlier than GitHub asks", () => {
		expect(settledBy({ ...uncertain, retryAfterMs: MINUTE }).fate).toMatchObject({ notBefore: NOW + MINUTE });
	});
});

describe("a refused token", () => {
	it("parks the lane, which probes every three minutes", () => {
		const { state, fate } = settledBy(badToken, { state: troubled });
		expect(state).toEqual({
			...NEW_LANE,
			parked: { since: NOW, probeAt: NOW + PROBE, reason: "401", unauthorized: true },
		});
		expect(fate).toEqual({ kind: "kept", reason: "401", notBefore: 0, troubles: 0, failingSince: NOW });
	});

	it("keeps it parked since the first time, for the newest reason", () => {
		const { state } = settledBy({ ...badToken, reason: "expired" }, { state: { parked: gate(NOW - DAY) } });
		expect(state.parked).toMatchObject({ since: NOW - DAY, probeAt: NOW + PROBE, reason: "expired" });
	});

	it("leaves the destinations' gates alone", () => {
		const gates = { "contoso/other": gate(NOW - DAY) };
		expect(settledBy(badToken, { state: { gates } }).state.gates).toEqual(gates);
	});
});

describe("a closed destination", () => {
	it.each<[string, Verdict, string]>([
		["by a refusal", closed, "no permission"],
		["by a redirect that leads nowhere", { kind: "moved", location: "https://a" }, "GitHub redirects to https://a"],
	])("is parked %s, and nothing else is", (_, verdict, reason) => {
		const gates = { "contoso/other": gate(NOW - DAY) };
		const { state, fate } = settledBy(verdict, { state: { ...troubled, gates } });
		expect(state).toEqual({
			...NEW_LANE,
			gates: { ...gates, [REPOSITORY]: { since: NOW, probeAt: NOW + PROBE, reason } },
		});
		expect(fate).toEqual({ kind: "kept", reason, notBefore: 0, troubles: 0, failingSince: NOW });
	});

	it("keeps the time since when it is closed", () => {
		const { state } = settledBy(closed, { state: { gates: { [REPOSITORY]: gate(NOW - DAY) } } });
		expect(state.gates[REPOSITORY]).toEqual({ since: NOW - DAY, probeAt: NOW + PROBE, reason: "no permission" });
	});

	it('opens the lane: whoever is told "not this repository" has been recognised', () => {
		expect(settledBy(closed, { state: { parked: gate(NOW - DAY) } }).state.parked).toBeNull();
	});

	it("keeps a long reason short, since every look at the lane reads it", () => {
		expect(settledBy({ ...closed, reason: "x".repeat(5_000) }).state.gates[REPOSITORY]?.reason).toHaveLength(300);
	});
});

describe("a refusal that means the account or the token as a whole", () => {
	it("parks the lane, not the destination, and does not call the token refused", () => {
		const { state } = settledBy({ ...closed, wide: true }, { state: troubled });
		expect(state).toEqual({ ...NEW_LANE, parked: { since: NOW, probeAt: NOW + PROBE, reason: "no permission" } });
	});
});

describe("since when a delivery fails", () => {
	const waiting = { repository: "Contoso/Fraud-Model", acceptedAt: NOW - 8 * DAY };

	it.each<[string, Partial<LaneState>, object, number | undefined]>([
		["is not said of one that only waits for its turn, however long", {}, {}, undefined],
		["is not said of one that waits out a pause", { pause: { until: NOW + DAY, reason: "" } }, {}, undefined],
		["is the breaker's first failure, for one that waits behind it", { parked: gate(NOW - DAY) }, {}, NOW - DAY],
		[
			"is its acceptance, where the breaker was open before",
			{ gates: { [REPOSITORY]: gate(NOW - 9 * DAY) } },
			{},
			NOW - 8 * DAY,
		],
		["is the breaker's for one that has probed since", { parked: gate(NOW - DAY) }, { failingSince: NOW }, NOW - DAY],
		[
			"is its own first failure, where that was earlier",
			{ parked: gate(NOW - DAY) },
			{ failingSince: NOW - 2 * DAY },
			NOW - 2 * DAY,
		],
		[
			"is not said for another destination's breaker",
			{ gates: { "contoso/other": gate(NOW - 9 * DAY) } },
			{},
			undefined,
		],
	])("%s", (_, state, more, since) => {
		expect(failingSince(lane(state), { ...waiting, ...more })).toBe(since);
	});
});

describe("giving up", () => {
	const late = { failingSince: NOW - 7 * DAY - 1 };

	it.each<[string, Verdict]>([
		["a refused token", badToken],
		["a closed destination", closed],
		["trouble", trouble],
		["an uncertain answer", uncertain],
	])("makes a dead letter of what is too old after %s, with the last reason", (_, verdict) => {
		const { fate } = settledBy(verdict, { entry: late });
		expect(fate).toEqual({ kind: "dead", reason: expect.stringMatching(/^given up after 7 days; the last reason: ./) });
		expect(fate.kind === "dead" && fate.reason).toContain("reason" in verdict ? verdict.reason : "-");
	});

	it("does not happen at a rate limit, which is no failure", () => {
		expect(settledBy(slowDown(MINUTE), { entry: late }).fate.kind).toBe("kept");
	});

	it("does not happen at a first failure, however long the backlog was", () => {
		for (const verdict of [badToken, closed, trouble, uncertain]) expect(settledBy(verdict).fate.kind).toBe("kept");
	});

	it("does not happen a moment earlier, and leaves the lane as it would be", () => {
		expect(settledBy(badToken, { entry: { failingSince: NOW - 7 * DAY } }).fate.kind).toBe("kept");
		expect(settledBy(badToken, { entry: late }).state).toEqual(settledBy(badToken).state);
	});

	it("names parts of days", () => {
		const { fate } = settledBy(closed, { entry: late, options: { giveUpMs: DAY / 4 } });
		expect(fate).toMatchObject({ reason: expect.stringContaining("after 0.25 days") });
	});
});
