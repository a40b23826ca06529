import { setImmediate } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "@jest/globals";
import { NEW_LANE, toColumns } from "../../src/ledger/lane-state.ts";
import { readReceipt } from "../../src/ledger/receipt.ts";
import type { FoundReceipt } from "../../src/ledger/receipt-query.ts";
import { STATE_KEY } from "../../src/ledger/rows.ts";
import { type ShownReceipt, showReceipts, withRequests } from "../../src/operate/show-receipts.ts";
import type { Columns, Row, Storage } from "../../src/storage/storage.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const DESTINATION = { repository: "contoso/a", dispatchType: "x" };

/** Rows by `LANE ROW`; an error is what reading one rejects with. */
let rows: Record<string, Columns | Error>;
/** What was read, in turn. */
let reads: string[];
beforeEach(() => {
	rows = {};
	reads = [];
});

async function get(lane: string, rowKey: string): Promise<Row | undefined> {
	const place = `${lane} ${rowKey}`;
	reads.push(place);
	const columns = rows[place];
	if (columns instanceof Error) throw columns;
	return columns && { rowKey, etag: "", columns };
}

const withStorage = (storage: Partial<Storage>) => ({
	storage: storage as Storage,
	destinations: { pageOf: () => null, requestLine: () => "POST /dispatches" },
	judge: "1 2",
	now: () => NOW,
});
const show = (receipts: readonly FoundReceipt[], problems: readonly string[] = []) =>
	showReceipts({ receipts, problems }, withStorage({ get }));

/** A receipt of the lane `a`. */
const receipt = (rowKey: string, columns: Columns): FoundReceipt => ({
	...readReceipt({ rowKey, etag: "", columns: { key: rowKey, ...columns } }),
	lane: "a",
});
const member = (rowKey: string, dispatch: string) => receipt(rowKey, { state: "coalesced", window: "w", dispatch });

describe("the receipts of a window's events", () => {
	it("read their dispatch once, and not at all where it is among them or they have none", async () => {
		rows["a r-9"] = { state: "dispatched" };
		const { receipts, problems } = await show([
			receipt("r-0", { state: "dispatched" }),
			member("r-1", "r-0"),
			member("r-2", "r-9"),
			member("r-3", "r-9"),
		]);
		expect(receipts.map(({ windowState }) => windowState)).toEqual([null, "dispatched", "dispatched", "dispatched"]);
		expect(reads).toEqual(["a r-9"]);
		expect(problems).toEqual([]);
	});

	it("read a lane's state once, where their dispatches wait in it", async () => {
		rows["a r-8"] = { state: "accepted", ...DESTINATION };
		rows["a r-9"] = { state: "accepted", ...DESTINATION };
		const parked = { since: NOW, probeAt: NOW + 1, reason: "closed" };
		rows[`a ${STATE_KEY}`] = toColumns({ ...NEW_LANE, parked });
		const { receipts } = await show([member("r-1", "r-8"), member("r-2", "r-9")]);
		expect(receipts.map(({ windowState }) => windowState)).toEqual(["parked", "parked"]);
		expect(reads.sort()).toEqual([`a ${STATE_KEY}`, "a r-8", "a r-9"]);
	});

	it("know no state of a dispatch that is gone, which is no problem", async () => {
		expect(await show([member("r-1", "r-9")])).toMatchObject({ receipts: [{ windowState: null }], problems: [] });
	});

	it("are shown where a dispatch cannot be read, with each problem once, after those that are known", async () => {
		rows["a r-8"] = new Error("storage is down");
		rows["a r-9"] = new Error("storage is down");
		rows["a r-7"] = { state: "dispatched" };
		const { receipts, problems } = await show(
			[member("r-1", "r-8"), member("r-2", "r-9"), member("r-3", "r-7")],
			["p"],
		);
		expect(receipts.map(({ windowState }) => windowState)).toEqual([null, null, "dispatched"]);
		expect(problems).toEqual(["p", `a window's dispatch in the lane "a" cannot be read: storage is down`]);
	});

	it("name the group of a window that is open, and none once it is closed", async () => {
		const place = "m-0a-1";
		const { receipts } = await show([
			receipt("r-1", { state: "coalescing", place }),
			receipt("r-2", { state: "coalescing" }),
			receipt("r-3", { state: "coalesced", place }),
		]);
		expect(receipts.map(({ group }) => group)).toEqual(["0a", null, null]);
	});

	it("read sixteen dispatches at once", async () => {
		const members = Array.from({ length: 17 }, (_, index) => member(`r-${index}`, `r-of-${index}`));
		await expectSixteen((storage) => showReceipts({ receipts: members, problems: [] }, withStorage(storage)));
	});
});

describe("what a replay would send", () => {
	const shown = (rowKey: string, columns: Columns) =>
		({ ...receipt(rowKey, columns), page: null, replay: null, group: null, windowState: null }) as ShownReceipt;
	const dead = (rowKey: string) => shown(rowKey, { state: "dead", ...DESTINATION });
	const ask = (receipts: readonly ShownReceipt[]) => withRequests({ receipts, problems: [] }, withStorage({ get }));

	it("is told of a dead letter, and null where there is no request, without a look at storage", async () => {
		rows["a x-1"] = { body: Buffer.from("{}") };
		const { receipts, problems } = await ask([
			dead("r-1"),
			shown("r-2", { state: "dispatched", ...DESTINATION }),
			shown("r-3", { state: "dead" }),
		]);
		const sends = { line: "POST /dispatches", text: "{}", bytes: 2, whole: true };
		expect(receipts.map((one) => one.sends)).toEqual([sends, null, null]);
		expect(problems).toEqual([]);
		expect(reads).toEqual(["a x-1"]);
	});

	it("is null where the request is gone, and where it cannot be read, which alone is a problem", async () => {
		rows["a x-2"] = new Error("storage is down");
		rows["a x-3"] = { body: Buffer.from("{}") };
		const { receipts, problems } = await ask([dead("r-1"), dead("r-2"), dead("r-3")]);
		expect(receipts.map(({ key, sends }) => [key, sends?.text ?? sends])).toEqual([
			["r-1", null],
			["r-2", null],
			["r-3", "{}"],
		]);
		expect(problems).toEqual(["what r-2 would send cannot be read: storage is down"]);
	});

	it("is read for sixteen at once", async () => {
		const receipts = Array.from({ length: 17 }, (_, index) => dead(`r-${index}`));
		await expectSixteen((storage) => withRequests({ receipts, problems: [] }, withStorage(storage)));
	});
});

/** Expects that seventeen rows are read, and that the last one waits for another's end. */
async function expectSixteen(read: (storage: Pick<Storage, "get">) => Promise<unknown>): Promise<void> {
	const asked: (() => void)[] = [];
	const done = read({ get: () => new Promise((resolve) => asked.push(() => resolve(undefined))) });
	await setImmediate();
	expect(asked).toHaveLength(16);
	for (const answer of asked) answer();
	await setImmediate();
	expect(asked).toHaveLength(17);
	asked[16]?.();
	await done;
}
