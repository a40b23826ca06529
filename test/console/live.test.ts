import { describe, expect, it } from "@jest/globals";
import type { Health, Receipt } from "../../src/console/browser/answers.ts";
import { type Api, ApiError } from "../../src/console/browser/api.ts";
import { createLive, EVERY_MS } from "../../src/console/browser/live.ts";
import { receiptOf } from "./receipt-of.ts";

const HEALTH = { status: "healthy", deadLetters: 0 } as Health;

/** A page whose clock and bridge are the test's. */
function page({ isLocal = false, hasKey = true, fail = undefined as Error | undefined } = {}) {
	const asked: string[] = [];
	const bridge = { receipts: [] as Receipt[], health: HEALTH, fail, hasKey, local: undefined as Error | undefined };
	const turns: (() => void)[] = [];
	const delays: number[] = [];
	const answer = async <T>(what: string, value: T): Promise<T> => {
		asked.push(what);
		if (bridge.fail !== undefined) throw bridge.fail;
		return value;
	};
	const api = {
		receipts: ({ state, find }, limit) => {
			const receipts = bridge.receipts.filter((one) => state === "" || one.state === state);
			return answer(`receipts ${state}${find} ${limit}`, { receipts, complete: true });
		},
		health: () => answer("health", bridge.health),
		local: async () => {
			await answer("local", null);
			if (bridge.local !== undefined) throw bridge.local;
			return { standIn: null };
		},
	} as Partial<Api> as Api;
	const live = createLive({
		api,
		isLocal,
		hasKey: () => bridge.hasKey,
		now: () => 0,
		onChange: () => {},
		later: (run, ms) => {
			turns.push(run);
			delays.push(ms);
		},
	});
	/** Lets the next turn come, and waits for its end. */
	async function turn(): Promise<string[]> {
		const before = asked.length;
		turns.shift()?.();
		while (turns.length === 0) await new Promise(setImmediate);
		return asked.slice(before);
	}
	return { live, bridge, turn, delays, asked };
}
const settled = () => new Promise(setImmediate);

describe("the page's way of looking", () => {
	it("asks for receipts every two seconds, and for health with each fifth time", async () => {
		const { live, turn, delays } = page();
		expect(live.view()).toMatchObject({ access: "asking", health: undefined });
		expect(await turn()).toEqual(["health", "receipts  500"]);
		expect(live.view()).toMatchObject({ access: "open", health: HEALTH });
		for (let n = 0; n < 4; n++) expect(await turn()).toEqual(["receipts  100"]);
		expect(await turn()).toEqual(["health", "receipts  100"]);
		expect(delays.slice(1)).toEqual(Array.from({ length: 6 }, () => EVERY_MS));
	});

	it("asks the local host what only it can say, and no other one", async () => {
		expect(await page({ isLocal: true, hasKey: false }).turn()).toEqual(["health", "local", "receipts  500"]);
	});

	it("stops asking a host on this machine that is not the local host", async () => {
		const { live, turn, bridge } = page({ isLocal: true, hasKey: false });
		bridge.local = new ApiError("the bridge answered 404", 404);
		expect(await turn()).toEqual(["health", "local", "receipts  500"]);
		expect(live.view()).toMatchObject({ access: "open", local: undefined });
		expect(await turn()).toEqual(["receipts  100"]);
	});

	it("asks for no receipts without a key, unless the host is this machine", async () => {
		const { live, turn, bridge } = page({ hasKey: false });
		expect(await turn()).toEqual(["health"]);
		expect(live.view()).toMatchObject({ access: "locked", problem: undefined });
		bridge.hasKey = true;
		await live.refresh();
		expect(live.view().access).toBe("open");
	});

	it("is locked by a 401, says so of a key that was given, and sends it no more", async () => {
		const { live, turn, bridge } = page();
		bridge.receipts = [receiptOf({ state: "dead" })];
		await turn();
		bridge.fail = new ApiError("the bridge answered 401", 401);
		expect(await turn()).toEqual(["receipts  100"]);
		const locked = {
			access: "locked",
			shown: [],
			recent: [],
			deadLetters: [],
			problem: expect.stringContaining("does not take this key"),
		};
		expect(live.view()).toMatchObject(locked);
		expect(await turn()).toEqual([]);
		expect(live.view()).toMatchObject(locked);
		bridge.fail = undefined;
		await live.refresh();
		expect(live.view()).toMatchObject({ access: "open", problem: undefined });
	});

	it("says what is wrong, keeps what it knew, and goes on", async () => {
		const { live, turn, bridge } = page();
		bridge.receipts = [receiptOf({})];
		await turn();
		bridge.fail = new ApiError("the bridge does not answer");
		await turn();
		expect(live.view()).toMatchObject({ problem: "the bridge does not answer", shown: [{ key: "the-key" }] });
		bridge.fail = undefined;
		await turn();
		expect(live.view().problem).toBeUndefined();
	});

	it("lets the bridge look for what is filtered, beside what is new", async () => {
		const { live, turn, bridge, asked } = page();
		bridge.receipts = [receiptOf({ key: "a", state: "dead" }), receiptOf({ key: "b" })];
		await turn();
		live.setFilter({ state: "dead", find: "" });
		await settled();
		expect(asked.slice(-2)).toEqual(["receipts  100", "receipts dead 100"]);
		expect(live.view().shown.map(({ key }) => key)).toEqual(["a"]);
		expect(live.view().recent).toHaveLength(2);
	});

	it("lists dead letters that health counts, and those that it has just heard of", async () => {
		const { live, turn, bridge } = page();
		const old = receiptOf({ key: "old", state: "rejected" });
		bridge.health = { ...HEALTH, deadLetters: 1 };
		bridge.receipts = [old];
		await turn();
		expect(live.view().deadLetters.map(({ key }) => key)).toEqual(["old"]);
		bridge.receipts = [receiptOf({ key: "new", state: "dead" }), { ...old, state: "dispatched" }];
		await turn();
		expect(live.view().deadLetters.map(({ key }) => key)).toEqual(["new"]);
	});

	it("does not look while the page is not seen, or while it is paused", async () => {
		const { live, turn, asked } = page();
		await turn();
		live.setVisible(false);
		expect(await turn()).toEqual([]);
		live.setVisible(true);
		await settled();
		expect(asked.slice(2)).toEqual(["health", "receipts  100"]);
		live.setRunning(false);
		expect(await turn()).toEqual([]);
		live.setVisible(true);
		expect(await turn()).toEqual([]);
		live.setRunning(true);
		await settled();
		expect(asked.slice(4)).toEqual(["health", "receipts  100"]);
	});
});
