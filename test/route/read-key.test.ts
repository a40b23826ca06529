import { describe, expect, it } from "@jest/globals";
import { readEvent } from "../../src/event/read-event.ts";
import type { BridgeEvent } from "../../src/model.ts";
import { type KeyValue, keyReader as makeReader, toFiltered } from "../../src/route/filtered-event.ts";
import { asBridgeEvent, asCloudEvent, exampleOf, inEventGridSchema } from "../../support/example-events.ts";

function keyReader(key: string): (event: BridgeEvent) => KeyValue {
	const read = makeReader(key);
	return (event) => read(toFiltered(event));
}

function eventOf(element: unknown): BridgeEvent {
	const read = readEvent(element);
	if (!read.ok) throw new Error(read.reason);
	return read.event;
}

function withData(data: unknown): BridgeEvent {
	return asBridgeEvent(exampleOf("BlobCreated"), { data });
}

function valueAt(key: string, event: BridgeEvent): unknown {
	return keyReader(key)(event).value;
}

const blob = exampleOf("BlobCreated");
const envelopes = [
	["the Event Grid schema", eventOf(inEventGridSchema(blob))],
	["CloudEvents", eventOf(asCloudEvent(blob))],
] as const;

describe.each(envelopes)("a filter's key on an event in %s", (_, event) => {
	it.each([
		["id", blob.id],
		["ID", blob.id],
		["type", blob.type],
		["eventType", blob.type],
		["EventType", blob.type],
		["EVENTTYPE", blob.type],
		["source", blob.source],
		["Source", blob.source],
		["topic", blob.source],
		["Topic", blob.source],
		["subject", blob.subject],
		["Subject", blob.subject],
		["time", blob.time],
		["eventTime", blob.time],
		["data.api", blob.data["api"]],
		["Data.API", blob.data["api"]],
		["DATA.Url", blob.data["url"]],
	])("%s names the same in either vocabulary and any case", (key, value) => {
		expect(value).toBeDefined();
		expect(keyReader(key)(event)).toEqual({ value, extension: false });
	});

	it("names all of data by data alone", () => {
		expect(valueAt("data", event)).toEqual(blob.data);
	});

	it.each(["nothing", "data.nothing", "data.api.nothing", "subject.nothing", "id.length", "", "."])(
		"finds nothing under %j",
		(key) => {
			expect(valueAt(key, event)).toBeUndefined();
		},
	);
});

describe("a filter's key", () => {
	it("reads what an envelope has beyond the common attributes, in any case", () => {
		const inSchema = eventOf({ ...inEventGridSchema(blob), dataVersion: "2.1" });
		expect(keyReader("dataVersion")(inSchema)).toEqual({ value: "2.1", extension: true });
		expect(valueAt("DATAVERSION", inSchema)).toBe("2.1");
		const cloudEvent = eventOf({ ...asCloudEvent(blob), comExample: 5 });
		expect(keyReader("specVersion")(cloudEvent)).toEqual({ value: "1.0", extension: true });
		expect(keyReader("ComExample")(cloudEvent)).toEqual({ value: 5, extension: true });
	});

	it("descends into nested objects", () => {
		const event = withData({ outer: { Inner: { deep: 7 } } });
		expect(valueAt("data.outer.inner.deep", event)).toBe(7);
		expect(valueAt("Data.OUTER.INNER.DEEP", event)).toBe(7);
		expect(valueAt("data.outer.Inner", event)).toEqual({ deep: 7 });
	});

	it("reads a tag whose name came in another case", () => {
		const { modelTags: _, ...facts } = exampleOf("ModelRegistered").data;
		const data = { ...facts, ModelTags: { Stage: "Production" } };
		const event = eventOf({ ...asCloudEvent(exampleOf("ModelRegistered")), data });
		expect(valueAt("data.modelTags.stage", event)).toBe("Production");
		expect(valueAt("Data.ModelTags.STAGE", event)).toBe("Production");
	});

	it("prefers the name in its own case where two differ only by case", () => {
		const event = withData({ STAGE: "upper", stage: "lower", Stage: "title" });
		expect(valueAt("data.stage", event)).toBe("lower");
		expect(valueAt("data.Stage", event)).toBe("title");
		expect(valueAt("data.STAGE", event)).toBe("upper");
		expect(valueAt("data.sTAGE", event)).toBe("upper");
	});

	it("finds null and false as they are", () => {
		const event = withData({ nothing: null, no: false, zero: 0, empty: "" });
		expect(valueAt("data.nothing", event)).toBeNull();
		expect(valueAt("data.no", event)).toBe(false);
		expect(valueAt("data.zero", event)).toBe(0);
		expect(valueAt("data.empty", event)).toBe("");
		expect(valueAt("data.nothing.more", event)).toBeUndefined();
	});

	it("does not look into an array or a text in the middle of a path", () => {
		const event = withData({ list: [{ name: "a" }], text: "abc", number: 5 });
		expect(valueAt("data.list", event)).toEqual([{ name: "a" }]);
		expect(valueAt("data.list.0", event)).toBeUndefined();
		expect(valueAt("data.list.name", event)).toBeUndefined();
		expect(valueAt("data.list.length", event)).toBeUndefined();
		expect(valueAt("data.text.0", event)).toBeUndefined();
		expect(valueAt("data.text.length", event)).toBeUndefined();
		expect(valueAt("data.number.toFixed", event)).toBeUndefined();
	});

	it.each([
		["an array", [1]],
		["a text", "text"],
		["null", null],
		["left out", undefined],
	])("finds nothing in data that is %s", (_, data) => {
		expect(valueAt("data.x", withData(data))).toBeUndefined();
		expect(valueAt("data.length", withData(data))).toBeUndefined();
	});

	it.each([
		"__proto__",
		"constructor",
		"toString",
		"hasOwnProperty",
		"__proto__.toString",
		"constructor.name",
		"data.__proto__",
		"data.constructor",
		"data.constructor.name",
		"data.toString",
		"data.hasOwnProperty",
		"data.inner.__proto__.toString",
		"data.inner.constructor.prototype",
	])("does not read %s from a prototype", (key) => {
		expect(valueAt(key, withData({ inner: {} }))).toBeUndefined();
	});

	it("tells a subject that is empty from one that the envelope leaves out", () => {
		const { subject: _, ...cloudEvent } = asCloudEvent(exampleOf("ModelRegistered"));
		const subject = keyReader("subject");
		expect(subject(eventOf(cloudEvent)).value).toBeUndefined();
		expect(subject(eventOf({ ...cloudEvent, subject: "" })).value).toBe("");
		const eventGrid = { ...inEventGridSchema(exampleOf("ModelRegistered")), subject: "" };
		expect(subject(eventOf(eventGrid)).value).toBe("");
		expect(keyReader("time")(eventOf({ ...cloudEvent, time: null })).value).toBeUndefined();
	});

	it("reads an extension attribute that is called like one of the prototype's members", () => {
		const event = asBridgeEvent(exampleOf("BlobCreated"), { attributes: { constructor: "own" } });
		expect(keyReader("constructor")(event)).toEqual({ value: "own", extension: true });
		expect(keyReader("tostring")(event).value).toBeUndefined();
	});

	it("reads an event's own member that is called like one of the prototype's", () => {
		const data = JSON.parse('{ "__proto__": { "a": 1 }, "constructor": "own", "toString": { "b": 2 } }') as unknown;
		expect(valueAt("data.__proto__.a", withData(data))).toBe(1);
		expect(valueAt("data.constructor", withData(data))).toBe("own");
		expect(valueAt("data.tostring.b", withData(data))).toBe(2);
	});
});
