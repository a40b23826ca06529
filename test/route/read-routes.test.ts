import { describe, expect, it } from "@jest/globals";
import { isRepository } from "../../src/destinations/github/service.ts";
import { SERVICES } from "../../src/destinations/list.ts";
import { readRoutes } from "../../src/route/read-routes.ts";
import type { AdvancedFilter, Route } from "../../src/route/route.ts";

const to = { repository: "contoso/fraud-model" };

/** The example of the documentation. */
const EXAMPLE = {
	$schema: "./routes.schema.json",
	routes: [
		{
			name: "retrain on new data",
			source: "/subscriptions/…/storageAccounts/contosodata",
			filter: {
				includedEventTypes: ["Microsoft.Storage.BlobCreated"],
				subjectBeginsWith: "/blobServices/default/containers/training/",
				advancedFilters: [{ operatorType: "StringIn", key: "data.api", values: ["PutBlob", "FlushWithClose"] }],
			},
			to: { repository: "contoso/fraud-model", dispatchType: "storage-blobcreated" },
			coalesce: { quietSeconds: 30, maxSeconds: 600, by: "container" },
		},
	],
};

/** One valid advanced filter per operator. */
const EVERY_OPERATOR: readonly AdvancedFilter[] = [
	...["NumberIn", "NumberNotIn"].map((operatorType) => ({ operatorType, key: "data.n", values: [1] })),
	...["NumberLessThan", "NumberGreaterThan", "NumberLessThanOrEquals", "NumberGreaterThanOrEquals"].map(
		(operatorType) => ({ operatorType, key: "data.n", value: 1.5 }),
	),
	...["NumberInRange", "NumberNotInRange"].map((operatorType) => ({
		operatorType,
		key: "data.n",
		values: [[1, 1] as const],
	})),
	{ operatorType: "BoolEquals", key: "data.b", value: false },
	...["Contains", "NotContains", "BeginsWith", "NotBeginsWith", "EndsWith", "NotEndsWith", "In", "NotIn"].map(
		(name) => ({ operatorType: `String${name}`, key: "data.s", values: [""] }),
	),
	...["IsNullOrUndefined", "IsNotNull"].map((operatorType) => ({ operatorType, key: "data.x" })),
];

function problemsOf(table: unknown): readonly string[] {
	const read = readRoutes(table, SERVICES);
	return read.ok ? [] : read.problems;
}

function routesOf(table: unknown): readonly Route[] {
	const read = readRoutes(table, SERVICES);
	if (!read.ok) throw new Error(read.problems.join("\n"));
	return read.routes;
}

function withFilters(...advancedFilters: unknown[]): unknown {
	return { routes: [{ to, filter: { advancedFilters } }] };
}

describe("a routes table that is sound", () => {
	it("is taken as it stands in the documentation's example", () => {
		expect(readRoutes(EXAMPLE, SERVICES)).toEqual({ ok: true, routes: EXAMPLE.routes });
	});

	it("needs no more than a repository, and calls a nameless route after its place", () => {
		expect(routesOf({ routes: [{ to }, { name: "second", to }, { to }] })).toEqual([
			{ name: "routes[0]", to },
			{ name: "second", to },
			{ name: "routes[2]", to },
		]);
	});

	it("is not changed by being read", () => {
		const table = structuredClone({ routes: [{ to }] });
		routesOf(table);
		expect(table).toEqual({ routes: [{ to }] });
	});

	it.each(EVERY_OPERATOR.map((filter) => [filter.operatorType, filter] as const))("may use %s", (_, filter) => {
		expect(problemsOf(withFilters(filter))).toEqual([]);
	});

	it("may say null where an exported subscription does", () => {
		const filter = {
			includedEventTypes: null,
			subjectBeginsWith: null,
			subjectEndsWith: null,
			isSubjectCaseSensitive: null,
			enableAdvancedFilteringOnArrays: null,
			advancedFilters: null,
		};
		expect(problemsOf({ routes: [{ to, filter }] })).toEqual([]);
	});

	it("may go to Event Grid's limits: 25 filters, 25 values, 512 characters", () => {
		const presence = Array.from({ length: 25 }, () => ({ operatorType: "IsNotNull", key: "data.x" }));
		expect(problemsOf(withFilters(...presence))).toEqual([]);
		const values = Array.from({ length: 24 }, (_, index) => `v${index}`);
		const both = [
			{ operatorType: "StringIn", key: "data.x", values },
			{ operatorType: "BoolEquals", key: "data.y", value: true },
		];
		expect(problemsOf(withFilters(...both))).toEqual([]);
		expect(problemsOf(withFilters({ operatorType: "StringIn", key: "a", values: ["x".repeat(512)] }))).toEqual([]);
		expect(problemsOf(withFilters({ operatorType: "StringIn", key: "a", values: ["😀".repeat(512)] }))).toEqual([]);
	});

	it("may coalesce with equal times, or a window of a single event, and use a range of one number", () => {
		expect(problemsOf({ routes: [{ to, coalesce: { quietSeconds: 30, maxSeconds: 30, maxEvents: 1 } }] })).toEqual([]);
		expect(problemsOf({ routes: [{ to, coalesce: { quietSeconds: 30, maxSeconds: 30 } }] })).toEqual([]);
		expect(problemsOf(withFilters({ operatorType: "NumberInRange", key: "a", values: [[5, 5]] }))).toEqual([]);
	});
});

describe("a routes table that is wrong", () => {
	it.each([
		["null", null, "the table: must be object"],
		["a text", "contoso/model", "the table: must be object"],
		["an array", [{ to }], "the table: must be object"],
		["without routes", {}, "the table: must have required property 'routes'"],
		["with an empty list of routes", { routes: [] }, "routes: must NOT have fewer than 1 items"],
		["with a route that is no object", { routes: [{ to }, "x"] }, "routes[1]: must be object"],
		["with a route to nowhere", { routes: [{ to }, { name: "x" }] }, "routes[1]: must have required property 'to'"],
		[
			"with a destination without repository",
			{ routes: [{ to: {} }] },
			"routes[0].to: must have required property 'repository'",
		],
		[
			"with a name between its dots is empty",
			{ routes: [{ name: "", to }] },
			"routes[0].name: must NOT have fewer than 1 characters",
		],
		[
			"with an unknown key",
			{ routes: [{ to }], route: [] },
			'the table: the key "route" does not exist here; remove it or correct its spelling',
		],
		[
			"with an unknown key of a route",
			{ routes: [{ to, filters: {} }] },
			'routes[0]: the key "filters" does not exist here',
		],
		[
			"with an unknown key of a destination",
			{ routes: [{ to: { ...to, ref: "main" } }] },
			'routes[0].to: the key "ref" does not exist here',
		],
		[
			"with an unknown key of a filter",
			{ routes: [{ to, filter: { subjectStartsWith: "/" } }] },
			'routes[0].filter: the key "subjectStartsWith" does not exist here',
		],
		["with null for a filter", { routes: [{ to, filter: null }] }, "routes[0].filter: must be object"],
		[
			"with a dispatch type that is too long",
			{ routes: [{ to: { ...to, dispatchType: "x".repeat(101) } }] },
			"routes[0].to.dispatchType: must NOT have more than 100 characters",
		],
		[
			"with a secret's name that no vault has",
			{ routes: [{ to: { ...to, token: "a_b" } }] },
			"routes[0].to.token: must match",
		],
		[
			"with an unknown way to coalesce",
			{ routes: [{ to, coalesce: { quietSeconds: 1, maxSeconds: 1, by: "day" } }] },
			"routes[0].coalesce.by: must be one of route, source, container, directory",
		],
		[
			"with a quiet time of nothing",
			{ routes: [{ to, coalesce: { quietSeconds: 0, maxSeconds: 1 } }] },
			"routes[0].coalesce.quietSeconds: must be >= 1",
		],
		[
			"with a window of no events",
			{ routes: [{ to, coalesce: { quietSeconds: 1, maxSeconds: 1, maxEvents: 0 } }] },
			"routes[0].coalesce.maxEvents: must be >= 1",
		],
		[
			"with a window of more events than one can have",
			{ routes: [{ to, coalesce: { quietSeconds: 1, maxSeconds: 1, maxEvents: 100_001 } }] },
			"routes[0].coalesce.maxEvents: must be <= 100000",
		],
		[
			"with a window of half an event",
			{ routes: [{ to, coalesce: { quietSeconds: 1, maxSeconds: 1, maxEvents: 1.5 } }] },
			"routes[0].coalesce.maxEvents: must be integer",
		],
	])("%s is refused with the place", (_, table, problem) => {
		expect(problemsOf(table)).toEqual([expect.stringContaining(problem)]);
	});

	it("refuses an operator that Event Grid does not have", () => {
		const place = "routes[0].filter.advancedFilters[1].operatorType";
		const known = { operatorType: "IsNotNull", key: "data.x" };
		for (const operatorType of ["StringLike", "stringin", "constructor", ""]) {
			expect(problemsOf(withFilters(known, { operatorType, key: "data.x", values: ["a"] }))).toEqual([
				`${place}: "${operatorType}" is not one of Event Grid's operators`,
			]);
		}
	});

	it("refuses a filter without an operator or a key", () => {
		expect(problemsOf(withFilters({ key: "data.x", values: ["a"] }))).toEqual([
			"routes[0].filter.advancedFilters[0]: must have required property 'operatorType'",
		]);
		expect(problemsOf(withFilters({ operatorType: "IsNotNull" }))).toEqual([
			"routes[0].filter.advancedFilters[0]: must have required property 'key'",
		]);
		expect(problemsOf(withFilters({ operatorType: "IsNotNull", key: "" }))).toEqual([
			"routes[0].filter.advancedFilters[0].key: must NOT have fewer than 1 characters",
		]);
	});

	it.each([
		["NumberIn", { values: [1, "2"] }, "values[1]: must be number"],
		["NumberNotIn", { values: [] }, "values: must NOT have fewer than 1 items"],
		["NumberLessThan", { value: "7" }, "value: must be number"],
		["NumberInRange", { values: [[1, 2], 3] }, "values[1]: must be array"],
		["NumberInRange", { values: [[1, 2], [3]] }, "values[1]: must NOT have fewer than 2 items"],
		["NumberNotInRange", { values: [[1, 2, 3]] }, "values[0]: must NOT have more than 2 items"],
		["NumberNotInRange", { values: [[1, null]] }, "values[0][1]: must be number"],
		["BoolEquals", { value: "true" }, "value: must be boolean"],
		["StringIn", { values: ["a", 5] }, "values[1]: must be string"],
		["StringContains", { values: "a" }, "values: must be array"],
		["StringNotEndsWith", { values: ["x".repeat(513)] }, "values[0]: must NOT have more than 512 characters"],
	])("refuses values of the wrong kind under %s: %j", (operatorType, operands, problem) => {
		expect(problemsOf(withFilters({ operatorType, key: "data.x", ...operands }))).toEqual([
			`routes[0].filter.advancedFilters[0].${problem}`,
		]);
	});

	it.each([
		["StringIn", { value: "a" }, "must have required property 'values'"],
		["NumberGreaterThan", { values: [1] }, "must have required property 'value'"],
		["IsNotNull", { values: ["a"] }, 'the key "values" does not exist here; remove it or correct its spelling'],
	])("refuses %s with %j", (operatorType, operands, problem) => {
		expect(problemsOf(withFilters({ operatorType, key: "data.x", ...operands }))).toContain(
			`routes[0].filter.advancedFilters[0]: ${problem}`,
		);
	});

	it("refuses more than 25 advanced filters", () => {
		const filters = Array.from({ length: 26 }, () => ({ operatorType: "IsNotNull", key: "data.x" }));
		expect(problemsOf(withFilters(...filters))).toEqual([
			"routes[0].filter.advancedFilters: must NOT have more than 25 items",
		]);
	});

	it("refuses more than 25 values across a route's filters, single values counted too", () => {
		const values = Array.from({ length: 25 }, (_, index) => index);
		const table = withFilters(
			{ operatorType: "NumberIn", key: "data.x", values },
			{ operatorType: "NumberLessThan", key: "data.x", value: 0 },
			{ operatorType: "IsNotNull", key: "data.x" },
		);
		expect(problemsOf(table)).toEqual([
			"routes[0].filter: the route has 26 filter values; Event Grid allows at most 25",
		]);
	});

	it("refuses a range whose ends are reversed", () => {
		const range = {
			key: "data.x",
			values: [
				[1, 5],
				[5, 1],
			],
		};
		for (const operatorType of ["NumberInRange", "NumberNotInRange"]) {
			expect(problemsOf(withFilters({ operatorType: "IsNotNull", key: "a" }, { operatorType, ...range }))).toEqual([
				"routes[0].filter.advancedFilters[1].values: [5,1] has its ends in the wrong order; put the lower end first",
			]);
		}
	});

	it("refuses a coalescing maximum below the quiet time", () => {
		expect(problemsOf({ routes: [{ to }, { to, coalesce: { quietSeconds: 31, maxSeconds: 30 } }] })).toEqual([
			"routes[1].coalesce.maxSeconds: must be at least quietSeconds",
		]);
	});

	it("refuses a repeated name once, even one that another route has by its place", () => {
		const twice = "is used twice; receipts and logs could not tell the two routes apart";
		const names = ["a", "b", "a", "a", "b"].map((name) => ({ name, to }));
		expect(problemsOf({ routes: names })).toEqual([`routes: the name "a" ${twice}`, `routes: the name "b" ${twice}`]);
		expect(problemsOf({ routes: [{ name: "routes[1]", to }, { to }] })).toEqual([
			`routes: the name "routes[1]" ${twice}`,
		]);
	});

	it("lists every problem of its shape at once", () => {
		const table = {
			extra: 1,
			routes: [
				{ to: { ...to, branch: "main" }, onlyCompletedWrites: "yes" },
				{
					filter: {
						includedEventTypes: [5],
						advancedFilters: [
							{ operatorType: "Nope", key: "a" },
							{ operatorType: "NumberIn", key: "a", values: ["1"] },
						],
					},
				},
			],
		};
		expect([...problemsOf(table)].sort()).toEqual([
			"routes[0].onlyCompletedWrites: must be boolean",
			'routes[0].to: the key "branch" does not exist here; remove it or correct its spelling',
			'routes[1].filter.advancedFilters[0].operatorType: "Nope" is not one of Event Grid\'s operators',
			"routes[1].filter.advancedFilters[1].values[0]: must be number",
			"routes[1].filter.includedEventTypes[0]: must be string",
			"routes[1]: must have required property 'to'",
			'the table: the key "extra" does not exist here; remove it or correct its spelling',
		]);
	});

	it("lists problems of shape and of meaning together", () => {
		const table = {
			extra: 1,
			routes: [7, { to: { repository: "nope" } }, { to: { repository: "a/b" }, coalesce: {} }],
		};
		const problems = problemsOf(table).join("; ");
		expect(problems).toContain('the key "extra" does not exist');
		expect(problems).toContain("routes[0]: must be object");
		expect(problems).toContain('routes[1].to.repository: "nope"');
		expect(problems).toContain("routes[2].coalesce: must have required property");
	});

	it("lists what is no route beside those that are wrong in another way", () => {
		const routes = [null, "x", ...Array.from({ length: 9 }, (_, index) => ({ name: `${index}`, to })), { to: 5 }];
		expect(problemsOf({ routes })).toEqual([
			"routes[0]: must be object",
			"routes[1]: must be object",
			expect.stringMatching(/^routes\[11\]\.to: /),
		]);
	});

	it("counts a filter's values and its single value, and none where it has neither", () => {
		const many = { operatorType: "NumberIn", key: "a", values: Array.from({ length: 24 }, () => 1) };
		const one = { operatorType: "NumberLessThan", key: "a", value: 1 };
		const none = { operatorType: "IsNotNull", key: "a" };
		expect(problemsOf(withFilters(many, one, none))).toEqual([]);
		expect(problemsOf(withFilters(many, one, one, none))).toEqual([
			"routes[0].filter: the route has 26 filter values; Event Grid allows at most 25",
		]);
	});

	it("names a place as it is written, where a name has a slash or a tilde, too", () => {
		const problems = problemsOf({ routes: [{ to: { ...to, payload: { "a/b~c": 5 } } }] });
		expect(problems.join()).toContain("routes[0].to.payload.a/b~c: ");
	});

	it("lists every problem of its meaning at once", () => {
		const reversed = { operatorType: "NumberInRange", key: "a", values: [[2, 1]] };
		const many = { operatorType: "NumberIn", key: "a", values: Array.from({ length: 25 }, () => 1) };
		const table = {
			routes: [
				{ name: "n", to: { repository: "contoso" } },
				{
					name: "n",
					to: { repository: "a/b/c" },
					coalesce: { quietSeconds: 2, maxSeconds: 1 },
					filter: { advancedFilters: [reversed, many] },
				},
			],
		};
		expect(problemsOf(table)).toEqual([
			'routes[0].to.repository: "contoso" is not owner/name, such as contoso/fraud-model',
			'routes[1].to.repository: "a/b/c" is not owner/name, such as contoso/fraud-model',
			"routes[1].coalesce.maxSeconds: must be at least quietSeconds",
			"routes[1].filter: the route has 26 filter values; Event Grid allows at most 25",
			"routes[1].filter.advancedFilters[0].values: [2,1] has its ends in the wrong order; put the lower end first",
			expect.stringContaining('routes: the name "n" is used twice'),
		]);
	});
});

describe("a repository's name", () => {
	it.each(["contoso/fraud-model", "Contoso-1/a", "0/_", "a/b.c_d-e", "octo/.github", "mona_contoso/m", "contoso/..."])(
		"may be %s",
		(text) => {
			expect(isRepository(text)).toBe(true);
			expect(problemsOf({ routes: [{ to: { repository: text } }] })).toEqual([]);
		},
	);

	it.each([
		"contoso",
		"contoso/",
		"/model",
		"contoso/model/",
		"contoso/model/dispatches",
		"https://github.com/contoso/model",
		"-contoso/model",
		"con toso/model",
		"contoso/mo del",
		"contoso/model?x=1",
		"contoso/model#x",
		"contoso/%2e%2e",
		"contoso\\model",
		"contoso/model\n",
		"cöntoso/model",
		"../model",
		"_contoso/model",
		"contoso/.",
		"contoso/..",
		"contoso/.git",
		"contoso/..git",
		"contoso/...git",
	])("cannot be %j", (text) => {
		expect(isRepository(text)).toBe(false);
		expect(problemsOf({ routes: [{ to: { repository: text } }] })).toEqual([
			`routes[0].to.repository: "${text}" is not owner/name, such as contoso/fraud-model`,
		]);
	});

	it.each([
		["contoso/model.git", "contoso/model"],
		["contoso/model.GIT", "contoso/model"],
		["contoso/a.git.git", "contoso/a.git"],
	])("cannot be %j, which only a clone address is, and the repair is named", (text, name) => {
		expect(isRepository(text)).toBe(false);
		expect(problemsOf({ routes: [{ to: { repository: text } }] })).toEqual([
			`routes[0].to.repository: "${text}" ends in .git, which only its clone address does; write ${name}`,
		]);
	});

	it.each(["contoso/git", "contoso/model.github", "contoso/a.git-b"])("may have git in it: %s", (text) => {
		expect(isRepository(text)).toBe(true);
	});
});
