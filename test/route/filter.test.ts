import { describe, expect, it } from "@jest/globals";
import type { BridgeEvent } from "../../src/model.ts";
import { filterConditions } from "../../src/route/filter.ts";
import { toFiltered } from "../../src/route/filtered-event.ts";
import type { SubscriptionFilter } from "../../src/route/route.ts";
import { asBridgeEvent, exampleOf } from "../../support/example-events.ts";

const SUBJECT = "/blobServices/default/containers/Training/blobs/Set.CSV";
const event = asBridgeEvent(exampleOf("BlobCreated"), { subject: SUBJECT, data: { api: "PutBlob", size: 7 } });

function passes(filter: SubscriptionFilter, given: BridgeEvent = event): boolean {
	return filterConditions(filter).every((condition) => condition.test(toFiltered(given)));
}

/** The words of every condition that the event fails. */
function failures(filter: SubscriptionFilter, given: BridgeEvent = event): string[] {
	return filterConditions(filter)
		.filter((condition) => !condition.test(toFiltered(given)))
		.map((condition) => condition.failure(given));
}

describe("a subscription filter", () => {
	it.each<[string, SubscriptionFilter]>([
		["is empty", {}],
		[
			"says null everywhere, as an exported subscription does",
			{
				includedEventTypes: null,
				subjectBeginsWith: null,
				subjectEndsWith: null,
				isSubjectCaseSensitive: null,
				enableAdvancedFilteringOnArrays: null,
				advancedFilters: null,
			},
		],
		[
			"has empty lists and texts",
			{ includedEventTypes: [], subjectBeginsWith: "", subjectEndsWith: "", advancedFilters: [] },
		],
	])("takes every event when it %s", (_, filter) => {
		expect(filterConditions(filter)).toEqual([]);
		expect(passes(filter)).toBe(true);
	});

	it.each<[string, readonly string[], boolean]>([
		["the event's type", ["Microsoft.Storage.BlobCreated"], true],
		["the event's type in another case", ["MICROSOFT.storage.blobcreated"], true],
		["several types, the event's among them", ["Contoso.A", "Microsoft.Storage.BlobCreated"], true],
		["All", ["All"], true],
		["all in another case", ["aLL"], true],
		["All among others", ["Contoso.A", "all"], true],
		["another type", ["Microsoft.Storage.BlobDeleted"], false],
		["only a part of the event's type", ["Microsoft.Storage.Blob"], false],
		["more than the event's type", ["Microsoft.Storage.BlobCreatedTwice"], false],
	])("decides by included event types: %s", (_, includedEventTypes, taken) => {
		expect(passes({ includedEventTypes })).toBe(taken);
	});

	it("compares the type of an event that came in another case", () => {
		const shouting = asBridgeEvent(exampleOf("BlobCreated"), { type: "MICROSOFT.STORAGE.BLOBCREATED" });
		expect(passes({ includedEventTypes: ["Microsoft.Storage.BlobCreated"] }, shouting)).toBe(true);
	});

	it.each<[SubscriptionFilter, boolean]>([
		[{ subjectBeginsWith: "/blobServices/default/containers/Training/" }, true],
		[{ subjectBeginsWith: "/BLOBSERVICES/default/containers/training/" }, true],
		[{ subjectBeginsWith: SUBJECT }, true],
		[{ subjectBeginsWith: `${SUBJECT}.bak` }, false],
		[{ subjectBeginsWith: "containers/" }, false],
		[{ subjectEndsWith: ".CSV" }, true],
		[{ subjectEndsWith: ".csv" }, true],
		[{ subjectEndsWith: ".cs" }, false],
		[{ subjectEndsWith: `x${SUBJECT}` }, false],
		[{ subjectBeginsWith: "/blobServices/", subjectEndsWith: ".csv" }, true],
		[{ subjectBeginsWith: "/blobServices/", subjectEndsWith: ".txt" }, false],
		[{ subjectBeginsWith: "/fileServices/", subjectEndsWith: ".csv" }, false],
		[{ isSubjectCaseSensitive: true, subjectBeginsWith: "/blobServices/", subjectEndsWith: "/Set.CSV" }, true],
		[{ isSubjectCaseSensitive: true, subjectBeginsWith: "/blobservices/" }, false],
		[{ isSubjectCaseSensitive: true, subjectEndsWith: ".csv" }, false],
		[{ isSubjectCaseSensitive: false, subjectEndsWith: ".csv" }, true],
		[{ isSubjectCaseSensitive: null, subjectEndsWith: ".csv" }, true],
		[{ isSubjectCaseSensitive: true }, true],
	])("decides by the subject: %j gives %j", (filter, taken) => {
		expect(passes(filter)).toBe(taken);
	});

	it("leaves the case of other strings alone when only the subject is case-sensitive", () => {
		const advancedFilters = [{ operatorType: "StringIn", key: "data.api", values: ["putblob"] }];
		expect(passes({ isSubjectCaseSensitive: true, advancedFilters })).toBe(true);
	});

	it("holds when all of its advanced filters hold, each by one of its values", () => {
		const api = { operatorType: "StringIn", key: "data.api", values: ["CopyBlob", "PutBlob"] };
		const large = { operatorType: "NumberGreaterThan", key: "data.size", value: 6 };
		const huge = { operatorType: "NumberGreaterThan", key: "data.size", value: 7 };
		expect(passes({ advancedFilters: [api, large] })).toBe(true);
		expect(passes({ advancedFilters: [api, huge] })).toBe(false);
		expect(passes({ advancedFilters: [huge, api] })).toBe(false);
	});

	it.each<[boolean | null | undefined, boolean]>([
		[true, true],
		[false, false],
		[null, false],
		[undefined, false],
	])("looks into arrays only when told to: %j", (flag, taken) => {
		const tagged = asBridgeEvent(exampleOf("BlobCreated"), { data: { tags: ["red", "blue"] } });
		const filter: SubscriptionFilter = {
			...(flag === undefined ? {} : { enableAdvancedFilteringOnArrays: flag }),
			advancedFilters: [{ operatorType: "StringIn", key: "data.tags", values: ["blue"] }],
		};
		expect(passes(filter, tagged)).toBe(taken);
	});

	it("says of each kind of condition how the event failed it", () => {
		expect(
			failures({
				includedEventTypes: ["Microsoft.Storage.BlobDeleted"],
				subjectBeginsWith: "/Elsewhere/",
				subjectEndsWith: ".Txt",
				advancedFilters: [
					{ operatorType: "StringIn", key: "data.api", values: ["CopyBlob", "FlushWithClose"] },
					{ operatorType: "NumberLessThan", key: "Data.Size", value: 7 },
					{ operatorType: "NumberInRange", key: "data.size", values: [[1, 6]] },
					{ operatorType: "BoolEquals", key: "data.final", value: false },
					{ operatorType: "IsNotNull", key: "data.missing" },
				],
			}),
		).toEqual([
			"Microsoft.Storage.BlobCreated is not among its event types",
			`the subject "${SUBJECT}" does not begin with "/Elsewhere/"`,
			`the subject "${SUBJECT}" does not end with ".Txt"`,
			'not data.api StringIn ["CopyBlob","FlushWithClose"]',
			"not Data.Size NumberLessThan 7",
			"not data.size NumberInRange [[1,6]]",
			"not data.final BoolEquals false",
			"not data.missing IsNotNull",
		]);
	});

	it.each([
		["x".repeat(200), "x".repeat(200)],
		["x".repeat(201), `${"x".repeat(200)}…`],
		[`${"x".repeat(199)}😀`, `${"x".repeat(199)}\ufffd…`],
	])("quotes 200 characters of what the event says, and marks that more were there (%#)", (subject, quoted) => {
		const given = { ...event, subject, type: subject };
		expect(failures({ subjectEndsWith: "!", includedEventTypes: ["a"] }, given)).toEqual([
			`${quoted} is not among its event types`,
			`the subject "${quoted}" does not end with "!"`,
		]);
	});

	it("names only the conditions that failed", () => {
		expect(failures({ includedEventTypes: ["All"], subjectBeginsWith: "/blob", subjectEndsWith: ".txt" })).toEqual([
			`the subject "${SUBJECT}" does not end with ".txt"`,
		]);
	});
});
