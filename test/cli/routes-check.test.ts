import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { checkTable } from "../../src/cli/routes/check-table.ts";
import type { AdvancedFilter, Route } from "../../src/route/route.ts";
import { blocksOf, PAGES } from "../docs/read-docs.ts";

const BLOB = "Microsoft.Storage.BlobCreated";
const RUN = "Microsoft.MachineLearningServices.RunCompleted";
const TRAINING = "/blobServices/default/containers/training/";
const ACCOUNT =
	"/subscriptions/5f3c1d2e/resourceGroups/contoso-ml/providers/Microsoft.Storage/storageAccounts/contosodata";

type Given = Omit<Partial<Route>, "filter"> & { readonly filter?: object };

/** A sound route, but for what is changed. */
function route(change: Given = {}): object {
	return { name: "a", filter: { includedEventTypes: [RUN] }, to: { repository: "contoso/fraud-model" }, ...change };
}

function uploads(filter: object, more: Given = {}): object {
	return route({ filter: { includedEventTypes: [BLOB], subjectBeginsWith: TRAINING, ...filter }, ...more });
}

/** What is found in a table of these routes, in one line each. */
function found(...routes: object[]): string[] {
	return checkTable({ routes }).map(
		({ verdict, route, path, problem, repair }) => `${verdict} ${route} ${path}: ${problem}; ${repair}`,
	);
}

function filters(...advancedFilters: [key: string, operatorType: string, operand?: unknown][]): object {
	return {
		advancedFilters: advancedFilters.map(([key, operatorType, operand]) => ({
			key,
			operatorType,
			...(operand === undefined ? {} : Array.isArray(operand) ? { values: operand } : { value: operand }),
		})) as AdvancedFilter[],
	};
}

describe("a routes table that is sound", () => {
	it("has nothing to repair", () => {
		expect(
			found(route(), uploads({}, { name: "b", to: { repository: "contoso/fraud-model", dispatchType: "c" } })),
		).toEqual([]);
	});

	it("is the example's", () => {
		const table = readFileSync(join(import.meta.dirname, "../../examples/ml-repo/routes.json"), "utf8");
		expect(checkTable(JSON.parse(table))).toEqual([]);
	});

	const tables = PAGES.flatMap(blocksOf).filter(
		({ language, text }) => language === "json" && text.includes('"routes": ['),
	);
	it.each(tables.map(({ page, text }, index) => [page, index, text] as const))(
		"stands in %s (%i), without an error",
		(_p, _i, text) => {
			expect(checkTable(JSON.parse(text)).filter(({ verdict }) => verdict === "error")).toEqual([]);
		},
	);
});

describe("what the bridge refuses", () => {
	it.each([
		["no table", [], "error null : must be object"],
		["no routes", {}, "error null : must have required property 'routes'"],
		[
			"a misspelt key",
			{ routes: [{ ...route(), fliter: {} }] },
			'error a routes[0]: the key "fliter" does not exist here; remove it or correct its spelling; write "filter"',
		],
		[
			"a misspelt key of a filter",
			{ routes: [route({ filter: { subjectBeginWith: "x" } })] },
			'write "subjectBeginsWith"',
		],
		[
			"a key that is nothing like another",
			{ routes: [{ ...route(), colour: 1 }] },
			"remove it; the possible keys are name, source",
		],
		[
			"a key of another kind of destination",
			{ routes: [route({ to: { repository: "a/b", workflow: "train.yml", payload: {} } })] },
			'"payload" does not exist here; remove it or correct its spelling; remove it; the possible keys are repository, workflow, ref, inputs, token',
		],
		[
			"a key of a destination, without the one that tells its kind",
			{ routes: [route({ to: { organization: "contoso", project: "ml" } })] },
			'"project" does not exist here; remove it or correct its spelling; add "pipeline", which it goes with, or remove it',
		],
		[
			"a key that two kinds of destinations have",
			{ routes: [route({ to: { ref: "main" } })] },
			'add "pipeline" or "workflow", which it goes with, or remove it',
		],
		[
			"a misspelt key of a mapping",
			{ routes: [route({ to: { repository: "a/b", payload: { "x.y": { key: "id", defualt: 1 } } } })] },
			'write "default"',
		],
		[
			"a key of a fixed value in a mapping",
			{ routes: [route({ to: { repository: "a/b", payload: { x: { value: 1, default: 1 } } } })] },
			"remove it; the possible keys are value",
		],
		[
			"a misspelt key of a destination",
			{ routes: [route({ to: { repo: "a/b" } })] },
			"the possible keys are organization",
		],
		[
			"a misspelt operator",
			{ routes: [route({ filter: filters(["data.runId", "StringBeginWith", ["x"]]) })] },
			'write "StringBeginsWith"',
		],
		[
			"an operator that is none",
			{ routes: [route({ filter: filters(["data.runId", "Looks", ["x"]]) })] },
			"one of Number",
		],
		[
			"an empty list of values",
			{ routes: [route({ filter: filters(["data.runId", "StringIn", []]) })] },
			"must NOT have fewer than 1 items",
		],
		[
			"a dispatch type of 101 characters",
			{ routes: [route({ to: { repository: "a/b", dispatchType: "x".repeat(101) } })] },
			"choose a shorter dispatchType",
		],
		[
			"26 advanced filters",
			{
				routes: [
					route({
						filter: filters(...Array.from({ length: 26 }, () => ["data.runId", "IsNotNull"] as [string, string])),
					}),
				],
			},
			"split the route into two",
		],
		[
			"26 values",
			{
				routes: [
					route({ filter: filters(["data.runId", "StringIn", Array.from({ length: 26 }, (_, n) => `run ${n}`)]) }),
				],
			},
			"the route has 26 filter values; Event Grid allows at most 25; split the route into two",
		],
		[
			"a window that is too short to be quiet",
			{ routes: [uploads({}, { coalesce: { quietSeconds: 60, maxSeconds: 30 } })] },
			"routes[0].coalesce.maxSeconds: must be at least quietSeconds",
		],
		["a name twice", { routes: [route(), route()] }, 'the name "a" is used twice'],
		["a repository that is none", { routes: [route({ to: { repository: "contoso" } })] }, "is not owner/name"],
		["a route without a destination", { routes: [{ name: "a" }] }, 'add "to"'],
	] as [string, unknown, string][])("is told in its own words: %s", (_, table, expected) => {
		const all = checkTable(table).map(
			({ verdict, route, path, problem, repair }) => `${verdict} ${route} ${path}: ${problem}; ${repair}`,
		);
		expect(all.join("\n")).toContain(expected);
		expect(all[0]).toMatch(/^error/);
	});

	it("does not keep the routes beside it from being looked at", () => {
		const all = found({ name: "b" }, route({ filter: { includedEventTypes: ["Microsoft.Storage.BlobCreate"] } }));
		expect(all).toHaveLength(2);
		expect(all[1]).toMatch(/^error a routes\[1\]/);
	});
});

describe("what no event can match", () => {
	const never = (filter: object, more: Given = {}) => found(route({ filter, ...more }));

	it.each([
		[
			"a misspelt event type",
			{ includedEventTypes: ["Microsoft.Storage.BlobCreate"], subjectBeginsWith: TRAINING },
			`write "${BLOB}"`,
		],
		[
			"a wildcard among the types",
			{ includedEventTypes: ["Microsoft.Storage.*"], subjectBeginsWith: TRAINING },
			"have no wildcards",
		],
		[
			"a subject without its slash",
			{ includedEventTypes: [BLOB], subjectBeginsWith: TRAINING.slice(1) },
			'begin it with a slash: "/blobServices',
		],
		[
			"a container in place of a subject",
			{ includedEventTypes: [BLOB], subjectBeginsWith: "training/" },
			`write the container's full path: "${TRAINING}"`,
		],
		[
			"a subject of another publisher",
			{ includedEventTypes: [RUN], subjectBeginsWith: "/blobServices/" },
			'such subjects begin with "experiments/"',
		],
		[
			"a subject in the wrong case",
			{ includedEventTypes: [RUN], subjectBeginsWith: "Experiments/x", isSubjectCaseSensitive: true },
			'write "experiments/x", or leave isSubjectCaseSensitive out',
		],
		[
			"a wildcard in a container",
			{ includedEventTypes: [BLOB], subjectBeginsWith: "/blobServices/default/containers/*/blobs" },
			"no container has a star",
		],
		[
			"a key that must be there and missing",
			filters(["data.runId", "IsNullOrUndefined"], ["data.runId", "StringIn", ["a"]]),
			'cannot meet IsNullOrUndefined and StringIn ["a"] at the same time',
		],
		[
			"a key of two types",
			filters(["data.x", "StringIn", ["a"]], ["data.X", "NumberGreaterThan", 1]),
			'cannot meet StringIn ["a"] and NumberGreaterThan 1 at the same time',
		],
		[
			"ranges that exclude each other",
			filters(
				[
					"data.x",
					"NumberInRange",
					[
						[1, 2],
						[5, 6],
					],
				],
				["data.x", "NumberInRange", [[3, 4]]],
			),
			"NumberInRange [[1,2],[5,6]] and NumberInRange [[3,4]] at the same time",
		],
		[
			"ends that exclude each other",
			filters(["data.x", "NumberGreaterThan", 5], ["data.x", "NumberLessThanOrEquals", 5]),
			"NumberGreaterThan 5 and NumberLessThanOrEquals 5 at the same time",
		],
		[
			"a number that is forbidden",
			filters(["data.x", "NumberIn", [1, 2]], ["data.x", "NumberNotInRange", [[0, 3]]]),
			"NumberIn [1,2] and NumberNotInRange [[0,3]] at the same time",
		],
		[
			"numbers that are all forbidden",
			filters(["data.x", "NumberIn", [1, 2]], ["data.x", "NumberNotIn", [2, 1]]),
			"NumberIn [1,2] and NumberNotIn [2,1] at the same time",
		],
		[
			"true and false",
			filters(["data.x", "BoolEquals", true], ["data.x", "BoolEquals", false]),
			"BoolEquals true and BoolEquals false at the same time",
		],
		[
			"a value that the next filter forbids",
			filters(["data.x", "StringIn", ["a", "B"]], ["data.x", "StringNotIn", ["A", "b"]]),
			'StringIn ["a","B"] and StringNotIn ["A","b"] at the same time',
		],
		[
			"two beginnings",
			filters(["data.x", "StringBeginsWith", ["a"]], ["data.x", "StringBeginsWith", ["b"]]),
			'StringBeginsWith ["a"] and StringBeginsWith ["b"] at the same time',
		],
		[
			"two ends",
			{ ...filters(["subject", "StringEndsWith", [".csv"]]), subjectEndsWith: ".parquet" },
			'subject cannot meet subjectEndsWith ".parquet" and StringEndsWith [".csv"] at the same time',
		],
		[
			"a beginning that is forbidden",
			filters(["data.x", "StringBeginsWith", ["abc"]], ["data.x", "StringNotBeginsWith", ["AB"]]),
			'StringBeginsWith ["abc"] and StringNotBeginsWith ["AB"] at the same time',
		],
		[
			"a part that is forbidden",
			filters(["data.x", "StringContains", ["abc"]], ["data.x", "StringNotContains", ["b"]]),
			'StringContains ["abc"] and StringNotContains ["b"] at the same time',
		],
		[
			"a type that is not included",
			{ includedEventTypes: [RUN], ...filters(["eventType", "StringIn", [BLOB]]) },
			`type cannot meet includedEventTypes ["${RUN}"] and StringIn ["${BLOB}"] at the same time`,
		],
	])("is an error: %s", (_, filter, expected) => {
		const all = never({ includedEventTypes: [RUN], ...filter });
		expect(all).toHaveLength(1);
		expect(all[0]).toMatch(/^error a routes\[0\]\.filter/);
		expect(all[0]).toContain(expected);
	});

	it.each([
		[
			"of types that its source does not raise",
			{ filter: { includedEventTypes: [RUN] }, source: ACCOUNT },
			"the source of this route never sends Microsoft.MachineLearningServices.RunCompleted",
		],
		[
			"of a source without its slash",
			{ filter: { includedEventTypes: [BLOB], subjectBeginsWith: TRAINING }, source: ACCOUNT.slice(1) },
			'write "/subscriptions',
		],
		["of a source with a wildcard", { source: "/subscriptions/*" }, "a source has no wildcards"],
		[
			"of a container as its source",
			{
				filter: { includedEventTypes: [BLOB], subjectBeginsWith: TRAINING },
				source: `${ACCOUNT}/blobServices/default/containers/training`,
			},
			`"subjectBeginsWith": "${TRAINING}"`,
		],
		["to an owner with 40 characters", { to: { repository: `${"a".repeat(40)}/b` } }, "GitHub allows at most 39"],
		[
			"with a dispatch type that would be too long",
			{ filter: { includedEventTypes: [`Contoso.${"x".repeat(100)}`] } },
			"set to.dispatchType in the route",
		],
	] as [string, Given, string][])("is an error: a route %s", (_, change, expected) => {
		const all = found(route(change));
		expect(all[0]).toMatch(/^error/);
		expect(all[0]).toContain(expected);
	});

	it("is the opening of an upload, unless the route says so", () => {
		const opening = filters(["data.api", "StringIn", ["CreateFile"]]);
		expect(found(uploads(opening))[0]).toContain('write "onlyCompletedWrites": false');
		expect(found(uploads(opening, { onlyCompletedWrites: false }))).toEqual([]);
	});
});

describe("what may well match", () => {
	it.each([
		["ranges that touch", filters(["data.x", "NumberInRange", [[1, 2]]], ["data.x", "NumberInRange", [[2, 3]]])],
		["a number outside of a range", filters(["data.x", "NumberIn", [1, 9]], ["data.x", "NumberNotInRange", [[0, 3]]])],
		[
			"a beginning that is longer",
			filters(["data.x", "StringBeginsWith", ["a"]], ["data.x", "StringBeginsWith", ["ab"]]),
		],
		[
			"what one of several values fulfils",
			filters(["data.x", "StringIn", ["a", "b"]], ["data.x", "StringNotIn", ["a"]]),
		],
		[
			"two types in an array",
			{
				...filters(["data.x", "StringIn", ["a"]], ["data.x", "StringIn", ["b"]]),
				enableAdvancedFilteringOnArrays: true,
			},
		],
		["a missing key that may be missing", filters(["data.x", "IsNullOrUndefined"], ["data.x", "StringNotIn", ["b"]])],
		["a numeric attribute read as text", filters(["priority", "StringIn", ["5"]], ["priority", "NumberIn", [5]])],
		["the event type of another publisher", { includedEventTypes: ["Contoso.Orders.Placed"], subjectBeginsWith: "/x" }],
		["All", { includedEventTypes: ["All"], subjectBeginsWith: TRAINING }],
	])("is not complained of: %s", (_, filter) => {
		expect(found(route({ filter: { includedEventTypes: [RUN], ...filter } }))).toEqual([]);
	});
});

describe("what should be looked at", () => {
	it.each([
		[
			"an empty list of types",
			route({ filter: { includedEventTypes: [], subjectBeginsWith: TRAINING } }),
			"matches every",
		],
		[
			"All among others",
			route({ filter: { includedEventTypes: ["All", RUN], subjectBeginsWith: TRAINING } }),
			"matches every",
		],
		["a type in another case", route({ filter: { includedEventTypes: [RUN.toLowerCase()] } }), `write "${RUN}"`],
		[
			"a type without its publisher",
			route({ filter: { includedEventTypes: ["RunComplete"] } }),
			`if you mean "${RUN}", write that`,
		],
		[
			"a dispatch type for an event type",
			uploads({ includedEventTypes: ["storage-blobcreated"] }),
			`if you mean "${BLOB}"`,
		],
		["a type twice", route({ filter: { includedEventTypes: [RUN, RUN] } }), "remove one of the two"],
		[
			"a type that is not known of its publisher",
			route({ filter: { includedEventTypes: ["Microsoft.MachineLearningServices.Something"] } }),
			"not one of the known event types",
		],
		[
			"types that only partly fit the subject",
			uploads({ includedEventTypes: [BLOB, RUN] }),
			"only the other types of this route can match",
		],
		[
			"a container without its slash",
			uploads({ subjectBeginsWith: TRAINING.slice(0, -1) }),
			"also matches other containers",
		],
		["a star at the end of a subject", uploads({ subjectEndsWith: "*.csv" }), 'write ".csv"'],
		["a member of data without data", uploads(filters(["api", "StringIn", ["PutBlob"]])), 'write "data.api"'],
		["uploads to any container", uploads({ subjectBeginsWith: undefined }), "docs/loops.md"],
		[
			"deletions in any container",
			uploads({ includedEventTypes: ["Microsoft.Storage.DirectoryDeleted"], subjectBeginsWith: undefined }),
			"docs/loops.md",
		],
		["everything of a storage account", route({ filter: {}, source: ACCOUNT }), "docs/loops.md"],
	])("is a warning: %s", (_, given, expected) => {
		const all = found(given);
		expect(all.join("\n")).toContain(expected);
		expect(all.filter((line) => !line.startsWith("warning"))).toEqual([]);
	});
});

describe("two routes to one place", () => {
	const same = { repository: "contoso/fraud-model", dispatchType: "retrain" };

	it("is a warning where one event may be taken by both", () => {
		const all = found(
			uploads({ subjectEndsWith: ".csv" }, { to: same }),
			uploads({ subjectBeginsWith: `${TRAINING}blobs/x/` }, { name: "b", to: same }),
		);
		expect(all).toEqual([
			expect.stringMatching(
				/^warning b routes\[1\]: the earlier route "a" has the same destination, contoso\/fraud-model with "retrain"/,
			),
		]);
	});

	it("tells when the later one is never reached", () => {
		const all = found(
			uploads({}, { to: same }),
			uploads({ subjectEndsWith: ".csv" }, { name: "b", to: { ...same, repository: "Contoso/Fraud-Model" } }),
		);
		expect(all).toEqual([
			expect.stringMatching(/^warning b routes\[1\]: this route never has an effect: the earlier route "a"/),
		]);
	});

	it.each([
		["to another repository", uploads({}, { name: "b", to: { ...same, repository: "contoso/other" } })],
		["with another dispatch type", uploads({}, { name: "b", to: { ...same, dispatchType: "other" } })],
		[
			"of another container",
			uploads({ subjectBeginsWith: "/blobServices/default/containers/other/" }, { name: "b", to: same }),
		],
		["of another ending", uploads({ subjectEndsWith: ".json" }, { name: "b", to: same })],
		["of another event type", route({ name: "b", to: same })],
	])("is not complained of %s", (_, other) => {
		expect(found(uploads({ subjectEndsWith: ".csv" }, { to: same }), other)).toEqual([]);
	});

	it("is not complained of where sources or values tell them apart", () => {
		const from = (source: string) => uploads({}, { to: same, source: `/contoso/${source}`, name: source });
		expect(found(from("a"), from("b"))).toEqual([]);
		const of = (name: string) =>
			route({ name, filter: { includedEventTypes: [RUN], ...filters(["data.experimentName", "StringIn", [name]]) } });
		expect(found(of("a"), of("b"))).toEqual([]);
	});

	it("is not complained of where the first can match nothing", () => {
		const all = found(route({ filter: { includedEventTypes: [`${RUN}d`] } }), route({ name: "b" }));
		expect(all).toHaveLength(1);
	});
});
