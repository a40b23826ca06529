import { beforeEach, describe, expect, it } from "@jest/globals";
import { acquireLane, type LaneLease, type LaneLeaseOptions, listPartitions } from "../../src/ledger/lane-lease.ts";
import { NEW_LANE, toColumns } from "../../src/ledger/lane-state.ts";
import { LeaseLost } from "../../src/ledger/leased-row.ts";
import { entryKey, IGNORED_LANE, NO_LANE, STATE_KEY, windowKey } from "../../src/ledger/rows.ts";
import { type Page, type Storage, StorageError, type Write } from "../../src/storage/storage.ts";
import { wrapStorage } from "../../support/wrap-storage.ts";
import { openTestLedger, type TestLedger } from "../helpers/test-ledger.ts";

const NOW = Date.parse("2026-05-26T12:00:00Z");
const LANE = "default";
const ADDRESS = "https://api.github.com";
const MARK: Write = { kind: "upsert", rowKey: "e-mark", columns: { key: "mark" } };
let ledger: TestLedger;
let clock: number;
beforeEach(async () => {
	ledger = await openTestLedger();
	clock = 0;
});

async function take(
	storage: Storage = ledger.storage,
	more: Pick<LaneLeaseOptions, "passed"> = {},
): Promise<LaneLease> {
	const options = { storage, lane: LANE, address: ADDRESS, now: () => NOW + clock, monotonic: () => clock, ...more };
	const lease = await acquireLane(options);
	if (lease === undefined) throw new Error("the lane is held");
	return lease;
}

/** Somebody else takes the lane, as happens when a lease has expired. */
async function takeOver(): Promise<LaneLease> {
	await ledger.breakLease(LANE);
	const other = await take();
	await other.read(() => true);
	return other;
}

const everything = () => false;
const paused = { ...NEW_LANE, address: ADDRESS, pause: { until: 7, reason: "slow" } };
const by = async () => (await ledger.rows(LANE, STATE_KEY))[0]?.columns["by"];

describe("a lane that is leased", () => {
	it("is leased by one drainer alone, until it is released", async () => {
		const lease = await take();
		await expect(take()).rejects.toThrow("is held");
		await lease.release();
		await expect(take()).resolves.toHaveProperty("lane", LANE);
	});

	it("starts as a new lane, and is what was last written", async () => {
		const lease = await take();
		expect(await lease.read(everything)).toEqual({
			windows: [],
			entries: [],
			complete: true,
			isCut: false,
			passedUntil: null,
		});
		expect(lease.state()).toEqual(NEW_LANE);
		await lease.commit(paused, [MARK]);
		expect(lease.state()).toEqual(paused);
		await lease.release();
		const next = await take();
		const { entries } = await next.read(everything);
		expect([next.state(), entries.map(({ key }) => key)]).toEqual([paused, ["mark"]]);
	});

	it("is written all or nothing", async () => {
		const lease = await take();
		await lease.read(everything);
		await expect(lease.commit(paused, [{ kind: "merge", rowKey: "e-gone", columns: {} }])).rejects.toThrow();
		expect(lease.state()).toEqual(NEW_LANE);
		expect(await ledger.rows(LANE)).toEqual([]);
	});
});

describe("a drainer that has overslept", () => {
	it.each([
		["its first write", false],
		["a later write", true],
	])("finds out with %s and with each one after it, and has changed nothing", async (_, written) => {
		const lease = await take();
		await lease.read(everything);
		if (written) await lease.commit(NEW_LANE, []);
		const other = await takeOver();
		await other.commit({ ...NEW_LANE, failures: 5 }, []);
		for (const _ of [1, 2]) await expect(lease.commit(paused, [MARK])).rejects.toThrow(LeaseLost);
		const rows = await ledger.rows(LANE);
		expect(rows.map(({ rowKey }) => rowKey)).toEqual([STATE_KEY]);
		await other.read(everything);
		expect(other.state().failures).toBe(5);
	});

	it("finds out when it makes sure of its lease", async () => {
		const lease = await take();
		await ledger.breakLease(LANE);
		await take();
		clock = 20_000;
		await expect(lease.ensureFor(15_000)).rejects.toThrow(LeaseLost);
	});

	it("lets go without a word", async () => {
		const lease = await take();
		await takeOver();
		await expect(lease.release()).resolves.toBeUndefined();
	});
});

describe("a write whose answer got lost", () => {
	/** The write is made, and then what `then` does. */
	const lossy = (then: (make: () => Promise<unknown>) => Promise<unknown>, once = true) => {
		let left = once ? 1 : Number.POSITIVE_INFINITY;
		return wrapStorage(ledger.storage, async ({ method }, make) => {
			if (method !== "commit" || left-- <= 0) return make();
			await make();
			return then(make);
		});
	};
	const noAnswer = async () => {
		throw new StorageError("socket hang up", undefined);
	};
	/** Nobody repeats what ends like this. */
	const broken = async () => {
		throw new Error("killed");
	};

	it.each([
		["the first one", false],
		["a later one", true],
	])("is recognised when the SDK has repeated it: %s", async (_, written) => {
		let lease = await take();
		await lease.read(everything);
		if (written) await lease.commit(NEW_LANE, []);
		await lease.release();
		lease = await take(lossy((make) => make(), true));
		await lease.read(everything);
		await lease.commit(paused, []);
		expect(lease.state()).toEqual(paused);
		await lease.commit(NEW_LANE, []);
		expect((await ledger.rows(LANE)).length).toBe(1);
	});

	it.each([
		["the first one", false],
		["a later one", true],
	])("is recognised when it is repeated after all of the SDK's tries: %s", async (_, written) => {
		let lease = await take();
		await lease.read(everything);
		if (written) await lease.commit(NEW_LANE, []);
		await lease.release();
		lease = await take(lossy(noAnswer));
		await lease.read(everything);
		await lease.commit(paused, [MARK]);
		expect(lease.state()).toEqual(paused);
		await lease.commit(NEW_LANE, []);
		expect((await ledger.rows(LANE, "e-")).length).toBe(1);
	});

	it("is not taken for another write of the same drainer", async () => {
		const lease = await take(lossy(broken));
		await lease.read(everything);
		await expect(lease.commit(paused, [])).rejects.toThrow("killed");
		await expect(lease.commit(NEW_LANE, [MARK])).rejects.toThrow(LeaseLost);
		expect(await ledger.rows(LANE, "e-")).toEqual([]);
	});

	it("is not taken for another drainer's", async () => {
		const lease = await take(lossy(broken));
		await lease.read(everything);
		await expect(lease.commit(paused, [])).rejects.toThrow("killed");
		const mine = await by();
		const other = await takeOver();
		await other.commit(paused, []);
		expect(await by()).not.toBe(mine);
		await expect(lease.commit(paused, [])).rejects.toThrow(LeaseLost);
	});
});

describe("the lease of a lane", () => {
	it("is renewed only where too little of it is left", async () => {
		const calls: string[] = [];
		const storage = wrapStorage(ledger.storage, ({ method }, make) => {
			calls.push(method);
			return make();
		});
		const lease = await take(storage);
		for (const [at, renewed] of [
			[0, 0],
			[15_000, 0],
			[15_001, 1],
			[30_000, 1],
			[30_002, 2],
		] as const) {
			clock = at;
			await lease.ensureFor(15_000);
			expect([at, calls.filter((call) => call === "renew").length]).toEqual([at, renewed]);
		}
	});

	it("is counted from before it was asked for, however long that took", async () => {
		const calls: string[] = [];
		const storage = wrapStorage(ledger.storage, async ({ method }, make) => {
			calls.push(method);
			if (method === "lease") clock += 4_000;
			return make();
		});
		const lease = await take(storage);
		clock = 15_001;
		await lease.ensureFor(15_000);
		expect(calls).toContain("renew");
	});

	it("rejects with what storage says when that is not a loss", async () => {
		const storage = wrapStorage(ledger.storage, async ({ method }, make) => {
			if (method === "renew") throw new StorageError("busy", 503);
			return make();
		});
		const lease = await take(storage);
		clock = 29_000;
		await expect(lease.ensureFor(15_000)).rejects.toThrow("busy");
		await expect(lease.ensureFor(15_000)).rejects.not.toThrow(LeaseLost);
	});
});

describe("reading what waits in a lane", () => {
	const write = async (count: number, columns = {}) => {
		const entries = Array.from({ length: count }, (_, index) => entryKey(index, 0, "k"));
		for (let from = 0; from < count; from += 100) {
			await ledger.storage.commit(
				LANE,
				entries.slice(from, from + 100).map(
					(rowKey): Write => ({
						kind: "insert",
						rowKey,
						columns: { key: rowKey, acceptedAt: new Date(0).toISOString(), body: Buffer.from("{}"), ...columns },
					}),
				),
			);
		}
		return entries;
	};

	it("takes one call where the first entries are enough, and says that there may be more", async () => {
		const entries = await write(50);
		const calls: string[] = [];
		const lease = await take(
			wrapStorage(ledger.storage, ({ method }, make) => {
				calls.push(method);
				return make();
			}),
		);
		const view = await lease.read(() => true);
		expect(calls).toEqual(["lease", "list"]);
		expect(view.complete).toBe(false);
		expect(view.entries.map(({ rowKey }) => rowKey)).toEqual(entries.slice(0, 32));
	});

	it("goes on until there is an entry to stop at, without the bodies", async () => {
		const entries = await write(1_100);
		const lease = await take();
		const view = await lease.read((entry) => entry.rowKey === entries[1_060]);
		expect(view.complete).toBe(true);
		expect(view.entries.map(({ rowKey }) => rowKey)).toEqual(entries);
		expect([view.entries[31]?.body, view.entries[32]?.body]).toEqual(["{}", undefined]);
		expect((await lease.read((entry) => entry.rowKey === entries[40])).entries.length).toBe(1_032);
	});

	it("sees windows and entries apart", async () => {
		await ledger.storage.commit(LANE, [
			{ kind: "insert", rowKey: windowKey("ab"), columns: { group: "ab", quietMs: 5, maxMs: 9 } },
			{ kind: "insert", rowKey: entryKey(1, 0, "k"), columns: { key: "k" } },
			{ kind: "insert", rowKey: "m-ab-1", columns: {} },
			{ kind: "insert", rowKey: "r-1", columns: {} },
		]);
		const view = await (await take()).read(everything);
		expect(view).toMatchObject({
			complete: true,
			windows: [{ group: "ab", quietMs: 5, maxMs: 9 }],
			entries: [{ key: "k" }],
		});
		expect(view.entries).toHaveLength(1);
	});

	it("does not take an empty page for the end, which the service may answer at any time", async () => {
		const entries = await write(40);
		await ledger.storage.commit(LANE, [{ kind: "insert", rowKey: STATE_KEY, columns: toColumns(paused) }]);
		let pages = 0;
		const storage = wrapStorage(ledger.storage, async ({ method }, make) => {
			if (method !== "list") return make();
			pages += 1;
			const page = (await make()) as Page;
			return pages === 1 ? ({ rows: [], next: before(page.next) } satisfies Page) : page;
		});
		/** A token as Azurite makes it, that leads to before the very first row. */
		const before = (next: string | undefined) => {
			const token = JSON.parse(Buffer.from(String(next), "base64").toString()) as object;
			const nextRowKey = Buffer.from("a").toString("base64");
			return Buffer.from(JSON.stringify({ ...token, nextRowKey })).toString("base64");
		};
		const lease = await take(storage);
		const view = await lease.read(everything);
		expect(view.complete).toBe(true);
		expect(view.entries.map(({ rowKey }) => rowKey)).toEqual(entries);
		expect(lease.state()).toEqual(paused);
		await expect(lease.commit(NEW_LANE, [])).resolves.toBeUndefined();
	});
});

describe("many deliveries that are not due", () => {
	const UNTIL = NOW + 60_000;
	const write = async () => {
		const columns = { key: "k", notBefore: new Date(UNTIL).toISOString() };
		const rowKeys = Array.from({ length: 40 }, (_, index) => entryKey(index, 0, "k"));
		await ledger.storage.commit(
			LANE,
			rowKeys.map((rowKey): Write => ({ kind: "insert", rowKey, columns })),
		);
	};

	it("are passed over in the next readings that may skim, until the first of them is due", async () => {
		await write();
		const lease = await take(ledger.storage, { passed: new Map() });
		const read = async (skim: boolean) => {
			const { entries, passedUntil } = await lease.read(everything, skim);
			return [entries.length, passedUntil];
		};
		expect(await read(true)).toEqual([40, null]);
		expect(await read(true)).toEqual([0, UNTIL]);
		expect(await read(false)).toEqual([40, null]);
		clock = 60_000;
		expect(await read(true)).toEqual([40, null]);
	});

	it("are read each time where nothing is kept of them", async () => {
		await write();
		const lease = await take();
		for (let time = 0; time < 2; time++) expect((await lease.read(everything, true)).entries).toHaveLength(40);
	});
});

describe("the state of a lane", () => {
	it("that is read again unchanged stays what was made of it", async () => {
		const until = NOW + 10 * 86_400_000;
		const columns = toColumns({ ...paused, pause: { until, reason: "slow" } });
		await ledger.storage.commit(LANE, [{ kind: "insert", rowKey: STATE_KEY, columns }]);
		const lease = await take();
		await lease.read(everything);
		const { pause } = lease.state();
		expect(pause?.until).toBeLessThan(until);
		clock = 3_600_000;
		await lease.read(everything);
		expect(lease.state().pause).toEqual(pause);
	});

	it("that is read while a wake-up is not recorded yet has that one", async () => {
		const lease = await take();
		await lease.putWakeUp(NOW);
		await ledger.storage.commit(LANE, [{ kind: "insert", rowKey: STATE_KEY, columns: toColumns(paused) }]);
		await lease.read(everything);
		expect(lease.state()).toEqual({ ...paused, wake: { last: 1, at: NOW } });
		expect(lease.isRecorded()).toBe(false);
		await lease.commit(lease.state(), []);
		expect(lease.isRecorded()).toBe(true);
	});
});

describe("the lanes that were ever drained", () => {
	it("are those with a blob to be leased, on all pages", async () => {
		const pages = [["lanes/a", "lanes/"], ["lanes/b"]];
		const names = async (_: string, after = "0") => {
			const next = Number(after) + 1;
			return { names: pages[Number(after)] ?? [], ...(next < pages.length ? { next: String(next) } : {}) };
		};
		expect(await listPartitions({ names })).toEqual(["a", "b", NO_LANE, IGNORED_LANE]);
	});

	it("come to an end where the pages do not", async () => {
		let asked = 0;
		const names = async () => ({ names: [`lanes/${++asked}`], next: "more" });
		expect(await listPartitions({ names })).toHaveLength(20 + [NO_LANE, IGNORED_LANE].length);
		expect(asked).toBe(20);
	});
});

describe("the next wake-up", () => {
	it("has the next number, and is recorded with the next write", async () => {
		const lease = await take();
		await lease.read(everything);
		await lease.putWakeUp(NOW);
		expect(lease.state().wake).toEqual({ last: 1, at: NOW });
		expect(await ledger.messages()).toMatchObject([{ lane: LANE, wake: 1 }]);
		expect(await ledger.rows(LANE)).toEqual([]);
		await lease.putWakeUp(NOW + 45_000);
		expect(await ledger.countMessages()).toBe(2);
		await lease.commit(lease.state(), []);
		await lease.release();
		const next = await take();
		await next.read(everything);
		expect(next.state().wake).toEqual({ last: 2, at: NOW + 45_000 });
	});

	it("surfaces at that time, rounded up to a second, or in half an hour at the latest", async () => {
		const seconds: unknown[] = [];
		const storage = wrapStorage(ledger.storage, ({ method, args }, make) => {
			if (method === "put") seconds.push(args[1]);
			return make();
		});
		const lease = await take(storage);
		await lease.read(everything);
		for (const at of [NOW - 5_000, NOW, NOW + 1, NOW + 45_000, NOW + 30 * 86_400_000]) await lease.putWakeUp(at);
		expect(seconds).toEqual([0, 0, 1, 45, 1_800]);
		expect(lease.state().wake).toMatchObject({ last: 5 });
	});

	it("is taken back where no drainer has it yet, and without a word otherwise", async () => {
		const lease = await take();
		await lease.read(everything);
		const [first, second] = [await lease.putWakeUp(NOW + 60_000), await lease.putWakeUp(NOW)];
		await first();
		expect(await ledger.countMessages()).toBe(1);
		await Promise.all((await ledger.messages()).map((message) => message.remove()));
		await expect(second()).resolves.toBeUndefined();
	});
});
