import { describe, expect, it } from "@jest/globals";
import type { Receipt } from "../../src/console/browser/answers.ts";
import { shortSubject, shortType, TONES, wayOf } from "../../src/console/browser/way-of.ts";
import { RECEIPT_STATES } from "../../src/functions/receipts.ts";
import { ACCEPTED_AT, attempt, receiptOf } from "./receipt-of.ts";

const at = (seconds: number) => new Date(ACCEPTED_AT + seconds * 1_000).toISOString();
/** The way without the time of arrival, which is told in the reader's time zone. */
const way = (receipt: Partial<Receipt>, seconds = 12) =>
	wayOf(receiptOf(receipt), ACCEPTED_AT + seconds * 1_000)
		.slice(1)
		.map(({ mark, text }) => `${mark} ${text}`);

describe("the way of an event", () => {
	it.each<[string, Partial<Receipt>, string[]]>([
		["that waits for its turn", { state: "accepted" }, ["done the route", "now 12 s", "none –", "none –"]],
		["that is gathered", { state: "coalescing" }, ["done the route", "now 12 s", "none –", "none –"]],
		[
			"whose lane pauses",
			{ state: "paused", attempts: [attempt(503), attempt(null)] },
			["done the route", "stuck 12 s", "stuck no answer, try 2", "none –"],
		],
		["that is parked behind others", { state: "parked" }, ["done the route", "stuck 12 s", "none –", "none –"]],
		[
			"that GitHub has taken",
			{ state: "dispatched", finishedAt: at(2.25), attempts: [attempt(204)] },
			["done the route", "done 2.3 s", "done 204", "done new-data"],
		],
		[
			"that went out with others",
			{ state: "coalesced", finishedAt: at(90), window: "w" },
			["done the route", "done 90 s", "done with others", "done new-data"],
		],
		[
			"that GitHub has refused",
			{ state: "dead", finishedAt: at(0.34), attempts: [attempt(422)] },
			["done the route", "done 340 ms", "failed 422", "failed none"],
		],
		[
			"that was given up",
			{ state: "dead", finishedAt: at(3 * 86_400) },
			["done the route", "done 3 days", "failed –", "failed none"],
		],
		[
			"that was rejected",
			{ state: "rejected", route: null, to: null },
			["failed rejected", "none –", "none –", "failed none"],
		],
	])("tells of one %s", (_, receipt, steps) => {
		expect(way(receipt)).toEqual(steps);
	});

	it("begins with the time of arrival, and names its steps", () => {
		const [first, ...rest] = wayOf(receiptOf({}), ACCEPTED_AT);
		expect(first).toMatchObject({ name: "Received", mark: "done", text: expect.stringMatching(/^\d\d:\d\d:30$/) });
		expect(rest.map(({ name }) => name)).toEqual(["Route", "Waiting", "GitHub", "Run"]);
	});

	it("has a tone for every state", () => {
		expect(Object.keys(TONES)).toEqual(RECEIPT_STATES);
	});
});

describe("short names", () => {
	it.each([
		["Microsoft.Storage.BlobCreated", "BlobCreated"],
		["Contoso", "Contoso"],
		["ends.", "ends."],
		["", "no type"],
	])("the type %j is %j", (type, short) => {
		expect(shortType(type)).toBe(short);
	});

	it.each([
		["/blobServices/default/containers/training/blobs/2026/a.csv", "training/2026/a.csv"],
		["/blobServices/default/containers/training", "/blobServices/default/containers/training"],
		["", "/the/source"],
	])("the subject %j is %j", (subject, short) => {
		expect(shortSubject({ ...receiptOf({}).event, subject })).toBe(short);
	});

	it("without a subject or a source an event is its id", () => {
		expect(shortSubject({ ...receiptOf({}).event, subject: "", source: "" })).toBe("the-id");
	});
});
