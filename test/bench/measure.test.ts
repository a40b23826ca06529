import { describe, expect, it } from "@jest/globals";
import { alternate, median, percentile, summarise } from "../../bench/measure.ts";

describe("alternate", () => {
	it("measures in turn, and leaves the first pair out", async () => {
		const order: string[] = [];
		const measured = (side: string) => async () => ({ ms: order.push(side) });
		const pairs = await alternate(2, measured("A"), measured("B"));
		expect(order.join("")).toBe("ABABAB");
		expect(pairs).toEqual([
			{ ours: { ms: 3 }, baseline: { ms: 4 } },
			{ ours: { ms: 5 }, baseline: { ms: 6 } },
		]);
	});
});

describe("alternate, of what need not be warmed up", () => {
	it("counts every pair", async () => {
		let measured = 0;
		const count = async () => {
			measured += 1;
			return { ms: measured };
		};
		expect(await alternate(1, count, count, { warmUps: 0 })).toEqual([{ ours: { ms: 1 }, baseline: { ms: 2 } }]);
	});
});

describe("summarise", () => {
	it("takes the ratio pair by pair", () => {
		const pairs = [
			{ ours: { ms: 3 }, baseline: { ms: 1 } },
			{ ours: { ms: 40 }, baseline: { ms: 20 } },
			{ ours: { ms: 6 }, baseline: { ms: 6 } },
		];
		expect(summarise(pairs)).toEqual([{ measure: "ms", ours: 6, baseline: 6, ratio: 2, lowest: 1, highest: 3 }]);
	});

	it.each([[{}], [{ ms: 0 }], [{ ms: Number.NaN }]])("refuses a baseline of %j", (baseline) => {
		expect(() => summarise([{ ours: { ms: 1 }, baseline: baseline as Record<string, number> }])).toThrow('"ms"');
	});
});

describe("median", () => {
	it.each([
		[[3, 1, 2], 2],
		[[10, 1, 2, 4], 3],
		[[7], 7],
	])("of %j is %d", (values, middle) => {
		expect(median(values)).toBe(middle);
	});
});

describe("percentile", () => {
	const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

	it.each([
		[hundred, 50, 50],
		[hundred, 99, 99],
		[[3, 1, 2], 50, 2],
		[[3, 1, 2], 99, 3],
		[[7], 1, 7],
	])("%#", (values, of100, expected) => {
		expect(percentile(values, of100)).toBe(expected);
	});
});
