import { describe, expect, it } from "@jest/globals";
import { factsOfElement, isMeantAsEvent } from "../../src/event/facts-of.ts";

describe("what can be told of an element that is no sound event", () => {
	const facts = {
		type: "Microsoft.Storage.BlobCreated",
		source: "/subscriptions/s",
		subject: "/blobServices/default/containers/c/blobs/b",
		time: "2026-05-26T00:00:40.1880331Z",
	};

	it("is read from either envelope", () => {
		expect(factsOfElement(facts, "1")).toEqual({ ...facts, id: "1" });
		const { type: eventType, source: topic, subject, time: eventTime } = facts;
		expect(factsOfElement({ eventType, topic, subject, eventTime }, "1")).toEqual({ ...facts, id: "1" });
	});

	it("is empty where a member is missing, is no text, or is no time", () => {
		const nothing = { id: "", type: "", source: "", subject: "", time: "" };
		expect(factsOfElement({}, null)).toEqual(nothing);
		expect(factsOfElement({ type: 7, source: null, subject: ["x"], time: "yesterday" }, null)).toEqual(nothing);
		expect(factsOfElement({ type: 7, eventType: "A.B" }, null).type).toBe("A.B");
	});

	it.each([
		["null", null],
		["undefined", undefined],
		["a text", "text"],
		["a number", 7],
		["an array", ["type"]],
	])("is nothing but the id for %s", (_, element) => {
		expect(factsOfElement(element, "1")).toEqual({ id: "1", type: "", source: "", subject: "", time: "" });
	});
});

describe("an element that is meant as an event", () => {
	it.each([{ eventType: 7 }, { EVENTTYPE: "A.B", id: "1" }, { specversion: "0.3" }, { id: "1", specVersion: null }])(
		"has the mark of an envelope: %j",
		(element) => {
			expect(isMeantAsEvent(element)).toBe(true);
		},
	);

	it.each([
		{},
		{ type: "A.B", id: "1" },
		null,
		undefined,
		"eventType",
		["specversion"],
		Object.assign([], { eventType: "A.B" }),
	])("is none of %j", (element) => {
		expect(isMeantAsEvent(element)).toBe(false);
	});
});
