import { describe, expect, it } from "@jest/globals";
import type { Receipt } from "../../src/console/browser/answers.ts";
import { createRecent } from "../../src/console/browser/recent.ts";
import { ACCEPTED_AT, receiptOf } from "./receipt-of.ts";

/** The n-th event, a second after the one before it. */
const nth = (n: number, part: Partial<Receipt> = {}) => {
	const time = new Date(ACCEPTED_AT + n * 1_000).toISOString();
	return receiptOf({
		key: `key ${n}`,
		acceptedAt: time,
		state: "dispatched",
		...part,
		event: { ...receiptOf({}).event, time },
	});
};
/** As the bridge answers: the newest first. */
const answer = (from: number, to: number) => ({
	receipts: Array.from({ length: to - from }, (_, index) => nth(to - 1 - index)),
	complete: true,
});
const keys = (recent: ReturnType<typeof createRecent>) => recent.list().map(({ key }) => key);

describe("the receipts that the page remembers", () => {
	it("are asked for in full at first, and few at a time after that", () => {
		const recent = createRecent();
		expect(recent.limit()).toBe(500);
		recent.merge(answer(0, 3), 500);
		expect(recent.limit()).toBe(100);
		expect(keys(recent)).toEqual(["key 2", "key 1", "key 0"]);
		expect(recent.isPart()).toBe(false);
	});

	it("are asked for in full again when all that came were new", () => {
		const recent = createRecent();
		recent.merge(answer(0, 500), 500);
		recent.merge(answer(400, 500), 100);
		expect(recent.limit()).toBe(100);
		recent.merge(answer(500, 600), 100);
		expect(recent.limit()).toBe(500);
		expect(recent.list()).toHaveLength(600);
		expect(recent.isPart()).toBe(true);
	});

	it("are asked for in full while something older is still on its way", () => {
		const recent = createRecent();
		const { receipts } = answer(0, 500);
		recent.merge({ receipts: [...receipts.slice(0, -1), nth(0, { state: "paused" })], complete: true }, 500);
		recent.merge(answer(400, 500), 100);
		expect(recent.limit()).toBe(500);
	});

	it("stay known while the bridge cannot read them, and are not all that there is", () => {
		const recent = createRecent();
		recent.merge({ receipts: [nth(2, { state: "dead" }), nth(1, { state: "paused" }), nth(0)], complete: true }, 500);
		recent.merge({ receipts: [nth(0)], complete: false, problems: ["lane x"] }, 100);
		expect(keys(recent)).toEqual(["key 2", "key 1", "key 0"]);
		expect(recent.isPart()).toBe(true);
		recent.merge({ receipts: [nth(1), nth(0)], complete: true }, recent.limit());
		expect(keys(recent)).toEqual(["key 1", "key 0"]);
		expect(recent.isPart()).toBe(false);
	});

	it("are a part where the bridge stopped early", () => {
		const recent = createRecent();
		recent.merge({ receipts: [nth(0)], complete: false }, 500);
		expect(recent.isPart()).toBe(true);
	});

	it("take in what has changed, and lose what a replay has replaced", () => {
		const recent = createRecent();
		recent.merge({ receipts: [nth(2, { state: "rejected" }), nth(1, { state: "paused" })], complete: true }, 500);
		recent.merge({ receipts: [nth(2, { key: "anew" }), nth(1)], complete: true }, 100);
		expect(recent.list().map(({ key, state }) => [key, state])).toEqual([
			["anew", "dispatched"],
			["key 1", "dispatched"],
		]);
	});

	it("end at 2,000, the oldest first", () => {
		const recent = createRecent();
		for (let from = 0; from < 2_500; from += 500) recent.merge(answer(from, from + 500), 500);
		expect(recent.list()).toHaveLength(2_000);
		expect(keys(recent)[0]).toBe("key 2499");
	});

	it("are forgotten when all is asked anew", () => {
		const recent = createRecent();
		recent.merge(answer(0, 3), 500);
		recent.clear();
		expect(recent.list()).toEqual([]);
		expect(recent.limit()).toBe(500);
	});
});
