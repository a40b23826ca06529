import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Bridge } from "../../src/bridge.ts";
import { STATE_KEY } from "../../src/ledger/rows.ts";
import type { Columns, Page, Range } from "../../src/storage/storage.ts";
import { asCloudEvent, exampleOf } from "../../support/example-events.ts";
import { wrapStorage } from "../../support/wrap-storage.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { newNames } from "../helpers/file-storage.ts";
import { logLines } from "../helpers/log-lines.ts";
import { openTestLedger, type TestLedger } from "../helpers/test-ledger.ts";

const DAY_MS = 86_400_000;
const ROUTES = {
	routes: [
		{
			name: "data",
			to: { repository: "contoso/d" },
			filter: { subjectBeginsWith: "/blob" },
			coalesce: { quietSeconds: 60, maxSeconds: 90 },
		},
		{ name: "bad", to: { repository: "contoso/bad", token: "bad" }, filter: { subjectBeginsWith: "bad" } },
		{ name: "good", to: { repository: "contoso/good", token: "good" }, filter: { subjectBeginsWith: "good" } },
	],
};

let fixture: BridgeFixture;
let ledger: TestLedger;
let clock: number;
beforeEach(async () => {
	clock = Date.now();
	fixture = await startFixture();
	ledger = await openTestLedger(newNames());
});
afterEach(() => fixture.github.close());

const open = (openStorage = async () => ledger.storage) =>
	fixture.bridge({ BRIDGE_ROUTES: JSON.stringify(ROUTES) }, { now: () => clock, openStorage }, ledger.names);
const event = (id: string, subject: string) => ({
	...asCloudEvent(exampleOf("RunCompleted")),
	id,
	subject,
	time: new Date(clock).toISOString(),
});

/** In each of two lanes: a dispatched event, a dead letter, and one that waits; and a window in a third. */
async function fill(bridge: Bridge): Promise<void> {
	for (const lane of ["bad", "good"]) {
		await bridge.accept([event(`${lane}-sent`, lane)], logLines());
		fixture.github.script.set({ status: 422 });
		await bridge.accept([event(`${lane}-dead`, lane)], logLines());
	}
	for (const lane of ["bad", "good"]) {
		fixture.github.script.set({ status: 429, headers: { "retry-after": "600" } });
		await bridge.accept([event(`${lane}-waits`, lane)], logLines());
	}
	await ledger.storage.lease("lanes/default", 15);
	await bridge.accept([{ ...asCloudEvent(exampleOf("BlobCreated")), id: "member" }], logLines());
}

async function damage(lane: string, beginning: string, columns: Columns): Promise<void> {
	const rows = await ledger.rows(lane, beginning);
	expect(rows.length).toBeGreaterThan(0);
	for (const { rowKey } of rows) await ledger.storage.commit(lane, [{ kind: "merge", rowKey, columns }]);
}

const POISONS: readonly [string, () => Promise<unknown>][] = [
	["a state row without sense", () => damage("token-bad", STATE_KEY, { state: "{", calls: "none" })],
	["a state row with absurd times", () => damage("token-bad", STATE_KEY, { state: ABSURD })],
	["receipts without sense", () => damage("token-bad", "r-", { attempts: '[{"at":', time: "never", finishedAt: "x" })],
	[
		"deliveries without sense",
		() => damage("token-bad", "e-", { attempts: "{", acceptedAt: "never", notBefore: "never" }),
	],
	["dead letters without sense", () => damage("token-bad", "x-", { key: 7, body: "", attempts: "{" })],
	[
		"a window without sense",
		() => damage("default", "b-", { quietMs: "long", maxMs: "longer", dueAt: "never", group: 7 }),
	],
	["a lane with an odd name", () => ledger.storage.lease("lanes/it's \u{1f4a5}/#?%", 15)],
	["a lane without a name", () => ledger.storage.write("lanes/", Buffer.from(""), "text/plain")],
];

const ABSURD = JSON.stringify({
	wake: { last: 1, at: 8.7e15 },
	pause: { until: 1.8e18, reason: "long" },
	parked: { since: 0, probeAt: 9e15, reason: "r" },
	breakers: { "contoso/bad": { since: 0, probeAt: 9e15, reason: "r" } },
});

describe.each(POISONS)("%s", (_, poison) => {
	it("keeps nothing else from being told of, replayed, woken and removed", async () => {
		const bridge = open();
		await fill(bridge);
		await poison();

		const health = await bridge.health();
		expect(health).toMatchObject({ waiting: 2, windows: 1, deadLetters: 2, storage: { reachable: true } });
		expect(health.lanes.map(({ lane }) => lane)).toContain("token-good");

		const { receipts } = await bridge.receipts({ limit: 50 });
		const ids = receipts.map(({ event: { id } }) => id);
		for (const id of ["good-sent", "good-dead", "good-waits", "bad-sent", "member"]) expect(ids).toContain(id);

		const { log, lines } = logLines();
		await bridge.upkeep(log);
		expect(lines).toContainEqual(expect.objectContaining({ stage: "maintenance", complete: "true" }));
		const failed = lines.filter(({ change }) => change === "failed").map(({ lane }) => lane);
		expect(failed.filter((lane) => lane !== "token-bad")).toEqual([]);

		const { replayed } = await bridge.replay({ find: "good-dead" }, log);
		expect(replayed).toMatchObject([{ outcome: "accepted" }]);

		clock += 40 * DAY_MS;
		await bridge.upkeep(log);
		const left = (await bridge.receipts({ limit: 50 })).receipts.map(({ event: { id } }) => id);
		expect(left).not.toContain("good-sent");
		expect(left).toEqual(expect.arrayContaining(["good-waits", "bad-waits"]));
	});
});

describe("a lane that storage does not hand out", () => {
	it("is named by health, receipts and maintenance, and the others are served", async () => {
		const bridge = open(async () =>
			wrapStorage(ledger.storage, async ({ method, args }, make) => {
				if (isBroken && (method === "list" || method === "get") && args[0] === "token-bad")
					throw new Error("no such luck");
				return make();
			}),
		);
		let isBroken = false;
		await fill(bridge);
		isBroken = true;
		const { status, lanes, waiting, deadLetters } = await bridge.health();
		expect([waiting, deadLetters]).toEqual([1, 1]);
		expect(status).toBe("degraded");
		expect(lanes).toContainEqual(
			expect.objectContaining({ lane: "token-bad", reason: expect.stringContaining("no such luck") }),
		);
		const { receipts, complete, problems } = await bridge.receipts({ limit: 50 });
		expect(receipts).toHaveLength(4);
		expect([complete, problems]).toEqual([false, [expect.stringContaining("token-bad")]]);
		const { log, lines } = logLines();
		await bridge.upkeep(log);
		const failed = lines.filter(({ change }) => change === "failed");
		expect(new Set(failed.map(({ lane }) => lane))).toEqual(new Set(["token-bad"]));
		const { replayed } = await bridge.replay({ find: "good-dead" }, log);
		expect(replayed).toMatchObject([{ outcome: "accepted" }]);
	});
});

describe("pages that are short, empty, and not the last", () => {
	it("change nothing of what health counts", async () => {
		const bridge = open();
		await fill(bridge);
		const sparse = open(async () =>
			wrapStorage(ledger.storage, async ({ method, args }, make) => {
				if (method === "names") {
					// One name a page, each after an empty one.
					const { names } = await ledger.storage.names(String(args[0]));
					const at = Number(args[1] ?? 0);
					const next = at < 2 * names.length ? { next: String(at + 1) } : {};
					return { names: at % 2 === 1 ? [names[(at - 1) / 2]] : [], ...next };
				}
				if (method !== "list") return make();
				const [partition, range] = args as [string, Range];
				if (range.after?.startsWith("real ") !== true)
					return { rows: [], next: `real ${range.after ?? ""}` } satisfies Page;
				return ledger.storage.list(partition, { ...range, top: 1, after: range.after.slice(5) || undefined });
			}),
		);
		expect(await sparse.health()).toEqual(await bridge.health());
	});
});
