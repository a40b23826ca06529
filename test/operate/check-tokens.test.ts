import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "@jest/globals";
import type { TokenCheck } from "../../src/destinations/destination.ts";
import type { LaneLease } from "../../src/ledger/lane-lease.ts";
import { type LaneState, NEW_LANE } from "../../src/ledger/lane-state.ts";
import { checkTokens, recordExpiry } from "../../src/operate/maintenance.ts";
import type { RouteTo } from "../../src/route/route.ts";
import { LANE, START, startLane } from "../helpers/lane-harness.ts";
import { logLines } from "../helpers/log-lines.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const SOON = "2026-06-11T00:00:00.000Z";
const LATE = "2027-06-11T00:00:00.000Z";

/** Asks for tokens that answer so, by their lanes. */
async function check(answers: Record<string, TokenCheck | Error>, known: Record<string, string> = {}) {
	const { log, lines } = logLines();
	const recorded: Record<string, string | null> = {};
	await checkTokens(log, (lane) => known[lane] ?? null, {
		lanes: new Map(Object.keys(answers).map((lane): [string, RouteTo] => [lane, { repository: lane }])),
		checkToken: async ({ repository = "" }) => {
			const answer = answers[repository];
			if (answer === undefined || answer instanceof Error) throw answer;
			return answer;
		},
		recordExpiry: async (lane, expiresAt) => {
			if (lane === "unwritable") throw new Error("storage is down");
			recorded[lane] = expiresAt;
		},
		now: () => NOW,
	});
	return { lines, recorded };
}

const ok = (expiresAt: string | null): TokenCheck => ({ state: "ok", expiresAt, reason: null });

describe("the daily look at the tokens", () => {
	it("writes down when each ends, before anything was sent, and warns of one that ends soon", async () => {
		const { lines, recorded } = await check({ soon: ok(SOON), late: ok(LATE), endless: ok(null) }, { endless: LATE });
		expect(recorded).toEqual({ soon: SOON, late: LATE, endless: null });
		expect(lines).toEqual([
			{
				level: "warn",
				stage: "token",
				lane: "soon",
				expiresAt: SOON,
				reason: expect.stringContaining("ends in 10 days"),
			},
		]);
	});

	it("says which is refused, and why", async () => {
		const refused: TokenCheck = { state: "refused", expiresAt: null, reason: "this installation has been suspended" };
		const { lines, recorded } = await check({ a: refused });
		expect(lines).toEqual([{ level: "warn", stage: "token", lane: "a", expiresAt: null, reason: refused.reason }]);
		expect(recorded).toEqual({});
	});

	it("goes on with the others where one cannot be asked for, or its end not be written", async () => {
		const unknown: TokenCheck = { state: "unknown", expiresAt: null, reason: "GitHub answered 502" };
		const { lines, recorded } = await check(
			{ a: unknown, b: new Error("no such luck"), unwritable: ok(SOON), d: ok(LATE) },
			{ a: SOON },
		);
		expect(recorded).toEqual({ d: LATE });
		expect(lines).toContainEqual(expect.objectContaining({ stage: "token", lane: "a", expiresAt: SOON }));
		for (const [lane, change] of [
			["a", "token not checked"],
			["b", "token not checked"],
			["unwritable", "token not recorded"],
		])
			expect(lines).toContainEqual(
				expect.objectContaining({ level: "warn", stage: "maintenance", lane, change, reason: expect.any(String) }),
			);
	});

	it("asks for eight at once", async () => {
		const names = Array.from({ length: 9 }, (_, index) => `token-${index}`);
		const asked: (() => void)[] = [];
		const done = checkTokens(logLines().log, () => null, {
			lanes: new Map(names.map((name): [string, RouteTo] => [name, { repository: name }])),
			checkToken: () => new Promise((resolve) => asked.push(() => resolve(ok(null)))),
			recordExpiry: async () => {},
			now: () => NOW,
		});
		await setImmediate();
		expect(asked).toHaveLength(8);
		for (const answer of asked) answer();
		await setImmediate();
		expect(asked).toHaveLength(9);
		asked[8]?.();
		await done;
	});
});

describe("when a token ends", () => {
	it("is written into the state of a lane that is not leased, and changes nothing else", async () => {
		const lane = await startLane();
		await recordExpiry(lane.instance.ledger.acquire, LANE, SOON);
		const before = await lane.state();
		expect(before.tokenExpiresAt).toBe(SOON);
		await recordExpiry(lane.instance.ledger.acquire, LANE, LATE);
		expect(await lane.state()).toEqual({ ...before, tokenExpiresAt: LATE });
		const lease = await lane.instance.acquire();
		await recordExpiry(lane.instance.ledger.acquire, LANE, SOON);
		await lease.release();
		expect((await lane.state()).tokenExpiresAt).toBe(LATE);
		expect(lane.now).toBe(START);
	});

	it.each<[string, { foreign?: string; known?: string }, boolean]>([
		["its lane says something else", {}, true],
		["its lane says the same", { known: SOON }, false],
		["its lane belongs to another address", { foreign: "https://elsewhere" }, false],
	])(
		"is written only where that is news and the lane is our own: %s",
		async (_, { foreign, known = null }, written) => {
			const calls: string[] = [];
			const lease = {
				read: async (stopAt: () => boolean) => void calls.push(`read, and stop at once: ${stopAt()}`),
				foreign: () => foreign,
				state: () => ({ ...NEW_LANE, tokenExpiresAt: known }),
				commit: async ({ tokenExpiresAt }: LaneState) => void calls.push(`commit ${tokenExpiresAt}`),
				release: async () => void calls.push("release"),
			};
			await recordExpiry(async () => lease as unknown as LaneLease, LANE, SOON);
			expect(calls).toEqual(["read, and stop at once: true", ...(written ? [`commit ${SOON}`] : []), "release"]);
		},
	);
});
