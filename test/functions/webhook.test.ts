import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { Bridge } from "../../src/bridge.ts";
import { readHandshakeRules } from "../../src/functions/handshake.ts";
import { MAX_BODY_BYTES, webhook } from "../../src/functions/webhook.ts";
import { asCloudEvent, exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { callFunction } from "../helpers/call-function.ts";

let fixture: BridgeFixture;
let bridge: Bridge;
beforeAll(async () => {
	fixture = await startFixture();
});
beforeEach(() => {
	bridge = fixture.bridge();
});
afterEach(() => void fixture.github.script.set([]));
afterAll(() => fixture.github.close());

const door = (env = {}) => webhook("events", async () => bridge, readHandshakeRules(env));
const event = inEventGridSchema(exampleOf("RunCompleted"));

const validationEvent = {
	id: "2d1781af-3a4c-4d7c-bd0c-e34b19da4e66",
	topic: "/subscriptions/5f3c1d2e/resourceGroups/contoso-ml",
	subject: "",
	data: {
		validationCode: "512d38b6-c7b8-40c8-89fe-f46f9e9622b6",
		validationUrl: "https://rp-westeurope.eventgrid.azure.net:553/x",
	},
	eventType: "Microsoft.EventGrid.SubscriptionValidationEvent",
	eventTime: "2026-01-25T22:12:19.4556811Z",
	metadataVersion: "1",
	dataVersion: "1",
};
const validationHeaders = { "aeg-event-type": "SubscriptionValidation", "aeg-subscription-name": "TO-BRIDGE" };
const validated = { validationResponse: validationEvent.data.validationCode };

describe("the webhook", () => {
	it("is keyed, and takes POST and OPTIONS", () => {
		expect(door()).toMatchObject({ route: "events", authLevel: "function", methods: ["POST", "OPTIONS"] });
	});

	it.each([
		["an array", [event], "application/json; charset=utf-8"],
		["a bare object", event, "application/json"],
		["a CloudEvent", asCloudEvent(exampleOf("RunCompleted")), "application/cloudevents+json; charset=utf-8"],
		["a CloudEvents batch", [asCloudEvent(exampleOf("RunCompleted"))], "application/cloudevents-batch+json"],
		["no useful content type", event, "text/plain"],
	])("takes %s", async (_, body, contentType) => {
		const { status, json } = await callFunction(door(), { body, headers: { "content-type": contentType } });
		expect(status).toBe(200);
		expect(json).toMatchObject({ events: [{ outcome: "dispatched", route: "default" }] });
	});

	it("takes both schemas mixed in one body", async () => {
		const body = [event, asCloudEvent(exampleOf("BlobCreated"))];
		const { json } = await callFunction(door(), { body });
		expect(json).toMatchObject({ events: [{ outcome: "dispatched" }, { outcome: "dispatched" }] });
	});

	it("takes a body with a byte order mark", async () => {
		expect((await callFunction(door(), { body: `\uFEFF${JSON.stringify(event)}` })).status).toBe(200);
	});

	it.each([
		["nothing", undefined],
		["an empty text", ""],
		["text", "hello"],
		["half an object", '{"id": '],
		["a number", "7"],
		["null", "null"],
		["a string", '"event"'],
		["an empty array", "[]"],
	])("answers 400 to %s and writes a line about it", async (_, body) => {
		const { status, json, logged } = await callFunction(door(), { body });
		expect(status).toBe(400);
		expect(json).toHaveProperty("error");
		expect(logged).toEqual([["error", expect.stringContaining('"stage":"receive"')]]);
	});

	it("answers 400 when no element is an event, with the reason for each", async () => {
		const { status, json } = await callFunction(door(), { body: [{}, { specversion: "1.0" }] });
		expect(status).toBe(400);
		expect(json).toMatchObject({ events: [{ outcome: "rejected" }, { outcome: "rejected", reason: "id is missing" }] });
	});

	it("takes 2 MB and more, since Event Grid never repeats what was answered 413", async () => {
		const padding = "x".repeat(Math.floor(2.5 * 1024 * 1024));
		const ignored = { ...inEventGridSchema(exampleOf("BlobCreated")), data: { api: "CreateFile", url: "u", padding } };
		expect((await callFunction(door(), { body: ignored })).status).toBe(200);
	});

	it("answers 413 over its limit, whether the length is announced or not", async () => {
		const body = `"${"x".repeat(MAX_BODY_BYTES)}"`;
		expect((await callFunction(door(), { body })).status).toBe(413);
		expect(
			(await callFunction(door(), { body: "{}", headers: { "content-length": String(MAX_BODY_BYTES + 1) } })).status,
		).toBe(413);
	});

	it.each([401, 403, 404, 429, 500])("answers 202 when GitHub answers %i, never that status itself", async (status) => {
		fixture.github.script.set({ status });
		const { status: answered, json } = await callFunction(door(), { body: event });
		expect(answered).toBe(202);
		expect(json).toMatchObject({
			events: [{ outcome: "accepted", reason: expect.stringMatching(/^(paused|parked) until/) }],
		});
	});

	it("answers 200 to an event that is delivered again", async () => {
		await callFunction(door(), { body: event });
		const { status, json } = await callFunction(door(), { body: event });
		expect({ status, json }).toMatchObject({ status: 200, json: { events: [{ outcome: "duplicate" }] } });
	});

	it("answers 503 while nothing can be made durable, and never 503 for what is the event's own fault", async () => {
		bridge = fixture.bridge({}, { openStorage: () => Promise.reject(new Error("storage is down")) });
		const { status, json } = await callFunction(door(), { body: event });
		expect({ status, json }).toMatchObject({ status: 503, json: { events: [{ outcome: "unavailable" }] } });
	});

	it("answers 200 to a batch of which one event is rejected, and keeps that one", async () => {
		const { status, json } = await callFunction(door(), { body: [event, { ...event, id: "bad", data: {} }] });
		expect({ status, json }).toMatchObject({
			status: 200,
			json: { events: [{ outcome: "dispatched" }, { outcome: "rejected", key: expect.any(String) }] },
		});
	});

	it.each(["repoName", "reponame", "REPONAME"])(
		"narrows the routes by %s, in whatever case it is written",
		async (name) => {
			const asked = (repository: string, id: string) =>
				callFunction(door(), { path: `/api/events?code=x&${name}=${repository}`, body: { ...event, id } });
			expect((await asked("contoso/other", `${name}-1`)).json).toMatchObject({ events: [{ outcome: "ignored" }] });
			expect((await asked("%20Contoso/Fraud-Model%20", `${name}-2`)).json).toMatchObject({
				events: [{ outcome: "dispatched" }],
			});
		},
	);

	it("honours the predecessor's repoName", async () => {
		const named = await callFunction(door(), {
			path: "/api/generic_triggers?repoName=contoso/fraud-model",
			body: event,
		});
		expect(named.json).toMatchObject({ events: [{ outcome: "dispatched" }] });
		const next = { ...event, id: "next" };
		const other = await callFunction(door(), { path: "/api/generic_triggers?repoName=contoso/other", body: next });
		expect(other.json).toMatchObject({
			events: [{ outcome: "ignored", reason: expect.stringContaining("contoso/other") }],
		});
	});
});

describe("the handshake of the Event Grid schema", () => {
	it("answers exactly 200 with the code", async () => {
		const { status, json } = await callFunction(door(), { body: [validationEvent], headers: validationHeaders });
		expect({ status, json }).toEqual({ status: 200, json: validated });
	});

	it.each([
		[
			"without validationUrl",
			[{ ...validationEvent, data: { validationCode: validationEvent.data.validationCode } }],
			validationHeaders,
		],
		["as a bare object", validationEvent, validationHeaders],
		["without the header", [validationEvent], {}],
		["with the header in another case", [validationEvent], { "aeg-event-type": "subscriptionvalidation" }],
	] as [string, unknown, Record<string, string>][])("is answered %s", async (_, body, headers) => {
		expect(await callFunction(door(), { body, headers })).toMatchObject({ status: 200, json: validated });
	});

	it("is answered in CloudEvents form, its data as an object or as a JSON string", async () => {
		const { data, topic: source } = validationEvent;
		const cloudEvent = { specversion: "1.0", id: "1", source, type: validationEvent.eventType, data };
		for (const form of [cloudEvent, { ...cloudEvent, data: JSON.stringify(data) }]) {
			expect(await callFunction(door(), { body: form, headers: validationHeaders })).toMatchObject({
				status: 200,
				json: validated,
			});
		}
	});

	it.each([
		["no code", { ...validationEvent, data: {} }],
		["an empty code", { ...validationEvent, data: { validationCode: "" } }],
		["data that is not JSON", { ...validationEvent, data: "{" }],
		["null for data", { ...validationEvent, data: null }],
	])("with %s is answered 400", async (_, body) => {
		expect((await callFunction(door(), { body: [body], headers: validationHeaders })).status).toBe(400);
	});

	it("is refused to a topic or a subscription that is not on the list, in any case of letters", async () => {
		const post = (env: object) => callFunction(door(env), { body: [validationEvent], headers: validationHeaders });
		expect((await post({ HANDSHAKE_TOPICS: "/subscriptions/other" })).status).toBe(403);
		expect((await post({ HANDSHAKE_SUBSCRIPTIONS: "other, another" })).status).toBe(403);
		const listed = {
			HANDSHAKE_TOPICS: `x, ${validationEvent.topic.toUpperCase()}`,
			HANDSHAKE_SUBSCRIPTIONS: "to-bridge",
		};
		expect((await post(listed)).status).toBe(200);
	});

	it("never becomes a dispatch", async () => {
		const before = fixture.github.calls.length;
		await callFunction(door(), { body: [validationEvent] });
		expect(fixture.github.calls).toHaveLength(before);
	});

	it("is not looked for among the events of a delivery", async () => {
		const { status, json } = await callFunction(door(), { body: [validationEvent, event] });
		expect(status).toBe(200);
		expect((json as { events: unknown[] }).events).toHaveLength(2);
	});

	it.each(["SubscriptionDeletion", "Unsubscribe", "unsubscribe"])("acknowledges its end (%s)", async (kind) => {
		const before = fixture.github.calls.length;
		expect((await callFunction(door(), { body: [event], headers: { "aeg-event-type": kind } })).status).toBe(200);
		expect(fixture.github.calls).toHaveLength(before);
	});

	it("acknowledges its end by the event alone", async () => {
		const data = { eventSubscriptionId: "/subscriptions/5f3c1d2e/eventSubscriptions/to-bridge" };
		const body = [{ ...validationEvent, eventType: "Microsoft.EventGrid.SubscriptionDeletedEvent", data }];
		const before = fixture.github.calls.length;
		expect((await callFunction(door(), { body })).status).toBe(200);
		expect(fixture.github.calls).toHaveLength(before);
	});
});

describe("the handshake of CloudEvents", () => {
	const options = (headers: Record<string, string>, env = {}) =>
		callFunction(door(env), { method: "OPTIONS", headers });

	it.each([
		"eventgrid.azure.net",
		"eventgrid.azure.us",
		"eventgrid.azure.cn",
		"eventgrid.azure.eaglex.ic.gov",
		"eventgrid.azure.microsoft.scloud",
		"EventGrid.Azure.Net",
	])("allows %s, with a rate and the methods", async (origin) => {
		const { status, headers } = await options({ "WebHook-Request-Origin": origin, "WebHook-Request-Rate": "120" });
		expect({ status, headers }).toEqual({
			status: 200,
			headers: { Allow: "POST, OPTIONS", "WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*" },
		});
	});

	it("refuses a stranger, and a request that names no origin, without consenting to anything", async () => {
		for (const headers of [{ "WebHook-Request-Origin": "evil.example" }, {}] as Record<string, string>[]) {
			const answer = await options(headers);
			expect(answer.status).toBe(405);
			expect(answer.headers).toEqual({ Allow: "POST, OPTIONS" });
		}
	});

	it("allows the origins that are configured, and then only those", async () => {
		const env = { HANDSHAKE_ORIGINS: "events.contoso.com" };
		expect((await options({ "WebHook-Request-Origin": "events.contoso.com" }, env)).status).toBe(200);
		expect((await options({ "WebHook-Request-Origin": "eventgrid.azure.net" }, env)).status).toBe(405);
		expect((await options({ "WebHook-Request-Origin": "any.example" }, { HANDSHAKE_ORIGINS: "*" })).status).toBe(200);
	});
});
