import { beforeEach, describe, expect, it } from "@jest/globals";
import { NumberText } from "../../src/event/json.ts";
import {
	createRecordRejected,
	type RecordOptions,
	type Rejected,
	readRejected,
} from "../../src/ledger/dead-letters.ts";
import { readReceipt } from "../../src/ledger/receipt.ts";
import { NO_LANE } from "../../src/ledger/rows.ts";
import { StorageError, type Write } from "../../src/storage/storage.ts";
import { repositoryDispatch } from "../../support/destinations.ts";
import { type StorageCall, wrapStorage } from "../../support/wrap-storage.ts";
import { openTestLedger, type TestLedger } from "../helpers/test-ledger.ts";

const NOW = Date.parse("2026-05-26T12:00:00Z");
let ledger: TestLedger;
let calls: string[];
beforeEach(async () => {
	ledger = await openTestLedger();
	calls = [];
});

type Around = (call: StorageCall, make: () => Promise<unknown>) => Promise<unknown>;

function keeper(around: Around = (_, make) => make(), options: Partial<RecordOptions> = {}) {
	const storage = wrapStorage(ledger.storage, (call, make) => {
		const { method, args } = call;
		calls.push(method === "commit" ? `commit ${(args[1] as Write[]).length}` : method);
		return around(call, make);
	});
	return createRecordRejected({ storage, now: () => NOW, ...options });
}

const rejected = (number: number, more: Partial<Rejected> = {}): Rejected => ({
	element: { id: `event-${number}` },
	event: { id: `event-${number}`, type: "T", source: "/s", subject: "", time: "2026-05-26T11:00:00Z" },
	route: null,
	to: null,
	reason: "data.runId is missing",
	...more,
});
const range = (count: number) => Array.from({ length: count }, (_, number) => number);
const receipts = async () => (await ledger.rows(NO_LANE, "r-")).map(readReceipt);
/** Whether a call writes the receipt of an event whose id begins so. */
const writesOf = ({ args }: StorageCall, id: string) =>
	(args[1] as Write[]).some((write) => "columns" in write && String(write.columns["id"]).startsWith(id));

describe("keeping what is rejected", () => {
	it("keeps each event with its reason, a hundred rows in a transaction", async () => {
		const keys = await Promise.all(range(120).map((number) => keeper()(rejected(number))));
		expect(new Set(keys).size).toBe(120);
		calls = [];
		const keep = keeper();
		await Promise.all(range(120).map((number) => keep(rejected(1_000 + number))));
		expect(calls).toEqual(["commit 100", "commit 100", "commit 40"]);
		const all = await receipts();
		expect(all).toHaveLength(240);
		expect(all[0]).toMatchObject({ state: "rejected", reason: "data.runId is missing", event: { type: "T" } });
		const letter = await readRejected(ledger.storage, all[0]?.rowKey ?? "");
		expect(letter?.element).toEqual({ id: all[0]?.event.id });
	});

	it("keeps an event once, however often it comes, together or later, in one call where it comes alone", async () => {
		const keep = keeper();
		const keys = await Promise.all([keep(rejected(1)), keep(rejected(1))]);
		expect(new Set(keys).size).toBe(1);
		expect(await keep(rejected(1))).toBe(keys[0]);
		expect(calls).toEqual(["commit 2", "commit 2"]);
		expect(await receipts()).toHaveLength(1);
	});

	it("keeps an event once for each destination, and once for none", async () => {
		const keep = keeper();
		const to = (name: string) => ({ to: repositoryDispatch(`contoso/${name}`, "t") });
		const all = [rejected(1), rejected(1, to("one")), rejected(1, to("other"))];
		expect(new Set(await Promise.all([...all, ...all].map(keep))).size).toBe(3);
		expect((await receipts()).map(({ blobs }) => blobs)).toEqual([[], [], []]);
	});

	it("keeps new ones that come together with known ones", async () => {
		const keep = keeper();
		await keep(rejected(1));
		calls = [];
		await Promise.all(range(3).map((number) => keep(rejected(number))));
		expect(calls).toEqual(["commit 6"]);
		expect(await receipts()).toHaveLength(3);
	});

	it.each([
		["itself", undefined, { text: '{"id":"event-1"}', bytes: 16, whole: true }],
		["what arrived at first, where that is known", { text: "é", bytes: 9, whole: false }, undefined],
	])("shows of an event %s", async (_, arrived, shown = arrived) => {
		await keeper()(rejected(1, arrived && { arrived }));
		expect(await receipts()).toMatchObject([{ arrived: shown }]);
	});

	it("keeps a large one in a blob", async () => {
		const element = { id: "large", data: "x".repeat(70_000) };
		const key = await keeper()(rejected(1, { element }));
		const [receipt] = await receipts();
		expect(receipt?.blobs).toEqual([`rejected/${key}.json`]);
		expect((await readRejected(ledger.storage, receipt?.rowKey ?? ""))?.element).toEqual(element);
	});

	it("keeps one whole, however deeply it is nested, with its numbers", async () => {
		const deep = `{"id":"deep","a":[1,${'{"b":['.repeat(20_000)}"é"${"]}".repeat(20_000)},null]`;
		const element = { ...JSON.parse(`${deep}}`), n: new NumberText("9007199254740993") };
		const key = await keeper()(rejected(1, { element }));
		expect(await ledger.blob(`rejected/${key}.json`)).toBe(`${deep},"n":9007199254740993}`);
	});

	it.each([400, 413])(
		"keeps one that storage refuses (%i) with plain facts, and its neighbours as they are",
		async (status) => {
			const keep = keeper((call, make) => {
				if (call.method === "commit" && writesOf(call, "bad é")) throw new StorageError("no such text", status);
				return make();
			});
			const bad = rejected(1, { event: { ...rejected(1).event, id: "bad é" } });
			await Promise.all([keep(rejected(2)), keep(bad), keep(rejected(3))]);
			expect((await receipts()).map(({ event }) => event.id).sort()).toEqual(["bad ?", "event-2", "event-3"]);
		},
	);

	it("lets one that cannot be written now spoil no other one that is written singly", async () => {
		const keep = keeper((call, make) => {
			if (call.method !== "commit") return make();
			if ((call.args[1] as Write[]).length > 2) throw new StorageError("too much", 413);
			if (writesOf(call, "event-1")) throw new StorageError("busy", 503);
			return make();
		});
		const ends = await Promise.allSettled(range(3).map((number) => keep(rejected(number))));
		expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
	});

	it("rejects all of a group while storage is away", async () => {
		const keep = keeper(() => Promise.reject(new StorageError("away", undefined)));
		const ends = await Promise.allSettled(range(3).map((number) => keep(rejected(number))));
		expect(ends.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
		expect(calls).toEqual(["commit 6"]);
	});
});
