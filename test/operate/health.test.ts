import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Bridge } from "../../src/bridge.ts";
import { health } from "../../src/functions/open-pages.ts";
import { ensureWindow } from "../../src/ledger/window.ts";
import { openStorage as openAzureStorage } from "../../src/storage/azure-storage.ts";
import { inTransactions } from "../../src/storage/transactions.ts";
import { eventually } from "../../support/eventually.ts";
import { asCloudEvent, exampleOf } from "../../support/example-events.ts";
import { type BridgeFixture, startFixture, TOKEN } from "../helpers/bridge-fixture.ts";
import { callFunction } from "../helpers/call-function.ts";
import { newNames, openFileStorage } from "../helpers/file-storage.ts";
import { logLines } from "../helpers/log-lines.ts";
import { openTestLedger } from "../helpers/test-ledger.ts";

const DAY_MS = 86_400_000;

let fixture: BridgeFixture;
beforeEach(async () => {
	fixture = await startFixture();
});
afterEach(() => fixture.github.close());

const event = (id: string) => ({ ...asCloudEvent(exampleOf("RunCompleted")), id });
const accept = (bridge: Bridge, id: string) => bridge.accept([event(id)], logLines());

describe("the health of a bridge", () => {
	it("tells of a delivery that waits behind a thousand open windows", async () => {
		const names = newNames();
		const bridge = fixture.bridge({}, {}, names);
		fixture.github.script.set({ status: 429, headers: { "retry-after": "300" } });
		await accept(bridge, "a");
		const storage = await openFileStorage(names);
		const window = { quietMs: 600_000, maxMs: 600_000, route: "by directory", to: undefined };
		const windows = Array.from({ length: 1_100 }, (_, index) =>
			ensureWindow({ ...window, group: String(index).padStart(32, "0") }),
		);
		for (const together of inTransactions(windows.map((write) => [write]))) await storage.commit("default", together);
		const { waiting, paused, oldest, windows: open } = await bridge.health();
		expect({ waiting, paused, open }).toEqual({ waiting: 1, paused: 1, open: 1_000 });
		expect(oldest).not.toBeNull();
	});

	it.each([
		["without its key", "DefaultEndpointsProtocol=https;AccountName=contoso;EndpointSuffix=core.windows.net"],
		["that was cut", "DefaultEndpointsProtocol=https;AccountName=contoso;AccountKe"],
		["that is no URL", "BlobEndpoint=x"],
	])("says that storage cannot be opened, by a connection string %s", async (_, connectionString) => {
		const openStorage = async () => openAzureStorage({ kind: "connection-string", connectionString });
		const bridge = fixture.bridge({ AzureWebJobsStorage: connectionString }, { openStorage });
		const { status, json } = await callFunction(
			health(
				async () => bridge,
				"9.9.9",
				() => 0,
			),
			{ method: "GET", path: "/api/health" },
		);
		const reason = expect.stringContaining("AzureWebJobsStorage could not be opened: ");
		expect([status, json]).toMatchObject([503, { status: "unhealthy", storage: { reachable: false, reason } }]);
	});

	it("is good while all that is accepted flows", async () => {
		const bridge = fixture.bridge();
		await accept(bridge, "a");
		expect(await bridge.health()).toEqual({
			status: "healthy",
			problems: [],
			warnings: [],
			routes: { digest: expect.stringMatching(/^[0-9a-f]{16}$/) },
			storage: { reachable: true, reason: null },
			tokens: [{ lane: "default", present: true, state: "present", expiresAt: null, reason: null }],
			lanes: [],
			waiting: 0,
			paused: 0,
			parked: 0,
			oldest: null,
			windows: 0,
			gathering: [],
			pace: [{ lane: "default", count: 1_000, seconds: 1, used: 1 }],
			deadLetters: 0,
			ignored: 0,
			missed: [],
		});
	});

	it("tells how much of the pace is used up, for each lane and limit", async () => {
		const routes = [
			{ to: { repository: "contoso/a" }, filter: { subjectBeginsWith: "experiments" } },
			{ to: { repository: "fabrikam/b", token: "unused" }, filter: { subjectBeginsWith: "/" } },
		];
		let clock = Date.now();
		const env = { GITHUB_PACE: "50/s,3/m,100/h", BRIDGE_ROUTES: JSON.stringify({ routes }) };
		const bridge = fixture.bridge(env, { now: () => clock });
		for (const id of ["a", "b", "c"]) await accept(bridge, id);
		const pace = async () =>
			(await bridge.health()).pace.map(({ used, count, seconds }) => `${used} of ${count} in ${seconds}`);
		expect(await pace()).toEqual(["3 of 50 in 1", "3 of 3 in 60", "3 of 100 in 3600"]);
		clock += 61_000;
		expect(await pace()).toEqual(["0 of 50 in 1", "0 of 3 in 60", "3 of 100 in 3600"]);
	});

	it("tells how full each window is, and when it closes", async () => {
		const gather = { quietSeconds: 60, maxSeconds: 90, by: "container" };
		const blobs = { subjectBeginsWith: "/blob" };
		const routes = [
			{ name: "train", to: { repository: "contoso/b" }, filter: blobs, coalesce: gather },
			{ to: { repository: "contoso/a" }, filter: { subjectBeginsWith: "experiments" } },
		];
		let clock = Date.now();
		const start = clock;
		const bridge = fixture.bridge({ BRIDGE_ROUTES: JSON.stringify({ routes }) }, { now: () => clock });
		const upload = async (id: string, container: string) => {
			const blob = asCloudEvent(exampleOf("BlobCreated"));
			const subject = `/blobServices/default/containers/${container}/blobs/${id}`;
			await bridge.accept([{ ...blob, id, subject }], logLines());
		};
		// A lane is known as soon as something was sent through it.
		await accept(bridge, "sent");
		await upload("a", "one");
		clock = start + 40_000;
		await upload("b", "one");
		await upload("c", "other");
		const health = await bridge.health();
		const at = (ms: number) => new Date(start + ms).toISOString();
		const window = { lane: "default", route: "train", group: expect.stringMatching(/^[0-9a-f]{32}$/) };
		expect(health.windows).toBe(2);
		expect([...health.gathering].sort((one, other) => other.events - one.events)).toEqual([
			{ ...window, events: 2, since: at(0), closes: at(90_000), latest: at(90_000) },
			{ ...window, events: 1, since: at(40_000), closes: at(100_000), latest: at(130_000) },
		]);
		expect(new Set(health.gathering.map(({ group }) => group)).size).toBe(2);
		expect(JSON.stringify(health)).not.toContain("contoso/b");
	});

	it("is degraded while a lane pauses, with the time and what waits since when", async () => {
		const bridge = fixture.bridge();
		fixture.github.script.set({ status: 429, headers: { "retry-after": "300" } });
		for (const id of ["a", "b"]) await accept(bridge, id);
		const { status, lanes, waiting, oldest } = await bridge.health();
		expect({ status, waiting }).toEqual({ status: "degraded", waiting: 2 });
		expect(await bridge.health()).toMatchObject({ paused: 2, parked: 0 });
		expect(lanes).toEqual([
			{
				lane: "default",
				state: "paused",
				until: expect.stringMatching(/^\d{4}-/),
				reason: expect.stringContaining("slow down"),
				parkedDestinations: 0,
			},
		]);
		expect(Date.parse(oldest ?? "")).toBeLessThanOrEqual(Date.now());
	});

	it("is degraded by a destination that is closed, and names no repository", async () => {
		const bridge = fixture.bridge();
		fixture.github.script.set({ status: 404 });
		await accept(bridge, "a");
		const health = await bridge.health();
		expect(health).toMatchObject({ status: "degraded", lanes: [{ state: "open", parkedDestinations: 1 }] });
		expect(health).toMatchObject({ waiting: 1, paused: 0, parked: 1 });
		expect(JSON.stringify(health)).not.toContain("fraud-model");
	});

	it("is degraded by a dead letter, and counts an open window", async () => {
		const routes = [
			{ to: { repository: "contoso/a" }, filter: { subjectBeginsWith: "experiments" } },
			{ to: { repository: "contoso/b" }, coalesce: { quietSeconds: 60, maxSeconds: 60 } },
		];
		const bridge = fixture.bridge({
			BRIDGE_ROUTES: JSON.stringify({ routes: [routes[0], { ...routes[1], filter: { subjectBeginsWith: "/blob" } }] }),
		});
		await bridge.accept([asCloudEvent(exampleOf("BlobCreated"))], logLines());
		fixture.github.script.set({ status: 422 });
		await accept(bridge, "a");
		await bridge.accept([{ id: "x", eventType: "y" }], logLines());
		expect(await bridge.health()).toMatchObject({ status: "degraded", deadLetters: 2, windows: 1, waiting: 0 });
	});

	it("is bad while the token is refused: nothing can be sent", async () => {
		const bridge = fixture.bridge();
		fixture.github.setTokens(["another"]);
		await accept(bridge, "a");
		const health = await bridge.health();
		expect(health).toMatchObject({
			status: "unhealthy",
			lanes: [
				{ state: "parked", until: expect.any(String), reason: expect.stringContaining("replace it with a valid one") },
			],
		});
		expect(JSON.stringify(health)).not.toContain(TOKEN);
	});

	it("is bad for the token that is refused alone, while another one works", async () => {
		const to = [{ repository: "contoso/a" }, { repository: "fabrikam/b", token: "other" }];
		const filters = [{ subjectBeginsWith: "experiments" }, { subjectBeginsWith: "/blob" }];
		const routes = to.map((each, index) => ({ to: each, filter: filters[index] }));
		const bridge = fixture.bridge({ BRIDGE_ROUTES: JSON.stringify({ routes }) });
		fixture.github.script.set({ status: 401, times: 1_000 });
		await accept(bridge, "a");
		const health = await bridge.health();
		expect(health).toMatchObject({ status: "degraded", waiting: 1, parked: 1 });
		expect(health.tokens.map(({ lane, present, state }) => [lane, present, state])).toEqual([
			["default", false, "refused"],
			["token-other", true, "present"],
		]);
		const blob = { ...asCloudEvent(exampleOf("BlobCreated")), id: "blob" };
		await bridge.accept([blob], logLines());
		expect(await bridge.health()).toMatchObject({ status: "unhealthy", waiting: 2, parked: 2 });
	});

	it("tells by which part of which route ignored events miss it, and counts a changed route anew", async () => {
		const names = newNames();
		const table = (end: string) => ({
			BRIDGE_ROUTES: JSON.stringify({
				routes: [
					{
						name: "blobs",
						to: { repository: "contoso/a" },
						filter: { includedEventTypes: ["Microsoft.Storage.BlobCreated"], subjectEndsWith: end },
					},
					{ name: "elsewhere", to: { repository: "contoso/b" }, source: "/elsewhere" },
				],
			}),
		});
		const work: (() => void)[] = [];
		const later = { later: (_: number, each: () => void) => void work.push(each) };
		const bridge = fixture.bridge(table(".csv"), later, names);
		await accept(bridge, "a run");
		const blob = { ...asCloudEvent(exampleOf("BlobCreated")), id: "a blob", subject: "/a/b.parquet" };
		await bridge.accept([blob, { ...blob, id: "another" }], logLines());
		for (const each of work.splice(0)) each();
		const missed = await eventually("the count", async () => {
			const { missed: found } = await bridge.health();
			return found.length > 0 ? found : undefined;
		});
		const times = { since: expect.stringMatching(/Z$/), last: expect.stringMatching(/Z$/) };
		expect(missed).toEqual([
			{ route: "blobs", events: 3, by: { includedEventTypes: 1, subjectEndsWith: 2 }, ...times },
			{ route: "elsewhere", events: 3, by: { source: 3 }, ...times },
		]);
		const repaired = await fixture.bridge(table(".parquet"), later, names).health();
		expect(repaired.missed).toMatchObject([{ route: "elsewhere", events: 3 }]);
		expect(repaired.ignored).toBe(3);
	});

	it("calls a token that GitHub refuses no present one, as long as something waits for it", async () => {
		const names = newNames();
		const bridge = fixture.bridge({}, {}, names);
		fixture.github.setTokens(["another"]);
		await accept(bridge, "a");
		const { tokens } = await bridge.health();
		const why = expect.stringContaining("replace it with a valid one");
		expect(tokens).toMatchObject([{ present: false, state: "refused", reason: why }]);
		const { storage, rows } = await openTestLedger(names);
		for (const { rowKey } of await rows("default", "e-")) await storage.commit("default", [{ kind: "delete", rowKey }]);
		expect(await bridge.health()).toMatchObject({ status: "healthy", tokens: [{ present: true }], lanes: [] });
	});

	it("tells of no repository that was parked once nothing waits for it", async () => {
		const names = newNames();
		const bridge = fixture.bridge({}, {}, names);
		fixture.github.script.set({ status: 404 });
		await accept(bridge, "a");
		expect(await bridge.health()).toMatchObject({ status: "degraded", lanes: [{ parkedDestinations: 1 }] });
		const { storage, rows } = await openTestLedger(names);
		for (const { rowKey } of await rows("default", "e-")) await storage.commit("default", [{ kind: "delete", rowKey }]);
		expect(await bridge.health()).toMatchObject({ status: "healthy", lanes: [] });
	});

	it("says of a lane that no route leads to any more what waits in it, and nothing where nothing does", async () => {
		const names = newNames();
		fixture.github.setTokens(["another"]);
		await accept(fixture.bridge({}, {}, names), "a");
		const routes = [{ name: "one", to: { repository: "contoso/a", token: "other" } }];
		const moved = fixture.bridge({ BRIDGE_ROUTES: JSON.stringify({ routes }) }, {}, names);
		const { status, lanes } = await moved.health();
		expect(status).toBe("degraded");
		expect(lanes).toMatchObject([
			{
				lane: "default",
				state: "parked",
				reason: expect.stringContaining("1 delivery waits for a token that no route"),
			},
		]);
		const { storage, rows } = await openTestLedger(names);
		for (const { rowKey } of await rows("default", "e-")) await storage.commit("default", [{ kind: "delete", rowKey }]);
		expect(await moved.health()).toMatchObject({ status: "healthy", lanes: [] });
	});

	it("says how much waits in a lane that belongs to another address, and what to do", async () => {
		const names = newNames();
		fixture.github.script.set({ status: 429, headers: { "retry-after": "300" } });
		await accept(fixture.bridge({}, {}, names), "a");
		const moved = { GITHUB_API_URL: "http://127.0.0.1:9" };
		expect(await fixture.bridge(moved, {}, names).health()).toMatchObject({
			status: "unhealthy",
			lanes: [
				{
					lane: "default",
					reason: expect.stringMatching(/^1 delivery waits in a lane that belongs to http:.*_BEFORE/),
				},
			],
		});
		const told = { ...moved, GITHUB_API_URL_BEFORE: fixture.github.url };
		expect(await fixture.bridge(told, {}, names).health()).toMatchObject({ status: "degraded" });
	});

	it("names no time to come that is over", async () => {
		let clock = Date.now();
		const bridge = fixture.bridge({}, { now: () => clock });
		fixture.github.setTokens(["another"]);
		await accept(bridge, "a");
		clock += 3_600_000;
		expect((await bridge.health()).lanes).toMatchObject([{ state: "parked", until: null }]);
	});

	it("is degraded when something is due for ten minutes, and neither paused nor parked", async () => {
		let clock = Date.now();
		const names = newNames();
		const bridge = fixture.bridge({}, { now: () => clock }, names);
		fixture.github.script.set({ status: 429, headers: { "retry-after": "60" } });
		await accept(bridge, "a");
		clock += 60_000 + 9 * 60_000;
		expect(await bridge.health()).toMatchObject({ status: "healthy", waiting: 1 });
		clock += 2 * 60_000;
		expect(await bridge.health()).toMatchObject({
			status: "degraded",
			lanes: [{ lane: "default", state: "open", until: null, reason: expect.stringContaining("has been due since") }],
		});
		// One that waits for its turn in a lane that has used up its pace has a reason.
		const slow = fixture.bridge({ GITHUB_PACE: "1/h" }, { now: () => clock }, names);
		expect(await slow.health()).toMatchObject({ status: "healthy" });
	});

	it("is degraded when a window should have closed ten minutes ago", async () => {
		let clock = Date.now();
		const to = { repository: "contoso/b" };
		const routes = [{ name: "train", to, coalesce: { quietSeconds: 60, maxSeconds: 90 } }];
		const env = { BRIDGE_ROUTES: JSON.stringify({ routes }) };
		const names = newNames();
		const ledger = await openTestLedger(names);
		await ledger.storage.lease("lanes/default", 15);
		await ledger.breakLease("default");
		const bridge = fixture.bridge(env, { now: () => clock }, names);
		await bridge.accept([asCloudEvent(exampleOf("BlobCreated"))], logLines());
		clock += 9 * 60_000;
		expect(await bridge.health()).toMatchObject({ status: "healthy", windows: 1 });
		clock += 3 * 60_000;
		expect(await bridge.health()).toMatchObject({ status: "degraded", lanes: [{ state: "open" }] });
	});

	it("is bad while there is no token to send, and says what to do", async () => {
		// Nobody answers there, as in a network that does not lead to the vault.
		const bridge = fixture.bridge({ KEY_VAULT_URL: "https://127.0.0.1:1", GITHUB_TOKEN: "" });
		expect(await bridge.health()).toMatchObject({
			status: "unhealthy",
			tokens: [{ lane: "default", present: false, reason: expect.stringContaining("github-token") }],
		});
	});

	it("is bad while storage cannot be reached, and says why", async () => {
		const names = newNames();
		const bridge = fixture.bridge(
			{ AzureWebJobsStorage: "UseDevelopmentStorage=true" },
			{
				openStorage: async () =>
					new Proxy({} as never, {
						get: (_, name) => (name === "then" ? undefined : () => Promise.reject(new Error("connect ECONNREFUSED"))),
					}),
			},
			names,
		);
		expect(await bridge.health()).toMatchObject({
			status: "unhealthy",
			storage: { reachable: false, reason: "connect ECONNREFUSED" },
		});
	});

	it("tells until when the token is valid, and warns from thirty days ahead", async () => {
		const bridge = fixture.bridge();
		const soon = new Date(Math.floor(Date.now() / 1000) * 1000 + 20 * DAY_MS);
		fixture.github.setTokenExpiry(soon);
		await accept(bridge, "a");
		const { status, tokens, warnings } = await bridge.health();
		expect(status).toBe("healthy");
		expect(tokens).toMatchObject([{ present: true, expiresAt: soon.toISOString() }]);
		expect(warnings).toEqual([expect.stringContaining("ends in 19 days")]);
	});

	it("knows every lane that the routes lead to, before anything was sent", async () => {
		const routes = [
			{ name: "one", to: { repository: "contoso/a" } },
			{ name: "two", to: { repository: "fabrikam/b", token: "fabrikam-token" } },
		];
		const { tokens } = await fixture.bridge({ BRIDGE_ROUTES: JSON.stringify({ routes }) }).health();
		expect(tokens.map(({ lane }) => lane)).toEqual(["default", "token-fabrikam-token"]);
	});
});
