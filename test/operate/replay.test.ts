import { BlobServiceClient } from "@azure/storage-blob";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Bridge } from "../../src/bridge.ts";
import { replay } from "../../src/functions/dead-letters.ts";
import type { WakeUp } from "../../src/ledger/wake-up.ts";
import type { Replayed } from "../../src/operate/replay.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { asCloudEvent, exampleOf } from "../../support/example-events.ts";
import { wrapStorage } from "../../support/wrap-storage.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { callFunction } from "../helpers/call-function.ts";
import { fileStorage, newNames, openFileStorage } from "../helpers/file-storage.ts";
import { logLines } from "../helpers/log-lines.ts";
import { openTestLedger, type TestLedger } from "../helpers/test-ledger.ts";

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

const event = (id: string) => ({ ...asCloudEvent(exampleOf("RunCompleted")), id });
const invalid = (id: string) => ({ ...event(id), data: { runId: "x" } });

/** Makes an event a dead letter: GitHub calls its request impossible. */
async function die(id: string): Promise<string> {
	fixture.github.script.set({ status: 422 });
	const [result] = await bridge.accept([event(id)], logLines());
	expect(result).toMatchObject({ outcome: "rejected", reason: expect.stringContaining("can never succeed") });
	return result?.key ?? "";
}

async function ask(body: unknown) {
	const { status, json } = await callFunction(
		replay(async () => bridge),
		{ path: "/api/receipts/replay", body },
	);
	return { status, ...(json as { replayed: Replayed[]; more: boolean; continue?: string; error: string }) };
}

async function handleWakeUps(): Promise<void> {
	for (const { lane, wake, remove } of await ledger.messages()) {
		await bridge.wake({ lane, wake } satisfies WakeUp, logLines().log);
		await remove();
	}
}

const stateOf = async (id: string) =>
	(await bridge.receipts({ limit: 10, find: id })).receipts.map(({ state }) => state);
const receivedIds = () => fixture.github.received.map(({ client_payload }) => client_payload?.["id"]);

/** Storage with a container of Event Grid's dead letters in memory. */
function playedContainer(
	blobs: Readonly<Record<string, Buffer>>,
	page: (after: unknown) => object = () => ({ names: Object.keys(blobs) }),
) {
	return (storage: Storage) =>
		wrapStorage(storage, async ({ method, args }, real) => {
			if (method === "names" && args[2] === "letters") return page(args[1]);
			if (method === "read" && args[1] === "letters") return blobs[String(args[0])];
			return method === "remove" && args[1] === "letters" ? true : real();
		});
}

describe("a replay", () => {
	it("puts one dead letter back into its lane, for the same receipt, which keeps all attempts", async () => {
		const key = await die("one");
		await die("two");
		expect(await ask({ key })).toEqual({
			status: 200,
			replayed: [{ key, outcome: "accepted", reason: null }],
			more: false,
		});
		expect(await stateOf("one")).toEqual(["accepted"]);
		await handleWakeUps();
		const { receipts } = await bridge.receipts({ limit: 10, find: "one" });
		expect(receipts).toMatchObject([{ key, state: "dispatched", attempts: [{ status: 422 }, { status: 204 }] }]);
		expect(receivedIds()).toEqual(["one"]);
		expect(await stateOf("two")).toEqual(["dead"]);
	});

	it("sends exactly what was to be sent, whatever the routes say by now", async () => {
		await die("one");
		fixture.github.script.set([]);
		bridge = fixture.bridge({ GITHUB_REPOSITORY: "contoso/elsewhere" }, {}, ledger.names);
		await ask({ all: true });
		await handleWakeUps();
		expect(fixture.github.received).toMatchObject([
			{ repository: "contoso/fraud-model", client_payload: { id: "one" } },
		]);
	});

	it("takes all, or those that mention a text", async () => {
		for (const id of ["red-1", "red-2", "blue-1"]) await die(id);
		const { replayed } = await ask({ find: "red-" });
		expect(replayed.map(({ outcome }) => outcome)).toEqual(["accepted", "accepted"]);
		expect((await ask({ all: true })).replayed).toHaveLength(1);
		expect((await ask({ all: true })).replayed).toEqual([]);
		await handleWakeUps();
		expect(receivedIds().sort()).toEqual(["blue-1", "red-1", "red-2"]);
	});

	it("can be repeated where it broke off before anybody was woken", async () => {
		const key = await die("one");
		await ask({ key });
		for (const { remove } of await ledger.messages()) await remove();
		expect((await ask({ key })).replayed).toEqual([{ key, outcome: "accepted", reason: null }]);
		await handleWakeUps();
		expect(receivedIds()).toEqual(["one"]);
		expect((await ask({ key })).replayed).toEqual([
			{ key, outcome: "refused", reason: "it is dispatched, so it is not a dead letter" },
		]);
	});

	it("accepts a rejected event once more, and forgets the rejection when it is accepted", async () => {
		const [rejected] = await bridge.accept([invalid("bad")], logLines());
		expect(rejected?.outcome).toBe("rejected");
		expect((await ask({ state: "rejected", all: true })).replayed).toMatchObject([
			{ key: rejected?.key, outcome: "refused", reason: expect.stringContaining("experimentName is missing") },
		]);
		expect(await stateOf("bad")).toEqual(["rejected"]);
		// A route that is repaired: at first the dispatch type was too long for GitHub.
		const routes = (dispatchType: string) => ({
			BRIDGE_ROUTES: JSON.stringify({ routes: [{ to: { repository: "contoso/a", dispatchType } }] }),
		});
		const type = `x.${"y".repeat(120)}`;
		const other = { ...event("long"), type };
		bridge = fixture.bridge({}, {}, ledger.names);
		await bridge.accept([other], logLines());
		expect(await stateOf("long")).toEqual(["rejected"]);
		bridge = fixture.bridge(routes("short"), {}, ledger.names);
		const { replayed } = await ask({ find: "long" });
		expect(replayed).toMatchObject([{ outcome: "accepted" }]);
		expect(await stateOf("long")).toEqual(["dispatched"]);
	});

	it("accepts a large rejected event from its blob, which lies where no workflow may read and is gone then", async () => {
		const large = { ...event("large"), type: `x.${"y".repeat(120)}`, data: { text: "x".repeat(70_000) } };
		const [rejected] = await bridge.accept([large], logLines());
		const blobs = BlobServiceClient.fromConnectionString(await fileStorage());
		const names = async (container: string) => {
			const found: string[] = [];
			for await (const { name } of blobs.getContainerClient(container).listBlobsFlat()) found.push(name);
			return found;
		};
		expect(await names(ledger.names.deadLetters)).toEqual([`rejected/${rejected?.key}.json`]);
		const routes = [{ to: { repository: "contoso/a", dispatchType: "short" } }];
		bridge = fixture.bridge({ BRIDGE_ROUTES: JSON.stringify({ routes }) }, {}, ledger.names);
		expect((await ask({ state: "rejected", all: true })).replayed).toMatchObject([{ outcome: "accepted" }]);
		expect(await stateOf("large")).toEqual(["dispatched"]);
		expect(await names(ledger.names.deadLetters)).toEqual([]);
		expect(await names(ledger.names.payloads)).toHaveLength(1);
	});

	it("feeds Event Grid's own dead letters back, and removes the blobs whose events are all accepted", async () => {
		const container = BlobServiceClient.fromConnectionString(await fileStorage()).getContainerClient(
			`dead${Date.now()}`,
		);
		await container.create();
		const disposition = {
			deadLetterReason: "MaxDeliveryAttemptsExceeded",
			deliveryAttempts: 30,
			lastDeliveryOutcome: "Busy",
		};
		const put = (name: string, content: unknown) => {
			const text = typeof content === "string" ? content : JSON.stringify(content);
			return container.getBlockBlobClient(name).upload(text, Buffer.byteLength(text));
		};
		await put("topic/2026/3/14/8/a.json", [
			{ ...event("a"), ...disposition },
			{ ...event("b"), ...disposition },
		]);
		await put("topic/2026/3/14/9/b.json", [invalid("c")]);
		await put("topic/2026/3/14/9/c.json", "no JSON");
		await put("elsewhere/d.json", [event("d")]);
		const { replayed, more } = await ask({ container: container.containerName, prefix: "topic/" });
		expect(more).toBe(false);
		expect(replayed).toMatchObject([
			{ key: "topic/2026/3/14/8/a.json", outcome: "accepted" },
			{ key: "topic/2026/3/14/9/b.json", outcome: "refused", reason: expect.stringContaining("experimentName") },
			{ key: "topic/2026/3/14/9/c.json", outcome: "refused", reason: "the blob contains no events" },
		]);
		expect(receivedIds().sort()).toEqual(["a", "b"]);
		const left: string[] = [];
		for await (const { name } of container.listBlobsFlat()) left.push(name);
		expect(left).toEqual(["elsewhere/d.json", "topic/2026/3/14/9/b.json", "topic/2026/3/14/9/c.json"]);
	});

	it("says of what was accepted before what became of it, since nothing starts for it now", async () => {
		await die("dead");
		const discarded = await die("discarded");
		await bridge.discard({ key: discarded }, logLines().log);
		fixture.github.script.set([]);
		await bridge.accept([event("sent")], logLines());
		const all = ["dead", "discarded", "sent"];
		await bridge.deadLetter(
			all.map((id) => event(id)),
			"all tries failed",
			logLines().log,
		);
		const { replayed } = await bridge.replay({ state: "rejected" }, logLines().log);
		expect(replayed.map(({ outcome, reason }) => [outcome, reason?.slice(0, 45)]).sort()).toEqual([
			["accepted", "accepted before: it is a dead letter: GitHub "],
			["accepted", "accepted before: it was a dead letter, and wa"],
			["accepted", "accepted before: it was dispatched before"],
		]);
		expect((await bridge.receipts({ limit: 10 })).receipts.map(({ state }) => state).sort()).toEqual([
			"dead",
			"discarded",
			"dispatched",
		]);
		const blob = Buffer.from(JSON.stringify([event("sent"), event("new"), event("dead")]));
		const storage = playedContainer({ "a.json": blob, "b.json": Buffer.from(JSON.stringify([event("new")])) });
		bridge = fixture.bridge(
			{},
			{ openStorage: async () => storage(await openFileStorage(ledger.names)) },
			ledger.names,
		);
		expect((await bridge.replay({ container: "letters" }, logLines().log)).replayed).toEqual([
			{ key: "a.json", outcome: "accepted", reason: "2 of 3 accepted before: it was dispatched before" },
			{ key: "b.json", outcome: "accepted", reason: "accepted before: it was dispatched before" },
		]);
	});

	it("tells what it has done where the next page of blobs cannot be listed, and goes on there", async () => {
		const blobs = { "a.json": Buffer.from(JSON.stringify([event("a")])) };
		let isAway = true;
		const played = playedContainer(blobs, (after) => {
			if (after === undefined) return { names: ["a.json"], next: "page 2" };
			if (isAway) throw new Error("storage is away");
			return { names: [] };
		});
		const openStorage = async () => played(await openFileStorage(ledger.names));
		bridge = fixture.bridge({}, { openStorage }, ledger.names);
		const first = await ask({ container: "letters" });
		expect(first).toMatchObject({ status: 200, more: true, replayed: [{ key: "a.json", outcome: "accepted" }] });
		expect(await ask({ container: "letters", continue: first.continue })).toMatchObject({ status: 503 });
		isAway = false;
		expect(await ask({ container: "letters", continue: first.continue })).toMatchObject({ replayed: [], more: false });
	});

	it("reads no blob of a container that is larger than any of Event Grid's, and goes on with the next one", async () => {
		const container = BlobServiceClient.fromConnectionString(await fileStorage()).getContainerClient(
			`data${Date.now()}`,
		);
		await container.create();
		const text = JSON.stringify([event("a")]);
		// JSON may end in white space.
		const large = Buffer.alloc(32 * 1024 * 1024 + 1, " ");
		large.write(JSON.stringify([event("large")]));
		await container.getBlockBlobClient("a.json").uploadData(large);
		await container.getBlockBlobClient("b.json").upload(text, Buffer.byteLength(text));
		const { replayed } = await ask({ container: container.containerName });
		expect(replayed).toEqual([
			{ key: "a.json", outcome: "refused", reason: "the blob has 33554433 bytes, and may have at most 33554432" },
			{ key: "b.json", outcome: "accepted", reason: null },
		]);
		expect(receivedIds()).toEqual(["a"]);
	});

	it("says that a container is not there, as when its name is misspelt", async () => {
		expect(await ask({ container: "no-such-container" })).toMatchObject({
			status: 404,
			error: expect.stringContaining("container"),
		});
	});

	it("keeps a rejected event that no route would take now: it is fed back in order to start something", async () => {
		const [rejected] = await bridge.accept([{ ...event("a"), type: `x.${"y".repeat(120)}` }], logLines());
		const routes = [{ to: { repository: "contoso/a" }, filter: { subjectBeginsWith: "elsewhere" } }];
		bridge = fixture.bridge({ BRIDGE_ROUTES: JSON.stringify({ routes }) }, {}, ledger.names);
		const { replayed, more } = await ask({ all: true });
		expect(more).toBe(false);
		expect(replayed).toEqual([
			{ key: rejected?.key, outcome: "refused", reason: expect.stringContaining("no route matches") },
		]);
		expect(await stateOf("a")).toEqual(["rejected"]);
	});

	it.each([
		["no JSON", "all"],
		["nothing", {}],
		["two choices at once", { key: "a", all: true }],
		["an unknown word", { all: true, faster: true }],
		["a state that cannot be replayed", { all: true, state: "dispatched" }],
		["a key that is none", { key: "" }],
		["a key that is longer than any", { key: "x".repeat(301) }],
		["a key with half a character", { key: "\ud83d" }],
		["a text with half a character", { find: "a\udc00b" }],
		["all that is not all", { all: false }],
		["a text that is none", { find: 7 }],
		["names with half a character", { container: "dead-letters", prefix: "\ud83d" }],
		["names that are longer than any", { container: "dead-letters", prefix: "x".repeat(1_025) }],
		["the ledger's own container", { container: "grid-dispatch" }],
		["the ledger's container of payloads", { container: "grid-dispatch-payloads" }],
		["the ledger's container of dead letters", { container: "grid-dispatch-dead-letters" }],
		["the platform's container", { container: "azure-webjobs-secrets" }],
		["no container's name", { container: "../x" }],
		["a prefix that is none", { container: "dead-letters", prefix: 1 }],
		["a state beside a key", { key: "a", state: "dead" }],
		["a state beside a container", { container: "dead-letters", state: "dead" }],
		["a prefix without a container", { all: true, prefix: "a" }],
		["a continue that is no text", { all: true, continue: 1 }],
	])("refuses %s, and says what it takes", async (_, body) => {
		const { status, error } = await ask(body);
		expect(status).toBe(400);
		expect(error).toContain('{"key": "…"}');
	});

	it.each([
		["one that was made up", { all: true, continue: "abc" }],
		["an empty one", { find: "a", continue: "" }],
		["one of a container", { container: "dead-letters", continue: "0123456789abW10" }],
	])("refuses a continue that belongs to no such question: %s", async (_, body) => {
		expect(await ask(body)).toMatchObject({ status: 400, error: expect.stringContaining("continue") });
	});

	it("goes on behind what stays refused, however much that is", async () => {
		await die("last of all");
		const later = (index: number) =>
			new Date(Date.parse(exampleOf("RunCompleted").time) + 60_000 + index).toISOString();
		const refused = Array.from({ length: 205 }, (_, index) => ({ ...invalid(`bad-${index}`), time: later(index) }));
		await bridge.accept(refused, logLines());
		const first = await ask({ all: true });
		expect(first.replayed).toHaveLength(200);
		expect(first).toMatchObject({ more: true, continue: expect.any(String) });
		expect(first.replayed.every(({ outcome }) => outcome === "refused")).toBe(true);
		const second = await ask({ all: true, continue: first.continue });
		expect(second).toMatchObject({ more: false });
		expect(second.continue).toBeUndefined();
		expect(second.replayed.filter(({ outcome }) => outcome === "accepted")).toHaveLength(1);
		expect(new Set([...first.replayed, ...second.replayed].map(({ key }) => key)).size).toBe(206);
		expect(await ask({ all: true, state: "dead", continue: first.continue })).toMatchObject({ status: 400 });
	}, 60_000);

	it("goes on behind blobs that stay, however many those are", async () => {
		const container = BlobServiceClient.fromConnectionString(await fileStorage()).getContainerClient(
			`stay${Date.now()}`,
		);
		await container.create();
		const put = (name: string, text: string) =>
			container.getBlockBlobClient(name).upload(text, Buffer.byteLength(text));
		const names = Array.from({ length: 205 }, (_, index) => `a/${String(index).padStart(3, "0")}.json`);
		for (let from = 0; from < names.length; from += 20)
			await Promise.all(names.slice(from, from + 20).map((name) => put(name, "no JSON")));
		await put("b.json", JSON.stringify([event("behind")]));
		const { containerName } = container;
		const first = await ask({ container: containerName });
		expect([first.replayed.length, first.more]).toEqual([200, true]);
		const second = await ask({ container: containerName, continue: first.continue });
		expect(second.replayed.map(({ key, outcome }) => `${key} ${outcome}`)).toEqual([
			...names.slice(200).map((name) => `${name} refused`),
			"b.json accepted",
		]);
		expect(second.more).toBe(false);
		expect(receivedIds()).toEqual(["behind"]);
	}, 60_000);

	it("answers 503 while storage cannot be reached", async () => {
		bridge = fixture.bridge({}, { openStorage: () => Promise.reject(new Error("storage is down")) });
		expect(await ask({ all: true })).toMatchObject({ status: 503, error: "storage is down" });
	});
});
