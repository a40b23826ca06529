import { describe, expect, it } from "@jest/globals";
import type { Bridge } from "../../src/bridge.ts";
import { readHandshakeRules } from "../../src/functions/handshake.ts";
import { webhook } from "../../src/functions/webhook.ts";
import { type Call, callFunction } from "../helpers/call-function.ts";

/** A handshake that reached the bridge would fail. */
const ask = (call: Call, env = {}) =>
	callFunction(
		webhook("events", async () => ({ accept: async () => [] }) as unknown as Bridge, readHandshakeRules(env)),
		call,
	);

const data = { validationCode: "512d38b6" };
const TYPE = "Microsoft.EventGrid.SubscriptionValidationEvent";
const NATIVE = { id: "1", topic: "/subscriptions/a", eventType: TYPE, data };
const CLOUD = { specversion: "1.0", id: "1", source: "/subscriptions/a", type: TYPE, data };
const BY_HEADER = { "aeg-event-type": "SubscriptionValidation" };
const VALIDATED = { status: 200, json: { validationResponse: data.validationCode } };
const NO_CODE = { status: 400, json: { error: "the validation event has no data.validationCode" } };
const NO_HANDSHAKE = { status: 200, json: { events: [] } };

describe("what is a validation of a subscription", () => {
	it.each([
		["the type of the Event Grid schema", NATIVE, {}, VALIDATED],
		["the type of CloudEvents", CLOUD, {}, VALIDATED],
		["the header alone", { data }, BY_HEADER, VALIDATED],
		["the header, though the body holds no code", { id: "1" }, BY_HEADER, NO_CODE],
		["the header, though the body holds two events", [NATIVE, NATIVE], BY_HEADER, NO_CODE],
		[
			"not a type with a similar name",
			{ ...NATIVE, eventType: `Contoso.Event.Grids.${TYPE.slice(20)}` },
			{},
			NO_HANDSHAKE,
		],
		["not a type that merely ends so", { ...NATIVE, eventType: "SubscriptionValidationEvent" }, {}, NO_HANDSHAKE],
	])("is told by %s", async (_, body, headers, answer) => {
		expect(await ask({ body, headers: headers as Record<string, string> })).toMatchObject(answer);
	});

	it.each([
		["topic", NATIVE, { HANDSHAKE_TOPICS: "b" }, 'the topic "/subscriptions/a" is not in HANDSHAKE_TOPICS'],
		["source", CLOUD, { HANDSHAKE_TOPICS: "b" }, 'the topic "/subscriptions/a" is not in HANDSHAKE_TOPICS'],
		["missing name", CLOUD, { HANDSHAKE_SUBSCRIPTIONS: "b" }, 'the subscription "" is not in HANDSHAKE_SUBSCRIPTIONS'],
	])("is refused for its %s, which the answer and the log name", async (_, body, env, error) => {
		const { status, json, logged } = await ask({ body }, env);
		expect({ status, json }).toEqual({ status: 403, json: { error } });
		expect(logged).toEqual([["error", expect.stringContaining('"stage":"handshake","status":403')]]);
	});

	it("is no error in the log where it succeeds", async () => {
		const { logged } = await ask({ body: NATIVE });
		expect(logged).toEqual([["information", expect.stringContaining('"stage":"handshake","status":200')]]);
	});
});

describe("the OPTIONS of CloudEvents", () => {
	it.each([
		[
			"an origin that is not on the list",
			{ "webhook-request-origin": "a.example" },
			{},
			"a.example is not in HANDSHAKE_ORIGINS",
		],
		["no origin", {}, {}, "WebHook-Request-Origin is missing"],
		["no origin, though every origin may send", {}, { HANDSHAKE_ORIGINS: "*" }, "WebHook-Request-Origin is missing"],
	])("are refused with %s, for the reason that the answer and the log name", async (_, headers, env, error) => {
		const { status, json, logged } = await ask({ method: "OPTIONS", headers: headers as Record<string, string> }, env);
		expect({ status, json }).toEqual({ status: 405, json: { error } });
		expect(logged).toEqual([["error", expect.stringContaining('"stage":"handshake","status":405')]]);
	});
});
