import { beforeEach, describe, expect, it } from "@jest/globals";
import { createRecordRejected, forgetRejected, readRejected, replayDead } from "../../src/ledger/dead-letters.ts";
import { deadLetterKey, NO_LANE, receiptKey } from "../../src/ledger/rows.ts";
import { type Columns, type Storage, StorageError } from "../../src/storage/storage.ts";
import { wrapStorage } from "../../support/wrap-storage.ts";
import { openTestLedger, type TestLedger } from "../helpers/test-ledger.ts";

const NOW = Date.parse("2026-05-26T12:00:00Z");
const TIME = "2026-05-26T11:00:00Z";
const LANE = "default";

let ledger: TestLedger;
let calls: string[];
beforeEach(async () => {
	ledger = await openTestLedger();
	calls = [];
});

/** The ledger's storage, whose calls are noted, with something else for one of its methods. */
function watched(method?: keyof Storage, instead?: (make: () => Promise<unknown>) => Promise<unknown>): Storage {
	return wrapStorage(ledger.storage, (call, make) => {
		calls.push(call.method);
		return call.method === method && instead !== undefined ? instead(make) : make();
	});
}

const away = () => Promise.reject(new StorageError("storage is away", 503));
const rowKeys = async (lane: string) => (await ledger.rows(lane)).map(({ rowKey }) => rowKey);

describe("a rejected event that was accepted after all", () => {
	/** One whose event lies in a blob, if it is a large one. */
	async function reject(bytes = 70_000) {
		const record = createRecordRejected({ storage: ledger.storage, now: () => NOW });
		const event = { id: "1", type: "T", source: "/s", subject: "", time: TIME };
		const element = { id: "1", data: "x".repeat(bytes) };
		const key = await record({ element, event, route: null, to: null, reason: "no" });
		const receipt = receiptKey(TIME, key);
		const letter = await readRejected(ledger.storage, receipt);
		if (letter === undefined) throw new Error("it is not there");
		expect(letter).toEqual({ element, blob: bytes < 60_000 ? undefined : `rejected/${key}.json` });
		return { receipt, letter };
	}
	const blobs = async () => (await ledger.storage.names("rejected/")).names;

	it("is forgotten whole: its rows in one transaction, then its blob", async () => {
		const { receipt, letter } = await reject();
		await forgetRejected(watched(), receipt, letter);
		expect(calls).toEqual(["commit", "remove"]);
		expect([await rowKeys(NO_LANE), await blobs()]).toEqual([[], []]);
		expect(await readRejected(ledger.storage, receipt)).toBeUndefined();
	});

	it.each<[string, Columns]>([
		["has lost it", {}],
		["has something else in its place", { event: "{}" }],
		["names a blob that is gone", { eventBlob: "rejected/gone.json" }],
	])("is gone where its row %s", async (_, columns) => {
		const receipt = receiptKey(TIME, "ab");
		await ledger.storage.commit(NO_LANE, [{ kind: "insert", rowKey: deadLetterKey(receipt), columns }]);
		expect(await readRejected(ledger.storage, receipt)).toBeUndefined();
	});

	it("is forgotten in one call where it has no blob", async () => {
		const { receipt, letter } = await reject(10);
		await forgetRejected(watched(), receipt, letter);
		expect(calls).toEqual(["commit"]);
		expect(await rowKeys(NO_LANE)).toEqual([]);
	});

	it.each([
		["its receipt is", (receipt: string) => [receipt]],
		["its dead letter is", (receipt: string) => [deadLetterKey(receipt)]],
		["both are", (receipt: string) => [receipt, deadLetterKey(receipt)]],
	])("is forgotten whole where %s gone already", async (_, gone) => {
		const { receipt, letter } = await reject();
		await ledger.storage.commit(
			NO_LANE,
			gone(receipt).map((rowKey) => ({ kind: "delete", rowKey })),
		);
		await forgetRejected(ledger.storage, receipt, letter);
		expect([await rowKeys(NO_LANE), await blobs()]).toEqual([[], []]);
	});

	it("keeps its event while its rows cannot be removed", async () => {
		const { receipt, letter } = await reject();
		await expect(forgetRejected(watched("commit", away), receipt, letter)).rejects.toThrow("storage is away");
		expect(await readRejected(ledger.storage, receipt)).toEqual(letter);
	});
});

describe("the replay of a dead letter", () => {
	const KEY = "a".repeat(32);
	const receipt = receiptKey(TIME, KEY);
	const replay = (storage: Storage) => replayDead(storage, LANE, receipt, { now: NOW, by: "ours" });
	const remove = () =>
		ledger.storage.commit(
			LANE,
			[receipt, deadLetterKey(receipt)].map((rowKey) => ({ kind: "delete", rowKey })),
		);

	beforeEach(async () => {
		const ended = { state: "dead", finishedAt: TIME, reason: "no", notBefore: "2026-05-26T11:30:00Z" };
		await ledger.storage.commit(LANE, [
			{ kind: "insert", rowKey: receipt, columns: { key: KEY, acceptedAt: TIME, attempts: "[]", ...ended } },
			{ kind: "insert", rowKey: deadLetterKey(receipt), columns: { key: KEY, receipt, body: Buffer.from("{}") } },
		]);
	});

	it("takes the end off its receipt, and leaves what it was before", async () => {
		expect(await replay(ledger.storage)).toEqual({ kind: "moved" });
		const row = await ledger.storage.get(LANE, receipt);
		expect(row?.columns).toEqual({
			key: KEY,
			state: "accepted",
			acceptedAt: TIME,
			attempts: "[]",
			replayedAt: "2026-05-26T12:00:00.000Z",
			finishedAt: "",
			reason: "",
			notBefore: "",
			by: "ours",
			place: expect.stringMatching(/^e-/),
		});
		const entry = await ledger.storage.get(LANE, String(row?.columns["place"]));
		expect(entry?.columns).toMatchObject({ key: KEY, receipt, acceptedAt: "2026-05-26T12:00:00.000Z" });
		expect(await rowKeys(LANE)).toHaveLength(2);
	});

	it("counts as done where only the answer got lost", async () => {
		const losing = watched("commit", async (make) => {
			await make();
			return away();
		});
		expect(await replay(losing)).toEqual({ kind: "moved" });
	});

	it("moves nothing where all of it is gone, before that or meanwhile", async () => {
		const late = watched("commit", async (make) => {
			await remove();
			return make();
		});
		expect(await replay(late)).toEqual({ kind: "not moved", receipt: undefined });
		expect(await replay(ledger.storage)).toEqual({ kind: "not moved", receipt: undefined });
		expect(await rowKeys(LANE)).toEqual([]);
	});

	it("fails where storage does not answer, and can be repeated", async () => {
		await expect(replay(watched("commit", away))).rejects.toThrow("storage is away");
		expect(await replay(ledger.storage)).toEqual({ kind: "moved" });
	});
});
