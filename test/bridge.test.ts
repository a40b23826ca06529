import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createMisconfigured } from "../src/bridge.ts";
import { eventually } from "../support/eventually.ts";
import { asCloudEvent, EXAMPLE_EVENTS, exampleOf, inEventGridSchema } from "../support/example-events.ts";
import { type BridgeFixture, startFixture, TOKEN } from "./helpers/bridge-fixture.ts";
import { newNames } from "./helpers/file-storage.ts";
import { logLines } from "./helpers/log-lines.ts";

let fixture: BridgeFixture;
beforeEach(async () => {
	fixture = await startFixture();
});
afterEach(() => fixture.github.close());

const runCompleted = inEventGridSchema(exampleOf("RunCompleted"));

describe("accepting events", () => {
	it("dispatches an event with the payload that the workflow is to read", async () => {
		const { log } = logLines();
		const [result] = await fixture.bridge().accept([runCompleted], { log });
		expect(result).toMatchObject({
			id: exampleOf("RunCompleted").id,
			outcome: "dispatched",
			route: "default",
			reason: null,
		});
		const [received] = fixture.github.received;
		expect(received).toMatchObject({
			repository: "contoso/fraud-model",
			event_type: "machinelearningservices-runcompleted",
			client_payload: {
				...exampleOf("RunCompleted"),
				event_source: "MachineLearningServices",
				bridge: { version: "9.9.9", route: "default", key: result?.key },
			},
		});
	});

	it.each([
		["the Event Grid schema", inEventGridSchema],
		["CloudEvents", asCloudEvent],
	])("dispatches every known type in %s, under the name that workflows listen to", async (_, inEnvelope) => {
		const { log } = logLines();
		const results = await fixture.bridge().accept(EXAMPLE_EVENTS.map(inEnvelope), { log });
		expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(["dispatched"]));
		expect(fixture.github.received.map(({ event_type }) => event_type).sort()).toEqual(
			EXAMPLE_EVENTS.map(({ type }) => type.toLowerCase().split(".").slice(1).join("-")).sort(),
		);
	});

	it("speaks to GitHub as its documentation asks, over connections that are kept", async () => {
		const { log } = logLines();
		const bridge = fixture.bridge();
		for (let count = 0; count < 10; count++) await bridge.accept([{ ...runCompleted, id: `event-${count}` }], { log });
		const [first] = fixture.github.received;
		expect(fixture.github.received).toHaveLength(10);
		expect(first?.headers).toMatchObject({
			accept: "application/vnd.github+json",
			"x-github-api-version": "2022-11-28",
		});
		expect(first?.headers["user-agent"]).toBe("grid-dispatch/9.9.9");
		// fetch opens a second one when a call starts before the first is quite free again.
		expect(fixture.github.connections()).toBeLessThanOrEqual(2);
	});

	it("gives each event of a batch its own end, and lets none harm the others", async () => {
		const { log } = logLines();
		const invalid = { ...runCompleted, id: "invalid", data: { runId: "x" } };
		const opening = { ...inEventGridSchema(exampleOf("BlobCreated")), data: { api: "CreateFile", url: "https://x" } };
		const results = await fixture.bridge().accept([runCompleted, invalid, "rubbish", opening], { log });
		expect(results.map(({ outcome }) => outcome)).toEqual(["dispatched", "rejected", "rejected", "ignored"]);
		expect(results[1]).toMatchObject({
			id: "invalid",
			key: expect.stringMatching(/^[0-9a-f]{32}$/),
			reason: expect.stringContaining("data.experimentName is missing"),
		});
		expect(results[3]?.reason).toContain("CreateFile");
	});

	it("gives an event one result for each destination", async () => {
		const { log } = logLines();
		const routes = ["one", "two"].map((name) => ({ name, to: { repository: `contoso/${name}` } }));
		const results = await fixture.bridge({ BRIDGE_ROUTES: JSON.stringify({ routes }) }).accept([runCompleted], { log });
		expect(results.map(({ route }) => route)).toEqual(["one", "two"]);
		expect(new Set(results.map(({ key }) => key)).size).toBe(2);
		expect(fixture.github.received.map(({ repository }) => repository).sort()).toEqual(["contoso/one", "contoso/two"]);
	});

	it.each([
		["a server error", { status: 500 }, "paused", "500", ["warn dispatch", "warn lane"]],
		[
			"a rate limit",
			{ status: 403, headers: { "retry-after": "30" } },
			"paused",
			"slow down",
			["warn dispatch", "warn lane"],
		],
		["a broken connection", { cut: "before" }, "paused", "no answer from GitHub", ["warn dispatch", "warn lane"]],
		["a wrong token", { status: 401 }, "parked", "401", ["warn dispatch", "error lane"]],
		[
			"an answer that is not the API's",
			{ status: 200, headers: { "content-type": "text/html" }, body: "<title>Sign in</title>" },
			"parked",
			"GITHUB_API_URL",
			["warn dispatch", "error lane"],
		],
		[
			"an API version that GitHub does not take",
			{ status: 400, body: { message: '"2022-11-28" is not a supported version' } },
			"parked",
			"update GitHub or the bridge",
			["warn dispatch", "error lane"],
		],
		["a missing permission", { status: 403 }, "parked", "Contents: write", ["warn dispatch", "error lane"]],
		[
			"a repository that is not there",
			{ status: 404 },
			"parked",
			"no such repository",
			["warn dispatch", "error lane"],
		],
	] as const)("keeps an event itself after %s, and says until when and why", async (_, fault, state, words, lines) => {
		const seen = logLines();
		fixture.github.script.set(fault);
		const [result] = await fixture.bridge().accept([runCompleted], seen);
		expect(result).toMatchObject({ outcome: "accepted", reason: expect.stringContaining(words) });
		expect(result?.reason).toMatch(new RegExp(`^${state} until \\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z: `));
		expect(seen.lines.map(({ stage, level }) => `${level} ${stage}`)).toEqual([...lines, "info accept"]);
	});

	it.each([
		[503, { "retry-after": "31536000" }],
		[503, { "retry-after": "99999999999999" }],
		[429, { "retry-after": "Fri, 31 Dec 9999 23:59:59 GMT" }],
		[403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "99999999999999" }],
		[204, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1798000000000" }],
		[204, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "99999999999999" }],
	] as const)("goes on after %d with a time that no service can mean: %j", async (status, headers) => {
		const { log } = logLines();
		const bridge = fixture.bridge();
		fixture.github.script.set({ status, headers });
		await bridge.accept([runCompleted], { log });
		expect(await bridge.accept([{ ...runCompleted, id: "next" }], { log })).toMatchObject([{ outcome: "accepted" }]);
		expect((await bridge.receipts({ limit: 9 })).receipts).toHaveLength(2);
		const [lane] = (await bridge.health()).lanes;
		const waitMs = Date.parse(lane?.until ?? "") - Date.now();
		expect(waitMs).toBeGreaterThan(0);
		expect(waitMs).toBeLessThanOrEqual(86_400_000);
	});

	it("does not call GitHub for what comes while the lane is paused, and keeps that as well", async () => {
		const { log } = logLines();
		const bridge = fixture.bridge();
		fixture.github.script.set({ status: 429, headers: { "retry-after": "600" } });
		await bridge.accept([runCompleted], { log });
		expect(await bridge.accept([{ ...runCompleted, id: "next" }], { log })).toMatchObject([
			{ id: "next", outcome: "accepted", reason: expect.stringContaining("paused until") },
		]);
		expect(fixture.github.calls).toHaveLength(1);
	});

	it("lets an event through to another repository while one is closed", async () => {
		const { log } = logLines();
		const routes = ["closed", "open"].map((name) => ({ name, to: { repository: `contoso/${name}` } }));
		const bridge = fixture.bridge({ BRIDGE_ROUTES: JSON.stringify({ routes }) });
		fixture.github.script.set({ status: 404, repository: "contoso/closed", times: 9 });
		const outcomes = async (id: string) => {
			const results = await bridge.accept([{ ...runCompleted, id }], { log });
			return results.map(({ route, outcome }) => [route, outcome]);
		};
		const expected = [
			["closed", "accepted"],
			["open", "dispatched"],
		];
		expect(await outcomes("first")).toEqual(expected);
		expect(await outcomes("second")).toEqual(expected);
	});

	it.each([413, 422])("makes a dead letter of an event whose request GitHub calls impossible (%i)", async (status) => {
		const { log } = logLines();
		const bridge = fixture.bridge();
		fixture.github.script.set({ status });
		expect(await bridge.accept([runCompleted], { log })).toMatchObject([
			{
				outcome: "rejected",
				key: expect.stringMatching(/^[0-9a-f]{32}$/),
				reason: expect.stringContaining(String(status)),
			},
		]);
		expect(await bridge.accept([runCompleted], { log })).toMatchObject([
			{ outcome: "duplicate", reason: expect.stringContaining("dead letter") },
		]);
	});

	it("sends data that does not fit into GitHub's 64 KB by reference, with its short members beside it", async () => {
		const { log } = logLines();
		const data = { experimentName: "e", runId: "r", runProperties: { x: "x".repeat(70_000) } };
		const [result] = await fixture.bridge().accept([{ ...runCompleted, data }], { log });
		expect(result).toMatchObject({ outcome: "dispatched" });
		const sent = fixture.github.received[0]?.client_payload as { data: { reference: Record<string, unknown> } };
		const content = JSON.stringify(data);
		expect(sent.data).toEqual({
			experimentName: "e",
			runId: "r",
			reference: {
				url: expect.stringMatching(new RegExp(`^http://.+/payloads/${result?.key}-[0-9a-f]{16}\\.json$`)),
				bytes: content.length,
				sha256: createHash("sha256").update(content).digest("hex"),
			},
		});
	});

	it("rejects an event that would not even fit by reference, and sends nothing", async () => {
		const { log } = logLines();
		const [result] = await fixture.bridge().accept([{ ...runCompleted, subject: "x".repeat(70_000) }], { log });
		expect(result).toMatchObject({
			outcome: "rejected",
			key: expect.stringMatching(/^[0-9a-f]{32}$/),
			reason: expect.stringContaining("65536"),
		});
		expect(fixture.github.calls).toHaveLength(0);
	});

	it("gives GitHub no longer than its time limit, and Event Grid an answer then", async () => {
		const { log } = logLines();
		fixture.github.script.set({ hang: true });
		const [result] = await fixture.bridge({}, { callTimeoutMs: 40 }).accept([runCompleted], { log });
		expect(result).toMatchObject({ outcome: "accepted", reason: expect.stringContaining("did not answer in time") });
	});

	it("leaves what a delivery has no time for to the next delivery, which finds out how far it got", async () => {
		const { log } = logLines();
		const bridge = fixture.bridge({}, { acceptTimeoutMs: 300 });
		fixture.github.script.set({ delayMs: 1_000 });
		const [result] = await bridge.accept([runCompleted], { log });
		expect(result).toMatchObject({ outcome: "unavailable", reason: expect.stringContaining("ran out of time") });
		const [again] = await eventually("the end of the first delivery", async () => {
			const results = await bridge.accept([runCompleted], { log });
			return results[0]?.outcome === "duplicate" ? results : undefined;
		});
		expect(again?.reason).toBe("it was dispatched before");
		expect(fixture.github.received).toHaveLength(1);
	});

	it("says of every event that it is unavailable while storage is, and calls no service", async () => {
		const { log, lines } = logLines();
		const bridge = fixture.bridge({}, { openStorage: () => Promise.reject(new Error("no such account")) });
		const results = await bridge.accept([runCompleted, "rubbish"], { log });
		expect(results.map(({ outcome }) => outcome)).toEqual(["unavailable", "unavailable"]);
		expect(results[0]?.reason).toContain("no such account");
		expect(lines.map(({ level }) => level)).toEqual(["error", "error"]);
		expect(fixture.github.calls).toHaveLength(0);
	});

	it("opens storage anew for the next event when it could not be opened", async () => {
		const { log } = logLines();
		let opened = 0;
		const openStorage = () => Promise.reject(new Error(`failed ${++opened}`));
		const bridge = fixture.bridge({}, { openStorage });
		await bridge.accept([runCompleted], { log });
		const [second] = await bridge.accept([runCompleted], { log });
		expect(second?.reason).toContain("failed 2");
	});

	it("honours repoName only for a repository that the configuration names", async () => {
		const { log } = logLines();
		const bridge = fixture.bridge();
		expect(await bridge.accept([runCompleted], { log, onlyRepository: "Contoso/Fraud-Model" })).toMatchObject([
			{ outcome: "dispatched" },
		]);
		expect(
			await bridge.accept([{ ...runCompleted, id: "next" }], { log, onlyRepository: "evil/elsewhere" }),
		).toMatchObject([{ outcome: "ignored" }]);
		expect(fixture.github.calls).toHaveLength(1);
	});

	it("calls a redelivered event a duplicate, whatever its envelope and whichever instance gets it", async () => {
		const { log } = logLines();
		const names = newNames();
		const [first] = await fixture.bridge({}, {}, names).accept([runCompleted], { log });
		const [again] = await fixture.bridge({}, {}, names).accept([asCloudEvent(exampleOf("RunCompleted"))], { log });
		expect(again).toEqual({ ...first, outcome: "duplicate", reason: "it was dispatched before" });
		expect(fixture.github.calls).toHaveLength(1);
	});

	it("dispatches once what comes several times in one delivery", async () => {
		const { log } = logLines();
		const results = await fixture.bridge().accept([runCompleted, runCompleted, runCompleted], { log });
		expect(results.map(({ outcome }) => outcome)).not.toContain("unavailable");
		expect(new Set(results.map(({ key }) => key)).size).toBe(1);
		expect(fixture.github.calls).toHaveLength(1);
	});

	it("writes one wide line for each event and each call", async () => {
		const { log, lines } = logLines();
		await fixture.bridge().accept([runCompleted], { log });
		expect(lines).toEqual([
			expect.objectContaining({
				level: "info",
				stage: "dispatch",
				classification: "taken",
				status: 204,
				destination: "contoso/fraud-model#machinelearningservices-runcompleted",
			}),
			expect.objectContaining({
				level: "info",
				stage: "accept",
				outcome: "dispatched",
				type: exampleOf("RunCompleted").type,
			}),
		]);
		expect(lines[0]).toHaveProperty("requestId");
	});

	it("never logs the token, nor a signature in an event", async () => {
		const { log, text } = logLines();
		fixture.github.script.set({ status: 401, body: { message: `Bad credentials ${TOKEN}` } });
		const signed = { ...runCompleted, subject: "https://x.blob.core.windows.net/a?sv=1&sig=c2VjcmV0c2lnbmF0dXJl" };
		await fixture.bridge().accept([signed], { log });
		expect(text()).toContain("[redacted]");
		expect(text()).not.toContain(TOKEN);
		expect(text()).not.toContain("c2VjcmV0c2lnbmF0dXJl");
	});
});

describe("a bridge with a broken configuration", () => {
	it("calls every event unavailable, names the settings, and keeps the ids", async () => {
		const { log, lines } = logLines();
		const bridge = createMisconfigured([{ setting: "GITHUB_REPOSITORY", problem: "is not set" }]);
		const results = await bridge.accept([runCompleted, 7], { log });
		expect(results.map(({ id, outcome }) => [id, outcome])).toEqual([
			[exampleOf("RunCompleted").id, "unavailable"],
			[null, "unavailable"],
		]);
		expect(results[0]?.reason).toContain("GITHUB_REPOSITORY");
		expect(lines).toHaveLength(2);
	});

	it("lets a wake-up come back", async () => {
		const bridge = createMisconfigured([{ setting: "GITHUB_REPOSITORY", problem: "is not set" }]);
		await expect(bridge.wake({ lane: "default", wake: 1 }, logLines().log)).rejects.toThrow("GITHUB_REPOSITORY");
	});
});
