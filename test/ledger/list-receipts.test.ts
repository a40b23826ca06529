import { beforeEach, describe, expect, it } from "@jest/globals";
import { readInstant } from "../../src/event/instant.ts";
import { NEW_LANE, toColumns } from "../../src/ledger/lane-state.ts";
import { type FoundReceipts, type ListOptions, listReceipts } from "../../src/ledger/list-receipts.ts";
import { eventColumns } from "../../src/ledger/receipt.ts";
import type { ReceiptQuery } from "../../src/ledger/receipt-query.ts";
import { destinationColumn, IGNORED_LANE, NO_LANE, ROWS, receiptKey, STATE_KEY } from "../../src/ledger/rows.ts";
import type { Page, Range, Storage } from "../../src/storage/storage.ts";
import { repositoryDispatch } from "../../support/destinations.ts";
import { type StorageCall, wrapStorage } from "../../support/wrap-storage.ts";
import { newNames } from "../helpers/file-storage.ts";
import { openTestLedger, type TestLedger } from "../helpers/test-ledger.ts";

const START = Date.parse("2026-05-26T12:00:00Z");
const LANES = ["default", "token-other"];

let ledger: TestLedger;
let clock: number;
beforeEach(async () => {
	ledger = await openTestLedger(newNames());
	clock = START;
	for (const lane of LANES) await ledger.storage.lease(`lanes/${lane}`, 15);
});

/** Receipts of events a minute apart, the n-th n minutes after START. */
async function write(lane: string, numbers: readonly number[], more: object = {}): Promise<void> {
	const writes = numbers.map((number) => {
		const time = new Date(START + number * 60_000).toISOString();
		const key = String(number).padStart(4, "0").repeat(8);
		const columns = { key, state: "dispatched", id: `event-${number}`, subject: "s", time, acceptedAt: time, ...more };
		return { kind: "insert" as const, rowKey: receiptKey(time, key), columns };
	});
	for (let from = 0; from < writes.length; from += 100)
		await ledger.storage.commit(lane, writes.slice(from, from + 100));
}

const list = (query: Partial<ReceiptQuery>, storage: Storage = ledger.storage, maxPages?: number) =>
	listReceipts(storage, { limit: 50, ...query }, { now: () => clock, ...(maxPages === undefined ? {} : { maxPages }) });

const next = ({ receipts, continueAfter }: FoundReceipts) => continueAfter(receipts.length);
const numbers = ({ receipts }: FoundReceipts) => receipts.map(({ event }) => Number(event.id.split("-")[1]));

/** All pages of a question. */
async function all(query: Partial<ReceiptQuery>, storage?: Storage, maxPages?: number): Promise<number[][]> {
	const pages: number[][] = [];
	let token: string | undefined;
	do {
		const page = await list({ ...query, ...(token === undefined ? {} : { continue: token }) }, storage, maxPages);
		pages.push(numbers(page));
		token = next(page);
		if (pages.length > 200) throw new Error("pages without end");
	} while (token !== undefined);
	return pages;
}

const downFrom = (first: number, last = 0) => Array.from({ length: first - last + 1 }, (_, index) => first - index);

/** Storage that counts the rows of receipts it hands out. */
function counting(): { storage: Storage; rows: () => number } {
	let rows = 0;
	const storage = wrapStorage(ledger.storage, async ({ method }, make) => {
		const answered = await make();
		if (method === "list") rows += (answered as Page).rows.length;
		return answered;
	});
	return { storage, rows: () => rows };
}

/** Storage whose pages are what the service may make of them: three rows at most, and each of them after an empty one. */
function sparse(): Storage {
	return wrapStorage(ledger.storage, async ({ method, args }, make) => {
		if (method !== "list") return make();
		const [partition, range] = args as [string, Range];
		if (range.after?.startsWith("real ") !== true) return { rows: [], next: `real ${range.after ?? ""}` };
		const after = range.after.slice("real ".length) || undefined;
		return ledger.storage.list(partition, { ...range, top: Math.min(range.top, 3), after });
	});
}

/** Storage whose pages have three rows at most, and the last of them is empty; it writes down what it is asked. */
function recording(): { storage: Storage; ranges: Range[]; gets: () => number } {
	const ranges: Range[] = [];
	let gets = 0;
	const storage = wrapStorage(ledger.storage, async ({ method, args }, make) => {
		if (method === "get") gets += 1;
		if (method !== "list") return make();
		const [partition, range] = args as [string, Range];
		if (partition === "default") ranges.push(range);
		if (range.after === "the end") return { rows: [] };
		const page = await ledger.storage.list(partition, { ...range, top: Math.min(range.top, 3) });
		return { rows: page.rows, next: page.next ?? (page.rows.length === 0 ? undefined : "the end") };
	});
	return { storage, ranges, gets: () => gets };
}

describe("receipts, page by page", () => {
	it("come newest first across lanes, none twice and none left out, whatever the limit", async () => {
		await write("default", [0, 1, 4, 5, 8, 9, 12]);
		await write("token-other", [2, 3, 6, 7]);
		await write(NO_LANE, [10]);
		await write(IGNORED_LANE, [11]);
		for (const limit of [1, 2, 3, 5, 12, 13, 50]) {
			const pages = await all({ limit });
			expect(pages.flat()).toEqual(downFrom(12));
			for (const page of pages.slice(0, -1)) expect(page).toHaveLength(limit);
		}
	});

	it("come all the same where pages are short, empty, and not the last", async () => {
		await write("default", [0, 1, 4, 5, 8, 9]);
		await write("token-other", [2, 3, 6, 7]);
		expect((await all({ limit: 4 }, sparse(), 100)).flat()).toEqual(downFrom(9));
		// Where the work of one request does not do, an answer may be empty, and say how it goes on.
		const pages = await all({ limit: 4 }, sparse(), 1);
		expect(pages[0]).toEqual([]);
		expect(pages.flat().sort((one, other) => other - one)).toEqual(downFrom(9));
		expect(new Set(pages.flat()).size).toBe(10);
	});

	it("read no more rows than are asked for", async () => {
		for (const lane of LANES) await write(lane, lane === "default" ? downFrom(299, 200) : downFrom(99));
		const { storage, rows } = counting();
		expect(numbers(await list({ limit: 1 }, storage))).toEqual([299]);
		expect(rows()).toBeLessThanOrEqual(LANES.length);
		await list({ limit: 1, states: ["dispatched"] }, storage);
		expect(rows()).toBeLessThanOrEqual(2 * LANES.length);
	});

	it("are bounded by the time of their events, both ends included", async () => {
		await write("default", downFrom(20));
		await write(NO_LANE, [21], { time: "" });
		const at = (minute: number) => START + minute * 60_000;
		expect(numbers(await list({ since: at(18) }))).toEqual([21, 20, 19, 18]);
		expect(numbers(await list({ until: at(1) }))).toEqual([1, 0]);
		expect((await all({ since: at(5), until: at(9), limit: 2 })).flat()).toEqual([9, 8, 7, 6, 5]);
		expect(numbers(await list({ since: at(5) + 1, until: at(6) - 1 }))).toEqual([]);
	});

	it("are found by a whole text however far back, and by a part of it only where there is none", async () => {
		await write("default", downFrom(60, 1), { subject: "many/1" });
		await write("token-other", [0], { subject: "the needle", state: "dead" });
		const found = await all({ find: "the needle", limit: 5 }, sparse(), 2);
		expect(found.flat()).toEqual([0]);
		expect((await all({ find: "needle", limit: 5 }, sparse(), 3)).flat()).toEqual([0]);
		expect((await all({ find: "many/1", limit: 7 })).flat()).toEqual(downFrom(60, 1));
		expect((await all({ find: "nowhere's", limit: 7 }, sparse(), 2)).flat()).toEqual([]);
	});

	it("end within a time, wherever they are then, and go on there", async () => {
		await write("default", [1]);
		await write("token-other", [0], { state: "dead" });
		let calls = 0;
		const slow = wrapStorage(ledger.storage, async ({ method, args }, make) => {
			if (method !== "list" || args[0] !== "default") return make();
			calls += 1;
			clock += 5_000;
			return { rows: [], next: `page ${calls}` };
		});
		const first = await list({ states: ["dead"] }, slow, 1_000);
		expect(numbers(first)).toEqual([0]);
		expect(next(first)).toBeDefined();
		expect(clock - START).toBeLessThanOrEqual(30_000);
		const before = calls;
		const seen: unknown[] = [];
		const again = wrapStorage(ledger.storage, async ({ method, args }, make) => {
			if (method === "list") seen.push([args[0], (args[1] as Range).after]);
			return method === "list" ? { rows: [] } : make();
		});
		expect(next(await list({ states: ["dead"], continue: next(first) ?? "" }, again))).toBeUndefined();
		expect(seen).toEqual([["default", `page ${before}`]]);
	});

	it.each<[string, Partial<ListOptions>, number[]]>([
		["all that is asked for, over as many pages as it takes", {}, [9, 8, 7, 6]],
		["all, up to the end of its time", { endsAt: START }, [9, 8, 7, 6]],
		["a page of each lane, however little time it has", { endsAt: START - 1 }, [9, 8, 7]],
	])("are in one answer %s", async (_, options, expected) => {
		await write("default", downFrom(9));
		const { storage } = recording();
		const found = await listReceipts(storage, { limit: 4 }, { now: () => clock, ...options });
		expect(numbers(found)).toEqual(expected);
		expect(
			numbers(await list({ continue: next(found) ?? "" }))
				.concat(expected)
				.sort(),
		).toEqual(downFrom(9).reverse());
	});

	it("go on behind as many of them as were taken", async () => {
		await write("default", [0, 2, 3]);
		await write("token-other", [1, 4]);
		const found = await list({ limit: 4 });
		for (const count of [0, 1, 2, 3, 4]) {
			expect(numbers(await list({ continue: found.continueAfter(count) ?? "" }))).toEqual(downFrom(4 - count));
		}
	});

	it("end where the lanes that are left are gone, and ask nothing of these", async () => {
		await write("default", [9]);
		await write("token-other", downFrom(8));
		const first = await list({ limit: 1 });
		let lists = 0;
		const storage = wrapStorage(ledger.storage, async ({ method }, make) => {
			if (method === "list") lists += 1;
			return method === "names" ? { names: ["lanes/default"] } : make();
		});
		const rest = await list({ continue: next(first) ?? "" }, storage);
		expect([numbers(rest), next(rest), lists]).toEqual([[], undefined, 0]);
	});

	it("are looked for as parts only once nothing was found in any answer before, and then in all answers", async () => {
		await write("default", [4, 2], { subject: "run" });
		await write("default", [5, 3, 1], { subject: "run again" });
		expect((await all({ find: "run" }, recording().storage, 1)).flat()).toEqual([4, 2]);
		expect((await all({ find: "again", limit: 1 }, sparse(), 1)).flat()).toEqual([5, 3, 1]);
	});

	it("refuse a continue that was cut, made up, or belongs to another question", async () => {
		await write("default", downFrom(5));
		const token = next(await list({ limit: 2 })) ?? "";
		expect(numbers(await list({ limit: 4, continue: token }))).toEqual([3, 2, 1, 0]);
		for (const query of [
			{ continue: token.slice(0, -1) },
			{ continue: `${token}A` },
			{ continue: "" },
			{ continue: "x".repeat(40) },
			{ continue: token, find: "a" },
			{ continue: token, since: START },
			{ continue: token, states: ["dead"] as const },
		]) {
			await expect(list(query)).rejects.toMatchObject({ name: "WrongContinue" });
		}
	});
});

describe("what cannot be read", () => {
	const failing = (fails: (call: StorageCall) => boolean) =>
		wrapStorage(ledger.storage, async (call, make) => {
			if (fails(call)) throw new Error("no such luck");
			return make();
		});

	it("is a lane that is named, while the others are listed; it comes when it can be read", async () => {
		await write("default", [0, 2]);
		await write("token-other", [1, 3]);
		const broken = await list(
			{},
			failing(({ method, args }) => method === "list" && args[0] === "default"),
		);
		expect(numbers(broken)).toEqual([3, 1]);
		expect(broken.problems).toEqual([expect.stringContaining('"default" cannot be read: no such luck')]);
		expect(numbers(await list({ continue: next(broken) ?? "" }))).toEqual([2, 0]);
	});

	it("may have what is looked for: parts of a text are looked for once all lanes were read", async () => {
		await write("default", [0]);
		await write("token-other", [1]);
		const broken = failing(({ method, args }) => method === "list" && args[0] === "default");
		const found = await list({ find: "vent-" }, broken);
		expect([numbers(found), found.problems]).toEqual([[], [expect.stringContaining('"default" cannot be read')]]);
		expect(numbers(await list({ find: "vent-", continue: next(found) ?? "" }))).toEqual([1, 0]);
	});

	it("is storage as a whole, where no lane can be read", async () => {
		await expect(
			list(
				{},
				failing(({ method }) => method === "list"),
			),
		).rejects.toThrow("no such luck");
	});

	it("is a state row: what waits is listed without what it waits for", async () => {
		await write("default", [1], { state: "accepted", repository: "contoso/a", dispatchType: "t" });
		await ledger.storage.commit("default", [{ kind: "insert", rowKey: STATE_KEY, columns: { state: "{", calls: 1 } }]);
		const found = await list({});
		expect(found.receipts).toMatchObject([{ state: "accepted" }]);
	});

	it("is the list of attempts of a receipt, which is shown without it", async () => {
		await write("default", [1], { attempts: '[{"at":' });
		await write("default", [2], { attempts: "[null]" });
		const found = await list({});
		expect(found.receipts.map(({ attempts }) => attempts)).toEqual([[], []]);
	});

	it.each([
		["a number", '[{"id":"1","url":5,"workflow":{},"status":null,"conclusion":7,"attempt":"x"}]'],
		["a list", '[{"id":"1","url":["https://x"],"workflow":[]}]'],
		["nothing", '[{"id":"1"},{"id":7},null]'],
		["a script", '[{"id":"1","url":"javascript:alert(1)","workflow":null,"conclusion":null}]'],
	])(
		"is a run in a receipt that has %s where a text belongs: it is listed, and others are found beside it",
		async (_, runs) => {
			await write("default", [1], { runs });
			await write("default", [2]);
			const run = { id: "1", url: null, workflow: null, status: "", attempt: 1, certain: false };
			expect((await list({})).receipts.map((receipt) => receipt.runs)).toMatchObject([[], [run]]);
			const found = await list({ find: "vent-" });
			expect([numbers(found), found.problems]).toEqual([[2, 1], []]);
		},
	);

	it("is a lane with an odd name, which keeps no other from being listed", async () => {
		for (const name of ["o'brien", "a/b", "x y#?%", "é"]) await ledger.storage.lease(`lanes/${name}`, 15);
		await write("default", [1]);
		await write("o'brien", [2]);
		expect(numbers(await list({}))).toEqual([2, 1]);
	});
});

describe("what storage is asked", () => {
	it.each<[string, Partial<ReceiptQuery>, number[]]>([
		["no more rows than are missing", { limit: 4 }, [4, 1]],
		["no further page for what is complete", { limit: 3 }, [3]],
		["no more rows than are missing, of those with a state", { limit: 4, states: ["dispatched"] }, [4, 1]],
		["no more rows than are missing, of a whole text", { limit: 4, find: "s" }, [4, 1]],
		["whole pages of what is checked here", { limit: 1, find: "vent-" }, [1, 1_000]],
		["whole pages of what waits", { limit: 1, states: ["paused"] }, [1_000]],
		["once for what is not there", { limit: 5, states: ["dead"] }, [5]],
	])("is %s", async (_, query, tops) => {
		await write("default", downFrom(9));
		const { storage, ranges } = recording();
		await list(query, storage);
		expect(ranges.map(({ top }) => top)).toEqual(tops);
		for (const { from, to } of ranges) expect({ from, to }).toEqual(ROWS.receipts);
	});

	it.each([
		[300, 2],
		[301, 1],
	])("is a whole text of %i characters, if it fits into the address", async (length, times) => {
		await write("default", [1]);
		const { storage, ranges } = recording();
		await list({ find: "x".repeat(length) }, storage);
		const searches = new Set(ranges.map(({ where }) => where));
		expect(searches.size).toBe(times);
	});

	it("is a text as it is, quotes included", async () => {
		await write("default", [1], { subject: "o'brien's" });
		await write("default", [2], { subject: "o'brien's other" });
		expect(numbers(await list({ find: "o'brien's" }))).toEqual([1]);
	});

	it("is the state of a lane, once, and only where something waits", async () => {
		const pause = { until: START + 60_000, reason: "slow down" };
		await ledger.storage.commit("default", [
			{ kind: "insert", rowKey: STATE_KEY, columns: toColumns({ ...NEW_LANE, pause }) },
		]);
		const to = destinationColumn(repositoryDispatch("contoso/a", "t"));
		await write("default", [4, 2], to);
		const { storage, gets } = recording();
		await list({}, storage);
		expect(gets()).toBe(0);
		await write("default", [3, 1], { ...to, state: "accepted" });
		const { receipts } = await list({}, storage);
		expect(gets()).toBe(1);
		expect(receipts.map(({ state }) => state)).toEqual(["dispatched", "paused", "dispatched", "paused"]);
	});

	it("narrows no whole text: what else is asked is checked of what was found", async () => {
		await write("default", [1], { subject: "run", state: "dead" });
		await write("default", [2], { subject: "run again" });
		const changedSince = Date.parse((await list({ states: ["dead"] })).receipts[0]?.changedAt ?? "");
		const found = async (query: Partial<ReceiptQuery>) => numbers(await list({ find: "run", ...query }));
		expect(await found({ states: ["dead"], changedSince })).toEqual([1]);
		expect(await found({ states: ["dispatched"], changedSince })).toEqual([]);
		expect(await found({ states: ["dead"], changedSince: changedSince + 1 })).toEqual([]);
	});

	it.each([
		["the key", "0001000100"],
		["the event's id", "vent-1"],
		["its run", "training-"],
		["its subject", "periments/"],
		["its destination", "FABRIKAM/"],
		["its window", "window-"],
		["the id of a run", "4711"],
		["the address of a run", "/actions/runs/"],
	])("finds a receipt by a part of %s", async (_, find) => {
		const runs = JSON.stringify([{ id: "84711", url: "https://github.example/actions/runs/1" }]);
		const to = destinationColumn(repositoryDispatch("fabrikam/b", "t"));
		await write("default", [1], { ...to, run: "my-training-7", subject: "experiments/7", window: "window-7", runs });
		await write("default", [2]);
		expect(numbers(await list({ find }))).toEqual([1]);
	});

	it.each([
		"0000-01-01T00:00:00+23:59",
		"0000-01-01T00:00:00Z",
		"1969-12-31T23:59:59Z",
		"2026-05-26T12:00:00Z",
		"9999-12-31T23:59:59-23:59",
	])("has a time with a year of four digits, whatever the time since which a receipt has changed: %s", async (time) => {
		const asked: string[] = [];
		const storage = wrapStorage(ledger.storage, async ({ method, args }, make) => {
			if (method === "list") asked.push((args[1] as Range).where ?? "");
			return make();
		});
		await write("default", [1]);
		const changedSince = readInstant(time)?.epochMs ?? Number.NaN;
		const isPast = changedSince < Date.now();
		expect(numbers(await list({ changedSince }, storage))).toEqual(isPast ? [1] : []);
		expect(asked.length).toBeGreaterThan(0);
		for (const where of asked) expect(where).toMatch(/datetime'(19[7-9]|[2-9]\d\d)\d-[\d:T-]+\.\d{3}Z'/);
	});

	it("finds a text that is longer than what a receipt keeps of it, wherever that was cut", async () => {
		for (const text of ["x".repeat(2_000), `${"x".repeat(1_499)}😀${"y".repeat(500)}`]) {
			const { subject } = eventColumns({ id: "", type: "", source: "", subject: text, time: "" });
			ledger = await openTestLedger(newNames());
			await ledger.storage.lease("lanes/default", 15);
			await write("default", [1], { subject });
			expect(numbers(await list({ find: text }))).toEqual([1]);
		}
	});
});
