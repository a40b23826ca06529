import { describe, expect, it } from "@jest/globals";
import { isMeantAsEvent } from "../../src/event/envelopes.ts";
import { factsOfElement } from "../../src/event/read-event.ts";

describe("what can be told of an element that is no sound event", () => {
	const facts = {
		type: "Microsoft.Storage.BlobCreated",
		source: "/subscriptions/s",
		subject: "/blobServices/default/containers/c/blobs/b",
		time: "2026-05-26T00:00:40.1880331Z",
	};

	it("is read from either envelope", () => {
		expect(factsOfElement({ ...facts, id: "1" })).toEqual({ ...facts, id: "1" });
		const { type: eventType, source: topic, subject, time: eventTime } = facts;
		expect(factsOfElement({ id: "1", eventType, topic, subject, eventTime })).toEqual({ ...facts, id: "1" });
	});

	it("is empty where a member is missing, is no text, or is no time", () => {
		const nothing = { id: "", type: "", source: "", subject: "", time: "" };
		expect(factsOfElement({})).toEqual(nothing);
		expect(factsOfElement({ id: 1, type: 7, source: null, subject: ["x"], time: "yesterday" })).toEqual(nothing);
		expect(factsOfElement({ type: 7, eventType: "A.B" }).type).toBe("A.B");
	});

	it.each([
		["null", null],
		["undefined", undefined],
		["a text", "text"],
		["a number", 7],
		["an array", ["type"]],
	])("is nothing for %s", (_, element) => {
		expect(factsOfElement(element)).toEqual({ id: "", type: "", source: "", subject: "", time: "" });
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
