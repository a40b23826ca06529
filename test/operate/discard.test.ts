import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Bridge } from "../../src/bridge.ts";
import { discard } from "../../src/functions/dead-letters.ts";
import type { WakeUp } from "../../src/ledger/wake-up.ts";
import type { Discarded } from "../../src/operate/dead-letters.ts";
import { StorageError } from "../../src/storage/storage.ts";
import { asCloudEvent, exampleOf } from "../../support/example-events.ts";
import { wrapStorage } from "../../support/wrap-storage.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { callFunction } from "../helpers/call-function.ts";
import { newNames, openFileStorage } from "../helpers/file-storage.ts";
import { logLines } from "../helpers/log-lines.ts";
import { openTestLedger, type TestLedger } from "../helpers/test-ledger.ts";

const DAY_MS = 86_400_000;

let fixture: BridgeFixture;
let ledger: TestLedger;
let bridge: Bridge;
beforeEach(async () => {
	fixture = await startFixture();
	const names = newNames();
	ledger = await openTestLedger(names);
	bridge = fixture.bridge({}, {}, names);
});
afterEach(() => fixture.github.close());

const event = (id: string, more: object = {}) => ({ ...asCloudEvent(exampleOf("RunCompleted")), id, ...more });
const LARGE = { ...exampleOf("RunCompleted").data, text: "x".repeat(70_000) };
const invalid = (id: string) => event(id, { data: { runId: "x" } });

/** Makes an event a dead letter: GitHub calls its request impossible. */
async function die(id: string, more: object = {}): Promise<string> {
	fixture.github.script.set({ status: 422 });
	const [result] = await bridge.accept([event(id, more)], logLines());
	expect(result).toMatchObject({ outcome: "rejected", reason: expect.stringContaining("can never succeed") });
	return result?.key ?? "";
}

async function ask(body: unknown, of: Bridge = bridge) {
	const called = discard(async () => of);
	const { status, json, logged } = await callFunction(called, { path: "/api/receipts/discard", body });
	const answer = json as {
		discarded: Discarded[];
		more: boolean;
		continue?: string;
		error: string;
		problems?: string[];
	};
	return { status, logged, ...answer };
}

async function handleWakeUps(): Promise<void> {
	for (const { lane, wake, remove } of await ledger.messages()) {
		await bridge.wake({ lane, wake } satisfies WakeUp, logLines().log);
		await remove();
	}
}

const find = async (id: string) => (await bridge.receipts({ limit: 10, find: id })).receipts;
const stateOf = async (id: string) => (await find(id)).map(({ state }) => state);
const receivedIds = () => fixture.github.received.map(({ client_payload }) => client_payload?.["id"]);

async function blobNames(): Promise<readonly string[]> {
	const { container, payloads, deadLetters } = ledger.names;
	const found = await Promise.all(
		[container, payloads, deadLetters].map(async (name) => {
			const page = await ledger.storage.names("", undefined, name).catch((error: unknown) => {
				// Nothing was written there yet.
				if (error instanceof StorageError && error.status === 404) return { names: [] };
				throw error;
			});
			return page.names;
		}),
	);
	return found.flat().filter((name) => !name.startsWith("lanes/"));
}

describe("a discard", () => {
	it("ends one dead letter and leaves its neighbours; health recovers when the last one is gone", async () => {
		const key = await die("one");
		await die("two");
		const [rejected] = await bridge.accept([invalid("three")], logLines());
		expect(await bridge.health()).toMatchObject({ status: "degraded", deadLetters: 3 });
		const { status, discarded, more, logged } = await ask({ key });
		expect({ status, discarded, more }).toEqual({
			status: 200,
			discarded: [{ key, outcome: "discarded", reason: null }],
			more: false,
		});
		expect(logged.map(([level, line]) => [level, JSON.parse(line)])).toEqual([
			["information", { stage: "dead-letter", change: "discarded", key, outcome: "discarded", reason: null }],
		]);
		expect([await stateOf("one"), await stateOf("two"), await stateOf("three")]).toEqual([
			["discarded"],
			["dead"],
			["rejected"],
		]);
		expect(await bridge.health()).toMatchObject({ status: "degraded", deadLetters: 2 });
		expect((await ask({ all: true })).discarded.map((one) => one.outcome)).toEqual(["discarded", "discarded"]);
		expect(await bridge.health()).toMatchObject({ status: "healthy", deadLetters: 0 });
		expect((await ask({ key: rejected?.key })).discarded).toMatchObject([{ outcome: "discarded" }]);
	});

	it("keeps the receipt, with its attempts, its reason and the time at which it was accepted", async () => {
		await die("one");
		const [before] = await find("one");
		await ask({ find: "one" });
		const [after] = await find("one");
		expect(after).toMatchObject({
			state: "discarded",
			reason: before?.reason,
			attempts: [{ status: 422 }],
			acceptedAt: before?.acceptedAt,
			replay: null,
		});
		expect(Date.parse(after?.finishedAt ?? "")).toBeGreaterThanOrEqual(Date.parse(before?.finishedAt ?? ""));
	});

	it("is done twice with the same answer, and narrows to no other event the second time", async () => {
		for (const id of ["event-1", "event-10", "event-100"]) await die(id);
		expect((await ask({ find: "event-1" })).discarded).toMatchObject([{ outcome: "discarded", reason: null }]);
		// Those that only contain the text are others, although none of that name is a dead letter any more.
		expect((await ask({ find: "event-1" })).discarded).toEqual([]);
		expect([await stateOf("event-10"), await stateOf("event-100")]).toEqual([["dead"], ["dead"]]);
		// A text that is the whole of none means all that contain it.
		expect((await ask({ find: "event-10" })).discarded).toHaveLength(1);
		expect((await ask({ find: "vent-1" })).discarded).toHaveLength(1);
		const key = (await find("event-1"))[0]?.key;
		expect((await ask({ key })).discarded).toEqual([{ key, outcome: "discarded", reason: "it was discarded before" }]);
	});

	it("discards nothing but dead letters", async () => {
		const [sent] = await bridge.accept([event("sent")], logLines());
		fixture.github.script.set({ status: 429, headers: { "retry-after": "300" } });
		const [waits] = await bridge.accept([event("waits")], logLines());
		expect((await ask({ key: sent?.key })).discarded).toEqual([
			{ key: sent?.key, outcome: "refused", reason: "it is dispatched, so it is not a dead letter" },
		]);
		expect((await ask({ key: waits?.key })).discarded).toMatchObject([{ outcome: "refused" }]);
		expect((await ask({ all: true })).discarded).toEqual([]);
		expect((await ask({ key: "no such key" })).discarded).toEqual([]);
		expect([await stateOf("sent"), await stateOf("waits")]).toEqual([["dispatched"], ["paused"]]);
	});

	it("narrows to a state", async () => {
		await die("one");
		await bridge.accept([invalid("two")], logLines());
		expect((await ask({ all: true, state: "rejected" })).discarded).toHaveLength(1);
		expect([await stateOf("one"), await stateOf("two")]).toEqual([["dead"], ["discarded"]]);
	});

	it("removes what was to be sent: a large request, a payload by reference, a rejected event", async () => {
		await die("large", { data: LARGE });
		const rejected = { ...event("unsound", { data: LARGE }), type: `x.${"y".repeat(120)}` };
		await bridge.accept([rejected], logLines());
		expect((await blobNames()).map((name) => name.split("/", 1)[0]).sort()).toEqual(["payloads", "rejected"]);
		expect((await ask({ all: true })).discarded).toMatchObject([
			{ outcome: "discarded", reason: null },
			{ outcome: "discarded", reason: null },
		]);
		expect(await blobNames()).toEqual([]);
		expect((await find("unsound"))[0]?.arrived).toBeNull();
		expect(await ledger.rows("default", "x-")).toEqual([]);
		expect(await ledger.rows("rejected", "x-")).toEqual([]);
	});

	it("makes a redelivered event a duplicate, and a rejected one a dead letter again, whole", async () => {
		await die("one");
		const unsound = { ...invalid("two"), padding: "x".repeat(70_000) };
		await bridge.accept([unsound], logLines());
		await ask({ all: true });
		expect(await bridge.accept([event("one")], logLines())).toMatchObject([
			{ outcome: "duplicate", reason: expect.stringContaining("was discarded") },
		]);
		await bridge.accept([unsound], logLines());
		expect(await stateOf("two")).toEqual(["rejected"]);
		expect((await blobNames()).filter((name) => name.startsWith("rejected/"))).toHaveLength(1);
		expect(await bridge.health()).toMatchObject({ deadLetters: 1 });
	});

	it("cannot be undone by a replay, which says so", async () => {
		const key = await die("one");
		await ask({ key });
		const { replayed } = await bridge.replay({ key }, logLines().log);
		expect(replayed).toEqual([{ key, outcome: "refused", reason: expect.stringContaining("discarded") }]);
		await handleWakeUps();
		expect(receivedIds()).toEqual([]);
	});

	it("is kept by retention for as long as any final receipt", async () => {
		let clock = Date.now();
		bridge = fixture.bridge({ KEEP_DAYS: "30" }, { now: () => clock }, ledger.names);
		await die("one");
		clock += 29 * DAY_MS;
		await ask({ all: true });
		clock += 29 * DAY_MS;
		await bridge.upkeep(logLines().log);
		expect(await stateOf("one")).toEqual(["discarded"]);
		clock += 2 * DAY_MS;
		await bridge.upkeep(logLines().log);
		expect(await stateOf("one")).toEqual([]);
	});

	it("goes on behind what one request takes, and refuses the continue of another question", async () => {
		const later = (index: number) =>
			new Date(Date.parse(exampleOf("RunCompleted").time) + 60_000 + index).toISOString();
		const many = Array.from({ length: 205 }, (_, index) => ({ ...invalid(`bad-${index}`), time: later(index) }));
		await bridge.accept(many, logLines());
		await die("last of all");
		const first = await ask({ all: true });
		expect([first.discarded.length, first.more]).toEqual([200, true]);
		expect(await ask({ all: true, state: "dead", continue: first.continue })).toMatchObject({ status: 400 });
		expect(await ask({ find: "bad", continue: first.continue })).toMatchObject({ status: 400 });
		const second = await ask({ all: true, continue: first.continue });
		expect([second.discarded.length, second.more]).toEqual([6, false]);
		expect(new Set([...first.discarded, ...second.discarded].map(({ key }) => key)).size).toBe(206);
		expect(await bridge.health()).toMatchObject({ status: "healthy", deadLetters: 0 });
	}, 60_000);

	it.each([
		["no JSON", "all"],
		["nothing", {}],
		["a list", [{ all: true }]],
		["two choices at once", { key: "a", all: true }],
		["an unknown word", { all: true, faster: true }],
		["a word of every object", { all: true, constructor: 1 }],
		["a state that is no dead letter's", { all: true, state: "discarded" }],
		["a state beside a key", { key: "a", state: "dead" }],
		["a key that is none", { key: "" }],
		["a key that is longer than any", { key: "x".repeat(301) }],
		["a key with half a character", { key: "\ud83d" }],
		["a text with half a character", { find: "a\udc00b" }],
		["all that is not all", { all: "true" }],
		["Event Grid's own dead letters, which are not the bridge's", { container: "dead-letters" }],
		["a continue that is no text", { all: true, continue: {} }],
	])("refuses %s, and says what it takes", async (_, body) => {
		await die("one");
		const { status, error } = await ask(body);
		expect(status).toBe(400);
		expect(error).toContain('{"key": "…"}');
		expect(await stateOf("one")).toEqual(["dead"]);
	});

	it("answers 503 while storage cannot be reached", async () => {
		const away = fixture.bridge({}, { openStorage: () => Promise.reject(new Error("storage is down")) });
		expect(await ask({ all: true }, away)).toMatchObject({ status: 503, error: "storage is down" });
	});

	it("says of each which could be discarded where storage fails for one of them", async () => {
		const keys = [await die("one"), await die("two"), await die("three")];
		let commits = 0;
		const broken = fixture.bridge(
			{},
			{
				openStorage: async () =>
					wrapStorage(await openFileStorage(ledger.names), async ({ method }, real) => {
						if (method === "commit" && ++commits === 2) throw new Error("no room");
						return real();
					}),
			},
			ledger.names,
		);
		const { discarded } = await ask({ all: true }, broken);
		expect(discarded.map(({ outcome, reason }) => [outcome, reason?.slice(0, 60) ?? null])).toEqual([
			["discarded", null],
			["refused", "the bridge does not know whether it was discarded (no room);"],
			["discarded", null],
		]);
		expect(new Set(discarded.map(({ key }) => key))).toEqual(new Set(keys));
		expect(await bridge.health()).toMatchObject({ deadLetters: 1 });
		expect((await ask({ all: true })).discarded).toHaveLength(1);
	});

	it("says what is left where a blob cannot be removed; the receipt is discarded all the same", async () => {
		await die("large", { data: LARGE });
		const openStorage = async () =>
			wrapStorage(await openFileStorage(ledger.names), async ({ method }, real) => {
				if (method === "remove") throw new Error("the disk is full");
				return real();
			});
		const { discarded } = await ask({ all: true }, fixture.bridge({}, { openStorage }, ledger.names));
		expect(discarded).toMatchObject([{ outcome: "discarded", reason: expect.stringContaining("the disk is full") }]);
		expect(await blobNames()).toHaveLength(1);
		expect(await bridge.health()).toMatchObject({ deadLetters: 0 });
		await ask({ key: discarded[0]?.key });
		expect(await blobNames()).toEqual([]);
	});

	it("of a rejected event that is replayed at the same time sends it at most once, and leaves nothing half done", async () => {
		const table = (dispatchType: string) => ({
			BRIDGE_ROUTES: JSON.stringify({ routes: [{ to: { repository: "contoso/a", dispatchType } }] }),
		});
		const ends = new Set<string>();
		for (let n = 1; n <= 12; n++) {
			const names = newNames();
			const long = `x.${"y".repeat(120)}`;
			await fixture.bridge({}, {}, names).accept([event(`round-${n}`, { type: long, data: LARGE })], logLines());
			const other = fixture.bridge(table("short"), {}, names);
			let calls = 0;
			let discarded: readonly Discarded[] = [];
			const openStorage = async () =>
				wrapStorage(await openFileStorage(names), async (_, real) => {
					if (++calls === n) ({ discarded } = await other.discard({ state: "rejected" }, logLines().log));
					return real();
				});
			const replaying = fixture.bridge(table("short"), { openStorage }, names);
			const { replayed } = await replaying.replay({ state: "rejected" }, logLines().log);
			const states = (await other.receipts({ limit: 10 })).receipts.map(({ state }) => state);
			const isSent = receivedIds().filter((id) => id === `round-${n}`).length;
			expect((await other.health()).deadLetters).toBe(0);
			expect(states).toEqual([isSent === 1 ? "dispatched" : "discarded"]);
			if (isSent === 1) expect(replayed).toMatchObject([{ outcome: "accepted" }]);
			else expect(discarded).toMatchObject([{ outcome: "discarded" }]);
			ends.add(String(states));
		}
		expect(ends).toEqual(new Set(["dispatched", "discarded"]));
	}, 60_000);
});
