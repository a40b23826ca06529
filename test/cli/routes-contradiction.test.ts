import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { checkFilters } from "../../src/cli/routes/check-filters.ts";
import { checkTable } from "../../src/cli/routes/check-table.ts";
import { resolve, SERVICES } from "../../src/destinations/list.ts";
import { readRoutes } from "../../src/route/read-routes.ts";
import type { AdvancedFilter, Route } from "../../src/route/route.ts";
import { createRouter } from "../../src/route/router.ts";
import { asBridgeEvent, EXAMPLE_EVENTS, exampleOf } from "../../support/example-events.ts";

const texts = fc.string({ unit: fc.constantFrom("a", "b", "B"), maxLength: 3 });
const number = fc.integer({ min: 0, max: 4 });
const some = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: 1, maxLength: 3 });
const range = fc.tuple(number, number).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
const named = (...names: string[]) => fc.constantFrom(...names);

const filter = fc.oneof(
	fc.record({ operatorType: named("NumberIn", "NumberNotIn"), values: some(number) }),
	fc.record({
		operatorType: named("NumberLessThan", "NumberGreaterThan", "NumberLessThanOrEquals", "NumberGreaterThanOrEquals"),
		value: number,
	}),
	fc.record({ operatorType: named("NumberInRange", "NumberNotInRange"), values: some(range) }),
	fc.record({ operatorType: named("BoolEquals"), value: fc.boolean() }),
	fc.record({
		operatorType: named("StringContains", "StringBeginsWith", "StringEndsWith", "StringIn", "StringNotIn"),
		values: some(texts),
	}),
	fc.record({
		operatorType: named("StringNotContains", "StringNotBeginsWith", "StringNotEndsWith"),
		values: some(texts),
	}),
	fc.record({ operatorType: named("IsNotNull", "IsNullOrUndefined") }),
);

/** Everything that is small enough to be tried: what the filters speak of, what lies between, and other types. */
const strings = ["", "a", "b"].flatMap((a) => ["", "a", "b"].flatMap((b) => ["", "a", "b"].map((c) => a + b + c)));
const VALUES = [undefined, null, true, false, [], ["a"], {}, ...strings, -1, 0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5];

/** A route with these filters on one key. */
function routeOf(filters: readonly object[], key = "data.x", onArrays = false): Route {
	const advancedFilters = filters.map((one) => ({ key, ...one })) as AdvancedFilter[];
	return {
		name: "a",
		filter: { advancedFilters, enableAdvancedFilteringOnArrays: onArrays },
		to: { repository: "a/b" },
	};
}

function taken(route: Route, more: object): boolean {
	return createRouter([route], resolve)({ ...asBridgeEvent(exampleOf("RunCompleted")), ...more }).matches.length > 0;
}

describe("filters that are said to exclude each other", () => {
	it("do so, whatever the value is", () => {
		let contradictions = 0;
		fc.assert(
			fc.property(fc.array(filter, { minLength: 2, maxLength: 4 }), fc.boolean(), (filters, onArrays) => {
				const route = routeOf(filters, "data.x", onArrays);
				if (checkFilters(route, "routes[0]").length === 0) return;
				contradictions += 1;
				for (const value of VALUES) expect(taken(route, { data: value === undefined ? {} : { x: value } })).toBe(false);
			}),
			{ numRuns: 2_000 },
		);
		expect(contradictions).toBeGreaterThan(100);
	});

	it("do so for an attribute of the envelope, too, whose numbers are read as text", () => {
		fc.assert(
			fc.property(fc.array(filter, { minLength: 2, maxLength: 3 }), (filters) => {
				const route = routeOf(filters, "priority");
				if (checkFilters(route, "routes[0]").length === 0) return;
				for (const value of VALUES) {
					expect(taken(route, { attributes: value === undefined ? {} : { priority: value } })).toBe(false);
				}
			}),
			{ numRuns: 1_000 },
		);
	});

	it("are found whenever they are about numbers alone", () => {
		const numeric = filter.filter(({ operatorType }) => /^Number(?!Not)/.test(operatorType));
		fc.assert(
			fc.property(fc.array(numeric, { minLength: 2, maxLength: 3 }), (filters) => {
				const route = routeOf(filters);
				const possible = VALUES.some((x) => taken(route, { data: { x } }));
				expect(checkFilters(route, "routes[0]").length === 0).toBe(possible);
			}),
			{ numRuns: 1_000 },
		);
	});
});

describe("a route that is said to match nothing", () => {
	const types = fc.constantFrom(...EXAMPLE_EVENTS.map(({ type }) => type), "All", "microsoft.storage.blobcreated");
	const starts = fc.constantFrom(
		"",
		"/",
		"/blobServices/default/containers/",
		"/BlobServices",
		"experiments/",
		"models/",
		"Models",
		"blobServices/",
		"training/",
		"data",
	);
	const sources = fc.constantFrom(undefined, ...new Set(EXAMPLE_EVENTS.map(({ source }) => source)));

	it("takes none of the known events", () => {
		fc.assert(
			fc.property(
				fc.array(types, { minLength: 1, maxLength: 3 }),
				starts,
				fc.boolean(),
				sources,
				(includedEventTypes, subjectBeginsWith, isSubjectCaseSensitive, source) => {
					const route = {
						name: "a",
						...(source === undefined ? {} : { source }),
						filter: { includedEventTypes, subjectBeginsWith, isSubjectCaseSensitive },
						to: { repository: "a/b" },
					};
					if (!checkTable({ routes: [route] }).some(({ verdict }) => verdict === "error")) return;
					const routed = createRouter([route], resolve);
					for (const event of EXAMPLE_EVENTS) expect(routed(asBridgeEvent(event)).matches).toEqual([]);
				},
			),
		);
	});
});

describe("a route that is said never to be reached", () => {
	const part = fc.record(
		{
			includedEventTypes: fc.subarray(["Microsoft.Storage.BlobCreated", "Microsoft.Storage.BlobDeleted"], {
				minLength: 1,
			}),
			subjectBeginsWith: fc.constantFrom(
				"/blobServices/default/containers/training/",
				"/blobServices/default/containers/training/blobs/2026/",
			),
			subjectEndsWith: fc.constantFrom(".csv", "s.csv", ".json"),
			isSubjectCaseSensitive: fc.boolean(),
			advancedFilters: fc.subarray([
				{ operatorType: "IsNotNull", key: "data.api" },
				{ operatorType: "IsNotNull", key: "data.eTag" },
			]),
		},
		{ requiredKeys: [] },
	);
	const one = fc.record({
		filter: part,
		onlyCompletedWrites: fc.boolean(),
		dispatchType: fc.constantFrom(undefined, "storage-blobcreated"),
	});
	const events = EXAMPLE_EVENTS.flatMap((event) => [
		event,
		{ ...event, subject: event.subject.toUpperCase() },
		{ ...event, data: { ...event.data, api: "CreateFile" } },
	]);

	it("adds nothing to what the one before it takes", () => {
		let hidden = 0;
		fc.assert(
			fc.property(one, one, (first, second) => {
				const routes = [first, second].map(({ dispatchType, ...rest }, index) => ({
					...rest,
					name: String(index),
					to: { repository: "a/b", ...(dispatchType === undefined ? {} : { dispatchType }) },
				}));
				if (!checkTable({ routes }).some(({ problem }) => problem.startsWith("this route never has an effect"))) return;
				hidden += 1;
				const read = readRoutes({ routes }, SERVICES);
				if (!read.ok) throw new Error(read.problems.join());
				for (const event of events) {
					const matches = createRouter(read.routes, resolve)(asBridgeEvent(event)).matches;
					expect(matches.filter(({ route }) => route === "1")).toEqual([]);
				}
			}),
			{ numRuns: 2_000 },
		);
		expect(hidden).toBeGreaterThan(20);
	});
});

describe("two routes to one place whose filters are on one key", () => {
	const filters = fc.array(filter, { minLength: 1, maxLength: 3 });
	const both = [filters, filters, fc.boolean(), fc.boolean()] as const;
	const pair = (
		first: readonly object[],
		second: readonly object[],
		firstOnArrays: boolean,
		secondOnArrays: boolean,
	) => [
		{ ...routeOf(first, "data.x", firstOnArrays), name: "first" },
		{ ...routeOf(second, "data.x", secondOnArrays), name: "second" },
	];
	const values = [...VALUES, ["b"], ["a", "b"], [1], [1, 3], ["ab", 0], [true, false]];
	const asData = (value: unknown) => ({ data: value === undefined ? {} : { x: value } });

	it("leave nothing to the second one where it is said never to be reached", () => {
		let hidden = 0;
		fc.assert(
			fc.property(...both, (...given) => {
				const [first, second] = pair(...given) as [Route, Route];
				if (
					!checkTable({ routes: [first, second] }).some(({ problem }) =>
						problem.startsWith("this route never has an effect"),
					)
				)
					return;
				hidden += 1;
				for (const value of values.map(asData)) expect(taken(second, value) && !taken(first, value)).toBe(false);
			}),
			{ numRuns: 1_000 },
		);
		expect(hidden).toBeGreaterThan(10);
	});

	it("take no event both where nothing is said of them", () => {
		let apart = 0;
		fc.assert(
			fc.property(...both, (...given) => {
				const [first, second] = pair(...given) as [Route, Route];
				if (checkTable({ routes: [first, second] }).some(({ problem }) => !problem.includes("every container"))) return;
				apart += 1;
				for (const value of values.map(asData)) expect(taken(first, value) && taken(second, value)).toBe(false);
			}),
			{ numRuns: 1_000 },
		);
		expect(apart).toBeGreaterThan(10);
	});

	it("are known to hide one another by what their operators mean, not by how they are written", () => {
		const hides = (first: object, second: object) =>
			checkTable({ routes: pair([first], [second], false, false) }).some(({ problem }) =>
				problem.startsWith("this route never has an effect"),
			);
		const wide = { operatorType: "NumberGreaterThan", value: 1 };
		expect(hides(wide, { operatorType: "NumberInRange", values: [[1.5, 3]] })).toBe(true);
		expect(hides(wide, { operatorType: "NumberInRange", values: [[1, 3]] })).toBe(false);
		const begins = { operatorType: "StringBeginsWith", values: ["AB", "x"] };
		expect(hides(begins, { operatorType: "StringIn", values: ["abc", "X-ray"] })).toBe(true);
		expect(hides(begins, { operatorType: "StringContains", values: ["abc"] })).toBe(false);
		expect(hides({ operatorType: "IsNotNull" }, { operatorType: "StringNotContains", values: ["a"] })).toBe(true);
		expect(hides({ operatorType: "IsNotNull" }, { operatorType: "StringNotIn", values: ["a"] })).toBe(false);
		expect(hides({ operatorType: "StringNotIn", values: ["a"] }, begins)).toBe(true);
		expect(hides({ operatorType: "StringNotContains", values: ["b"] }, begins)).toBe(false);
	});
});
