import { describe, expect, it } from "@jest/globals";
import { checkTable } from "../../src/cli/routes/check-table.ts";
import { resolve, SERVICES } from "../../src/destinations/list.ts";
import { readEvent } from "../../src/event/read-event.ts";
import { readRoutes } from "../../src/route/read-routes.ts";
import { createRouter } from "../../src/route/router.ts";
import { asCloudEvent, exampleOf } from "../../support/example-events.ts";

const BLOB = "Microsoft.Storage.BlobCreated";
const RUN = "Microsoft.MachineLearningServices.RunCompleted";
const CONTAINERS = "/blobServices/default/containers/";
const TO = { repository: "contoso/fraud-model" };

const table = (filter: object, more: object = {}) => ({ routes: [{ name: "a", filter, to: TO, ...more }] });
const uploads = (filter: object, more: object = {}) =>
	table({ includedEventTypes: [BLOB], subjectBeginsWith: `${CONTAINERS}c1/`, ...filter }, more);
const advanced = (key: string, operatorType: string, operands?: unknown) => ({
	advancedFilters: [
		{
			key,
			operatorType,
			...(Array.isArray(operands) ? { values: operands } : operands === undefined ? {} : { value: operands }),
		},
	],
});

/** What is found, in one line each. */
const found = (given: object) =>
	checkTable(given).map(({ verdict, path, problem, repair }) => `${verdict} ${path}: ${problem}; ${repair}`);

describe("a container that is not followed by /blobs/", () => {
	it.each([
		["c1/myfolder/", "c1/blobs/myfolder/"],
		["c1/myfolder", "c1/blobs/myfolder"],
		["c1/2026/03/", "c1/blobs/2026/03/"],
		["c1/blobsmore/", "c1/blobs/blobsmore/"],
		["c1//", "c1/blobs//"],
	])("can begin no subject, and is an error with the right spelling: %s", (wrong, right) => {
		const filter = { includedEventTypes: [BLOB], subjectBeginsWith: `${CONTAINERS}${wrong}` };
		expect(found(table(filter))).toEqual([
			`error routes[0].filter.subjectBeginsWith: no subject begins with "${CONTAINERS}${wrong}": "blobs/" must follow the container's name; write "${CONTAINERS}${right}"`,
		]);
		expect(found(table({ subjectBeginsWith: `${CONTAINERS}${wrong}` }))).toEqual([
			expect.stringMatching(/^error .*blobs/),
		]);
	});

	it.each(["c1/", "c1/b", "c1/blobs", "c1/blobs/", "c1/blobs/myfolder/", "c1/BLOBS/x"])("is none in %s", (begin) => {
		const filter = { includedEventTypes: [BLOB], subjectBeginsWith: `${CONTAINERS}${begin}` };
		expect(found(table(filter))).toEqual([]);
	});

	it("is only to be looked at where a topic of one's own may raise it", () => {
		const types = [BLOB, "Contoso.Data.Landed"];
		const filter = { includedEventTypes: types, subjectBeginsWith: `${CONTAINERS}c1/myfolder/` };
		expect(found(table(filter))).toEqual([expect.stringMatching(/^warning .*c1\/blobs\/myfolder/)]);
	});

	it("is found in advanced filters on the subject, too, for each value", () => {
		const values = [`${CONTAINERS}c1/a/`, `${CONTAINERS}c1/blobs/b/`];
		expect(found(uploads(advanced("Subject", "StringBeginsWith", values)))).toEqual([
			expect.stringMatching(/^warning routes\[0\]\.filter\.advancedFilters\[0\]\.values: .*c1\/blobs\/a\/"$/),
		]);
		expect(found(uploads(advanced("subject", "StringIn", [`${CONTAINERS}c1/a`])))).toEqual([
			expect.stringMatching(/^error .*c1\/blobs\/a"$/),
		]);
		expect(found(uploads(advanced("subject", "StringContains", ["c1/a"])))).toEqual([]);
	});
});

describe("a key whose dots lead nowhere", () => {
	const runs = (key: string, operatorType = "StringIn", operands: unknown = ["x"]) =>
		found(table({ includedEventTypes: [RUN], ...advanced(key, operatorType, operands ?? undefined) }));

	it.each([
		["data.runTags.mlflow.user", /a dot in a key separates two names, so "mlflow\.user"/],
		[
			"data.runProperties.azureml.git.branch",
			/"azureml\.git\.branch" means "azureml" with "git" with "branch" below it/,
		],
		["Data.RunTags.a.b", /runTags contains only texts/],
		["data.runId.name", /data\.runId is a single value.*write "data\.runId"$/],
		["subject.container", /"subject" is a text, so it has no members/],
		["eventType.name", /"eventType" is a text/],
		["custom.stage", /"custom" would be an attribute of the envelope.*"data\.custom\.stage"$/],
		["data..runId", /a name between its dots is empty/],
		["data.runTags.", /a name between its dots is empty/],
	])("is an error, since no event can match: %s", (key, words) => {
		expect(runs(key)).toEqual([expect.stringMatching(words)]);
		expect(runs(key)[0]).toMatch(/^error routes\[0\]\.filter\.advancedFilters\[0\]\.key: no event can match/);
	});

	it.each([
		["StringNotIn", ["x"]],
		["NumberNotInRange", [[1, 2]]],
		["IsNullOrUndefined", null],
	])("is a warning where the condition then is always true: %s", (operator, operands) => {
		expect(runs("data.runTags.mlflow.user", operator, operands)).toEqual([
			expect.stringMatching(
				new RegExp(`^warning .*no event has the key "data.runTags.mlflow.user", so ${operator} is always true`),
			),
		]);
	});

	it.each([
		"data.runTags.stage",
		"data.runTags",
		"data.other.deep.down",
		"custom",
		"data",
		"subject",
		"data.runProperties.a",
	])("is none in %s", (key) => {
		expect(runs(key)).toEqual([]);
	});

	it("is not claimed of data whose form another publisher decides", () => {
		const filter = advanced("data.runTags.mlflow.user", "StringIn", ["x"]);
		expect(found(table({ includedEventTypes: ["Contoso.Run.Done"], ...filter }))).toEqual([]);
		expect(found(table({ ...filter, subjectBeginsWith: "experiments/" }))).toEqual([]);
	});

	it("keeps its advice for a key that only lacks data in front", () => {
		expect(runs("runTags.stage")).toEqual([expect.stringMatching(/^warning .*write "data\.runTags\.stage"$/)]);
	});

	it("is not taken for a member of the data that no type of the route has", () => {
		const filter = advanced("status", "StringIn", ["x"]);
		expect(found(table({ includedEventTypes: ["Contoso.Run.Done"], ...filter }))).toEqual([]);
		expect(found(table({ includedEventTypes: [RUN], ...filter }))).toEqual([]);
		expect(found(table({ includedEventTypes: ["Microsoft.Storage.StorageTaskCompleted"], ...filter }))).toEqual([
			expect.stringMatching(/^warning .*write "data\.status"$/),
		]);
	});

	it("is one by the router, too", () => {
		const read = readEvent(
			asCloudEvent({
				...exampleOf("RunCompleted"),
				data: { ...(exampleOf("RunCompleted").data as object), runTags: { "mlflow.user": "x" } },
			}),
		);
		const given = readRoutes(
			table({ includedEventTypes: [RUN], ...advanced("data.runTags.mlflow.user", "StringIn", ["x"]) }),
			SERVICES,
		);
		if (!read.ok || !given.ok) throw new Error("both are sound");
		expect(createRouter(given.routes, resolve)(read.event).matches).toEqual([]);
	});
});

describe("a dispatch type that is hard to listen to", () => {
	const sent = (dispatchType: string) =>
		found({ routes: [{ name: "a", filter: { includedEventTypes: [RUN] }, to: { ...TO, dispatchType } }] });

	it.each([
		["new data", "new-data"],
		[" new-data", "new-data"],
		["new-data\n", "new-data"],
		["new\u00a0data set", "new-data-set"],
		["a\u200bb", "a-b"],
		["   ", "new-data"],
	])("is to be looked at, since a workflow has to write it the same: %j", (type, simple) => {
		expect(sent(type)).toEqual([
			expect.stringMatching(
				new RegExp(`^warning routes\\[0\\]\\.to\\.dispatchType: .*white space.*write "${simple}", here and`, "s"),
			),
		]);
	});

	it.each(["new-data", "New.Data/v1", "größer_文"])("is none in %s", (type) => {
		expect(sent(type)).toEqual([]);
	});
});

describe("an empty file, whose creation no second event follows", () => {
	it.each(["/_SUCCESS", "_SUCCESS", ".done", "upload.ready", "/_ready", "x.COMPLETE"])(
		"is named where a route waits for the second event: subjectEndsWith %s",
		(subjectEndsWith) => {
			expect(found(uploads({ subjectEndsWith }))).toEqual([
				expect.stringMatching(
					/^warning routes\[0\]\.filter\.subjectEndsWith: .*CreateFile.*"onlyCompletedWrites": false/,
				),
			]);
			expect(found(uploads({ subjectEndsWith }, { onlyCompletedWrites: false }))).toEqual([]);
			expect(
				found(
					table({
						includedEventTypes: ["Microsoft.Storage.BlobDeleted"],
						subjectBeginsWith: `${CONTAINERS}c1/`,
						subjectEndsWith,
					}),
				),
			).toEqual([]);
		},
	);

	it.each([
		["subject", "StringEndsWith", ["_SUCCESS"]],
		["data.url", "StringIn", ["https://contosodata.dfs.core.windows.net/c1/_SUCCESS"]],
		["data.contentLength", "NumberIn", [0]],
		["data.contentLength", "NumberLessThan", 1],
		["data.contentLength", "NumberLessThanOrEquals", 0],
		["data.contentLength", "NumberInRange", [[0, 0]]],
	])("is found in advanced filters: %s %s %j", (key, operator, operands) => {
		expect(found(uploads(advanced(key, operator, operands)))).toEqual([
			expect.stringMatching(/^warning routes\[0\]\.filter\.advancedFilters\[0\]: .*onlyCompletedWrites/),
		]);
	});

	it.each([
		["data.contentLength", "NumberGreaterThan", 0],
		["data.contentLength", "NumberLessThan", 1_000],
		["data.contentLength", "NumberNotIn", [0]],
		["subject", "StringNotEndsWith", ["_SUCCESS"]],
		["subject", "StringEndsWith", [".csv"]],
	])("is none in %s %s %j", (key, operator, operands) => {
		expect(found(uploads(advanced(key, operator, operands)))).toEqual([]);
	});

	it.each([["CreateFile"], ["CreateFile", "SftpCreate"]])(
		"is an error where nothing but its creation is asked for: %s",
		(...apis) => {
			expect(found(uploads(advanced("data.api", "StringIn", apis)))).toEqual([
				expect.stringMatching(/^error .*no event can match: data\.api.*"onlyCompletedWrites": false/),
			]);
		},
	);
});

describe("a repository's name as git clones it", () => {
	it("has the right one in its repair, once the bridge refuses it", () => {
		const refused = checkTable({ routes: [{ name: "a", to: { repository: "contoso/fraud-model.git" } }] });
		for (const { repair } of refused.filter(({ path }) => path.endsWith("repository"))) {
			expect(repair).toBe('write "contoso/fraud-model"');
		}
	});
});
