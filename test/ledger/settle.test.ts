import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { Verdict } from "../../src/dispatch/classify-response.ts";
import { type Gate, type LaneState, NEW_LANE } from "../../src/ledger/lane-state.ts";
import { type SettleOptions, settle, type Tried } from "../../src/ledger/settle.ts";

const NOW = Date.parse("2026-05-26T12:00:00Z");
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
const PROBE = 3 * MINUTE;

const ENTRY: Tried = { repository: "Contoso/Fraud-Model", acceptedAt: NOW - MINUTE, troubles: 0 };
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

const gate = (since: number): Gate => ({ since, probeAt: since + PROBE, reason: "closed" });
const trouble: Verdict = { kind: "trouble", reason: "502" };
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
		expect(settledBy({ kind: "dispatched" }, { entry: { acceptedAt: NOW - 30 * DAY } }).fate).toEqual({
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
	it("pauses the whole lane until the time that GitHub names, however often it asks", () => {
		const { state, fate } = settledBy(slowDown(90 * SECOND), { state: { slowDowns: 5 } });
		expect(state).toMatchObject({ pause: { until: NOW + 90 * SECOND, reason: "slower" }, slowDowns: 6 });
		expect(fate).toEqual({ kind: "kept", reason: "slower", notBefore: 0, troubles: 0 });
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

	it("keeps the entry in its place the first two times", () => {
		expect(settledBy(trouble).fate).toEqual({ kind: "kept", reason: "502", troubles: 1, notBefore: 0 });
		expect(settledBy(trouble, { entry: { troubles: 1 } }).fate).toMatchObject({ troubles: 2, notBefore: 0 });
	});

	it("makes an entry step aside the third time, so that others pass once the pause is over", () => {
		const { state, fate } = settledBy(trouble, { state: { troubles: 2 }, entry: { troubles: 2 } });
		expect(fate).toEqual({ kind: "kept", reason: "502", troubles: 3, notBefore: NOW + 8 * SECOND + 16 * SECOND });
		expect(state.pause?.until).toBe(NOW + 8 * SECOND);
	});

	it("makes it step aside longer each time, and never before the pause is over", () => {
		fc.assert(
			fc.property(fc.integer({ min: 2, max: 50 }), fc.double({ min: 0, max: 1, noNaN: true }), (troubles, random) => {
				const { state, fate } = settledBy(trouble, { entry: { troubles }, options: { random } });
				if (fate.kind !== "kept") throw new Error(fate.kind);
				expect(fate.notBefore).toBeGreaterThan(state.pause?.until ?? Number.POSITIVE_INFINITY);
				expect(fate.notBefore - (state.pause?.until ?? 0)).toBeLessThanOrEqual(5 * MINUTE);
			}),
		);
	});
});

describe("a refused token", () => {
	it("parks the lane, which probes every three minutes", () => {
		const { state, fate } = settledBy(badToken, { state: troubled });
		expect(state).toEqual({ ...NEW_LANE, parked: { since: NOW, probeAt: NOW + PROBE, reason: "401" } });
		expect(fate).toEqual({ kind: "kept", reason: "401", notBefore: 0, troubles: 0 });
	});

	it("keeps it parked since the first time, for the newest reason", () => {
		const { state } = settledBy({ ...badToken, reason: "expired" }, { state: { parked: gate(NOW - DAY) } });
		expect(state.parked).toEqual({ since: NOW - DAY, probeAt: NOW + PROBE, reason: "expired" });
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
		expect(fate).toEqual({ kind: "kept", reason, notBefore: 0, troubles: 0 });
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

describe("giving up", () => {
	const late = { acceptedAt: NOW - 7 * DAY - 1 };

	it.each<[string, Verdict]>([
		["a refused token", badToken],
		["a closed destination", closed],
		["trouble", trouble],
		["slowing down", slowDown(MINUTE)],
	])("makes a dead letter of what is too old after %s, with the last reason", (_, verdict) => {
		const { fate } = settledBy(verdict, { entry: late });
		expect(fate).toEqual({ kind: "dead", reason: expect.stringMatching(/^given up after 7 days; the last reason: ./) });
		expect(fate.kind === "dead" && fate.reason).toContain("reason" in verdict ? verdict.reason : "-");
	});

	it("does not happen a moment earlier, and leaves the lane as it would be", () => {
		expect(settledBy(badToken, { entry: { acceptedAt: NOW - 7 * DAY } }).fate.kind).toBe("kept");
		expect(settledBy(badToken, { entry: late }).state).toEqual(settledBy(badToken).state);
	});

	it("names parts of days", () => {
		const { fate } = settledBy(closed, { entry: late, options: { giveUpMs: DAY / 4 } });
		expect(fate).toMatchObject({ reason: expect.stringContaining("after 0.25 days") });
	});
});
