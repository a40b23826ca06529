import { beforeEach, describe, expect, it, jest } from "@jest/globals";
import { createIgnoredLog, type IgnoredEvent, readIgnoredCount } from "../../src/ledger/ignored.ts";
import { readReceipt } from "../../src/ledger/receipt.ts";
import { trimIgnored } from "../../src/ledger/retention.ts";
import { IGNORED_LANE, receiptOrder } from "../../src/ledger/rows.ts";
import { type Range, StorageError, type Write } from "../../src/storage/storage.ts";
import { type StorageCall, wrapStorage } from "../../support/wrap-storage.ts";
import { openTestLedger, type TestLedger } from "../helpers/test-ledger.ts";

const START = Date.parse("2026-05-26T12:00:00Z");
const MINUTE = 60_000;
let ledger: TestLedger;
beforeEach(async () => {
	ledger = await openTestLedger();
});

const event = (number: number, more: Partial<IgnoredEvent["event"]> = {}): IgnoredEvent => {
	const time = new Date(START + number * 1_000).toISOString();
	return {
		event: { id: `event-${number}`, type: "T", source: "/s", subject: "sub", time, ...more },
		reason: `no route matches event ${number}`,
		missed: [],
	};
};

/** A log of ignored events whose time passes when the test says so. */
function ignoredLog(
	around: (call: StorageCall, make: () => Promise<unknown>) => Promise<unknown> = (_, make) => make(),
) {
	const calls: string[] = [];
	const timers: { at: number; work: () => void }[] = [];
	const clock = { now: START };
	let underWay = Promise.resolve();
	const storage = wrapStorage(ledger.storage, (call, make) => {
		calls.push(call.method === "commit" ? `commit ${(call.args[1] as Write[]).length}` : call.method);
		const made = around(call, make);
		underWay = made.then(
			() => {},
			() => {},
		);
		return made;
	});
	const note = createIgnoredLog({
		storage,
		now: () => clock.now,
		later: (ms, work) => timers.push({ at: clock.now + ms, work }),
	});
	/** The next timer that is due until then goes off. Answers whether there was one. */
	function ring(until = clock.now): boolean {
		const next = timers.filter(({ at }) => at <= until).sort((one, other) => one.at - other.at)[0];
		if (next === undefined) return false;
		timers.splice(timers.indexOf(next), 1);
		clock.now = Math.max(clock.now, next.at);
		next.work();
		return true;
	}
	/** Lets time pass, and everything that becomes due happen. */
	async function pass(ms: number): Promise<void> {
		const until = clock.now + ms;
		while (ring(until)) {
			for (let seen = -1; seen !== calls.length; ) {
				seen = calls.length;
				await underWay;
				await new Promise(setImmediate);
			}
		}
		clock.now = until;
	}
	return { note, pass, ring, timers, calls, clock };
}

const receipts = async () => (await ledger.rows(IGNORED_LANE, "r-")).map(readReceipt);
const range = (count: number, from = 0) => Array.from({ length: count }, (_, number) => number + from);

/** Receipts of ignored events, from the newest to the oldest. Answers the keys of their rows. */
async function putReceipts(epochMs: readonly number[]): Promise<readonly string[]> {
	const rowKeys = epochMs.map((at) => `r-${receiptOrder(at)}-x`);
	const rows = rowKeys.map((rowKey): Write => ({ kind: "insert", rowKey, columns: { key: "x" } }));
	for (let from = 0; from < rows.length; from += 100)
		await ledger.storage.commit(IGNORED_LANE, rows.slice(from, from + 100));
	return rowKeys;
}
const keysLeft = async () => (await ledger.rows(IGNORED_LANE, "r-")).map(({ rowKey }) => rowKey);

describe("an ignored event", () => {
	it("is recorded as a receipt with its reason, half a second later", async () => {
		const { note, pass, calls } = ignoredLog();
		note(event(1, { run: "run-1" }));
		expect(calls).toEqual([]);
		await pass(499);
		expect(calls).toEqual([]);
		await pass(1);
		expect(await receipts()).toMatchObject([
			{
				key: expect.stringMatching(/^[0-9a-f]{32}$/),
				state: "ignored",
				event: { ...event(1).event, run: "run-1" },
				route: null,
				to: null,
				acceptedAt: "2026-05-26T12:00:00.000Z",
				finishedAt: "2026-05-26T12:00:00.000Z",
				attempts: [],
				reason: "no route matches event 1",
			},
		]);
		expect(await readIgnoredCount(ledger.storage)).toMatchObject({ total: 1 });
	});

	it("is one receipt, however often it is delivered and however its time is spelt; each delivery is counted", async () => {
		const { note, pass } = ignoredLog();
		note(event(1, { time: "2026-05-26T12:00:00Z" }));
		note(event(1, { time: "2026-05-26T14:00:00.000+02:00", source: "/S" }));
		await pass(500);
		note(event(1, { time: "2026-05-26T12:00:00.0Z" }));
		note(event(1, { time: "2026-05-26T12:00:00Z", subject: "another" }));
		await pass(MINUTE);
		expect(await receipts()).toHaveLength(2);
		expect(await readIgnoredCount(ledger.storage)).toMatchObject({ total: 4 });
	});

	it("is the newest event first", async () => {
		const { note, pass } = ignoredLog();
		for (const number of [2, 3, 1]) note(event(number));
		await pass(500);
		expect((await receipts()).map(({ event: { id } }) => id)).toEqual(["event-3", "event-2", "event-1"]);
	});
});

describe("many ignored events", () => {
	it("share a transaction, sixty a minute: the newest ones, and the others are counted", async () => {
		const { note, pass, timers, calls } = ignoredLog();
		for (const number of range(5_000)) note(event(number));
		expect(timers).toHaveLength(1);
		await pass(500);
		expect(calls).toEqual(["commit 60", "get", "commit 1", "list", "list"]);
		expect((await receipts()).map(({ event: { id } }) => id)).toEqual(
			range(60, 4_940)
				.map((n) => `event-${n}`)
				.reverse(),
		);
		expect(await readIgnoredCount(ledger.storage)).toMatchObject({ total: 5_000 });
	});

	it("are written and counted once more when the minute is over", async () => {
		const { note, pass, calls } = ignoredLog();
		for (const number of range(50)) note(event(number));
		await pass(1_000);
		for (const number of range(100, 100)) note(event(number));
		await pass(1_000);
		expect(calls.filter((call) => call.startsWith("commit"))).toEqual(["commit 50", "commit 1", "commit 10"]);
		await pass(MINUTE);
		expect(calls.filter((call) => call.startsWith("commit")).slice(3)).toEqual(["commit 50", "commit 1"]);
		expect(await readIgnoredCount(ledger.storage)).toEqual({
			total: 150,
			missed: {},
		});
	});

	it("leave a lane that is quiet again alone", async () => {
		const { note, pass, timers, calls } = ignoredLog();
		note(event(1));
		await pass(10 * MINUTE);
		expect(timers).toEqual([]);
		const before = calls.length;
		await pass(60 * MINUTE);
		expect(calls).toHaveLength(before);
	});

	it("are written half a second after the first one, however steadily more come", async () => {
		const { note, pass, calls } = ignoredLog();
		for (const number of range(5)) {
			note(event(number));
			await pass(100);
		}
		expect(calls).toContain("commit 5");
	});

	it("are gathered again, once the minute of a full log is over", async () => {
		const { note, pass, calls } = ignoredLog();
		for (const number of range(60)) note(event(number));
		await pass(500 + MINUTE);
		const before = calls.length;
		note(event(60));
		await pass(499);
		note(event(61));
		expect(calls).toHaveLength(before);
		await pass(1);
		expect(calls.slice(before)).toContain("commit 2");
	});

	it("wait for the next minute, and are counted once, if they come while a full log is written", async () => {
		const { note, pass, calls } = ignoredLog(async ({ method }, make) => {
			if (method === "commit" && calls.length === 1) note(event(60));
			return make();
		});
		for (const number of range(60)) note(event(number));
		await pass(500);
		expect(calls.filter((call) => call.startsWith("commit"))).toEqual(["commit 60", "commit 1"]);
		const before = calls.length;
		await pass(2 * MINUTE);
		expect(calls.slice(before)).toEqual(["commit 1"]);
		expect(await receipts()).toHaveLength(61);
		expect(await readIgnoredCount(ledger.storage)).toMatchObject({ total: 61 });
	});

	it("are written once, although an older timer goes off while that takes long", async () => {
		let isSlow = false;
		const { note, pass, ring, clock, calls } = ignoredLog(async (_, make) => {
			if (isSlow) {
				isSlow = false;
				clock.now += 1_000;
				ring();
				await new Promise(setImmediate);
			}
			return make();
		});
		// The second one is counted when a minute is over: the older timer.
		for (const number of [1, 2]) {
			note(event(number));
			await pass(1_000);
		}
		await pass(MINUTE - 2_100);
		note(event(3));
		isSlow = true;
		const before = calls.length;
		await pass(500);
		expect(calls.slice(before).filter((call) => call === "commit 1")).toHaveLength(2);
		expect(await readIgnoredCount(ledger.storage)).toMatchObject({ total: 3 });
	});

	it("are counted by several instances together", async () => {
		const [one, other] = [ignoredLog(), ignoredLog()];
		for (const number of range(3)) one.note(event(number));
		for (const number of range(4)) other.note(event(number));
		await Promise.all([one.pass(3 * MINUTE), other.pass(3 * MINUTE)]);
		expect(await readIgnoredCount(ledger.storage)).toMatchObject({ total: 7 });
	});

	it("are kept up to a thousand in all: the newest", async () => {
		const rowKeys = await putReceipts(range(1_100).map((number) => START - number));
		await ledger.storage.commit(IGNORED_LANE, [{ kind: "insert", rowKey: "a-ignored", columns: {} }]);
		await trimIgnored(ledger.storage, START);
		expect((await ledger.rows(IGNORED_LANE)).map(({ rowKey }) => rowKey)).toEqual([
			"a-ignored",
			...rowKeys.slice(0, 1_000),
		]);
	});

	it("are kept up to a thousand, whatever pages storage answers with, empty ones among them", async () => {
		const rowKeys = await putReceipts(range(1_050).map((number) => START - number));
		let pages = 0;
		const short = wrapStorage(ledger.storage, async ({ method, args }, make) => {
			if (method !== "list") return make();
			const [partition, asked] = args as [string, Range];
			pages += 1;
			// A page without rows goes on where it began.
			if (pages % 2 === 0 && asked.after !== undefined) return { rows: [], next: asked.after };
			return ledger.storage.list(partition, { ...asked, top: Math.min(asked.top, 300) });
		});
		await trimIgnored(short, START);
		expect(await keysLeft()).toEqual(rowKeys.slice(0, 1_000));
	});

	it("are removed in bounded work, and the rest the next time", async () => {
		const rowKeys = await putReceipts(range(1_300).map((number) => START - number));
		for (const left of [1_200, 1_100, 1_000]) {
			await trimIgnored(ledger.storage, START, 100);
			const keys = await keysLeft();
			expect(keys).toHaveLength(left);
			expect(keys.slice(0, 1_000)).toEqual(rowKeys.slice(0, 1_000));
		}
	});

	it.each([
		["one that was ignored now", 1, 999, 1],
		["all that were ignored now", 1_000, 0, 1_000],
		["as many of either as there is room for", 5, 995, 5],
	])("are not crowded out by a thousand that are dated in the future: %s stays", async (_, today, left, kept) => {
		await putReceipts(range(today).map((number) => START - number));
		await putReceipts(range(1_000).map((number) => Date.parse("9999-12-31T00:00:00Z") - number));
		await trimIgnored(ledger.storage, START);
		const keys = await keysLeft();
		expect(keys.filter((key) => key > `r-${receiptOrder(START + 1)}`)).toHaveLength(kept);
		expect(keys).toHaveLength(kept + left);
	});

	it("are trimmed by the process that writes them", async () => {
		const { note, pass, calls } = ignoredLog();
		for (const minute of range(11)) {
			for (const number of range(60, minute * 60)) note(event(number));
			await pass(MINUTE);
		}
		expect(calls.filter((call) => call === "list")).toHaveLength(6);
	});
});

describe("an ignored event that cannot be recorded", () => {
	it("is tried again a minute later while storage is away, and nothing is thrown", async () => {
		let isAway = true;
		const { note, pass, calls } = ignoredLog((_, make) => {
			if (isAway) throw new StorageError("away", 503);
			return make();
		});
		for (const number of range(3)) note(event(number));
		await pass(500);
		note(event(3));
		await pass(30_000);
		expect(calls).toEqual(["commit 3"]);
		isAway = false;
		await pass(MINUTE);
		expect(await receipts()).toHaveLength(4);
		expect(await readIgnoredCount(ledger.storage)).toMatchObject({ total: 4 });
	});

	it.each([
		["is written", false],
		["cannot be written at first", true],
	])("is counted once, with the routes that it has missed, if it comes while a count %s", async (_, fails) => {
		let counts = 0;
		const { note, pass } = ignoredLog(async ({ method, args }, make) => {
			const isCount = method === "commit" && (args[1] as Write[]).some(({ rowKey }) => rowKey === "a-ignored");
			if (isCount && ++counts === 1) {
				note({ ...event(2), missed: [{ route: "a", by: "source" }] });
				if (fails) throw new StorageError("away", 503);
			}
			return make();
		});
		note({ ...event(1), missed: [{ route: "a", by: "subjectEndsWith" }] });
		await pass(3 * MINUTE);
		const { total, missed } = await readIgnoredCount(ledger.storage);
		expect([total, missed["a"]?.by]).toEqual([2, { source: 1, subjectEndsWith: 1 }]);
	});

	it("spoils no other one where storage refuses its text", async () => {
		const { note, pass } = ignoredLog(({ method, args }, make) => {
			const writes = method === "commit" ? (args[1] as Write[]) : [];
			const isBad = writes.some((write) => "columns" in write && String(write.columns["id"]).includes("é"));
			return isBad ? Promise.reject(new StorageError("no such text", 400)) : make();
		});
		note(event(1));
		note(event(2, { id: "é" }));
		await pass(500);
		expect((await receipts()).map(({ event: { id } }) => id)).toEqual(["?", "event-1"]);
	});

	it("is recorded with the time that it has, even where that is none", async () => {
		const { note, pass } = ignoredLog();
		for (const time of ["", "soon", "2026-13-45T00:00:00Z"]) note(event(1, { time }));
		note(event(2));
		await pass(500);
		expect((await receipts()).map(({ event: { time } }) => time).sort()).toEqual(
			["", "soon", "2026-13-45T00:00:00Z", event(2).event.time].sort(),
		);
	});

	it.each([
		["is no JSON", "{"],
		["is null", "null"],
		["is no object", "7"],
		["has no total", "{}"],
		["has a text as its total", '{"total":"7"}'],
		["has a part of an event", '{"total":1.5}'],
		["is larger than can be counted", '{"total":1e300}'],
	])("is counted anew where the count %s", async (_, state) => {
		await ledger.storage.commit(IGNORED_LANE, [{ kind: "insert", rowKey: "a-ignored", columns: { state } }]);
		expect(await readIgnoredCount(ledger.storage)).toEqual({ total: 0, missed: {} });
		const { note, pass } = ignoredLog();
		note(event(1));
		await pass(500);
		expect(await readIgnoredCount(ledger.storage)).toMatchObject({ total: 1 });
	});

	it("is written by a timer of the process where none is given", async () => {
		const calls: string[] = [];
		const storage = wrapStorage(ledger.storage, async ({ method }) => {
			calls.push(method);
			throw new StorageError("away", 503);
		});
		jest.useFakeTimers();
		try {
			createIgnoredLog({ storage, now: () => START })(event(1));
			await jest.advanceTimersByTimeAsync(499);
			expect(calls).toEqual([]);
			await jest.advanceTimersByTimeAsync(1);
			expect(calls).toEqual(["commit"]);
		} finally {
			jest.useRealTimers();
		}
	});

	it("is told nothing of where no event was ignored yet", async () => {
		expect(await readIgnoredCount(ledger.storage)).toEqual({ total: 0, missed: {} });
		await expect(trimIgnored(ledger.storage, START)).resolves.toBeUndefined();
	});
});
