import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Bridge } from "../../src/bridge.ts";
import { upkeep } from "../../src/functions/triggers.ts";
import { asCloudEvent, exampleOf } from "../../support/example-events.ts";
import { wrapStorage } from "../../support/wrap-storage.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { testContext } from "../helpers/call-function.ts";
import { newNames } from "../helpers/file-storage.ts";
import { logLines } from "../helpers/log-lines.ts";
import { openTestLedger, type TestLedger } from "../helpers/test-ledger.ts";

const DAY_MS = 86_400_000;

let fixture: BridgeFixture;
let ledger: TestLedger;
let clock: number;
beforeEach(async () => {
	clock = Date.parse("2026-06-01T00:00:00Z");
	fixture = await startFixture({ now: () => clock });
	ledger = await openTestLedger(newNames());
});
afterEach(() => fixture.github.close());

const bridge = () => fixture.bridge({ KEEP_DAYS: "30" }, { now: () => clock }, ledger.names);
const event = (id: string, more: object = {}) => ({
	...asCloudEvent(exampleOf("RunCompleted")),
	id,
	time: new Date(clock).toISOString(),
	...more,
});

async function look(of: Bridge) {
	const { context, logged } = testContext();
	await upkeep(async () => of).handler({} as never, context);
	return logged.map(([, line]) => JSON.parse(line) as Record<string, unknown>);
}

const states = async (of: Bridge) =>
	Object.fromEntries((await of.receipts({ limit: 50 })).receipts.map(({ event: { id }, state }) => [id, state]));

describe("upkeep", () => {
	it("removes what has been final for long, with its dead letters and blobs, and nothing else", async () => {
		const early = bridge();
		const large = { experimentName: "e", runId: "r", runProperties: { x: "x".repeat(70_000) } };
		await early.accept([event("large", { data: large })], logLines());
		fixture.github.script.set({ status: 422 });
		await early.accept([event("dead")], logLines());
		await early.accept([event("rejected", { data: {} })], logLines());
		fixture.github.script.set({ status: 429, headers: { "retry-after": "86400" } });
		await early.accept([event("waits")], logLines());
		expect((await ledger.storage.names("payloads/")).names).toHaveLength(1);
		clock += 31 * DAY_MS;
		fixture.github.script.set([]);
		const late = bridge();
		// A month later nobody holds the lane any more.
		await ledger.breakLease("default");
		await late.accept([event("new")], logLines());
		const lines = await look(late);
		expect(lines).toContainEqual(expect.objectContaining({ stage: "maintenance", removed: 3, complete: "true" }));
		expect(await states(late)).toEqual({ waits: "dispatched", new: "dispatched" });
		expect((await ledger.storage.names("payloads/")).names).toEqual([]);
		expect(await ledger.rows("default", "x-")).toEqual([]);
		expect(await ledger.rows("rejected")).toEqual([]);
	});

	it("removes nothing that is still to be delivered, however old it is", async () => {
		fixture.github.script.set({ status: 429, headers: { "retry-after": "86400" } });
		await bridge().accept([event("waits")], logLines());
		clock += DAY_MS / 2;
		// The times of events have nothing to do with it.
		await bridge().accept([event("old", { time: "2001-01-01T00:00:00Z" })], logLines());
		const of = fixture.bridge({ KEEP_DAYS: "1" }, { now: () => clock + 20 * DAY_MS }, ledger.names);
		await look(of);
		expect(Object.keys(await states(of)).sort()).toEqual(["old", "waits"]);
	});

	it("can be interrupted and repeated: a row that is gone harms no other", async () => {
		await bridge().accept([event("a"), event("b"), event("c")], logLines());
		clock += 40 * DAY_MS;
		// Somebody else removes one of them between the look and the removal.
		const of = fixture.bridge(
			{ KEEP_DAYS: "30" },
			{
				now: () => clock,
				openStorage: async () => ({
					...ledger.storage,
					...pick(ledger),
					async list(partition, range) {
						const page = await ledger.storage.list(partition, range);
						const [first] = page.rows;
						if (range.where?.includes("finishedAt") && first !== undefined) {
							await ledger.storage.commit(partition, [{ kind: "delete", rowKey: first.rowKey }]).catch(() => {});
						}
						return page;
					},
				}),
			},
			ledger.names,
		);
		await look(of);
		expect(await states(bridge())).toEqual({});
	});

	it("warns of a token that ends within thirty days, in a line that an alert can watch", async () => {
		fixture.github.setTokenExpiry(new Date(clock + 40 * DAY_MS));
		await bridge().accept([event("a")], logLines());
		expect(await look(bridge())).not.toContainEqual(expect.objectContaining({ stage: "token" }));
		clock += 11 * DAY_MS;
		expect(await look(bridge())).toContainEqual(
			expect.objectContaining({
				stage: "token",
				lane: "default",
				expiresAt: "2026-07-11T00:00:00.000Z",
				reason: expect.stringContaining("ends in 29 days"),
			}),
		);
	});

	it("says nothing more of a token that has been replaced by one without an end", async () => {
		fixture.github.setTokenExpiry(new Date(clock + 10 * DAY_MS));
		await bridge().accept([event("a")], logLines());
		fixture.github.setTokenExpiry();
		clock += 2_000;
		await bridge().accept([event("b")], logLines());
		expect(await look(bridge())).not.toContainEqual(expect.objectContaining({ stage: "token" }));
	});

	it("says nothing of a token that no route leads to any more", async () => {
		fixture.github.setTokenExpiry(new Date(clock + 10 * DAY_MS));
		await bridge().accept([event("a")], logLines());
		const routes = { routes: [{ name: "r", to: { repository: "contoso/a", token: "other" } }] };
		const moved = fixture.bridge({ BRIDGE_ROUTES: JSON.stringify(routes) }, { now: () => clock }, ledger.names);
		expect(await look(moved)).not.toContainEqual(expect.objectContaining({ stage: "token", lane: "default" }));
	});

	it("says how long the oldest event of a lane has waited, even if no drainer is woken any more", async () => {
		fixture.github.script.set({ status: 429, headers: { "retry-after": "60" } });
		await bridge().accept([event("a")], logLines());
		const accepted = new Date(clock).toISOString();
		clock += 9 * 60_000;
		expect(await look(bridge())).not.toContainEqual(expect.objectContaining({ stage: "lane" }));
		clock += DAY_MS;
		expect(await look(bridge())).toContainEqual(
			expect.objectContaining({
				stage: "lane",
				lane: "default",
				change: "behind",
				oldest: accepted,
				waitedMs: DAY_MS + 9 * 60_000,
			}),
		);
	});

	it("wakes each lane in which something waits, though one of them cannot be woken, and names that one", async () => {
		const routes = ["a", "b"].map((name) => ({
			to: { repository: `contoso/${name}`, token: name },
			filter: { subjectBeginsWith: name },
		}));
		const env = { BRIDGE_ROUTES: JSON.stringify({ routes }) };
		fixture.github.script.set({ status: 429, headers: { "retry-after": "60" }, times: 2 });
		const of = fixture.bridge(
			env,
			{
				now: () => clock,
				openStorage: async () =>
					wrapStorage(ledger.storage, async ({ method, args }, make) => {
						if (isBroken && method === "put" && String(args[0]).includes("token-a")) throw new Error("no such luck");
						return make();
					}),
			},
			ledger.names,
		);
		let isBroken = false;
		await of.accept([event("1", { subject: "a/1" }), event("2", { subject: "b/1" })], logLines());
		const before = await ledger.countMessages();
		isBroken = true;
		clock += DAY_MS;
		const lines = await look(of);
		expect(lines).toContainEqual(
			expect.objectContaining({ stage: "maintenance", lane: "token-a", change: "failed", reason: expect.any(String) }),
		);
		expect(lines).toContainEqual(expect.objectContaining({ stage: "maintenance", complete: "true" }));
		expect(await ledger.countMessages()).toBe(before + 1);
	});

	it("lets a drain remove a breaker for which nothing waits any more", async () => {
		fixture.github.script.set({ status: 404 });
		await bridge().accept([event("a")], logLines());
		for (const { rowKey } of await ledger.rows("default", "e-"))
			await ledger.storage.commit("default", [{ kind: "delete", rowKey }]);
		for (const { remove } of await ledger.messages()) await remove();
		const breakers = async () => {
			const [state] = await ledger.rows("default", "a-state");
			return (JSON.parse(String(state?.columns["state"])) as { breakers: object }).breakers;
		};
		expect(Object.keys(await breakers())).toHaveLength(1);
		clock += DAY_MS;
		await ledger.breakLease("default");
		await look(bridge());
		for (const { lane, wake } of await ledger.messages()) await bridge().wake({ lane, wake }, logLines().log);
		expect(await breakers()).toEqual({});
	});

	it("wakes a lane whose wake-ups were taken away", async () => {
		fixture.github.script.set({ status: 429, headers: { "retry-after": "60" } });
		await bridge().accept([event("a")], logLines());
		await ledger.storage.put("{}", 0);
		const before = await ledger.countMessages();
		clock += DAY_MS;
		await look(bridge());
		expect(await ledger.countMessages()).toBe(before + 1);
	});
});

/** A storage's methods, since the real one may be behind a proxy. */
function pick({ storage }: TestLedger) {
	const names = [
		"commit",
		"get",
		"put",
		"unput",
		"lease",
		"renew",
		"release",
		"write",
		"read",
		"names",
		"remove",
	] as const;
	return Object.fromEntries(
		names.map((name) => [name, storage[name].bind(storage)]),
	) as unknown as TestLedger["storage"];
}
