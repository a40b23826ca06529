import { describe, expect, it } from "@jest/globals";
import { readEvent } from "../../src/event/read-event.ts";
import { asCloudEvent, EXAMPLE_EVENTS, exampleOf, inEventGridSchema } from "../helpers/example-events.ts";

/** The event of a reading that must succeed. */
function eventOf(element: unknown) {
	const read = readEvent(element);
	if (!read.ok) throw new Error(read.reason);
	return read.event;
}

/** The reason of a reading that must fail. */
function reasonOf(element: unknown): string {
	const read = readEvent(element);
	if (read.ok) throw new Error("was read");
	return read.reason;
}

describe("reading an event", () => {
	it.each(EXAMPLE_EVENTS.map((event) => [event.type, event] as const))(
		"reads %s alike from both envelopes",
		(_, event) => {
			const fromEventGrid = eventOf(inEventGridSchema(event));
			const fromCloudEvents = eventOf(asCloudEvent(event));
			const { attributes: _a, ...facts } = fromEventGrid;
			expect(facts).toEqual(event);
			expect({ ...fromCloudEvents, attributes: {} }).toEqual({ ...event, attributes: {} });
		},
	);

	it("freezes the event", () => {
		expect(Object.isFrozen(eventOf(inEventGridSchema(exampleOf("BlobCreated"))))).toBe(true);
	});

	it.each([
		["specversion", "1.0"],
		["specVersion", "1.0"],
		["SpecVersion", "1.0"],
	])("knows a CloudEvent by its %s", (name, version) => {
		const { specversion: _, ...rest } = asCloudEvent(exampleOf("RunCompleted"));
		expect(eventOf({ ...rest, [name]: version }).type).toBe("Microsoft.MachineLearningServices.RunCompleted");
	});

	it("reads a time without a zone as UTC and keeps every digit", () => {
		const event = { ...inEventGridSchema(exampleOf("BlobCreated")), eventTime: "2026-05-26T00:00:40.1880331" };
		expect(eventOf(event).time).toBe("2026-05-26T00:00:40.1880331Z");
	});

	it.each([
		["2026-05-26T00:00:40Z", "2026-05-26T00:00:40Z"],
		["2026-05-26T00:00:40.188033Z", "2026-05-26T00:00:40.188033Z"],
		["2026-05-26T00:00:40.1880331+00:00", "2026-05-26T00:00:40.1880331+00:00"],
		["2026-05-26 00:00:40", "2026-05-26T00:00:40Z"],
	])("takes the time %s", (given, time) => {
		expect(eventOf({ ...asCloudEvent(exampleOf("BlobCreated")), time: given }).time).toBe(time);
	});

	it("takes a CloudEvent without subject and time, or with null for them", () => {
		const { subject: _s, time: _t, ...rest } = asCloudEvent(exampleOf("ModelRegistered"));
		expect(eventOf(rest)).toMatchObject({ subject: "", time: "" });
		expect(eventOf({ ...rest, subject: null, time: null })).toMatchObject({ subject: "", time: "" });
	});

	it("takes an id with a space in it", () => {
		expect(eventOf({ ...asCloudEvent(exampleOf("BlobCreated")), id: "dd17c35c be15" }).id).toBe("dd17c35c be15");
	});

	it("takes an event of an unknown type, with any data or none", () => {
		const event = { ...inEventGridSchema(exampleOf("BlobCreated")), eventType: "Contoso.Orders.Placed" };
		expect(eventOf({ ...event, data: [1] }).data).toEqual([1]);
		expect(eventOf({ ...event, data: undefined }).data).toBeUndefined();
	});

	it("takes an event without a topic, since publishers need not send one", () => {
		const { topic: _, ...rest } = inEventGridSchema(exampleOf("RunCompleted"));
		expect(eventOf(rest).source).toBe("");
	});

	it("keeps the envelope's other attributes for filters, by lower-case name", () => {
		expect(eventOf(inEventGridSchema(exampleOf("BlobCreated"))).attributes).toEqual({
			dataversion: "1",
			metadataversion: "1",
		});
		const extended = { ...asCloudEvent(exampleOf("BlobCreated")), comExample: 5 };
		expect(eventOf(extended).attributes).toEqual({ specversion: "1.0", comexample: 5 });
	});

	it("hands a trace context on", () => {
		const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
		expect(eventOf({ ...asCloudEvent(exampleOf("BlobCreated")), traceparent }).traceparent).toBe(traceparent);
		expect("traceparent" in eventOf({ ...asCloudEvent(exampleOf("BlobCreated")), traceparent: 7 })).toBe(false);
	});

	it("reads data_base64 as text where it is text, parsed where it is JSON, and else leaves it encoded", () => {
		const { data: _, ...rest } = asCloudEvent({ ...exampleOf("BlobCreated"), type: "Contoso.Blob" });
		const encode = (text: string) => Buffer.from(text).toString("base64");
		expect(eventOf({ ...rest, data_base64: encode('{"a":1}') }).data).toEqual({ a: 1 });
		expect(eventOf({ ...rest, data_base64: encode("plain") }).data).toBe("plain");
		expect(eventOf({ ...rest, data_base64: "/w==" }).data).toBe("/w==");
		expect(reasonOf({ ...rest, data: {}, data_base64: "/w==" })).toContain("must not both be there");
	});

	it.each([
		["null", null, "an event must be a JSON object"],
		["a number", 7, "an event must be a JSON object"],
		["an array", [], "an event must be a JSON object"],
		["an empty object", {}, "neither envelope"],
		["a custom schema", { myId: 1, payload: {} }, "neither envelope"],
		[
			"CloudEvents 0.3",
			{ ...asCloudEvent(exampleOf("RunCompleted")), specversion: "0.3" },
			'specversion must be "1.0"',
		],
		["an empty id", { ...asCloudEvent(exampleOf("RunCompleted")), id: "" }, "id is empty"],
		["a missing id", { ...inEventGridSchema(exampleOf("RunCompleted")), id: undefined }, "id is missing"],
		["a numeric id", { ...inEventGridSchema(exampleOf("RunCompleted")), id: 7 }, "id must be a string"],
		["no source", { ...asCloudEvent(exampleOf("RunCompleted")), source: undefined }, "source is missing"],
		["no subject", { ...inEventGridSchema(exampleOf("RunCompleted")), subject: undefined }, "subject must be a string"],
		["an empty type", { ...inEventGridSchema(exampleOf("RunCompleted")), eventType: "" }, "eventType is empty"],
		["no time", { ...inEventGridSchema(exampleOf("RunCompleted")), eventTime: undefined }, "eventTime is missing"],
		[
			"a wrong time",
			{ ...inEventGridSchema(exampleOf("RunCompleted")), eventTime: "yesterday" },
			"eventTime must be a date",
		],
		[
			"an impossible time",
			{ ...asCloudEvent(exampleOf("RunCompleted")), time: "2026-13-45T99:00:00Z" },
			"time must be a date",
		],
	])("refuses %s with the reason", (_, element, reason) => {
		expect(reasonOf(element)).toContain(reason);
	});

	it("names the id of an event that it refuses", () => {
		expect(readEvent({ ...asCloudEvent(exampleOf("RunCompleted")), data: {} })).toMatchObject({
			ok: false,
			id: exampleOf("RunCompleted").id,
		});
		expect(readEvent({ id: 7 })).toMatchObject({ ok: false, id: null });
	});
});
