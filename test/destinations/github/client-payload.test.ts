import { describe, expect, it } from "@jest/globals";
import { toClientPayload } from "../../../src/destinations/client-payload.ts";
import { LIMITS } from "../../../src/destinations/github/repository-dispatch.ts";
import { asBridgeEvent, EXAMPLE_EVENTS, exampleOf } from "../../../support/example-events.ts";

const bridge = { version: "1.2.3", route: "everything", key: "0123456789abcdef0123456789abcdef" };
const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

describe("the client payload", () => {
	it.each(EXAMPLE_EVENTS.map((event) => [event.type, event] as const))(
		"of %s holds the event's facts as they are, and what the bridge adds",
		(_, event) => {
			expect(toClientPayload(asBridgeEvent(event), bridge)).toEqual({
				...event,
				event_source: event.type.split(".")[1],
				bridge,
			});
		},
	);

	it("holds what else a CloudEvent says of itself, where it says something", () => {
		const event = asBridgeEvent(exampleOf("BlobCreated"));
		expect(toClientPayload(event, bridge)).not.toHaveProperty("extensions");
		const extensions = { partition: 5, tracestate: "a=b" };
		expect(toClientPayload({ ...event, extensions }, bridge)).toEqual({
			...toClientPayload(event, bridge),
			extensions,
		});
	});

	it("gives the predecessor's workflows what they read", () => {
		const payload = toClientPayload(asBridgeEvent(exampleOf("RunCompleted")), bridge);
		expect(payload.data).toMatchObject({ runId: expect.any(String), experimentName: expect.any(String) });
		expect(payload.event_source).toBe("MachineLearningServices");
	});

	it.each([
		["Microsoft.Storage.BlobCreated", "Storage"],
		["Contoso.Orders.Placed", "Orders"],
		["Contoso.Orders", "Orders"],
		["recordInserted", ""],
		["Contoso.", ""],
	])("of %s names the event source %j", (type, source) => {
		expect(toClientPayload(asBridgeEvent(exampleOf("BlobCreated"), { type }), bridge).event_source).toBe(source);
	});

	it("hands a trace context on, and has no such key without one", () => {
		const event = asBridgeEvent(exampleOf("BlobCreated"));
		expect(toClientPayload({ ...event, traceparent }, bridge).traceparent).toBe(traceparent);
		expect(toClientPayload(event, bridge)).not.toHaveProperty("traceparent");
	});

	it.each<[unknown, unknown]>([
		[undefined, null],
		[null, null],
		[false, false],
		[0, 0],
		["", ""],
		["text", "text"],
		[
			[1, 2],
			[1, 2],
		],
	])("turns data of %j into %j, so that the key is always there", (data, sent) => {
		const payload = toClientPayload(asBridgeEvent(exampleOf("BlobCreated"), { data }), bridge);
		expect(JSON.parse(JSON.stringify(payload))).toMatchObject({ data: sent });
	});

	it("has no more top-level keys than GitHub takes, whatever the envelope had", () => {
		const event = asBridgeEvent(exampleOf("BlobCreated"), {
			traceparent,
			attributes: { specversion: "1.0", a: 1, b: 2 },
		});
		const payload = toClientPayload(event, bridge);
		expect(LIMITS.payloadKeys).toBe(10);
		expect(Object.keys(payload).length).toBeLessThanOrEqual(LIMITS.payloadKeys);
		expect(payload).not.toHaveProperty("attributes");
	});
});
