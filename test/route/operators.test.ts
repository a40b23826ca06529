import { describe, expect, it } from "@jest/globals";
import { NumberText } from "../../src/event/json.ts";
import type { BridgeEvent } from "../../src/model.ts";
import { advancedFilter as makeFilter } from "../../src/route/filter.ts";
import { toFiltered } from "../../src/route/filtered-event.ts";
import { OPERATORS } from "../../src/route/operators.ts";
import type { AdvancedFilter } from "../../src/route/route.ts";
import { asBridgeEvent, exampleOf } from "../../support/example-events.ts";

const advancedFilter = (filter: AdvancedFilter, onArrays: boolean) => {
	const test = makeFilter(filter, onArrays);
	return (event: BridgeEvent) => test(toFiltered(event));
};

/** Stands in a table for an event that does not have the key. */
const MISSING = Symbol("an event without the key");

interface TruthTable {
	readonly of: Omit<AdvancedFilter, "key">;
	readonly passes: readonly unknown[];
	readonly stops: readonly unknown[];
	/** With enableAdvancedFilteringOnArrays. */
	readonly onArrays: { readonly passes: readonly unknown[]; readonly stops: readonly unknown[] };
}

/** What stands under the key, and what follows. Source: learn.microsoft.com, "Understand event filtering". */
const TRUTH_TABLES: readonly TruthTable[] = [
	{
		of: { operatorType: "NumberIn", values: [5, -7.5, 0] },
		passes: [5, 5.0, -7.5, 0],
		stops: [6, 7.5, "5", true, false, null, MISSING, {}, [5]],
		onArrays: { passes: [5, [5], [1, "x", 0]], stops: [6, [], [6], ["5"], [[5]], [null], null, MISSING] },
	},
	{
		of: { operatorType: "NumberNotIn", values: [5, -7.5, 0] },
		passes: [6, 7.5, "5", true, false, null, MISSING, {}, [5]],
		stops: [5, -7.5, 0],
		onArrays: { passes: [6, [], [6, 7], ["5"], [[5]], [null], null, MISSING], stops: [5, [5], [1, "x", 0]] },
	},
	{
		of: { operatorType: "NumberLessThan", value: 10 },
		passes: [9.99, 0, -1e9],
		stops: [10, 10.01, "9", true, null, MISSING, {}, [9]],
		onArrays: { passes: [9, [9], [11, 9]], stops: [10, [], [10, 11], ["9"], null, MISSING] },
	},
	{
		of: { operatorType: "NumberGreaterThan", value: 10 },
		passes: [10.01, 1e9],
		stops: [10, 9.99, -11, "11", true, null, MISSING, {}, [11]],
		onArrays: { passes: [11, [11], [9, 11]], stops: [10, [], [9, 10], ["11"], null, MISSING] },
	},
	{
		of: { operatorType: "NumberLessThanOrEquals", value: 10 },
		passes: [10, 9.99, -1e9],
		stops: [10.01, "10", true, null, MISSING, {}, [10]],
		onArrays: { passes: [10, [10], [11, 9]], stops: [11, [], [11, 12], ["9"], null, MISSING] },
	},
	{
		of: { operatorType: "NumberGreaterThanOrEquals", value: 10 },
		passes: [10, 10.01, 1e9],
		stops: [9.99, -11, "10", true, null, MISSING, {}, [10]],
		onArrays: { passes: [10, [10], [9, 11]], stops: [9, [], [8, 9], ["11"], null, MISSING] },
	},
	{
		of: {
			operatorType: "NumberInRange",
			values: [
				[3, 5],
				[10, 10],
				[-2.5, -1],
			],
		},
		passes: [3, 4, 5, 10, -2.5, -1],
		stops: [2.99, 5.01, 9, 11, -2.51, -0.99, 0, "4", true, null, MISSING, {}, [4]],
		onArrays: { passes: [4, [4], [0, "x", 10]], stops: [6, [], [6, 2], ["4"], [[3, 5]], null, MISSING] },
	},
	{
		of: {
			operatorType: "NumberNotInRange",
			values: [
				[3, 5],
				[10, 10],
				[-2.5, -1],
			],
		},
		passes: [2.99, 5.01, 9, 11, -2.51, -0.99, 0, "4", true, null, MISSING, {}, [4]],
		stops: [3, 4, 5, 10, -2.5, -1],
		onArrays: { passes: [6, [], [6, 2], ["4"], [[3, 5]], null, MISSING], stops: [4, [4], [0, "x", 10]] },
	},
	{
		of: { operatorType: "BoolEquals", value: true },
		passes: [true],
		stops: [false, "true", 1, null, MISSING, {}, [true]],
		onArrays: { passes: [true, [true], [false, true]], stops: [false, [], [false], ["true"], [1], null, MISSING] },
	},
	{
		of: { operatorType: "BoolEquals", value: false },
		passes: [false],
		stops: [true, "false", 0, "", null, MISSING, {}, [false]],
		onArrays: { passes: [false, [true, false]], stops: [true, [], [true], [0], [null], null, MISSING] },
	},
	{
		of: { operatorType: "StringContains", values: ["Train", "ing/"] },
		passes: ["train", "TRAIN", "reTRAINed", "testING/set"],
		stops: ["trai n", "ing", "", 5, true, null, MISSING, {}, ["train"]],
		onArrays: { passes: ["train", ["x", "retrain"]], stops: ["x", [], ["x", ""], [5], [["train"]], null, MISSING] },
	},
	{
		of: { operatorType: "StringNotContains", values: ["Train", "ing/"] },
		passes: ["trai n", "ing", "", 5, true, {}, ["train"]],
		stops: ["train", "TRAIN", "reTRAINed", "testING/set", null, MISSING],
		onArrays: { passes: ["x", [], ["x", ""], [5], [["train"]]], stops: ["train", ["x", "retrain"], null, MISSING] },
	},
	{
		of: { operatorType: "StringBeginsWith", values: ["Train", "5"] },
		passes: ["train", "TRAINING", "5 o'clock"],
		stops: ["retrain", "trai", "", 5, true, null, MISSING, {}, ["train"]],
		onArrays: { passes: ["training", ["x", "training"]], stops: ["x", [], ["retrain"], [5], null, MISSING] },
	},
	{
		of: { operatorType: "StringNotBeginsWith", values: ["Train", "5"] },
		passes: ["retrain", "trai", "", 5, true, {}, ["train"]],
		stops: ["train", "TRAINING", "5 o'clock", null, MISSING],
		onArrays: { passes: ["x", [], ["retrain"], [5]], stops: ["training", ["x", "training"], null, MISSING] },
	},
	{
		of: { operatorType: "StringEndsWith", values: [".CSV", ".parquet"] },
		passes: ["a.csv", "A.CSV", "b.Parquet", ".csv"],
		stops: ["a.csv.bak", "csv", "", 5, true, null, MISSING, {}, ["a.csv"]],
		onArrays: { passes: ["a.csv", ["a.txt", "a.csv"]], stops: ["a.txt", [], ["a.csv.bak"], [5], null, MISSING] },
	},
	{
		of: { operatorType: "StringNotEndsWith", values: [".CSV", ".parquet"] },
		passes: ["a.csv.bak", "csv", "", 5, true, {}, ["a.csv"]],
		stops: ["a.csv", "A.CSV", "b.Parquet", ".csv", null, MISSING],
		onArrays: { passes: ["a.txt", [], ["a.csv.bak"], [5]], stops: ["a.csv", ["a.txt", "a.csv"], null, MISSING] },
	},
	{
		of: { operatorType: "StringIn", values: ["PutBlob", "5"] },
		passes: ["PutBlob", "putblob", "PUTBLOB", "5"],
		stops: ["PutBlobs", "Put", "", 5, true, null, MISSING, {}, ["PutBlob"]],
		onArrays: { passes: ["putblob", ["x", "PUTBLOB"]], stops: ["x", [], ["PutBlobs"], [5], null, MISSING] },
	},
	{
		of: { operatorType: "StringNotIn", values: ["PutBlob", "5"] },
		passes: ["PutBlobs", "Put", "", 5, true, null, MISSING, {}, ["PutBlob"]],
		stops: ["PutBlob", "putblob", "PUTBLOB", "5"],
		onArrays: { passes: ["x", [], ["PutBlobs"], [5], null, MISSING], stops: ["putblob", ["x", "PUTBLOB"]] },
	},
	{
		of: { operatorType: "IsNullOrUndefined" },
		passes: [null, MISSING],
		stops: ["", 0, false, "x", {}, [], [null]],
		onArrays: { passes: [null, MISSING], stops: ["", [], [null], [1]] },
	},
	{
		of: { operatorType: "IsNotNull" },
		passes: ["", 0, false, "x", {}, [], [null]],
		stops: [null, MISSING],
		onArrays: { passes: ["", [], [null], [1]], stops: [null, MISSING] },
	},
];

function eventWith(value: unknown): BridgeEvent {
	return asBridgeEvent(exampleOf("BlobCreated"), { data: value === MISSING ? {} : { probe: value } });
}

function inWords(value: unknown): string {
	return typeof value === "symbol" ? (value.description ?? "") : JSON.stringify(value);
}

describe.each(
	TRUTH_TABLES.map((table) => [`${table.of.operatorType} ${JSON.stringify(table.of.values ?? table.of.value)}`, table]),
)("the advanced filter %s", (_, table) => {
	const { of, passes, stops, onArrays } = table as TruthTable;
	const rows = (values: readonly unknown[]) => values.map((value) => [inWords(value), value] as const);
	const plain = advancedFilter({ ...of, key: "data.probe" }, false);
	const intoArrays = advancedFilter({ ...of, key: "data.probe" }, true);

	it.each(rows(passes))("passes %s", (_, value) => {
		expect(plain(eventWith(value))).toBe(true);
	});

	it.each(rows(stops))("stops %s", (_, value) => {
		expect(plain(eventWith(value))).toBe(false);
	});

	it.each(rows(onArrays.passes))("passes %s when it may look into arrays", (_, value) => {
		expect(intoArrays(eventWith(value))).toBe(true);
	});

	it.each(rows(onArrays.stops))("stops %s when it may look into arrays", (_, value) => {
		expect(intoArrays(eventWith(value))).toBe(false);
	});
});

describe("an advanced filter", () => {
	it("has a truth table here for each operator, Event Grid's 19 among them", () => {
		const operators = Object.keys(OPERATORS);
		expect(operators.length).toBeGreaterThanOrEqual(19);
		expect(new Set(TRUTH_TABLES.map(({ of }) => of.operatorType))).toEqual(new Set(operators));
	});

	it("ignores the case of letters beyond ASCII too", () => {
		const passes = advancedFilter({ operatorType: "StringIn", key: "data.probe", values: ["ÜBUNG"] }, false);
		expect(passes(eventWith("Übung"))).toBe(true);
		expect(passes(eventWith("Ubung"))).toBe(false);
	});

	it("answers many events, each on its own", () => {
		const passes = advancedFilter({ operatorType: "StringContains", key: "data.probe", values: ["a"] }, false);
		expect(["a", "b", "a", "b"].map((value) => passes(eventWith(value)))).toEqual([true, false, true, false]);
	});

	it("reads a numeric extension attribute as text under a string operator, as Event Grid's own example does", () => {
		const event = asBridgeEvent(exampleOf("RunCompleted"), { attributes: { comexample: 5, other: 0.5 } });
		const passes = (operatorType: string, key: string, value: string) =>
			advancedFilter({ operatorType, key, values: [value] }, false)(event);
		expect(passes("StringBeginsWith", "comExample", "5")).toBe(true);
		expect(passes("StringIn", "other", "0.5")).toBe(true);
		expect(passes("StringBeginsWith", "comExample", "6")).toBe(false);
		expect(passes("StringNotIn", "comExample", "5")).toBe(false);
		expect(passes("StringNotIn", "comExample", "6")).toBe(true);
	});

	it("keeps a numeric extension attribute a number under a number operator", () => {
		const event = asBridgeEvent(exampleOf("RunCompleted"), { attributes: { comexample: 5, text: "5" } });
		expect(advancedFilter({ operatorType: "NumberIn", key: "comExample", values: [5] }, false)(event)).toBe(true);
		expect(advancedFilter({ operatorType: "NumberIn", key: "text", values: [5] }, false)(event)).toBe(false);
	});

	it("reads no boolean extension attribute as text", () => {
		const event = asBridgeEvent(exampleOf("RunCompleted"), { attributes: { urgent: true } });
		expect(advancedFilter({ operatorType: "StringIn", key: "urgent", values: ["true"] }, false)(event)).toBe(false);
		expect(advancedFilter({ operatorType: "BoolEquals", key: "urgent", value: true }, false)(event)).toBe(true);
	});

	it.each([
		["NumberGreaterThan", { value: 7_615_917_337_495_251_000 }, false],
		["NumberGreaterThan", { value: 7_615_917_337_495_000_000 }, true],
		["NumberIn", { values: [Number("7615917337495251231")] }, true],
		["NumberNotIn", { values: [1] }, true],
		["NumberInRange", { values: [[7e18, 8e18]] as const }, true],
		["StringContains", { values: ["7615"] }, false],
		["IsNotNull", {}, true],
		["IsNullOrUndefined", {}, false],
	])("compares a number that no double can hold as the nearest that one can: %s %j", (operatorType, of, passes) => {
		const big = new NumberText("7615917337495251231");
		const filter = (onArrays: boolean) => advancedFilter({ operatorType, key: "data.probe", ...of }, onArrays);
		expect(filter(false)(eventWith(big))).toBe(passes);
		expect(filter(true)(eventWith(big))).toBe(passes);
		if (operatorType.startsWith("Number")) expect(filter(true)(eventWith([big]))).toBe(passes);
	});

	it("reads no member of a number that no double can hold", () => {
		const has = (key: string) => advancedFilter({ operatorType: "IsNotNull", key }, false);
		expect(has("data.probe.text")(eventWith(new NumberText("1e400")))).toBe(false);
	});

	it("reads such a number as its text where it is an extension attribute", () => {
		const event = asBridgeEvent(exampleOf("RunCompleted"), {
			attributes: { part: new NumberText("9007199254740993") },
		});
		const passes = (values: string[]) =>
			advancedFilter({ operatorType: "StringIn", key: "part", values }, false)(event);
		expect(passes(["9007199254740993"])).toBe(true);
		expect(passes(["9007199254740992"])).toBe(false);
	});

	it("refuses an operator that Event Grid does not have", () => {
		expect(() => advancedFilter({ operatorType: "StringLike", key: "data.probe", values: ["x"] }, false)).toThrow(
			"no operator StringLike",
		);
	});
});

/** Whether a value meets an operand, by what `operandIs` claims of it; of numbers, between which two edges it lies. */
const CLAIMS = {
	beginning: (value: unknown, operand: unknown) => String(value).startsWith(String(operand)),
	end: (value: unknown, operand: unknown) => String(value).endsWith(String(operand)),
	part: (value: unknown, operand: unknown) => String(value).includes(String(operand)),
	whole: (value: unknown, operand: unknown) => operand === undefined || value === operand,
	edge: (value: unknown, operand: unknown) =>
		[operand]
			.flat()
			.flatMap((edge) => [Number(value) < Number(edge), Number(value) === Number(edge)])
			.join(),
};
const SMALL = { number: [-1, 0, 0.5, 1, 1.5, 2, 3], boolean: [true, false], string: ["", "a", "b", "ab", "ba", "aba"] };

describe.each(Object.entries(OPERATORS).filter(([, { operandIs }]) => operandIs !== undefined))(
	"what %s tells routes check of its operands",
	(_, { of, operand, operandIs = "whole", meets }) => {
		const values: readonly unknown[] = of === "any" ? [0, "a", {}] : SMALL[of];
		const pairs = values.flatMap((low) => values.map((high) => [low, high]));
		const operands = operand === "none" ? [undefined] : operand === "ranges" ? pairs : values;

		it("is true: values that it calls alike are judged alike", () => {
			for (const one of operands) {
				const verdicts = new Map<unknown, boolean>();
				for (const value of values) {
					const claim = CLAIMS[operandIs](value, one);
					const verdict = meets(value as never, one as never);
					if (typeof claim === "boolean") expect([value, one, verdict]).toEqual([value, one, claim]);
					else expect([value, one, verdict]).toEqual([value, one, verdicts.get(claim) ?? verdict]);
					verdicts.set(claim, verdict);
				}
			}
		});
	},
);
