import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Bridge } from "../../src/bridge.ts";
import { receipts } from "../../src/functions/receipts.ts";
import { asCloudEvent, exampleOf } from "../../support/example-events.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { callFunction } from "../helpers/call-function.ts";
import { logLines } from "../helpers/log-lines.ts";

const COALESCING = JSON.stringify({
	routes: [
		{
			name: "data",
			to: { repository: "contoso/data" },
			filter: { includedEventTypes: ["Microsoft.Storage.BlobCreated"] },
			coalesce: { quietSeconds: 60, maxSeconds: 600 },
		},
		{ name: "ml", to: { repository: "contoso/ml" }, filter: { subjectBeginsWith: "experiments" } },
	],
});

let fixture: BridgeFixture;
beforeEach(async () => {
	fixture = await startFixture();
});
afterEach(() => fixture.github.close());

const runCompleted = (id: string, more: object = {}) => ({ ...asCloudEvent(exampleOf("RunCompleted")), id, ...more });

async function find(bridge: Bridge, query: string) {
	const { status, json } = await callFunction(
		receipts(async () => bridge),
		{ method: "GET", path: `/api/receipts?${query}` },
	);
	return {
		status,
		...(json as { receipts: Record<string, unknown>[]; complete: boolean; continue?: string; error: string }),
	};
}

describe("receipts", () => {
	it("tell what became of an event, with every attempt and GitHub's id of it", async () => {
		const bridge = fixture.bridge();
		const [result] = await bridge.accept([runCompleted("one")], logLines());
		const { status, receipts: found, complete } = await find(bridge, "find=one");
		expect({ status, complete }).toEqual({ status: 200, complete: true });
		const { type, source, subject, time } = exampleOf("RunCompleted");
		expect(found).toEqual([
			{
				key: result?.key,
				state: "dispatched",
				event: { id: "one", type, source, subject, time },
				route: "default",
				to: {
					repository: "contoso/fraud-model",
					id: "contoso/fraud-model#machinelearningservices-runcompleted",
					dispatchType: "machinelearningservices-runcompleted",
				},
				acceptedAt: expect.stringMatching(/^\d{4}-.*Z$/),
				finishedAt: expect.stringMatching(/^\d{4}-.*Z$/),
				replayedAt: null,
				changedAt: expect.stringMatching(/^\d{4}-.*Z$/),
				attempts: [
					{
						at: expect.any(String),
						status: 204,
						ms: expect.any(Number),
						requestId: expect.stringContaining(":"),
						reason: null,
					},
				],
				reason: null,
				replay: null,
				group: null,
				arrived: null,
				window: null,
				windowState: null,
				// The stand-in has no pages.
				runs: [],
				following: "looking",
				followingReason: null,
				page: null,
			},
		]);
	});

	it("begin with the newest event, and are no more than asked for", async () => {
		const bridge = fixture.bridge();
		for (const day of ["02", "04", "03"]) {
			await bridge.accept([runCompleted(`of-${day}`, { time: `2026-03-${day}T10:00:00Z` })], logLines());
		}
		const ids = async (query: string) =>
			(await find(bridge, query)).receipts.map(({ event }) => (event as { id: string }).id);
		expect(await ids("")).toEqual(["of-04", "of-03", "of-02"]);
		expect(await ids("limit=2")).toEqual(["of-04", "of-03"]);
	});

	it.each([
		["the event's id", "event-7"],
		["a part of the subject", "runs/"],
		["the run", exampleOf("RunCompleted").data["runId"]],
		["a part of the repository, in another case", "FRAUD-mod"],
	])("are found by %s", async (_, text) => {
		const bridge = fixture.bridge();
		await bridge.accept([runCompleted("event-7")], logLines());
		expect((await find(bridge, `find=${encodeURIComponent(String(text))}`)).receipts).toHaveLength(1);
		expect((await find(bridge, "find=nowhere%20to%20be%20found'")).receipts).toEqual([]);
	});

	it("say what an event waits for: a pause", async () => {
		const bridge = fixture.bridge();
		fixture.github.script.set({ status: 429, headers: { "retry-after": "300" } });
		await bridge.accept([runCompleted("one")], logLines());
		const { receipts: found } = await find(bridge, "state=paused");
		expect(found).toMatchObject([
			{
				state: "paused",
				finishedAt: null,
				reason: expect.stringMatching(/slow down.*until \d{4}/),
				attempts: [{ status: 429 }],
			},
		]);
		expect((await find(bridge, "state=parked")).receipts).toEqual([]);
		expect((await find(bridge, "state=dispatched")).receipts).toEqual([]);
	});

	it("say what an event waits for: a repair, also where it was never tried itself", async () => {
		const bridge = fixture.bridge();
		fixture.github.script.set({ status: 404 });
		await bridge.accept([runCompleted("one")], logLines());
		await bridge.accept([runCompleted("two")], logLines());
		const { receipts: found } = await find(bridge, "state=parked");
		expect(found.map(({ state, attempts, reason }) => [state, (attempts as unknown[]).length, reason])).toEqual([
			["parked", expect.any(Number), expect.stringContaining("no such repository")],
			["parked", expect.any(Number), expect.stringContaining("tried again at")],
		]);
	});

	it("cover every lane, and what never had one", async () => {
		const bridge = fixture.bridge({ BRIDGE_ROUTES: COALESCING });
		await bridge.accept(
			[runCompleted("run"), { ...asCloudEvent(exampleOf("BlobCreated")), id: "blob" }, { id: "wrong", eventType: "x" }],
			logLines(),
		);
		const states = async (query: string) =>
			(await find(bridge, query)).receipts.map(({ event, state }) => [(event as { id: string }).id, state]);
		expect(new Set(await states(""))).toEqual(
			new Set([
				["run", "dispatched"],
				["blob", "coalescing"],
				["wrong", "rejected"],
			]),
		);
		expect(await states("state=rejected")).toEqual([["wrong", "rejected"]]);
		expect(await states("state=coalescing")).toEqual([["blob", "coalescing"]]);
	});

	it("go on where a list was cut, and are bounded by the times of their events", async () => {
		const bridge = fixture.bridge();
		for (const day of ["02", "03", "04", "05"]) {
			await bridge.accept([runCompleted(`of-${day}`, { time: `2026-03-${day}T10:00:00Z` })], logLines());
		}
		const ids = ({ receipts: found }: Awaited<ReturnType<typeof find>>) =>
			found.map(({ event }) => (event as { id: string }).id);
		const first = await find(bridge, "limit=3");
		expect([ids(first), first.complete]).toEqual([["of-05", "of-04", "of-03"], false]);
		const second = await find(bridge, `limit=3&continue=${first.continue}`);
		expect([ids(second), second.complete, second.continue]).toEqual([["of-02"], true, undefined]);
		// A plus sign that was not escaped arrives as a space.
		const some = await find(bridge, "since=2026-03-03T12:00:00+02:00&until=2026-03-04T10:00:00.000Z");
		expect([ids(some), some.complete]).toEqual([["of-04", "of-03"], true]);
		expect(ids(await find(bridge, "since=2026-03-06T00:00:00Z"))).toEqual([]);
	});

	it("are those that have changed since a time, however old their events are", async () => {
		const bridge = fixture.bridge();
		const ids = async (query: string) =>
			(await find(bridge, query)).receipts.map(({ event }) => (event as { id: string }).id);
		await bridge.accept([runCompleted("event-1"), runCompleted("event-10")], logLines());
		const [before] = (await find(bridge, "find=event-1")).receipts;
		const since = new Date(Date.parse(String(before?.["changedAt"])) + 1).toISOString();
		expect(await ids(`changedSince=${since}&limit=500`)).not.toContain("event-1");
		fixture.github.script.set({ status: 429, headers: { "retry-after": "300" } });
		await bridge.accept([runCompleted("of old", { time: "2001-03-04T10:00:00Z" })], logLines());
		const later = new Date(Date.parse(since) + 1_000).toISOString();
		expect(await ids(`changedSince=${before?.["changedAt"]}`)).toContain("of old");
		expect(await ids(`changedSince=${since}&state=paused`)).toEqual(["of old"]);
		// A whole id that is there, and has not changed, means none of those that contain it.
		expect(await ids(`changedSince=${later}&find=event-1`)).toEqual([]);
		expect(await ids(`changedSince=${since}&find=of%20old`)).toEqual(["of old"]);
	});

	it("show the runs and the state of its window's dispatch for each event of the window", async () => {
		let clock = Date.now();
		const bridge = fixture.bridge({ BRIDGE_ROUTES: COALESCING }, { now: () => clock });
		const blob = asCloudEvent(exampleOf("BlobCreated"));
		await bridge.accept(
			[
				{ ...blob, id: "one" },
				{ ...blob, id: "two" },
			],
			logLines(),
		);
		// A lane is known as soon as it was looked at.
		await bridge.wake({ lane: "default", wake: 0 }, logLines().log);
		const [open] = (await find(bridge, "find=one")).receipts;
		expect(open).toMatchObject({ state: "coalescing", windowState: null, runs: [], following: null });
		clock += 3_600_000;
		await bridge.wake({ lane: "default", wake: 0 }, logLines().log);
		await bridge.follow({ lane: "default", wake: 0 }, logLines().log);
		const { receipts: found } = await find(bridge, "");
		const dispatch = found.find(({ state }) => state === "dispatched");
		const members = found.filter(({ state }) => state === "coalesced");
		expect(members).toHaveLength(2);
		expect(dispatch?.["runs"]).toMatchObject([{ id: expect.any(String) }]);
		for (const member of members) {
			expect(member).toMatchObject({
				window: dispatch?.["key"],
				windowState: "dispatched",
				runs: dispatch?.["runs"],
				following: dispatch?.["following"],
			});
		}
		// Also where its dispatch is not in the same answer.
		expect((await find(bridge, "find=one")).receipts).toMatchObject([{ runs: dispatch?.["runs"] }]);
	});

	it("name no next try at a time that is over", async () => {
		let clock = Date.now();
		const bridge = fixture.bridge({}, { now: () => clock });
		fixture.github.script.set({ status: 404 });
		await bridge.accept([runCompleted("one")], logLines());
		clock += 3_600_000;
		const { receipts: found } = await find(bridge, "state=parked");
		expect(found).toMatchObject([{ state: "parked", reason: expect.stringMatching(/the next try is due now$/) }]);
	});

	it.each([
		["limit=0", "limit"],
		["limit=many", "limit"],
		["limit=501", "limit"],
		["state=lost", "state"],
		["since=yesterday", "since"],
		["since=2026-02-30T00:00:00Z", "since"],
		["until=2026-03-14", "until"],
		["since=2026-03-15T00:00:00Z&until=2026-03-14T00:00:00Z", "later than until"],
		["continue=made-up", "continue"],
		["changedSince=yesterday", "changedSince"],
	])("refuse %s, and name what may be asked", async (query, word) => {
		const { status, error } = await find(fixture.bridge(), query);
		expect(status).toBe(400);
		expect(error).toContain(word);
	});

	it("answer 503 with the reason while storage cannot be reached", async () => {
		const bridge = fixture.bridge({}, { openStorage: () => Promise.reject(new Error("storage is down")) });
		expect(await find(bridge, "")).toMatchObject({ status: 503, error: "storage is down" });
	});
});
