import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createBrokenBridge } from "../src/broken-bridge.ts";
import { type BridgeFixture, startFixture, TOKEN } from "./helpers/bridge-fixture.ts";
import { asCloudEvent, EXAMPLE_EVENTS, exampleOf, inEventGridSchema } from "./helpers/example-events.ts";
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

	it("dispatches every known type from both envelopes, under the name that workflows listen to", async () => {
		const { log } = logLines();
		const elements = EXAMPLE_EVENTS.flatMap((event) => [inEventGridSchema(event), asCloudEvent(event)]);
		const results = await fixture.bridge().accept(elements, { log });
		expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(["dispatched"]));
		expect(fixture.github.received.map(({ event_type }) => event_type).sort()).toEqual(
			EXAMPLE_EVENTS.flatMap(({ type }) => Array(2).fill(type.toLowerCase().split(".").slice(1).join("-"))).sort(),
		);
	});

	it("speaks to GitHub as its documentation asks, over connections that are kept", async () => {
		const { log } = logLines();
		const bridge = fixture.bridge();
		for (let count = 0; count < 10; count++) await bridge.accept([runCompleted], { log });
		const [first] = fixture.github.received;
		expect(first?.headers).toMatchObject({
			accept: "application/vnd.github+json",
			"x-github-api-version": "2022-11-28",
		});
		expect(first?.headers["user-agent"]).toMatch(/^grid-dispatch\/9\.9\.9 /);
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
		["a server error", { status: 500 }, "500"],
		["a wrong token", { status: 401 }, "401"],
		["a missing permission", { status: 403 }, "Contents: write"],
		["a repository that is not there", { status: 404 }, "no such repository"],
		["a rate limit", { status: 403, headers: { "retry-after": "30" } }, "slow down"],
		["a broken connection", { cut: "before" }, "no answer from GitHub"],
	] as const)("keeps an event with Event Grid after %s, and says why", async (_, fault, words) => {
		const { log, lines } = logLines();
		fixture.github.script.set(fault);
		const [result] = await fixture.bridge().accept([runCompleted], { log });
		expect(result).toMatchObject({ outcome: "unavailable", reason: expect.stringContaining(words) });
		expect(lines.map(({ stage, level }) => `${level} ${stage}`)).toEqual(["warn dispatch", "warn accept"]);
	});

	it.each([400, 413, 422])("rejects an event whose request GitHub calls impossible (%i)", async (status) => {
		const { log } = logLines();
		fixture.github.script.set({ status });
		expect(await fixture.bridge().accept([runCompleted], { log })).toMatchObject([{ outcome: "rejected" }]);
	});

	it("rejects an event that can never fit into GitHub's 64 KB, and sends nothing", async () => {
		const { log } = logLines();
		const large = {
			...runCompleted,
			data: { experimentName: "e", runId: "r", runProperties: { x: "x".repeat(70_000) } },
		};
		const [result] = await fixture.bridge().accept([large], { log });
		expect(result).toMatchObject({ outcome: "rejected", reason: expect.stringContaining("65536") });
		expect(fixture.github.calls).toHaveLength(0);
	});

	it("gives GitHub no longer than its time limit, and Event Grid an answer then", async () => {
		const { log } = logLines();
		fixture.github.script.set({ hang: true });
		const [result] = await fixture.bridge({}, { callTimeoutMs: 40 }).accept([runCompleted], { log });
		expect(result).toMatchObject({ outcome: "unavailable", reason: expect.stringContaining("did not answer in time") });
	});

	it("leaves what a delivery has no time for to the next delivery", async () => {
		const { log } = logLines();
		fixture.github.script.set({ hang: true, times: 20 });
		const events = Array.from({ length: 12 }, (_, index) => ({ ...runCompleted, id: `event-${index}` }));
		const results = await fixture.bridge({}, { acceptTimeoutMs: 40 }).accept(events, { log });
		expect(results).toHaveLength(12);
		expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(["unavailable"]));
		expect(results.at(-1)?.reason).toContain("no time was left");
	});

	it("honours repoName only for a repository that the configuration names", async () => {
		const { log } = logLines();
		const bridge = fixture.bridge();
		expect(await bridge.accept([runCompleted], { log, repoName: "Contoso/Fraud-Model" })).toMatchObject([
			{ outcome: "dispatched" },
		]);
		expect(await bridge.accept([runCompleted], { log, repoName: "evil/elsewhere" })).toMatchObject([
			{ outcome: "ignored" },
		]);
		expect(fixture.github.calls).toHaveLength(1);
	});

	it("gives a redelivered event the same key", async () => {
		const { log } = logLines();
		const bridge = fixture.bridge();
		const [first] = await bridge.accept([runCompleted], { log });
		const [again] = await bridge.accept([asCloudEvent(exampleOf("RunCompleted"))], { log });
		expect(again?.key).toBe(first?.key);
	});

	it("writes one wide line for each event and each call", async () => {
		const { log, lines } = logLines();
		await fixture.bridge().accept([runCompleted], { log });
		expect(lines).toEqual([
			expect.objectContaining({
				level: "info",
				stage: "dispatch",
				verdict: "dispatched",
				status: 204,
				repository: "contoso/fraud-model",
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
		const bridge = createBrokenBridge([{ setting: "GITHUB_REPOSITORY", problem: "is not set" }]);
		const results = await bridge.accept([runCompleted, 7], { log });
		expect(results.map(({ id, outcome }) => [id, outcome])).toEqual([
			[exampleOf("RunCompleted").id, "unavailable"],
			[null, "unavailable"],
		]);
		expect(results[0]?.reason).toContain("GITHUB_REPOSITORY");
		expect(lines).toHaveLength(2);
	});
});
