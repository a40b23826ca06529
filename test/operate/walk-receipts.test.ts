import { describe, expect, it } from "@jest/globals";
import type { FoundReceipt, ReceiptQuery } from "../../src/ledger/receipt-query.ts";
import { AT_ONCE, MAX_MS, type ReceiptsRequest, walkReceipts } from "../../src/operate/dead-letters.ts";

/** What one answer of a list holds: so many receipts, what it cannot read, and how long it takes. */
interface Page {
	readonly count: number;
	readonly problems?: readonly string[];
	readonly ms?: number;
}

interface WalkCase {
	readonly request?: ReceiptsRequest;
	/** The answers of the list in turn; an error rejects. */
	readonly pages: readonly (Page | Error)[];
	/** How long the end of one receipt takes. */
	readonly endMs?: number;
}

/** Walks through pages. A page's receipts are called after its number and theirs, and so is where it goes on. */
async function walk({ request = {}, pages, endMs = 0 }: WalkCase) {
	let clock = 1_000;
	const queries: ReceiptQuery[] = [];
	const list = async (query: ReceiptQuery, endsAt: number) => {
		expect(endsAt).toBe(1_000 + MAX_MS);
		const page = pages[queries.length];
		const index = queries.push(query) - 1;
		if (page === undefined || page instanceof Error) throw page;
		const { count, problems = [], ms = 0 } = page;
		clock += ms;
		const receipts = Array.from({ length: count }, (_, at) => ({ key: `${index}/${at}` }) as FoundReceipt);
		const isLast = index === pages.length - 1;
		return {
			receipts,
			problems,
			continueAfter: (done: number) => (isLast && done === count ? undefined : `behind ${index}/${done}`),
		};
	};
	const end = async () => {
		clock += endMs;
		return { outcome: "discarded" as const, reason: null };
	};
	const walked = await walkReceipts<"discarded">(request, end, { list, now: () => clock });
	return { ...walked, ended: walked.ended.map(({ key }) => key), queries };
}

const ALL = { states: ["dead", "rejected"], limit: AT_ONCE };

describe("a walk through dead letters", () => {
	it("tells what became of each, and nothing more where all was read", async () => {
		expect(await walk({ pages: [{ count: 2 }] })).toEqual({ ended: ["0/0", "0/1"], more: false, queries: [ALL] });
	});

	it.each<[string, ReceiptsRequest, object]>([
		["one key", { key: "k" }, { key: "k", limit: AT_ONCE }],
		["one key, further on", { key: "k", continue: "c" }, { key: "k", limit: AT_ONCE, continue: "c" }],
		["a text", { find: "f" }, { ...ALL, find: "f" }],
		["one state", { state: "rejected" }, { ...ALL, states: ["rejected"] }],
	])("asks for exactly what is meant by %s", async (_, request, query) => {
		expect((await walk({ request, pages: [{ count: 0 }] })).queries).toEqual([query]);
	});

	it("takes page after page, and no more than one request may in all", async () => {
		const { ended, queries, ...rest } = await walk({ pages: [{ count: AT_ONCE - 1 }, { count: 1 }, { count: 1 }] });
		expect(ended).toHaveLength(AT_ONCE);
		expect(queries).toEqual([ALL, { ...ALL, limit: 1, continue: `behind 0/${AT_ONCE - 1}` }]);
		expect(rest).toEqual({ more: true, continue: "behind 1/1" });
	});

	it("names each problem once, whichever page has it", async () => {
		const { problems } = await walk({
			pages: [
				{ count: 1, problems: ["a"] },
				{ count: 1, problems: ["a", "b"] },
			],
		});
		expect(problems).toEqual(["a", "b"]);
	});

	it.each<[string, WalkCase, string[], string | undefined]>([
		[
			"goes on while its time is just over with the last",
			{ pages: [{ count: 2 }], endMs: MAX_MS },
			["0/0", "0/1"],
			undefined,
		],
		["stops between two once its time is over", { pages: [{ count: 2 }], endMs: MAX_MS + 1 }, ["0/0"], "behind 0/1"],
		["ends one at least", { pages: [{ count: 2, ms: MAX_MS + 1 }] }, ["0/0"], "behind 0/1"],
		["takes a page at the last moment", { pages: [{ count: 0, ms: MAX_MS }, { count: 1 }] }, ["1/0"], undefined],
		["takes no page after that", { pages: [{ count: 0, ms: MAX_MS + 1 }, { count: 1 }] }, [], "behind 0/0"],
	])("%s", async (_, walked, ended, next) => {
		const found = await walk(walked);
		expect([found.ended, found.continue, found.more]).toEqual([ended, next, next !== undefined]);
	});

	it("tells what was done where the next page cannot be read, and how to go on", async () => {
		const { ended, more, continue: next } = await walk({ pages: [{ count: 1 }, new Error("storage is down")] });
		expect([ended, more, next]).toEqual([["0/0"], true, "behind 0/1"]);
	});

	it("rejects where nothing was done and nothing can be read", async () => {
		await expect(walk({ pages: [{ count: 0 }, new Error("storage is down")] })).rejects.toThrow("storage is down");
	});
});
