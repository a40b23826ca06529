import { describe, expect, it } from "@jest/globals";
import type { Health, Receipt } from "../../src/console/browser/answers.ts";
import { type Api, ApiError } from "../../src/console/browser/api.ts";
import { createLive, EVERY_MS } from "../../src/console/browser/live.ts";
import { summaryOf } from "../../src/console/browser/summary-of.ts";
import { receiptOf } from "./receipt-of.ts";

const HEALTH = { status: "healthy", deadLetters: 0, waiting: 0, ignored: 0, lanes: [] } as Partial<Health> as Health;

/** A page whose clock and bridge are the test's. */
function page({ isLocal = false, hasKey = true, fail = undefined as Error | undefined } = {}) {
	const asked: string[] = [];
	const bridge = {
		receipts: [] as Receipt[],
		health: HEALTH,
		fail,
		hasKey,
		local: undefined as Error | undefined,
		lock: undefined as Error | undefined,
		counts: undefined as Error | undefined,
		draw: () => {},
		/** What cannot be read of the receipts. */
		problems: [] as string[],
		/** What answers about receipts wait for, from the question on. */
		hold: undefined as Promise<void> | undefined,
		holdCounts: undefined as Promise<void> | undefined,
	};
	const turns: (() => unknown)[] = [];
	const delays: number[] = [];
	const answer = async <T>(what: string, value: T): Promise<T> => {
		asked.push(what);
		if (bridge.fail !== undefined) throw bridge.fail;
		return value;
	};
	const api = {
		receipts: async ({ state = "", find = "", limit, since, continue: next }) => {
			const { lock, hold } = bridge;
			if (lock !== undefined) asked.push(`receipts ${limit}`);
			await hold;
			if (lock !== undefined) throw lock;
			const isFound = (one: Receipt) => (state === "" || one.state === state) && JSON.stringify(one).includes(find);
			const found = bridge.receipts.filter(isFound);
			const from = Number(next ?? 0);
			const complete = found.length <= from + limit;
			const words = ["receipts", state, find, since === undefined ? "" : "since", next ?? "", String(limit)];
			return answer(words.filter((word) => word !== "").join(" "), {
				receipts: found.slice(from, from + limit),
				complete: complete && bridge.problems.length === 0,
				...(bridge.problems.length === 0 ? {} : { problems: bridge.problems }),
				...(complete ? {} : { continue: String(from + limit) }),
			});
		},
		counts: async (since, until) => {
			const { counts, holdCounts } = bridge;
			await answer("counts", null);
			await holdCounts;
			if (counts !== undefined) throw counts;
			return { since: String(since), until: String(until), minutes: [], complete: true };
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
		onChange: () => bridge.draw(),
		later: (run, ms) => {
			turns.push(run);
			delays.push(ms);
		},
	});
	/** Lets the next turn come, and waits for its end. */
	async function turn(): Promise<string[]> {
		const before = asked.length;
		Promise.resolve(turns.shift()?.()).catch(() => {});
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
		expect(await turn()).toEqual(["health", "receipts 500"]);
		expect(live.view()).toMatchObject({ access: "open", health: HEALTH });
		for (let n = 0; n < 4; n++) expect(await turn()).toEqual(["receipts 100"]);
		expect(await turn()).toEqual(["health", "receipts 100"]);
		expect(delays.slice(1)).toEqual(Array.from({ length: 6 }, () => EVERY_MS));
	});

	it("asks the local host what only it can say, and no other one", async () => {
		expect(await page({ isLocal: true, hasKey: false }).turn()).toEqual(["health", "local", "receipts 500"]);
	});

	it("stops asking a host on this machine that is not the local host", async () => {
		const { live, turn, bridge } = page({ isLocal: true, hasKey: false });
		bridge.local = new ApiError("the bridge answered 404", 404);
		expect(await turn()).toEqual(["health", "local", "receipts 500"]);
		expect(live.view()).toMatchObject({ access: "open", local: undefined });
		expect(await turn()).toEqual(["receipts 100"]);
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
		bridge.health = { ...HEALTH, deadLetters: 1 };
		await turn();
		bridge.lock = new ApiError("the bridge answered 401", 401);
		expect(await turn()).toEqual(["receipts 100"]);
		const locked = {
			access: "locked",
			shown: [],
			recent: [],
			deadLetters: [],
			problem: expect.stringContaining("refuses this key"),
		};
		expect(live.view()).toMatchObject(locked);
		expect(await turn()).toEqual([]);
		expect(live.view()).toMatchObject(locked);
		bridge.lock = undefined;
		await live.refresh();
		expect(live.view()).toMatchObject({ access: "open", problem: undefined });
	});

	it("says what is wrong, keeps what it knew, and goes on", async () => {
		const { live, turn, bridge } = page();
		bridge.receipts = [receiptOf({})];
		await turn();
		bridge.fail = new ApiError("the bridge does not answer");
		await turn();
		const known = { shown: [{ key: "the-key" }], seenAt: 0 };
		expect(live.view()).toMatchObject({ problem: "the bridge does not answer", isOffline: true, ...known });
		bridge.fail = new ApiError("storage cannot be reached", 503);
		await turn();
		expect(live.view()).toMatchObject({ problem: "storage cannot be reached", isOffline: false, ...known });
		bridge.fail = undefined;
		await turn();
		expect(live.view()).toMatchObject({ problem: undefined, isOffline: false });
	});

	it("goes on looking although an answer could not be drawn", async () => {
		const { live, turn, bridge } = page();
		bridge.draw = () => {
			throw new TypeError("the answer of another version");
		};
		await turn();
		bridge.draw = () => {};
		bridge.receipts = [receiptOf({})];
		await turn();
		expect(live.view().shown).toHaveLength(1);
	});

	it("lets the bridge look for what is filtered, beside what is new", async () => {
		const { live, turn, bridge, asked } = page();
		bridge.receipts = [receiptOf({ key: "a", state: "dispatched" }), receiptOf({ key: "b", state: "coalesced" })];
		await turn();
		live.setFilter({ state: "dispatched", find: "", range: "any" });
		await settled();
		expect(asked.slice(-2)).toEqual(["receipts 100", "receipts dispatched 100"]);
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
		expect(asked.slice(2)).toEqual(["health", "receipts 100"]);
		live.setRunning(false);
		expect(await turn()).toEqual([]);
		live.setVisible(true);
		expect(await turn()).toEqual([]);
		live.setRunning(true);
		await settled();
		expect(asked.slice(4)).toEqual(["health", "receipts 100"]);
	});

	it("asks for health at once where the receipts prove more than it says", async () => {
		const { turn, bridge } = page();
		await turn();
		bridge.receipts = [receiptOf({ state: "parked" })];
		expect(await turn()).toEqual(["receipts 100"]);
		bridge.health = { ...HEALTH, waiting: 1, lanes: [{ state: "parked" }] } as unknown as Health;
		expect(await turn()).toEqual(["health", "receipts 100"]);
		expect(await turn()).toEqual(["receipts 100"]);
		bridge.receipts = [];
		await turn();
		bridge.health = HEALTH;
		expect(await turn()).toContain("health");
	});

	it("counts with the bridge's help only beyond the receipts that it knows, and never waits for it", async () => {
		const { live, turn, bridge } = page();
		bridge.receipts = Array.from({ length: 501 }, (_, n) => receiptOf({ key: `${n}`, state: "dispatched" }));
		expect(await turn()).toEqual(["health", "receipts 500", "counts"]);
		expect(live.view().counts).toBeUndefined();
		await turn();
		expect(live.view().counts).toMatchObject({ complete: true });
		bridge.counts = new ApiError("the bridge answered 404", 404);
		await live.refresh();
		await settled();
		await live.refresh();
		expect(live.view()).toMatchObject({ counts: undefined, problem: undefined });
	});

	it("turns through all that was accepted, page by page, and back", async () => {
		const { live, turn, bridge, asked } = page();
		bridge.receipts = Array.from({ length: 720 }, (_, n) => receiptOf({ key: `k${n}`, state: "dispatched" }));
		await turn();
		const seen = new Set(live.view().shown.map(({ key }) => key));
		for (let turns = 0; !live.view().complete && turns < 20; turns++) {
			await live.turn(true);
			for (const { key } of live.view().shown) seen.add(key);
		}
		expect([seen.size, live.view().page]).toEqual([720, 7]);
		expect(asked.slice(-1)).toEqual(["receipts 700 100"]);
		for (let turns = 0; turns < 9; turns++) await live.turn(false);
		expect(live.view()).toMatchObject({ page: 0, complete: false });
		expect(live.view().shown[0]?.key).toBe("k0");
	});

	it("turns through what a filter finds within a time that stays the same, and begins again with another filter", async () => {
		const { live, turn, bridge, asked } = page();
		bridge.receipts = Array.from({ length: 250 }, (_, n) => receiptOf({ key: `k${n}`, state: "coalesced" }));
		await turn();
		live.setFilter({ state: "coalesced", find: "", range: "hour" });
		await settled();
		await live.turn(true);
		expect(asked.slice(-1)).toEqual(["receipts coalesced since 100 100"]);
		await live.turn(true);
		expect(live.view()).toMatchObject({ page: 2, complete: true });
		live.setFilter({ state: "", find: "k7", range: "any" });
		await settled();
		expect(live.view()).toMatchObject({ page: 0, complete: true });
	});

	it.each([[{}], [{ range: "hour" as const }]])("turns one page where two clicks come at once: %j", async (filter) => {
		const { live, turn, bridge } = page();
		bridge.receipts = Array.from({ length: 900 }, (_, n) => receiptOf({ key: `k${n}`, state: "dispatched" }));
		await turn();
		live.setFilter({ state: "", find: "", range: "any", ...filter });
		await settled();
		for (let turns = 0; turns < 4; turns++) await live.turn(true);
		const { page: at } = live.view();
		await Promise.all([live.turn(true), live.turn(true)]);
		const { page: after, shown } = live.view();
		expect(shown[0]?.key).toBe(`k${after * 100}`);
		expect(after).toBeGreaterThan(at);
		await live.turn(true);
		expect(live.view().shown[0]?.key).toBe(`k${live.view().page * 100}`);
	});

	it("stays on the first page of a filter that was set while another page was looked for", async () => {
		const { live, turn, bridge, asked } = page();
		bridge.receipts = Array.from({ length: 900 }, (_, n) => receiptOf({ key: `k${n}`, state: "dispatched" }));
		await turn();
		live.setFilter({ state: "", find: "k", range: "any" });
		await settled();
		let go = () => {};
		bridge.hold = new Promise((resolve) => {
			go = resolve;
		});
		const turned = live.turn(true);
		live.setFilter({ state: "dispatched", find: "", range: "any" });
		go();
		await turned;
		await settled();
		expect(live.view().page).toBe(0);
		expect(asked.slice(-1)).toEqual(["receipts dispatched 100"]);
	});

	it("counts with a new key although the one before is refused late", async () => {
		const { live, turn, bridge, asked } = page();
		bridge.receipts = Array.from({ length: 501 }, (_, n) => receiptOf({ key: `${n}`, state: "dispatched" }));
		let go = () => {};
		bridge.counts = new ApiError("the bridge answered 401", 401);
		bridge.holdCounts = new Promise((resolve) => {
			go = resolve;
		});
		await turn();
		Object.assign(bridge, { counts: undefined, holdCounts: undefined });
		await live.refresh();
		go();
		await settled();
		for (let turns = 0; turns < 6; turns++) await turn();
		expect(asked.filter((what) => what === "counts")).toHaveLength(2);
		expect(live.view().counts).toMatchObject({ complete: true });
	});

	it("goes on with a new key although the one before is refused late", async () => {
		const { live, turn, bridge, asked } = page();
		bridge.lock = new ApiError("the bridge answered 401", 401);
		let go = () => {};
		bridge.hold = new Promise((resolve) => {
			go = resolve;
		});
		const late = live.refresh();
		await settled();
		Object.assign(bridge, { lock: undefined, hold: undefined });
		await live.refresh();
		expect(live.view().access).toBe("open");
		go();
		await late;
		await turn();
		await turn();
		expect(live.view()).toMatchObject({ access: "open", problem: undefined });
		expect(asked.slice(-1)[0]).toContain("receipts");
	});

	it("opens a receipt by its key, keeps it up to date, and says that there is none", async () => {
		const { live, turn, bridge, asked } = page();
		const old = receiptOf({ key: "old", state: "paused" });
		live.open("old");
		expect(live.view().opened).toEqual({ key: "old", receipt: undefined, isMissing: false });
		await turn();
		await settled();
		expect(live.view().opened).toEqual({ key: "old", receipt: undefined, isMissing: true });
		bridge.receipts = [...Array.from({ length: 500 }, (_, n) => receiptOf({ key: `k${n}`, state: "dispatched" })), old];
		await turn();
		await live.refresh();
		expect(live.view().opened).toMatchObject({ receipt: { state: "paused" }, isMissing: false });
		bridge.receipts = bridge.receipts.map((one) => (one.key === "old" ? { ...one, state: "dispatched" } : one));
		await turn();
		expect(live.view().opened).toMatchObject({ receipt: { state: "dispatched" } });
		expect(asked).toContain("receipts old since 500");
		live.open(undefined);
		await turn();
		expect(live.view().opened).toBeUndefined();
	});

	it("says what the bridge cannot read, and not that it is gone", async () => {
		const { live, turn, bridge } = page();
		const all = ["one", "two"].map((key) => receiptOf({ key }));
		bridge.receipts = all;
		bridge.health = { ...HEALTH, waiting: 2, tokens: [] };
		live.open("two");
		await turn();
		await settled();
		Object.assign(bridge, { receipts: all.slice(0, 1), problems: ["lane x"] });
		await turn();
		expect(live.view()).toMatchObject({ unread: ["lane x"], isPart: true, opened: { isMissing: false } });
		expect(summaryOf(live.view()).map(({ text }) => text)).toContain("Some receipts cannot be read");
		live.open("three");
		await turn();
		await settled();
		expect(live.view().opened).toEqual({ key: "three", receipt: undefined, isMissing: false });
		bridge.problems = [];
		await turn();
		expect(live.view()).toMatchObject({ unread: [], opened: { isMissing: true } });
	});

	it("remembers which receipt a link asks for while a key is needed", async () => {
		const { live, turn, bridge } = page({ hasKey: false });
		bridge.receipts = [receiptOf({ key: "linked" })];
		live.open("linked");
		await turn();
		expect(live.view()).toMatchObject({ access: "locked", opened: { key: "linked", receipt: undefined } });
		bridge.hasKey = true;
		await live.refresh();
		expect(live.view()).toMatchObject({ access: "open", opened: { receipt: { key: "linked" } } });
	});
});
