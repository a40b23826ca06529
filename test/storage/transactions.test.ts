import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { Columns, Write } from "../../src/storage/storage.ts";
import { bytesOf, inTransactions } from "../../src/storage/transactions.ts";
import { openTestLedger } from "../helpers/test-ledger.ts";

const MAX_BYTES = 4 * 1024 * 1024;
const KIB_60 = Buffer.alloc(60 * 1024, 7);

const row = (number: number, columns: Columns = {}): Write => ({ kind: "insert", rowKey: `x-${number}`, columns });
const rows = (count: number, columns?: Columns) => Array.from({ length: count }, (_, number) => [row(number, columns)]);
const sizes = (groups: readonly (readonly Write[])[], options = {}) =>
	inTransactions(groups, options).map(({ length }) => length);

describe("writes that may be apart", () => {
	it("share a transaction as far as it holds them", () => {
		expect(sizes([])).toEqual([]);
		expect(sizes(rows(100))).toEqual([100]);
		expect(sizes(rows(101))).toEqual([100, 1]);
		expect(sizes(rows(250))).toEqual([100, 100, 50]);
	});

	it("leave room for the lane's state where it is written with them", () => {
		expect(sizes(rows(99), { withState: true })).toEqual([99]);
		expect(sizes(rows(100), { withState: true })).toEqual([99, 1]);
	});

	it("keep those together that belong together", () => {
		const pairs = Array.from({ length: 60 }, (_, number) => [row(2 * number), row(2 * number + 1)]);
		expect(sizes(pairs)).toEqual([100, 20]);
		expect(sizes(pairs, { withState: true })).toEqual([98, 22]);
		expect(sizes([[], ...pairs.slice(0, 1), []])).toEqual([2]);
	});

	it("are all there, once and in their order, and fit, whatever they hold", () => {
		const value = fc.oneof(
			fc.string({ unit: "binary", maxLength: 50 }),
			fc.constantFrom<Columns[string]>("漢".repeat(20_000), "\u0001".repeat(30_000), KIB_60, 1.5e-300, true, undefined),
		);
		const columns = fc.dictionary(fc.string({ minLength: 1, maxLength: 20 }), value, { maxKeys: 5 });
		const groups = fc.array(fc.array(columns, { maxLength: 3 }), { maxLength: 150 });
		fc.assert(
			fc.property(groups, fc.boolean(), (all, withState) => {
				let number = 0;
				const writes = all.map((group) => group.map((each) => row(number++, each)));
				const parts = inTransactions(writes, { withState });
				expect(parts.flat()).toEqual(writes.flat());
				for (const part of parts) {
					expect(part.length).toBeLessThanOrEqual(withState ? 99 : 100);
					expect(part.length).toBeGreaterThan(0);
					const bytes = part.reduce((sum, write) => sum + bytesOf(write), 0);
					expect(bytes <= MAX_BYTES || part.length <= 3).toBe(true);
				}
			}),
		);
	});

	it("are taken by storage at the limit of bytes", async () => {
		const { storage } = await openTestLedger();
		const parts = inTransactions(rows(100, { body: KIB_60 }));
		expect(parts.length).toBeGreaterThan(1);
		for (const part of parts) expect(await storage.commit("lane", part)).toHaveLength(part.length);
	});
});
