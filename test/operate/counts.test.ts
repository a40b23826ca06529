import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Bridge } from "../../src/bridge.ts";
import { counts } from "../../src/functions/receipts.ts";
import { countReceipts } from "../../src/ledger/count-receipts.ts";
import type { Write } from "../../src/storage/storage.ts";
import { asCloudEvent, exampleOf } from "../../support/example-events.ts";
import { wrapStorage } from "../../support/wrap-storage.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { callFunction } from "../helpers/call-function.ts";
import { newNames } from "../helpers/file-storage.ts";
import { logLines } from "../helpers/log-lines.ts";
import { openTestLedger } from "../helpers/test-ledger.ts";

const MINUTE_MS = 60_000;
const START = Date.parse("2026-05-26T12:00:00Z");

let fixture: BridgeFixture;
let clock: number;
beforeEach(async () => {
	fixture = await startFixture();
	clock = START;
});
afterEach(() => fixture.github.close());

const event = (id: string, more: object = {}) => ({ ...asCloudEvent(exampleOf("RunCompleted")), id, ...more });
const startBridge = (env = {}, names = newNames()) => fixture.bridge(env, { now: () => clock }, names);
const at = (minutes: number) => new Date(START + minutes * MINUTE_MS).toISOString();

async function ask(bridge: Bridge, query = "") {
	const called = counts(
		async () => bridge,
		() => clock,
	);
	const { status, json } = await callFunction(called, { method: "GET", path: `/api/receipts/counts?${query}` });
	return { status, ...(json as Awaited<ReturnType<Bridge["counts"]>> & { error: string }) };
}

describe("the counts of receipts", () => {
	it("tell each minute what was received, and what became final in it", async () => {
		const bridge = startBridge();
		await bridge.accept([event("a"), event("b")], logLines());
		clock += 61_000;
		fixture.github.script.set({ status: 422 });
		await bridge.accept([event("dead"), { id: "unsound" }], logLines());
		fixture.github.script.set({ status: 429, headers: { "retry-after": "300" } });
		await bridge.accept([event("waits")], logLines());
		clock += 61_000;
		await bridge.discard({ state: "dead" }, logLines().log);
		expect(await ask(bridge, `since=${at(0)}&until=${at(5)}`)).toEqual({
			status: 200,
			since: at(0),
			until: at(5),
			minutes: [
				{ at: at(0), received: 2, states: { dispatched: 2 } },
				{ at: at(1), received: 3, states: { rejected: 1, paused: 1 } },
				{ at: at(2), received: 0, states: { discarded: 1 } },
			],
			complete: true,
		});
	});

	it("are those of the last hour unless asked otherwise, and end where they are told to", async () => {
		const bridge = startBridge();
		await bridge.accept([event("old")], logLines());
		clock += 61 * MINUTE_MS;
		await bridge.accept([event("new")], logLines());
		expect(await ask(bridge)).toMatchObject({
			since: at(1),
			until: at(61),
			minutes: [{ at: at(61), received: 1 }],
			complete: true,
		});
		expect((await ask(bridge, `until=${at(60)}`)).minutes).toMatchObject([{ at: at(0), received: 1 }]);
	});

	it("do not count a window's dispatch as received: its events were", async () => {
		const coalesce = { quietSeconds: 30, maxSeconds: 60 };
		const routes = [{ to: { repository: "contoso/a" }, coalesce }];
		const bridge = startBridge({ BRIDGE_ROUTES: JSON.stringify({ routes }) });
		await bridge.accept([event("a"), event("b"), event("c")], logLines());
		// A lane is known as soon as it was looked at.
		await bridge.wake({ lane: "default", wake: 0 }, logLines().log);
		expect((await ask(bridge)).minutes).toEqual([{ at: at(0), received: 3, states: { coalescing: 3 } }]);
		clock += 5 * MINUTE_MS;
		await bridge.wake({ lane: "default", wake: 99 }, logLines().log);
		expect((await ask(bridge)).minutes).toEqual([
			{ at: at(0), received: 3, states: {} },
			{ at: at(5), received: 0, states: { coalesced: 3, dispatched: 1 } },
		]);
	});

	it("count all of many receipts, whatever the times of their events are", async () => {
		const names = newNames();
		const bridge = startBridge({}, names);
		await bridge.accept([event("first")], logLines());
		const { storage } = await openTestLedger(names);
		const acceptedAt = at(0.5);
		const row = (number: number): Write => {
			// One of them is dated in the future, and one has no time at all.
			const order = number === 0 ? "0000000000000001" : number === 1 ? "1000000000000000" : `0998${number}00000000`;
			const key = `k${number}`;
			const columns = { key, id: `e${number}`, state: number % 3 === 0 ? "dead" : "dispatched", acceptedAt };
			return { kind: "insert", rowKey: `r-${order}-${key}`, columns: { ...columns, finishedAt: at(1) } };
		};
		const rows = Array.from({ length: 2_500 }, (_, number) => row(number));
		for (let from = 0; from < rows.length; from += 100) await storage.commit("default", rows.slice(from, from + 100));
		const { minutes, complete } = await ask(bridge, `since=${at(0)}&until=${at(2)}`);
		expect({ minutes, complete }).toEqual({
			minutes: [
				{ at: at(0), received: 2_501, states: { dispatched: 1 } },
				{ at: at(1), received: 0, states: { dead: 834, dispatched: 1_666 } },
			],
			complete: true,
		});
		// Bounded: it says that it had to stop, by pages and by time.
		const all = { since: START, until: START + 5 * MINUTE_MS };
		const some = await countReceipts(storage, all, { now: () => clock, maxPages: 1 });
		expect(some.complete).toBe(false);
		expect(some.minutes[0]?.received).toBe(1_000);
		let ticks = START;
		const slow = { now: () => (ticks += 1_000), maxMs: 500 };
		expect((await countReceipts(storage, all, slow)).complete).toBe(false);
	}, 60_000);

	it("are those of the other lanes where one cannot be read, which is named", async () => {
		const names = newNames();
		await startBridge({}, names).accept([event("a"), { id: "unsound" }], logLines());
		const { storage } = await openTestLedger(names);
		const broken = wrapStorage(storage, async ({ method, args }, real) => {
			if (method === "list" && args[0] === "default") throw new Error("no such luck");
			return real();
		});
		const counted = await countReceipts(broken, { since: START, until: START + MINUTE_MS }, { now: () => clock });
		expect(counted).toMatchObject({
			minutes: [{ received: 1, states: { rejected: 1 } }],
			complete: false,
			problems: ['the receipts of the lane "default" cannot be read: no such luck'],
		});
	});

	it("say what they cannot count: a row with times that are none counts for nothing", async () => {
		const names = newNames();
		const bridge = startBridge({}, names);
		await bridge.accept([event("a")], logLines());
		const { storage } = await openTestLedger(names);
		const columns = { key: "k", id: "e", state: "dead", acceptedAt: "2026-05-26T12:00:00.000ZZZ", finishedAt: "soon" };
		await storage.commit("default", [{ kind: "insert", rowKey: "r-1000000000000000-k", columns }]);
		expect((await ask(bridge, `since=${at(0)}&until=${at(1)}`)).minutes).toEqual([
			{ at: at(0), received: 1, states: { dispatched: 1 } },
		]);
	});

	it.each([
		["since=yesterday", "since"],
		["until=2026-02-30T00:00:00Z", "until"],
		[`since=${at(2)}&until=${at(1)}`, "later than until"],
		[`since=2026-05-01T00:00:00Z&until=${at(0)}`, "7 days at most"],
	])("refuse %s, and say why", async (query, word) => {
		const { status, error } = await ask(startBridge(), query);
		expect(status).toBe(400);
		expect(error).toContain(word);
	});

	it("answer 503 while storage cannot be reached", async () => {
		const bridge = fixture.bridge({}, { openStorage: () => Promise.reject(new Error("storage is down")) });
		expect(await ask(bridge)).toMatchObject({ status: 503, error: "storage is down" });
	});
});
