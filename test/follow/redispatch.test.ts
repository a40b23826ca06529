import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Bridge } from "../../src/bridge.ts";
import { keyOf } from "../../src/local/stand-in/received.ts";
import { exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { type LogLines, logLines } from "../helpers/log-lines.ts";

const event = inEventGridSchema(exampleOf("RunCompleted"));
const WAKE_UP = { lane: "default", wake: 99 };
const MINUTE_MS = 60_000;
const ENV = {
	RUN_WITHIN_MINUTES: "1",
	BRIDGE_ROUTES: JSON.stringify({
		routes: [{ name: "r", to: { repository: "contoso/fraud-model" }, redispatchWhenNone: true }],
	}),
};

let fixture: BridgeFixture;
let late: number;
let seen: LogLines;
beforeAll(async () => {
	fixture = await startFixture();
});
afterAll(() => fixture.github.close());

/** A bridge whose clock is the stand-in's. */
function start(): Bridge {
	[late, seen] = [0, logLines()];
	return fixture.bridge(ENV, { now: () => Date.now() + late });
}

/** Time passes for both. */
function pass(ms: number): void {
	late += ms;
	fixture.github.advance(ms);
}

const receiptOf = async (bridge: Bridge) => (await bridge.receipts({ limit: 1 })).receipts[0];

describe("a dispatch that has no run, of a route that dispatches again", () => {
	it.each([
		["has a run the second time", [{ run: { none: true } }, { run: {} }], "concluded", ["sent again", "concluded"]],
		["has none again", [{ run: { none: true }, times: 2 }], "none", ["sent again", "none"]],
	] as const)("is sent once more, byte for byte, and %s", async (_, script, following, changes) => {
		const bridge = start();
		fixture.github.script.set(script);
		const before = fixture.github.received.length;
		const [result] = await bridge.accept([event], { log: seen.log });
		pass(2 * MINUTE_MS);
		await bridge.follow(WAKE_UP, seen.log);
		expect(await receiptOf(bridge)).toMatchObject({ state: "accepted", following: null });
		await bridge.wake(WAKE_UP, seen.log);
		const [first, second, ...more] = fixture.github.received.slice(before) as { client_payload: unknown }[];
		expect(second?.client_payload).toEqual(first?.client_payload);
		expect(more).toEqual([]);
		expect(await receiptOf(bridge)).toMatchObject({ state: "dispatched", following: "looking" });
		for (let looks = 0; looks < 3; looks++) {
			pass(2 * MINUTE_MS);
			await bridge.follow(WAKE_UP, seen.log);
			await bridge.wake(WAKE_UP, seen.log);
		}
		expect(await receiptOf(bridge)).toMatchObject({
			key: result?.key,
			following,
			followingReason: expect.stringContaining("sent a second time"),
			attempts: [{ status: 204 }, { status: 204 }],
		});
		const sent = fixture.github.received.slice(before).map((received) => keyOf(received));
		expect(sent).toEqual([result?.key, result?.key]);
		expect(seen.lines.filter(({ stage }) => stage === "follow").map(({ change }) => change)).toEqual(changes);
		// No run of the one may be as young as the dispatch of the other: the key is the same.
		pass(10 * MINUTE_MS);
	});

	it.each([
		["once", []],
		["after GitHub has asked to slow down", [{ status: 429, headers: { "retry-after": "60" }, calls: "dispatches" }]],
	] as const)(
		"lists a run of the first time that came before the second time, which was sent %s",
		async (_, limits) => {
			const bridge = start();
			fixture.github.script.set([{ run: { createAfterMs: 3 * MINUTE_MS } }]);
			await bridge.accept([event], { log: seen.log });
			fixture.github.script.set(limits);
			pass(2 * MINUTE_MS);
			await bridge.follow(WAKE_UP, seen.log);
			for (let sends = 0; sends <= limits.length; sends++) {
				// Its lane is paused for a while.
				pass(2 * MINUTE_MS);
				await bridge.wake(WAKE_UP, seen.log);
			}
			for (let looks = 0; looks < 3; looks++) {
				pass(2 * MINUTE_MS);
				await bridge.follow(WAKE_UP, seen.log);
			}
			expect(await receiptOf(bridge)).toMatchObject({
				following: "concluded",
				runs: [
					{ certain: true, conclusion: "success" },
					{ certain: true, conclusion: "success" },
				],
			});
			pass(10 * MINUTE_MS);
		},
	);
});
