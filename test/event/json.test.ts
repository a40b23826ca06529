import { describe, expect, it, jest } from "@jest/globals";
import fc from "fast-check";
import { isNestedDeeper, isNumberText, NumberText, readJson, readPlainJson, writeJson } from "../../src/event/json.ts";

const NUMBERS = [
	"0",
	"-0",
	"-0.0",
	"1",
	"1.0",
	"1.10",
	"10",
	"100",
	"-1.5",
	"1e400",
	"-1E+400",
	"1e3",
	"1E-3",
	"1e21",
	"0.0000001",
	"0.00000012",
	"0.000001",
	"9007199254740991",
	"9007199254740993",
	"7615917337495251231",
	"-9223372036854775808",
	"100000000000000000000",
	"0.1",
	"0.1234567890123456789",
	"123456789012345.6789",
	`1${"0".repeat(400)}`,
];

describe("JSON as the bridge reads and writes it", () => {
	it.each(NUMBERS)("leaves the number %s as it is, wherever it stands", (number) => {
		for (const text of [number, `[${number}]`, `{"a":${number},"b":[1,${number},{"c":${number}}]}`]) {
			expect(writeJson(readJson(text))).toBe(text);
			expect(writeJson(readJson(` ${text.replaceAll(/([,:[\]{}])/g, " $1\n")} `))).toBe(text);
		}
	});

	it("leaves every number as it is, however it is written", () => {
		const digits = fc.stringMatching(/^(0|[1-9]\d{0,24})$/);
		const number = fc
			.tuple(
				fc.constantFrom("", "-"),
				digits,
				fc.stringMatching(/^(\.\d{1,24})?$/),
				fc.stringMatching(/^([eE][+-]?\d{1,3})?$/),
			)
			.map((parts) => parts.join(""));
		fc.assert(
			fc.property(fc.array(number, { maxLength: 5 }), (numbers) => {
				const text = `{"numbers":[${numbers.join(",")}],"text":"x"}`;
				expect(writeJson(readJson(text))).toBe(text);
			}),
			{ numRuns: 2000 },
		);
	});

	it("is JavaScript's own JSON where all numbers are JavaScript's", () => {
		fc.assert(
			fc.property(fc.jsonValue(), (value) => {
				const text = JSON.stringify(value);
				expect(writeJson(readJson(text))).toBe(JSON.stringify(JSON.parse(text)));
			}),
			{ numRuns: 2000 },
		);
	});

	it("has the nearest double for comparisons, and knows no number by its members", () => {
		const { big } = readJson('{"big":9007199254740993}') as { big: NumberText };
		expect(big).toBeInstanceOf(NumberText);
		expect(Number(big)).toBe(9007199254740992);
		expect(String(big)).toBe("9007199254740993");
		expect(Object.keys(big)).toEqual([]);
	});

	it("keeps JavaScript's own numbers beside such a one, and takes nothing else for a number", () => {
		expect(readJson('[1.0,2,null,"x",true]')).toEqual([expect.any(NumberText), 2, null, "x", true]);
		expect(writeJson(readJson('[1.0,2,null,"x",true]'))).toBe('[1.0,2,null,"x",true]');
		expect([undefined, null, "x", 7, {}].map(isNumberText)).toEqual([false, false, false, false, false]);
	});

	it("knows a number of another copy of this module: the door and the bridge are bundles of their own", () => {
		let other: typeof import("../../src/event/json.ts") | undefined;
		jest.isolateModules(() => {
			other = require("../../src/event/json.ts");
		});
		const read = other?.readJson('{"a":[9007199254740993]}') as { a: unknown[] };
		expect(read.a[0]).not.toBeInstanceOf(NumberText);
		expect(isNumberText(read.a[0])).toBe(true);
		expect(writeJson(read)).toBe('{"a":[9007199254740993]}');
	});

	it("is the nearest double for what writes it without knowing of it", () => {
		expect(JSON.stringify(readJson("[9007199254740993,1.0]"))).toBe("[9007199254740992,1]");
	});

	it("takes the last one of members with one name, as JSON.parse does, and a name like any other for one", () => {
		expect(writeJson(readJson('{"a":1.0,"a":2.0}'))).toBe('{"a":2.0}');
		expect(writeJson(readJson('{"a":1.0,"a":"x"}'))).toBe('{"a":"x"}');
		const read = readJson('{"__proto__":{"a":1.0}}') as object;
		expect(Object.keys(read)).toEqual(["__proto__"]);
		expect(writeJson(read)).toBe('{"__proto__":{"a":1.0}}');
	});

	it("skips a byte-order mark", () => {
		expect(readJson("\uFEFF[1.0]")).toHaveLength(1);
		expect(readPlainJson("\uFEFF[1.0]")).toEqual([1]);
	});

	it("writes half a character as U+FFFD, in texts and in names, and nothing else in another way", () => {
		const [whole, escaped] = ["😀", "\\ud83d"];
		expect(writeJson({ a: "x\ud83d", "\udc00": whole, b: escaped, c: `\\${escaped}`, d: `\\\ud83d` })).toBe(
			`{"a":"x\uFFFD","\uFFFD":"😀","b":"\\\\ud83d","c":"\\\\\\\\ud83d","d":"\\\\\uFFFD"}`,
		);
	});

	it.each([
		["hello", 0],
		["", 0],
		['{"id": ', 7],
		['{"a":1,}', 7],
		["[1 2]", 3],
		["\uFEFF[1 2]", 3],
		['{"a" 1}', 5],
		['["\u0001"]', 2],
		['{"a":1,"a":2,}', 13],
		[`["${"x".repeat(1000)}", oops]`, 1005],
		["[1] 2", 4],
	])("names the position where %j ceases to be JSON", (text, position) => {
		expect(() => readJson(text)).toThrow(SyntaxError);
		expect(() => readJson(text)).toThrow(new RegExp(`at position ${position}$`));
	});

	it("keeps the numbers of what stands beside something that is nested too deeply to be read so", () => {
		const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
		const [before, , after] = readJson(`[{"a":1.0,"s":"]},[\\"{\\\\"}, ${deep} ,{"b":9007199254740993}]`) as unknown[];
		expect(writeJson([before, after])).toBe('[{"a":1.0,"s":"]},[\\"{\\\\"},{"b":9007199254740993}]');
	});

	it.each(["x", "\\n"])("keeps them beside a text of many megabytes, too: %s", (part) => {
		const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
		const [before] = readJson(`[1.0,${deep},"${part.repeat(8 * 1024 * 1024)}"]`) as unknown[];
		expect(String(before)).toBe("1.0");
	});

	it.each([
		["arrays", (levels: number) => `${"[".repeat(levels)}1.0${"]".repeat(levels)}`],
		["arrays beside others", (levels: number) => `${"[0,".repeat(levels)}1.0${",0]".repeat(levels)}`],
		["arrays in an array", (levels: number) => `[1.0,${"[".repeat(levels)}1.0${"]".repeat(levels)}]`],
		["objects", (levels: number) => `${'{"a":'.repeat(levels)}1.0${"}".repeat(levels)}`],
		["objects in arrays", (levels: number) => `${'[{"a":'.repeat(levels)}1.0${"}]".repeat(levels)}`],
	])("reads %s of any depth, and looks into the outermost array alone for what is less deep", (_, text) => {
		for (const levels of [1, 1_000, 5_000, 20_000, 100_000]) expect(typeof readJson(text(levels))).toBe("object");
	});

	it("counts levels, and never so deep that it could fail itself", () => {
		const nested = (levels: number) => readPlainJson(`${"[".repeat(levels)}${"]".repeat(levels)}`);
		expect(isNestedDeeper(nested(10), 10)).toBe(false);
		expect(isNestedDeeper(nested(11), 10)).toBe(true);
		expect(isNestedDeeper({ a: { b: [1] } }, 2)).toBe(true);
		expect(isNestedDeeper("text", 0)).toBe(false);
		expect(isNestedDeeper(nested(200_000), 1_000)).toBe(true);
	});
});
