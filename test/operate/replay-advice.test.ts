import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Bridge } from "../../src/bridge.ts";
import { readHandshakeRules } from "../../src/functions/handshake.ts";
import { webhook } from "../../src/functions/webhook.ts";
import { NEW_LANE } from "../../src/ledger/lane-state.ts";
import { readReceipt } from "../../src/ledger/receipt.ts";
import { showReceipt } from "../../src/ledger/receipt-query.ts";
import { adviseReplay } from "../../src/operate/advise-replay.ts";
import { asCloudEvent, exampleOf } from "../../support/example-events.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { callFunction } from "../helpers/call-function.ts";
import { newNames } from "../helpers/file-storage.ts";
import { logLines } from "../helpers/log-lines.ts";
import { openTestLedger } from "../helpers/test-ledger.ts";

const DAY_MS = 86_400_000;

let fixture: BridgeFixture;
let clock: number;
let names: ReturnType<typeof newNames>;
beforeEach(async () => {
	fixture = await startFixture();
	clock = Date.parse("2026-05-26T12:00:00Z");
	names = newNames();
});
afterEach(() => fixture.github.close());

const event = (id: string, more: object = {}) => ({ ...asCloudEvent(exampleOf("RunCompleted")), id, ...more });
const startBridge = (env = {}, options = {}) => fixture.bridge(env, { now: () => clock, ...options }, names);
const only = async (bridge: Bridge, id: string) => (await bridge.receipts({ limit: 5, find: id })).receipts[0];
const wake = { lane: "default", wake: 99 };
const table = (dispatchType: string) => ({
	BRIDGE_ROUTES: JSON.stringify({ routes: [{ name: "train", to: { repository: "contoso/a", dispatchType } }] }),
});
/** The lane may still be in the hands of who has just accepted something. */
async function deliver(bridge: Bridge): Promise<void> {
	for (const { remove } of await (await openTestLedger(names)).messages()) await remove();
	await bridge.wake(wake, logLines().log);
}

describe("the advice before a replay", () => {
	it("says that what was refused is sent again unchanged, and a replay does exactly that", async () => {
		const bridge = startBridge(table("retrain"));
		fixture.github.script.set({ status: 422, times: 2 });
		await bridge.accept([event("one")], logLines());
		// Another routes table changes nothing.
		const changed = startBridge(table("other"));
		for (const each of [bridge, changed]) {
			const { replay } = (await only(each, "one")) ?? {};
			expect(replay?.wouldRepeat).toBe(true);
			expect(replay?.why).toMatch(/^the answer 422 refused exactly this request.*contoso\/a#retrain.*new id/);
		}
		await changed.replay({}, logLines().log);
		expect(await only(changed, "one")).toMatchObject({ state: "accepted", replay: null });
		await deliver(changed);
		expect(await only(changed, "one")).toMatchObject({ state: "dead", replay: { wouldRepeat: true } });
		// What the advice says instead works: the same event with a new id.
		expect(await changed.accept([event("one")], logLines())).toMatchObject([{ outcome: "dispatched" }]);
		expect(await bridge.accept([event("one")], logLines())).toMatchObject([{ outcome: "duplicate" }]);
		expect(await bridge.accept([event("anew")], logLines())).toMatchObject([{ outcome: "dispatched" }]);
	});

	it("says that what was given up was not refused, and can succeed after a repair", async () => {
		fixture.github.script.set({ status: 404, times: 2 });
		await startBridge().accept([event("one")], logLines());
		clock += 8 * DAY_MS;
		const bridge = startBridge();
		await deliver(bridge);
		expect(await only(bridge, "one")).toMatchObject({
			state: "dead",
			replay: { wouldRepeat: false, why: expect.stringContaining("after you repair") },
		});
		fixture.github.script.set([]);
		await bridge.replay({}, logLines().log);
		await deliver(bridge);
		expect(await only(bridge, "one")).toMatchObject({ state: "dispatched", replay: null });
	});

	it.each([
		["was never sent", []],
		["was taken before, and was to be sent once more", [{ status: 204, reason: null }]],
		["was refused before, and was replayed", [{ status: 422, reason: "GitHub answered 422" }]],
	])(
		"says of a delivery that %s that no answer made it a dead letter, where the bridge has given it up",
		(_, calls) => {
			const attempts = calls.map((call) => ({ at: "2026-05-26T12:00:00Z", ms: 1, requestId: null, ...call }));
			const row = { key: "k", state: "dead", reason: "its row in storage is damaged: it has no destination" };
			const columns = { ...row, attempts: JSON.stringify(attempts) };
			const receipt = showReceipt(readReceipt({ rowKey: "r-1", etag: "", columns }), "default", NEW_LANE, clock);
			expect(adviseReplay(receipt, "1 2")).toEqual({
				wouldRepeat: false,
				why: expect.stringMatching(/^no answer made it a dead letter/),
			});
		},
	);

	it("says of an unsound event that this version rejects it again, whatever the routes say", async () => {
		const bridge = startBridge();
		await bridge.accept([event("unsound", { data: { runId: "x" } })], logLines());
		for (const each of [bridge, startBridge(table("other"))]) {
			expect((await only(each, "unsound"))?.replay).toEqual({
				wouldRepeat: true,
				why: expect.stringContaining("publish a valid event with a new id"),
			});
		}
		const newer = startBridge({}, { version: "10.0.0" });
		expect((await only(newer, "unsound"))?.replay).toEqual({
			wouldRepeat: false,
			why: expect.stringContaining("the version of the bridge has changed"),
		});
	});

	it("says whether the route is as it was of an event whose request can never be sent", async () => {
		const long = { type: `x.${"y".repeat(120)}` };
		const bridge = startBridge();
		await bridge.accept([event("long", long)], logLines());
		expect((await only(bridge, "long"))?.replay).toEqual({
			wouldRepeat: true,
			why: expect.stringContaining("change the route and then replay"),
		});
		const repaired = startBridge(table("short"));
		expect((await only(repaired, "long"))?.replay).toEqual({
			wouldRepeat: false,
			why: expect.stringContaining("the routes table has changed"),
		});
		expect((await repaired.replay({}, logLines().log)).replayed).toMatchObject([{ outcome: "accepted" }]);
	});

	it("is not known of what has failed without a judge: a poisoned message, or an earlier version's", async () => {
		const bridge = startBridge();
		await bridge.deadLetter([event("poisoned")], "it could not be accepted in a hundred tries", logLines().log);
		expect((await only(bridge, "poisoned"))?.replay).toEqual({
			wouldRepeat: false,
			why: expect.stringContaining("does not know"),
		});
	});
});

describe("a replay", () => {
	it("keeps the time at which an event was accepted, and tells its own beside it", async () => {
		const bridge = startBridge();
		const first = new Date(clock).toISOString();
		fixture.github.script.set({ status: 422 });
		await bridge.accept([event("dead")], logLines());
		await bridge.accept([event("long", { type: `x.${"y".repeat(120)}` })], logLines());
		clock += DAY_MS;
		const again = new Date(clock).toISOString();
		const repaired = startBridge(table("short"));
		await repaired.replay({}, logLines().log);
		for (const id of ["dead", "long"]) {
			expect(await only(repaired, id)).toMatchObject({ acceptedAt: first, replayedAt: again });
		}
	});

	it("keeps it also where the event is rejected again", async () => {
		const bridge = startBridge();
		const first = new Date(clock).toISOString();
		await bridge.accept([{ id: "unsound" }], logLines());
		clock += DAY_MS;
		await bridge.replay({}, logLines().log);
		expect(await only(bridge, "unsound")).toMatchObject({
			state: "rejected",
			acceptedAt: first,
			replayedAt: new Date(clock).toISOString(),
		});
	});
});

describe("what a rejected event's receipt shows of what arrived", () => {
	it.each([
		["an object that is no event", '{"b":1.0,"a":[9007199254740993,"\\u00e4😀"],"id":7}'],
		["a text", '"Müll"'],
		["a number", "17"],
		["null", "null"],
	])("is all of it: %s", async (_, text) => {
		const bridge = startBridge();
		const { readJson } = await import("../../src/event/json.ts");
		const [result] = await bridge.accept([readJson(text)], logLines());
		const { receipts } = await bridge.receipts({ limit: 1, key: result?.key ?? "" });
		const { arrived } = receipts[0] ?? {};
		const shown = text.replace("\\u00e4", "ä");
		expect(arrived).toEqual({ text: shown, bytes: Buffer.byteLength(shown), whole: true });
	});

	it("is what was posted, each blank and each member of it, in an array too, and after a replay", async () => {
		const bridge = startBridge();
		const door = webhook("events", async () => bridge, readHandshakeRules({}));
		const texts = ['{ "a" : 1.0, "a": "],[{",\t"b":[1 ,[ ]] }', '"x,]\\"["', "{\n}", "17"];
		await callFunction(door, { body: `  ${texts[0]}\n` });
		const sound = JSON.stringify(event("sound"));
		await callFunction(door, { body: `\n[ ${sound} ,${texts.slice(1).join(" ,\n")} ] ` });
		const shown = async () => {
			const { receipts } = await bridge.receipts({ limit: 10, states: ["rejected"] });
			return receipts.map(({ arrived }) => arrived?.text).sort();
		};
		expect(await shown()).toEqual([...texts].sort());
		const { replayed } = await bridge.replay({}, logLines().log);
		expect(replayed.map(({ outcome }) => outcome)).toEqual(Array(4).fill("refused"));
		expect(await shown()).toEqual([...texts].sort());
		// A request without any event is one dead letter.
		await callFunction(door, { body: "[ 1,  2 ]" });
		expect(await shown()).toContain("[ 1,  2 ]");
	});

	it("is the beginning of a large one, cut between characters, and how long all of it is", async () => {
		const bridge = startBridge();
		const element = { padding: "😀".repeat(40_000) };
		const [result] = await bridge.accept([element], logLines());
		const { receipts } = await bridge.receipts({ limit: 1, key: result?.key ?? "" });
		const { text = "", bytes, whole } = receipts[0]?.arrived ?? {};
		expect({ bytes, whole }).toEqual({ bytes: Buffer.byteLength(JSON.stringify(element)), whole: false });
		expect(JSON.stringify(element).startsWith(text)).toBe(true);
		expect(text.length).toBeGreaterThan(3_990);
		expect(text.isWellFormed()).toBe(true);
	});
});
