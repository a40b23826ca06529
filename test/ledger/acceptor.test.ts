import { beforeEach, describe, expect, it } from "@jest/globals";
import { type LaneState, NEW_LANE, toColumns } from "../../src/ledger/lane-state.ts";
import { createLedger, type LedgerOptions } from "../../src/ledger/ledger.ts";
import { receiptKey, STATE_KEY } from "../../src/ledger/rows.ts";
import { type Storage, StorageError, type Write } from "../../src/storage/storage.ts";
import { wrapStorage } from "../../support/wrap-storage.ts";
import { delivery, joining } from "../helpers/deliveries.ts";
import { openTestLedger, type TestLedger } from "../helpers/test-ledger.ts";

const NOW = Date.parse("2026-05-26T12:00:00Z");
const LANE = "default";
let ledger: TestLedger;
/** Every call, and how many rows each transaction had. */
let calls: string[];
beforeEach(async () => {
	ledger = await openTestLedger();
	calls = [];
});

function acceptor(options: Partial<LedgerOptions> = {}) {
	const storage = wrapStorage(options.storage ?? ledger.storage, ({ method, args }, make) => {
		calls.push(method === "commit" ? `commit ${(args[1] as Write[]).length}` : method);
		return make();
	});
	const addressesOf = () => ({ address: "https://api.github.com" });
	const now = () => NOW;
	const opened = createLedger({ instance: "one", now, monotonic: now, addressesOf, ...options, storage });
	return { accept: opened.accept, wake: (dueAt: (state: LaneState) => number) => opened.ensureWakeUp(LANE, dueAt) };
}

const range = (count: number, from = 0) => Array.from({ length: count }, (_, index) => index + from);
const kinds = (accepted: readonly { readonly kind: string }[]) => accepted.map(({ kind }) => kind);
const keysOf = async (beginning: string) => (await ledger.rows(LANE, beginning)).map(({ rowKey }) => rowKey);

describe("accepting a delivery", () => {
	it("writes its receipt and its entry together, and finds it the next time", async () => {
		const accept = acceptor().accept;
		const first = await accept(delivery(1));
		const [entry] = await keysOf("e-");
		expect(first).toEqual({ kind: "written", entry });
		const [receipt] = await ledger.rows(LANE, "r-");
		expect(receipt?.rowKey).toBe(receiptKey(delivery(1).event.time, delivery(1).key));
		expect(receipt?.columns).not.toHaveProperty("blobs");
		expect(await accept(delivery(1))).toMatchObject({
			kind: "known",
			receipt: { key: delivery(1).key, state: "accepted", place: entry, acceptedAt: "2026-05-26T12:00:00.000Z" },
		});
		expect(calls).toEqual(["commit 2", "commit 2", "get"]);
	});

	it("keeps entries in the order in which they came", async () => {
		const { accept } = acceptor();
		await Promise.all(range(20).map((number) => accept(delivery(number))));
		const rows = await ledger.rows(LANE, "e-");
		expect(rows.map(({ columns }) => columns["key"])).toEqual(range(20).map((number) => delivery(number).key));
	});

	it("keeps a request of more than 60 KB in a blob that is written first", async () => {
		const body = "é".repeat(31 * 1024);
		await acceptor().accept(delivery(1, { how: { body }, blobs: ["payloads/1.json"] }));
		expect(calls).toEqual(["write", "commit 2"]);
		const [[entry], [receipt]] = [await ledger.rows(LANE, "e-"), await ledger.rows(LANE, "r-")];
		const blob = String(entry?.columns["bodyBlob"]);
		// Named after its content, so that another one cannot take its place.
		expect(blob).toMatch(new RegExp(`^requests/${delivery(1).key}-[0-9a-f]{16}\\.json$`));
		expect(receipt?.columns).toMatchObject({ blobs: `payloads/1.json ${blob}` });
		expect(await ledger.blob(blob)).toBe(body);
	});

	it("keeps one of 60 KB in its row", async () => {
		await acceptor().accept(delivery(1, { how: { body: "x".repeat(60 * 1024) } }));
		expect(calls).toEqual(["commit 2"]);
	});

	it("keeps a line of more than 60 KB in a blob that is written first", async () => {
		const line = JSON.stringify("x".repeat(61 * 1024));
		await acceptor().accept(joining(1, { how: { line } }));
		expect(calls).toEqual(["write", "commit 3"]);
		const [member] = await ledger.rows(LANE, "m-");
		expect(member?.columns).not.toHaveProperty("line");
		expect(await ledger.blob(String(member?.columns["lineBlob"]))).toBe(line);
	});

	it("rejects with what storage says, and writes it when it is asked again", async () => {
		let down = true;
		const storage = wrapStorage(ledger.storage, (_, make) => {
			if (down) throw new StorageError("the service is down", undefined);
			return make();
		});
		const { accept } = acceptor({ storage });
		await expect(accept(delivery(1))).rejects.toThrow("the service is down");
		down = false;
		expect(await accept(delivery(1))).toMatchObject({ kind: "written" });
	});
});

describe("accepting many deliveries at the same time", () => {
	it("shares transactions of at most a hundred rows, two under way", async () => {
		const { accept } = acceptor();
		const accepted = await Promise.all(range(120).map((number) => accept(delivery(number))));
		expect(new Set(kinds(accepted))).toEqual(new Set(["written"]));
		const sizes = calls.map((call) => Number(call.split(" ")[1]));
		expect(sizes).toEqual([100, 100, 40]);
		expect(await keysOf("e-")).toHaveLength(120);
	});

	it("shares transactions of at most 3 MiB as they travel, and each is taken", async () => {
		const bytes: number[] = [];
		const storage = wrapStorage(ledger.storage, ({ args }, make) => {
			const columns = (args[1] as Write[]).flatMap((write) => ("columns" in write ? Object.values(write.columns) : []));
			bytes.push(
				columns.reduce<number>((sum, value) => sum + (value instanceof Uint8Array ? (value.length * 4) / 3 : 0), 0),
			);
			return make();
		});
		const { accept } = acceptor({ storage });
		const body = "x".repeat(60 * 1024);
		const accepted = await Promise.all(range(60).map((number) => accept(delivery(number, { how: { body } }))));
		expect(new Set(kinds(accepted))).toEqual(new Set(["written"]));
		expect(bytes.length).toBe(2);
		expect(Math.max(...bytes)).toBeLessThanOrEqual(3 * 1024 * 1024);
	});

	it("counts the row of a window that they share once", async () => {
		const { accept } = acceptor();
		await Promise.all(range(10).map((number) => accept(joining(number))));
		expect(calls).toEqual(["commit 21"]);
		expect([await keysOf("b-"), await keysOf("m-"), await keysOf("r-")].map(({ length }) => length)).toEqual([
			1, 10, 10,
		]);
	});

	it("never lets joins of many windows exceed a hundred rows", async () => {
		const { accept } = acceptor();
		const group = (number: number) => String(number).padStart(32, "0");
		await Promise.all(range(70).map((number) => accept(joining(number, { how: { group: group(number) } }))));
		expect(calls.map((call) => Number(call.split(" ")[1]))).toEqual([99, 99, 12]);
	});

	it("does not let one that is known spoil its neighbours", async () => {
		const { accept } = acceptor();
		await accept(delivery(2));
		calls = [];
		const accepted = await Promise.all(range(5).map((number) => accept(delivery(number))));
		expect(kinds(accepted)).toEqual(["written", "written", "known", "written", "written"]);
		expect(calls[0]).toBe("commit 10");
		expect(calls.slice(1).sort()).toEqual([...Array(5).fill("commit 2"), "get"]);
		expect(await keysOf("e-")).toHaveLength(5);
	});

	it("writes the same event once, however often it comes in one group", async () => {
		const { accept } = acceptor();
		const accepted = await Promise.all([1, 1, 2, 1].map((number) => accept(delivery(number))));
		expect(kinds(accepted)).toEqual(["written", "known", "written", "known"]);
		expect(await keysOf("e-")).toHaveLength(2);
	});
});

describe("a row that storage refuses", () => {
	/** Refuses what holds the receipt of one event, as storage does with what it cannot take. */
	const refusing = (status: number, number: number) =>
		wrapStorage(ledger.storage, ({ method, args }, make) => {
			const rows = method === "commit" ? (args[1] as Write[]) : [];
			const isBad = rows.some(({ rowKey }) => rowKey.endsWith(delivery(number).key));
			return isBad ? Promise.reject(new StorageError("cannot be taken", status)) : make();
		});
	const REFUSED = { kind: "refused", reason: "cannot be taken" };

	it.each([
		[400, delivery],
		[413, delivery],
		[400, joining],
		[413, joining],
	])("is refused alone (%i), and its neighbours are written", async (status, make) => {
		const { accept } = acceptor({ storage: refusing(status, 2) });
		const accepted = await Promise.all(range(5).map((number) => accept(make(number))));
		expect(kinds(accepted)).toEqual(["written", "written", "refused", "written", "written"]);
		expect(await keysOf("r-")).toHaveLength(4);
	});

	it("is refused where it comes alone, in one call, and each time it comes", async () => {
		const { accept } = acceptor({ storage: refusing(400, 1) });
		expect(await accept(delivery(1))).toEqual(REFUSED);
		expect(await accept(delivery(1))).toEqual(REFUSED);
		expect(calls).toEqual(["commit 2", "commit 2"]);
	});

	it("is refused as often as it comes in one group", async () => {
		const { accept } = acceptor({ storage: refusing(400, 1) });
		const accepted = await Promise.all([1, 2, 1].map((number) => accept(delivery(number))));
		expect(kinds(accepted)).toEqual(["refused", "written", "refused"]);
	});

	it("is refused where it is the blob that is written first", async () => {
		const storage = wrapStorage(ledger.storage, ({ method }, make) => {
			if (method === "write") throw new StorageError("too large a blob", 413);
			return make();
		});
		const { accept } = acceptor({ storage });
		const large = delivery(1, { how: { body: "x".repeat(61 * 1024) } });
		const accepted = await Promise.all([accept(large), accept(delivery(2))]);
		expect(kinds(accepted)).toEqual(["refused", "written"]);
	});

	it("is no reason to write others singly that fail with the service: each ends on its own", async () => {
		const storage = wrapStorage(refusing(400, 2), ({ method, args }, make) => {
			const rows = method === "commit" ? (args[1] as Write[]) : [];
			const isOther = rows.length === 2 && rows.some(({ rowKey }) => rowKey.endsWith(delivery(3).key));
			return isOther ? Promise.reject(new StorageError("busy", 503)) : make();
		});
		const { accept } = acceptor({ storage });
		const ends = await Promise.allSettled([1, 2, 3, 4].map((number) => accept(delivery(number))));
		expect(ends.map((end) => (end.status === "fulfilled" ? end.value.kind : "failed"))).toEqual([
			"written",
			"refused",
			"failed",
			"written",
		]);
	});
});

describe("a commit whose answer got lost", () => {
	/** What the SDK does then: it writes again, and finds the rows there. */
	const again = (storage: Storage) =>
		wrapStorage(storage, async ({ method }, make) => {
			if (method === "commit") await make();
			return make();
		});

	it.each([
		["alone", [1]],
		["with others", [1, 2, 3]],
	])("counts as written, %s", async (_, numbers) => {
		const { accept } = acceptor({ storage: again(ledger.storage) });
		const accepted = await Promise.all(numbers.map((number) => accept(delivery(number))));
		const entries = await keysOf("e-");
		expect(accepted).toEqual(entries.map((entry) => ({ kind: "written", entry })));
	});

	it("counts as written for a join", async () => {
		const { accept } = acceptor({ storage: again(ledger.storage) });
		expect(kinds(await Promise.all([1, 2].map((number) => accept(joining(number)))))).toEqual(["written", "written"]);
	});

	it("is not mistaken for another instance's, nor for an earlier try", async () => {
		await acceptor({ instance: "two" }).accept(delivery(1));
		const { accept } = acceptor({ storage: again(ledger.storage) });
		expect(await accept(delivery(1))).toMatchObject({ kind: "known" });
		await accept(delivery(2));
		expect(await accept(delivery(2))).toMatchObject({ kind: "known" });
	});

	it("is an error where the receipt has been removed meanwhile", async () => {
		const storage = wrapStorage(ledger.storage, async ({ method }, make) => {
			if (method === "commit") throw new StorageError("there already", 409);
			return make();
		});
		await expect(acceptor({ storage }).accept(delivery(1))).rejects.toMatchObject({
			name: "StorageError",
			message: "the receipt has just been removed",
		});
	});
});

describe("making sure that a drainer looks", () => {
	const record = async (wake: LaneState["wake"], more: Partial<LaneState> = {}) =>
		ledger.storage.commit(LANE, [
			{ kind: "upsert", rowKey: STATE_KEY, columns: toColumns({ ...NEW_LANE, ...more, wake }) },
		]);

	it("puts a message that can be seen at once in a lane that was not drained yet", async () => {
		expect(await acceptor().wake(() => NOW)).toEqual(NEW_LANE);
		expect(await ledger.messages()).toMatchObject([{ lane: LANE, wake: 0 }]);
		expect(calls).toEqual(["get", "put"]);
	});

	it("puts a message with the last number where none is recorded", async () => {
		await record({ last: 7, at: null });
		await acceptor().wake(() => NOW);
		expect(await ledger.messages()).toMatchObject([{ lane: LANE, wake: 7 }]);
	});

	it("puts none where one is recorded that surfaces in time", async () => {
		await record({ last: 7, at: NOW + 45_000 });
		expect(await acceptor().wake(() => NOW)).toMatchObject({ wake: { last: 7 } });
		expect(calls).toEqual(["get"]);
	});

	it("puts one where the recorded one surfaces too late", async () => {
		await record({ last: 7, at: NOW + 3 * 60_000 });
		await acceptor().wake(() => NOW);
		expect(await ledger.messages()).toMatchObject([{ wake: 7 }]);
	});

	it("asks with the state that it has read when the entry is due", async () => {
		await record({ last: 7, at: NOW + 3 * 60_000 }, { pause: { until: NOW + 3 * 60_000, reason: "slow" } });
		const seen: LaneState[] = [];
		await acceptor().wake((state) => {
			seen.push(state);
			return state.pause?.until ?? 0;
		});
		expect(seen[0]).toMatchObject({ pause: { reason: "slow" } });
		expect(calls).toEqual(["get"]);
	});

	it("looks once and puts one message for all that come together", async () => {
		const { wake } = acceptor();
		await Promise.all(range(9).map(() => wake(() => NOW)));
		expect(calls).toEqual(["get", "put"]);
	});

	it("puts the message if it is too late for one of them", async () => {
		await record({ last: 7, at: NOW + 3 * 60_000 });
		const { wake } = acceptor();
		await Promise.all([NOW + 3 * 60_000, NOW].map((dueAt) => wake(() => dueAt)));
		expect(calls).toEqual(["get", "put"]);
	});

	it("looks anew for who came after the look had begun", async () => {
		const { wake } = acceptor();
		const first = wake(() => NOW);
		await new Promise(setImmediate);
		await Promise.all([first, wake(() => NOW)]);
		expect(calls).toEqual(["get", "put", "get", "put"]);
	});

	it("rejects when the message could not be put: nothing may be acknowledged then", async () => {
		const storage = wrapStorage(ledger.storage, async ({ method }, make) => {
			if (method === "put") throw new StorageError("no queue", 500);
			return make();
		});
		await expect(acceptor({ storage }).wake(() => NOW)).rejects.toThrow("no queue");
	});
});
