import { beforeEach, describe, expect, it } from "@jest/globals";
import { discardDeadLetter } from "../../src/ledger/discard-dead-letter.ts";
import { deadLetterKey, NO_LANE, receiptKey } from "../../src/ledger/rows.ts";
import { type Storage, StorageError, WRITTEN_AT } from "../../src/storage/storage.ts";
import { type StorageCall, wrapStorage } from "../../support/wrap-storage.ts";
import { openTestLedger, type TestLedger } from "../helpers/test-ledger.ts";

const NOW = Date.parse("2026-05-26T12:00:00Z");
const KEY = "a".repeat(32);
const RECEIPT = receiptKey("2026-05-26T11:00:00Z", KEY);
const BEFORE = "it was discarded before";

let ledger: TestLedger;
let commits: number;
beforeEach(async () => {
	ledger = await openTestLedger();
	commits = 0;
});

/** The ledger's storage, with something else for one of its methods. */
function withInstead(
	method: keyof Storage,
	instead: (make: () => Promise<unknown>, call: StorageCall) => Promise<unknown>,
): Storage {
	return wrapStorage(ledger.storage, (call, make) => {
		if (call.method === "commit") commits += 1;
		return call.method === method ? instead(make, call) : make();
	});
}
const away = () => Promise.reject(new StorageError("storage is away", 503));

describe.each([
	["of a lane", { lane: "default", state: "dead", blob: "requests/one.json" }],
	["without a lane", { lane: NO_LANE, state: "rejected", blob: "rejected/one.json" }],
])("a discard of a dead letter %s", (_, { lane, state, blob }) => {
	beforeEach(async () => {
		await ledger.storage.write(blob, Buffer.from("{}"), "application/json");
		await ledger.storage.commit(lane, [
			{ kind: "insert", rowKey: RECEIPT, columns: { key: KEY, state, blobs: blob } },
			{ kind: "insert", rowKey: deadLetterKey(RECEIPT), columns: { key: KEY } },
		]);
	});

	let marks = 0;
	const discard = (storage = ledger.storage) =>
		discardDeadLetter(storage, lane, RECEIPT, { now: NOW, by: `discard ${++marks}` });
	const stateNow = async () => (await ledger.storage.get(lane, RECEIPT))?.columns["state"];
	const hasBlob = async () => (await ledger.storage.read(blob)) !== undefined;
	const change = (to: string) =>
		ledger.storage.commit(lane, [{ kind: "merge", rowKey: RECEIPT, columns: { state: to } }]);

	it("removes the dead letter and its blob, and says so where only the answer got lost", async () => {
		const losing = withInstead("commit", async (make) => {
			await make();
			return away();
		});
		expect(await discard(losing)).toEqual({ kind: "discarded", note: null });
		expect(commits).toBe(1);
		expect((await ledger.rows(lane)).map(({ rowKey }) => rowKey)).toEqual([RECEIPT]);
		expect([await stateNow(), await hasBlob()]).toEqual(["discarded", false]);
	});

	it("removes the blob only as far as it was not written after the receipt", async () => {
		const range = { from: RECEIPT, to: `${RECEIPT}!`, top: 1, select: [WRITTEN_AT] };
		const { rows } = await ledger.storage.list(lane, range);
		const writtenAt = Date.parse(String(rows[0]?.columns[WRITTEN_AT]));
		const since: unknown[] = [];
		await discard(
			withInstead("remove", (make, { args }) => {
				since.push(args[2]);
				return make();
			}),
		);
		// In whole seconds, as the service tells a blob's time.
		expect(since).toEqual([writtenAt % 1_000 === 0 ? writtenAt : writtenAt - (writtenAt % 1_000) + 1_000]);
	});

	it("says where the blob is left, and that it was done before when it is done again", async () => {
		const note = "what it held could not be removed (storage is away); maintenance removes it with its receipt";
		expect(await discard(withInstead("remove", away))).toEqual({ kind: "discarded", note });
		expect(await discard()).toEqual({ kind: "discarded", note: BEFORE });
		// The same event may have been rejected anew: its blob stays for retention.
		expect(await hasBlob()).toBe(lane === NO_LANE);
	});

	it("discards it where the dead letter is gone and the receipt is left", async () => {
		await ledger.storage.commit(lane, [{ kind: "delete", rowKey: deadLetterKey(RECEIPT) }]);
		expect(await discard()).toEqual({ kind: "discarded", note: null });
		expect([await stateNow(), await hasBlob()]).toEqual(["discarded", false]);
	});

	it("fails after one try where storage does not answer, and changes nothing", async () => {
		await expect(discard(withInstead("commit", away))).rejects.toThrow("storage is away");
		expect(commits).toBe(1);
		expect([await stateNow(), await hasBlob()]).toEqual([state, true]);
	});

	it("keeps what has become something else meanwhile", async () => {
		const late = withInstead("commit", async (make) => {
			await change("dispatched");
			return make();
		});
		expect(await discard(late)).toEqual({ kind: "kept", state: "dispatched" });
		expect([commits, await hasBlob()]).toEqual([1, true]);
	});

	it.each<[string, boolean, unknown]>([
		["is written, and only its answer got lost", true, { kind: "discarded", note: null }],
		["is not answered", false, new StorageError("storage is away", 503)],
	])("says what it knows where the last try, after three changes by others, %s", async (__, isWritten, expected) => {
		const last = withInstead("commit", async (make) => {
			if (commits < 4) await change(state);
			if (commits < 4 || isWritten) await make();
			return away();
		});
		expect(await discard(last).catch((error: unknown) => error)).toEqual(expected);
		expect([commits, await stateNow()]).toEqual([4, isWritten ? "discarded" : state]);
	});

	it("finds nothing to discard where the receipt is gone", async () => {
		await ledger.storage.commit(lane, [{ kind: "delete", rowKey: RECEIPT }]);
		expect(await discard()).toEqual({ kind: "gone" });
	});
});
