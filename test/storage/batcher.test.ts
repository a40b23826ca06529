import { describe, expect, it } from "@jest/globals";
import { type BatcherOptions, createBatcher } from "../../src/storage/batcher.ts";

/** A batcher whose groups end when the test says so. */
function batcher(options: Partial<BatcherOptions<number, string>> = {}) {
	const groups: {
		readonly items: readonly number[];
		readonly end: () => void;
		readonly fail: (error: Error) => void;
	}[] = [];
	const add = createBatcher<number, string>({
		groups: 1,
		flush: (items) =>
			new Promise((resolve, reject) => {
				groups.push({ items, end: () => resolve(items.map((item) => `did ${item}`)), fail: reject });
			}),
		...options,
	});
	return { add, groups, items: () => groups.map(({ items }) => items) };
}

const turn = () => new Promise(setImmediate);

describe("grouping", () => {
	it("hands over together what comes in the same turn, and gives each its own result", async () => {
		const { add, groups, items } = batcher();
		const results = Promise.all([1, 2, 3].map(add));
		expect(items()).toEqual([]);
		await turn();
		expect(items()).toEqual([[1, 2, 3]]);
		groups[0]?.end();
		await expect(results).resolves.toEqual(["did 1", "did 2", "did 3"]);
	});

	it("lets an item alone wait for no other", async () => {
		const { add, items } = batcher();
		void add(1);
		await turn();
		expect(items()).toEqual([[1]]);
	});

	it("gathers the next group while as many as are allowed are under way", async () => {
		const { add, groups, items } = batcher({ groups: 2 });
		for (const item of [1, 2, 3, 4]) {
			void add(item);
			await turn();
		}
		expect(items()).toEqual([[1], [2]]);
		groups[1]?.end();
		await turn();
		await turn();
		expect(items()).toEqual([[1], [2], [3, 4]]);
	});

	it("ends a group before the item that would not fit, and keeps the order", async () => {
		const { add, items } = batcher({ groups: 9, weigh: (item) => item, capacity: 10 });
		for (const item of [4, 6, 1, 9, 2]) void add(item);
		await turn();
		expect(items()).toEqual([[4, 6], [1, 9], [2]]);
	});

	it("takes an item alone that is larger than a group", async () => {
		const { add, items } = batcher({ groups: 9, weigh: (item) => item, capacity: 10 });
		for (const item of [50, 1, 60, 70]) void add(item);
		await turn();
		expect(items()).toEqual([[50], [1], [60], [70]]);
	});

	it("rejects every item of a group that fails, and no other; the next group goes on", async () => {
		const { add, groups, items } = batcher();
		const failed = [add(1), add(2)].map((result) => result.catch((error: Error) => error.message));
		await turn();
		const next = add(3);
		groups[0]?.fail(new Error("no storage"));
		await expect(Promise.all(failed)).resolves.toEqual(["no storage", "no storage"]);
		await turn();
		expect(items()).toEqual([[1, 2], [3]]);
		groups[1]?.end();
		await expect(next).resolves.toBe("did 3");
	});

	it("goes on after a flush that throws at once", async () => {
		let thrown = 0;
		const { add } = batcher({
			flush: () => {
				thrown += 1;
				throw new Error(`failed ${thrown}`);
			},
		});
		await expect(add(1)).rejects.toThrow("failed 1");
		await expect(add(2)).rejects.toThrow("failed 2");
	});
});
