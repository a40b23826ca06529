import { describe, expect, it } from "@jest/globals";
import { readJson, writeDeepJson } from "../../src/event/json.ts";

/** More levels than `JSON.stringify` can write. */
const LEVELS = 20_000;

describe("JSON of any depth", () => {
	it.each([
		"1",
		"null",
		'"a \\"text\\""',
		"9007199254740993",
		"[]",
		"{}",
		'[1,null,"b",1.0,[],{},[true]]',
		'{"a":1,"b":null,"c":{"d":9007199254740993,"e":[2,3]},"f\\"":false}',
	])("is written as it was read, below thousands of levels: %s", (inner) => {
		const inArrays = `${"[".repeat(LEVELS)}${inner}${"]".repeat(LEVELS)}`;
		expect(writeDeepJson(below(readJson(inner), (value) => [value]))).toBe(inArrays);
		const inObjects = `${'{"a":'.repeat(LEVELS)}${inner}${"}".repeat(LEVELS)}`;
		expect(writeDeepJson(below(readJson(inner), (value) => ({ a: value })))).toBe(inObjects);
	});

	it("is written as any other where it is flat", () => {
		expect(writeDeepJson(readJson('{"a":[1.0,"\ud83d"]}'))).toBe('{"a":[1.0,"\uFFFD"]}');
	});

	it("hides no fault that has nothing to do with depth", () => {
		const faulty = {
			toJSON() {
				throw new Error("a defect");
			},
		};
		expect(() => writeDeepJson(faulty)).toThrow("a defect");
	});
});

function below(inner: unknown, around: (value: unknown) => unknown): unknown {
	let value = inner;
	for (let level = 0; level < LEVELS; level++) value = around(value);
	return value;
}
