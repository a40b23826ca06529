import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { replayDead } from "../../src/ledger/dead-letters.ts";
import { createLedger } from "../../src/ledger/ledger.ts";
import { listReceipts } from "../../src/ledger/list-receipts.ts";
import { applyRetention } from "../../src/ledger/retention.ts";
import { deadLetterKey, IGNORED_LANE, NO_LANE, receiptKey } from "../../src/ledger/rows.ts";
import { type Range, type Storage, StorageError } from "../../src/storage/storage.ts";
import { wrapStorage } from "../../support/wrap-storage.ts";
import { delivery } from "../helpers/deliveries.ts";
import { ADDRESS, LANE, type LaneHarness, START, startLane } from "../helpers/lane-harness.ts";

const DAY_MS = 86_400_000;
const KEEP_MS = 30 * DAY_MS;
/** More than fits into a row, so that it lies in a blob. */
const LARGE = "x".repeat(70_000);
/** More calls than any of these programs makes. */
const MOST_CALLS = 12;

let lane: LaneHarness;
beforeEach(async () => {
	lane = await startLane();
});
afterEach(() => lane.ledger.breakLease(LANE));

const large = () => {
	const one = delivery(1);
	const body = JSON.stringify({ client_payload: { id: one.event.id, text: LARGE, bridge: { key: one.key } } });
	return delivery(1, { how: { body } });
};

/** A dead letter whose request lies in a blob; then much time passes. */
async function die(): Promise<{ key: string; receipt: string }> {
	lane.answer = () => ({ classification: { kind: "permanent", reason: "no" }, status: 422 });
	const one = large();
	await lane.instance.accept(one);
	await lane.wakeAll();
	lane.answer = () => undefined;
	expect((await lane.receipt(one.key)).state).toBe("dead");
	lane.now += 31 * DAY_MS;
	return { key: one.key, receipt: receiptKey(one.event.time, one.key) };
}

const clean = (storage: Storage = lane.ledger.storage, more: object = {}) =>
	applyRetention(storage, { now: () => lane.now, retentionMs: KEEP_MS, endsAt: lane.now + 60_000, ...more });

const replay = (receipt: string) =>
	replayDead(lane.ledger.storage, LANE, receipt, { now: lane.now, by: `replay ${Math.random()}` });

/** Storage before whose n-th call something else happens. */
function beforeCall(n: number, happens: () => Promise<unknown>): { storage: Storage; calls: () => number } {
	let calls = 0;
	const storage = wrapStorage(lane.ledger.storage, async (_, make) => {
		calls += 1;
		if (calls === n) await happens();
		return make();
	});
	return { storage, calls: () => calls };
}

/** Storage that is gone from the n-th call on; that one may have been done. */
function cutAt(n: number, done: boolean): Storage {
	let calls = 0;
	return wrapStorage(lane.ledger.storage, async (_, make) => {
		calls += 1;
		if (calls === n && done) await make();
		if (calls >= n) throw new Error("the process died");
		return make();
	});
}

/** Begins to accept an event: its blob is written, its rows wait. */
async function acceptingAnew(one: ReturnType<typeof large>) {
	let release = () => {};
	const released = new Promise<void>((resolve) => (release = resolve));
	let reached = () => {};
	const isReached = new Promise<void>((resolve) => (reached = resolve));
	const storage = wrapStorage(lane.ledger.storage, async ({ method }, make) => {
		if (method === "commit") {
			reached();
			await released;
		}
		return make();
	});
	const now = () => lane.now;
	const ledger = createLedger({
		storage,
		instance: "anew",
		addressesOf: () => ({ address: ADDRESS }),
		now,
		monotonic: now,
	});
	const accept = ledger.accept(one);
	await isReached;
	const proceed = async () => {
		release();
		await accept;
	};
	return { accept, proceed };
}

const blobs = async () => (await lane.ledger.storage.names("requests/")).names;
const rows = async (beginning: string) => (await lane.ledger.rows(LANE, beginning)).length;

/** Receipts of what was dispatched, in the partition of what has no lane; then much time passes. Answers their keys. */
async function put(...receipts: readonly { name: string; blobs?: string }[]): Promise<readonly string[]> {
	const finishedAt = new Date(START).toISOString();
	const writes = receipts.map(({ name, blobs }) => ({
		kind: "insert" as const,
		rowKey: receiptKey("2026-01-01T00:00:00Z", name),
		columns: { key: name, state: "dispatched", finishedAt, blobs },
	}));
	await lane.ledger.storage.commit(NO_LANE, writes);
	lane.now = START + 31 * DAY_MS;
	return writes.map(({ rowKey }) => rowKey);
}

describe("retention", () => {
	it("removes a dead letter that is past its time, with its receipt and its blob", async () => {
		await die();
		expect(await clean()).toEqual({ removed: 1, complete: true, failures: [] });
		expect([await rows("r-"), await rows("x-"), await blobs()]).toEqual([0, 0, []]);
	});

	it("leaves everything that a replay needs, whichever call the replay comes before", async () => {
		const ends = new Set<string>();
		for (let n = 1; n <= MOST_CALLS; n++) {
			lane = await startLane();
			const { key, receipt } = await die();
			await clean(
				beforeCall(n, async () => expect(["moved", "not moved"]).toContain((await replay(receipt)).kind)).storage,
			);
			if ((await lane.entries()) === 0) {
				ends.add("removed");
				expect([await rows("r-"), await rows("x-"), await blobs()]).toEqual([0, 0, []]);
				continue;
			}
			ends.add("replayed");
			await lane.instance.ledger.ensureWakeUp(LANE, () => lane.now);
			await lane.wakeAll();
			expect(await lane.receipt(key)).toMatchObject({ state: "dispatched" });
			expect(lane.sent.at(-1)?.body).toContain(LARGE);
		}
		expect(ends).toEqual(new Set(["removed", "replayed"]));
	});

	it("leaves a dead letter alone that was replayed and refused again since it was read", async () => {
		const { key, receipt } = await die();
		const again = async () => {
			await replay(receipt);
			lane.answer = () => ({ classification: { kind: "permanent", reason: "no" }, status: 422 });
			await lane.instance.ledger.ensureWakeUp(LANE, () => lane.now);
			await lane.wakeAll();
		};
		// The third call is the first write: names, and a page of future receipts and one of old ones, come before.
		for (const n of [4, 5]) {
			const { storage } = beforeCall(n, n === 4 ? again : async () => {});
			expect(await clean(storage)).toEqual({ removed: 0, complete: true, failures: [] });
		}
		expect(await lane.receipt(key)).toMatchObject({ state: "dead" });
		expect([await rows("x-"), (await blobs()).length]).toEqual([1, 1]);
	});

	it("never takes the body of the same event, which was written anew before and is accepted after any call", async () => {
		const one = large();
		const lanes = await Promise.all(Array.from({ length: MOST_CALLS }, () => startLane()));
		for (lane of lanes) {
			await lane.instance.accept(one);
			await lane.wakeAll();
			lane.now += 31 * DAY_MS;
		}
		// The service's times of blobs are whole seconds; a receipt that is past its time is older than that.
		await new Promise((resolve) => setTimeout(resolve, 1_000));
		const states = new Set<unknown>();
		for (const [n, each] of lanes.entries()) {
			lane = each;
			const { accept, proceed } = await acceptingAnew(one);
			const { storage } = beforeCall(n + 1, proceed);
			await clean(storage);
			await proceed();
			const { kind } = await accept;
			if (kind === "written") expect([await lane.entries(), (await blobs()).length]).toEqual([1, 1]);
			states.add(kind);
			// What was left because of that goes the next time.
			if (kind === "known") await clean();
		}
		expect(states.has("known")).toBe(true);
	});

	it("can be interrupted at any call, and repeated: nothing is left behind", async () => {
		for (let n = 1; n <= MOST_CALLS; n++) {
			for (const done of [false, true]) {
				lane = await startLane();
				await die();
				await clean(cutAt(n, done)).catch(() => {});
				await clean();
				// What was written by the broken one is another version for one that had read before; not a day later.
				expect([await rows("r-"), await rows("x-"), await blobs()]).toEqual([0, 0, []]);
			}
		}
	});

	it("may run twice at the same time", async () => {
		for (let n = 1; n <= MOST_CALLS; n++) {
			lane = await startLane();
			await die();
			const { failures } = await clean(beforeCall(n, () => clean()).storage);
			expect(failures).toEqual([]);
			expect([await rows("r-"), await rows("x-"), await blobs()]).toEqual([0, 0, []]);
		}
	});

	it("removes receipts of events that are dated in the future, and of those without a time", async () => {
		const { storage } = lane.ledger;
		const finishedAt = new Date(START).toISOString();
		const key = (name: string) => name.repeat(32);
		const times = { a: "9999-12-31T23:59:59Z", b: "", c: "2001-01-01T00:00:00Z" };
		await storage.commit(
			NO_LANE,
			Object.entries(times).map(([name, time]) => ({
				kind: "insert" as const,
				rowKey: receiptKey(time, key(name)),
				columns: { key: key(name), state: "dispatched", time, finishedAt },
			})),
		);
		lane.now = START + 29 * DAY_MS;
		expect(await clean()).toMatchObject({ removed: 0 });
		lane.now = START + 31 * DAY_MS;
		expect(await clean()).toMatchObject({ removed: 3, complete: true });
	});

	it("removes ignored events as late as any others", async () => {
		const put = (count: number, at: number) =>
			lane.ledger.storage.commit(
				IGNORED_LANE,
				Array.from({ length: count }, (_, index) => {
					const time = new Date(at + index).toISOString();
					const key = String(at + index).padStart(32, "0");
					const columns = { key, state: "ignored", id: `${at + index}`, time, acceptedAt: time, finishedAt: time };
					return { kind: "insert", rowKey: receiptKey(time, key), columns };
				}),
			);
		await put(5, START - 40 * DAY_MS);
		await put(5, START);
		await clean();
		const left = await listReceipts(lane.ledger.storage, { limit: 50 }, { now: () => lane.now });
		expect(left.receipts.map(({ event }) => Number(event.id) - START)).toEqual([4, 3, 2, 1, 0]);
	});

	it("names what cannot be removed, and removes the rest, in this lane and in others", async () => {
		const { storage } = lane.ledger;
		const finishedAt = new Date(START).toISOString();
		const insert = (partition: string, name: string, blob?: string) =>
			storage.commit(partition, [
				{
					kind: "insert",
					rowKey: receiptKey("2026-01-01T00:00:00Z", name.repeat(32)),
					columns: { key: name, state: "dispatched", finishedAt, ...(blob === undefined ? {} : { blobs: blob }) },
				},
			]);
		await (await lane.instance.acquire()).release();
		await insert(LANE, "a", "requests/a");
		await insert(LANE, "b", "requests/poison");
		await insert(LANE, "c");
		await insert(NO_LANE, "d");
		lane.now = START + 31 * DAY_MS;
		const poisoned = wrapStorage(storage, async ({ method, args }, make) => {
			if (method === "remove" && args[0] === "requests/poison") throw new Error("no such luck");
			return make();
		});
		expect(await clean(poisoned)).toEqual({
			removed: 3,
			complete: false,
			failures: [{ lane: LANE, reason: "no such luck" }],
		});
	});

	it("lets no lane take the time of the others", async () => {
		const { storage } = lane.ledger;
		await (await lane.instance.acquire()).release();
		const finishedAt = new Date(START).toISOString();
		const columns = { state: "dispatched", finishedAt };
		const rowKey = receiptKey("2026-01-01T00:00:00Z", "d".repeat(32));
		await storage.commit(NO_LANE, [{ kind: "insert", rowKey, columns }]);
		lane.now = START + 31 * DAY_MS;
		const endsAt = lane.now + 60_000;
		// A lane whose pages are without end, each of them slow.
		const slow = wrapStorage(storage, async ({ method, args }, make) => {
			if (method !== "list" || args[0] !== LANE) return make();
			lane.now += 5_000;
			return { rows: [], next: "more" };
		});
		expect(await clean(slow, { endsAt })).toMatchObject({ removed: 1, complete: false });
		expect(lane.now).toBeLessThan(endsAt);
	});

	it("gives the last lane all the time that is left", async () => {
		await (await lane.instance.acquire()).release();
		const columns = { state: "accepted" };
		await lane.ledger.storage.commit(NO_LANE, [{ kind: "insert", rowKey: receiptKey("", "a".repeat(32)), columns }]);
		const endsAt = lane.now + 60_000;
		const slow = wrapStorage(lane.ledger.storage, async ({ method }, make) => {
			if (method !== "list") return make();
			lane.now += 5_000;
			return { rows: [], next: "more" };
		});
		expect(await clean(slow, { endsAt })).toEqual({ removed: 0, complete: false, failures: [] });
		expect(lane.now).toBeGreaterThanOrEqual(endsAt);
	});

	it("looks at nothing but receipts, and removes one without a dead letter in one call, sixteen at a time", async () => {
		await put(...Array.from({ length: 40 }, (_, number) => ({ name: String(number).padStart(32, "0") })));
		const [made, froms]: [Set<string>, string[]] = [new Set(), []];
		let [underWay, most] = [0, 0];
		const watched = wrapStorage(lane.ledger.storage, async ({ method, args }, make) => {
			if (method === "list") froms.push((args[1] as Range).from);
			if (method === "list" || method === "names") return make();
			made.add(method);
			underWay += 1;
			most = Math.max(most, underWay);
			await new Promise(setImmediate);
			return make().finally(() => (underWay -= 1));
		});
		expect(await clean(watched)).toEqual({ removed: 40, complete: true, failures: [] });
		expect([...made]).toEqual(["removeRow"]);
		expect(most).toBe(16);
		expect(froms.every((from) => from.startsWith("r-"))).toBe(true);
	});

	it.each([
		["leaves a receipt whose blob was written after it, in a new version, until the next time", false],
		["leaves it, too, where somebody else has written the receipt meanwhile", true],
	])("%s", async (_, isChanged) => {
		const [rowKey = ""] = await put({ name: "a".repeat(32), blobs: "requests/a" }, { name: "b".repeat(32) });
		const { storage } = lane.ledger;
		const before = await storage.get(NO_LANE, rowKey);
		const late = wrapStorage(storage, async ({ method }, make) => {
			if (method !== "remove") return make();
			if (isChanged) await storage.commit(NO_LANE, [{ kind: "merge", rowKey, columns: { reason: "other" } }]);
			return false;
		});
		expect(await clean(late)).toEqual({ removed: 1, complete: true, failures: [] });
		const after = await storage.get(NO_LANE, rowKey);
		expect(after?.columns).toEqual({ ...before?.columns, ...(isChanged ? { reason: "other" } : {}) });
		expect(after?.etag).not.toBe(before?.etag);
		expect(await clean()).toEqual({ removed: 1, complete: true, failures: [] });
	});

	it.each(["remove", "commit"])("says why, and keeps all, where storage does not answer to %s", async (refused) => {
		await die();
		const down = wrapStorage(lane.ledger.storage, async ({ method }, make) => {
			if (method === refused) throw new StorageError("storage is away", 503);
			return make();
		});
		const failures = [{ lane: LANE, reason: "storage is away" }];
		expect(await clean(down)).toEqual({ removed: 0, complete: false, failures });
		expect([await rows("r-"), (await blobs()).length]).toEqual([1, 1]);
		expect(await rows("x-")).toBe(refused === "commit" ? 1 : 0);
	});

	it("reads no lane any more when its time is over, and says that it is not complete", async () => {
		await die();
		const lists: unknown[] = [];
		const watched = wrapStorage(lane.ledger.storage, async ({ method, args }, make) => {
			if (method === "list") lists.push(args);
			return make();
		});
		expect(await clean(watched, { endsAt: lane.now })).toEqual({ removed: 0, complete: false, failures: [] });
		expect(lists).toEqual([]);
	});

	it("says the first reason where its time is over before it comes to the end", async () => {
		await put(...["a", "b"].map((name) => ({ name: name.repeat(32), blobs: `requests/${name}` })));
		const { rows: found } = await lane.ledger.storage.list(NO_LANE, { from: "r-", to: "r.", top: 2 });
		const endsAt = lane.now + 60_000;
		let pages = 0;
		// One row a page, without end; none of them can be removed.
		const slow = wrapStorage(lane.ledger.storage, async ({ method, args }, make) => {
			if (method === "remove") throw new StorageError(`${args[0]} is refused`, 503);
			if (method !== "list" || args[0] !== NO_LANE) return make();
			pages += 1;
			if (pages === 2) lane.now = endsAt + 1;
			return { rows: found.slice(pages - 1, pages), next: "more" };
		});
		const failures = [{ lane: NO_LANE, reason: "requests/a is refused" }];
		expect(await clean(slow, { endsAt })).toEqual({ removed: 0, complete: false, failures });
		expect(pages).toBe(2);
	});

	it("removes a dead letter without which nothing can be replayed, only together with its receipt", async () => {
		const { receipt } = await die();
		await lane.ledger.storage.commit(LANE, [{ kind: "delete", rowKey: deadLetterKey(receipt) }]);
		expect(await clean()).toMatchObject({ removed: 1, failures: [] });
		expect([await rows("r-"), await blobs()]).toEqual([0, []]);
	});
});
