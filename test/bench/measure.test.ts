import { describe, expect, it } from "@jest/globals";
import { alternate, median, summarise } from "../../bench/measure.ts";

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
