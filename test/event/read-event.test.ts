import { describe, expect, it } from "@jest/globals";
import { readJson, writeJson } from "../../src/event/json.ts";
import { readEvent } from "../../src/event/read-event.ts";
import { asCloudEvent, EXAMPLE_EVENTS, exampleOf, inEventGridSchema } from "../../support/example-events.ts";

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
		["2026-05-26t00:00:40.5z", "2026-05-26T00:00:40.5Z"],
		["2026-05-26T00:00:40-08:00", "2026-05-26T00:00:40-08:00"],
		["2026-05-26T00:00-0800", "2026-05-26T00:00-0800"],
		["2026-06-30T23:59:60Z", "2026-06-30T23:59:60Z"],
		["2026-07-01T01:59:60.25+02:00", "2026-07-01T01:59:60.25+02:00"],
		[`2026-05-26T00:00:40.${"1".repeat(43)}Z`, `2026-05-26T00:00:40.${"1".repeat(43)}Z`],
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

	it("tells a filter what the envelope has as an empty text from what it leaves out", () => {
		const event = { ...inEventGridSchema(exampleOf("BlobCreated")), topic: "" };
		expect(eventOf(event).attributes).toEqual({ topic: "", dataversion: "1", metadataversion: "1" });
	});

	it("has what else a CloudEvent says of itself, by its own name", () => {
		const more = {
			claimcheckurl: "https://contosodata.blob.core.windows.net/claims/1.json",
			dataschema: "https://contoso.example/s/1",
			partition: 5,
			urgent: true,
			tracestate: "a=b",
		};
		expect(eventOf({ ...asCloudEvent(exampleOf("BlobCreated")), ...more }).extensions).toEqual(more);
		expect(
			eventOf({ ...asCloudEvent(exampleOf("BlobCreated")), ...more, data: undefined, data_base64: "e30=", type: "A.B" })
				.extensions,
		).toEqual(more);
	});

	it.each([
		["a CloudEvent without extensions", asCloudEvent(exampleOf("BlobCreated"))],
		["null for an extension", { ...asCloudEvent(exampleOf("BlobCreated")), other: null }],
		[
			"another spelling of specversion",
			{ ...asCloudEvent(exampleOf("BlobCreated")), specversion: undefined, specVersion: "1.0" },
		],
		[
			"JSON for data",
			{ ...asCloudEvent(exampleOf("BlobCreated")), datacontenttype: "application/json; charset=utf-8" },
		],
		[
			"JSON of a kind for data",
			{ ...asCloudEvent(exampleOf("BlobCreated")), datacontenttype: "application/vnd.contoso+json" },
		],
		["the Event Grid schema, whose versions are none", { ...inEventGridSchema(exampleOf("BlobCreated")), extra: 1 }],
	])("has no extensions for %s", (_, element) => {
		expect(eventOf(JSON.parse(JSON.stringify(element)))).not.toHaveProperty("extensions");
	});

	it("has an attribute of another name whatever it holds, and none that is undefined", () => {
		const element = { ...asCloudEvent(exampleOf("BlobCreated")), accepts: "application/json", other: undefined };
		expect(eventOf(element).extensions).toStrictEqual({ accepts: "application/json" });
	});

	it.each([
		["text/plain; profile=application/json", true],
		["application/jsonlines", true],
		["text/json ; charset=utf-8", false],
		["application/json ", false],
		[["application/json"], true],
	])("names %j as the kind of data: %s", (datacontenttype, named) => {
		const element = { ...asCloudEvent(exampleOf("BlobCreated")), datacontenttype };
		expect(eventOf(element).extensions).toEqual(named ? { datacontenttype } : undefined);
	});

	it("says of what kind data is that is not JSON", () => {
		const element = {
			...asCloudEvent(exampleOf("BlobCreated")),
			type: "A.B",
			data: "<a/>",
			datacontenttype: "application/xml",
		};
		expect(eventOf(element).extensions).toEqual({ datacontenttype: "application/xml" });
	});

	it("reads data that is a JSON string with every digit of its numbers", () => {
		const data = '{"ModelVersion":9007199254740993,"modelName":"m"}';
		const element = { ...asCloudEvent(exampleOf("ModelRegistered")), data };
		expect(writeJson(eventOf(element).data)).toBe('{"modelVersion":9007199254740993,"modelName":"m"}');
		const encoded = Buffer.from(data).toString("base64");
		const { data: _, ...rest } = asCloudEvent(exampleOf("ModelRegistered"));
		expect(writeJson(eventOf({ ...rest, data_base64: encoded }).data)).toContain('"modelVersion":9007199254740993');
	});

	it("takes a number that a double cannot hold where the schema wants a number, and no such number for an object", () => {
		const element = (data: string) =>
			readJson(
				JSON.stringify({ ...asCloudEvent(exampleOf("ModelRegistered")), data: 0 }).replace(
					'"data":0',
					`"data":${data}`,
				),
			);
		expect(writeJson(eventOf(element('{"modelName":"m","modelVersion":7615917337495251231}')).data)).toContain(
			"7615917337495251231",
		);
		expect(reasonOf(element('{"modelName":7615917337495251231,"modelVersion":1}'))).toContain(
			"data.modelName must be string",
		);
		expect(reasonOf(element("7615917337495251231"))).toContain("data must be object");
	});

	it("has U+FFFD for half a character in what names an event, as UTF-8 would", () => {
		const element = { ...asCloudEvent(exampleOf("BlobCreated")), id: "a\ud83d", subject: "\ude00b" };
		expect(eventOf(element)).toMatchObject({ id: "a\uFFFD", subject: "\uFFFDb" });
		expect(eventOf({ ...inEventGridSchema(exampleOf("BlobCreated")), subject: "\ude00b" }).subject).toBe("\uFFFDb");
	});

	it.each(["data", "extension"])("refuses an event whose %s is nested deeper than anybody nests", (member) => {
		const nested = (levels: number) => JSON.parse("[".repeat(levels) + "]".repeat(levels)) as unknown;
		const element = (levels: number) => ({
			...asCloudEvent(exampleOf("BlobCreated")),
			type: "A.B",
			[member]: nested(levels),
		});
		expect(readEvent(element(900)).ok).toBe(true);
		expect(reasonOf(element(1_000))).toBe("the event is nested too deeply: more than 1000 levels");
		expect(reasonOf(element(5_000))).toContain("nested too deeply");
	});

	it.each([
		["data", (text: string) => text],
		["data_base64", (text: string) => Buffer.from(text).toString("base64")],
	])("refuses an event whose %s is a text that is nested as deeply", (member, encode) => {
		const { data: _, ...event } = asCloudEvent({ ...exampleOf("BlobCreated"), type: "A.B" });
		const element = (levels: number) => ({ ...event, [member]: encode("[".repeat(levels) + "]".repeat(levels)) });
		expect(readEvent(element(900)).ok).toBe(true);
		for (const levels of [1_000, 3_000, 100_000]) {
			expect(reasonOf(element(levels))).toBe("the event is nested too deeply: more than 1000 levels");
		}
	});

	it("hands a trace context on", () => {
		const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
		expect(eventOf({ ...asCloudEvent(exampleOf("BlobCreated")), traceparent }).traceparent).toBe(traceparent);
		const odd = eventOf({ ...asCloudEvent(exampleOf("BlobCreated")), traceparent: 7 });
		expect("traceparent" in odd).toBe(false);
		expect(odd.extensions).toEqual({ traceparent: 7 });
		expect(eventOf({ ...asCloudEvent(exampleOf("BlobCreated")), traceparent })).not.toHaveProperty("extensions");
	});

	it("reads data_base64 as text where it is text, parsed where it is JSON, and else leaves it encoded", () => {
		const { data: _, ...rest } = asCloudEvent({ ...exampleOf("BlobCreated"), type: "Contoso.Blob" });
		const encode = (text: string) => Buffer.from(text).toString("base64");
		expect(eventOf({ ...rest, data_base64: encode('{"a":1}') }).data).toEqual({ a: 1 });
		expect(eventOf({ ...rest, data_base64: encode("plain") }).data).toBe("plain");
		expect(eventOf({ ...rest, data_base64: "/w==" }).data).toBe("/w==");
		expect(reasonOf({ ...rest, data: {}, data_base64: "/w==" })).toContain("must not have both data and data_base64");
	});

	it.each([
		["null", null, "an event must be a JSON object"],
		["a number", 7, "an event must be a JSON object"],
		["an array", [], "an event must be a JSON object"],
		["an empty object", {}, "not an event: it has neither"],
		["a custom schema", { myId: 1, payload: {} }, "not an event: it has neither"],
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
			"a time too long to be kept",
			{ ...asCloudEvent(exampleOf("RunCompleted")), time: `2026-05-26T00:00:40.${"1".repeat(25_000)}Z` },
			"time has 25021 characters; a time may have at most 64",
		],
		[
			"30 February",
			{ ...asCloudEvent(exampleOf("RunCompleted")), time: "2026-02-30T00:00:00Z" },
			"time must be a date",
		],
		[
			"a leap second at noon",
			{ ...asCloudEvent(exampleOf("RunCompleted")), time: "2026-06-30T12:00:60Z" },
			"time must be a date",
		],
		[
			"an impossible time",
			{ ...asCloudEvent(exampleOf("RunCompleted")), time: "2026-13-45T99:00:00Z" },
			"time must be a date",
		],
	])("refuses %s with the reason", (_, element, reason) => {
		expect(reasonOf(element)).toContain(reason);
	});

	it("takes no defect for a bad event", () => {
		const element = {
			eventType: "A.B",
			get subject() {
				throw new TypeError("a defect");
			},
		};
		expect(() => readEvent(element)).toThrow("a defect");
	});

	it("names the id of an event that it refuses", () => {
		expect(readEvent({ ...asCloudEvent(exampleOf("RunCompleted")), data: {} })).toMatchObject({
			ok: false,
			id: exampleOf("RunCompleted").id,
		});
		expect(readEvent({ id: 7 })).toMatchObject({ ok: false, id: null });
	});
});
