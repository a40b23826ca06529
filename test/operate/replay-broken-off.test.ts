import { beforeEach, describe, expect, it } from "@jest/globals";
import { createLedger } from "../../src/ledger/ledger.ts";
import { listReceipts } from "../../src/ledger/list-receipts.ts";
import { type ReplayRequest, replay } from "../../src/operate/replay.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { type StorageCall, wrapStorage } from "../../support/wrap-storage.ts";
import { delivery } from "../helpers/deliveries.ts";
import { ADDRESS, LANE, type LaneHarness, startLane } from "../helpers/lane-harness.ts";
import { logLines } from "../helpers/log-lines.ts";

/** More calls than a replay of two makes. */
const MOST_CALLS = 20;

let lane: LaneHarness;
beforeEach(async () => {
	lane = await startLane();
});

async function die(...numbers: number[]): Promise<readonly string[]> {
	lane.answer = () => ({ classification: { kind: "permanent", reason: "no" }, status: 422 });
	for (const number of numbers) await lane.instance.accept(delivery(number));
	await lane.wakeAll();
	lane.answer = () => undefined;
	return numbers.map((number) => delivery(number).key);
}

let ids = 0;
function ask(request: ReplayRequest, storage: Storage = lane.instance.storage) {
	const now = () => lane.now;
	const ledger = createLedger({
		storage,
		instance: "replay",
		addressesOf: () => ({ address: ADDRESS }),
		now,
		monotonic: now,
	});
	return replay(request, logLines().log, {
		storage,
		list: (query, endsAt) => listReceipts(storage, query, { now, endsAt }),
		accept: async () => [],
		wakeLane: async (of) => void (await ledger.ensureWakeUp(of, () => 0)),
		newId: () => `id ${++ids}`,
		now,
	});
}

/** The harness's storage, with something at the n-th call. */
function atCall(n: number, make: (call: StorageCall, real: () => Promise<unknown>) => Promise<unknown>): Storage {
	let calls = 0;
	return wrapStorage(lane.instance.storage, async (call, real) => (++calls === n ? make(call, real) : real()));
}

/** Storage that is gone from the n-th call on; that one may have been done. */
function deadFrom(n: number, done: boolean): Storage {
	let calls = 0;
	return wrapStorage(lane.instance.storage, async (_, real) => {
		calls += 1;
		if (calls === n && done) await real();
		if (calls >= n) throw new Error("the process died");
		return real();
	});
}

const states = async () => (await lane.receipts()).map(({ state }) => state);

describe("a replay that breaks off", () => {
	it("leaves nothing in its lane without a wake-up, whichever call is its last", async () => {
		const ends = new Set<string>();
		for (let n = 1; n <= MOST_CALLS; n++) {
			for (const done of [false, true]) {
				lane = await startLane();
				await die(1, 2);
				await ask({}, deadFrom(n, done)).catch(() => {});
				const moved = await lane.entries();
				// Nobody comes back to it: what is in the queue must be enough.
				await lane.wakeAll();
				expect(await lane.entries()).toBe(0);
				expect((await states()).filter((state) => state === "dispatched")).toHaveLength(moved);
				ends.add(String(moved));
				await ask({});
				await lane.wakeAll();
				expect(await states()).toEqual(["dispatched", "dispatched"]);
				expect(lane.sent.slice(2)).toHaveLength(2);
			}
		}
		expect(ends).toEqual(new Set(["0", "1", "2"]));
	});

	it("tells what it has done, whichever answer of storage gets lost", async () => {
		for (let n = 1; n <= MOST_CALLS; n++) {
			lane = await startLane();
			const keys = await die(1, 2);
			const lost = atCall(n, async (_, real) => {
				await real();
				throw new Error("the answer got lost");
			});
			const { replayed } = await ask({}, lost).catch(() => ({ replayed: [] }));
			const open = (await lane.receipts()).filter(({ state }) => state === "accepted").map(({ key }) => key);
			const told = replayed.filter(({ outcome }) => outcome === "accepted").map(({ key }) => key);
			expect(told.sort()).toEqual(open.sort());
			for (const { key, outcome, reason } of replayed) {
				expect(keys).toContain(key);
				if (outcome === "refused") expect(reason).toContain("replay it again");
			}
			await lane.wakeAll();
			expect(await lane.entries()).toBe(0);
		}
	});

	it("wakes the lane of what it has moved when a later one cannot be moved", async () => {
		const keys = await die(1, 2);
		let commits = 0;
		const storage = wrapStorage(lane.instance.storage, async ({ method }, real) => {
			if (method === "commit" && ++commits === 2) throw new Error("no room");
			return real();
		});
		const { replayed } = await ask({}, storage);
		expect(replayed).toEqual([
			{ key: keys[1], outcome: "accepted", reason: null },
			{ key: keys[0], outcome: "refused", reason: expect.stringContaining("no room") },
		]);
		await lane.wakeAll();
		expect((await states()).sort()).toEqual(["dead", "dispatched"]);
	});

	it("takes what it put ahead back once the lane is woken", async () => {
		await die(1);
		await ask({});
		expect(lane.waiting()).toHaveLength(1);
	});
});

describe("two replays at the same time", () => {
	it("move each dead letter once, and both say that it is replayed", async () => {
		for (let n = 1; n <= MOST_CALLS; n++) {
			lane = await startLane();
			const [key = ""] = await die(1);
			const other: Awaited<ReturnType<typeof ask>>[] = [];
			const between = atCall(n, async (_, real) => {
				other.push(await ask({}));
				return real();
			});
			const { replayed } = await ask({ key }, between);
			for (const one of [...replayed, ...other.flatMap((answer) => answer.replayed)]) {
				expect(one).toMatchObject({ key, outcome: "accepted" });
			}
			await lane.wakeAll();
			expect(lane.sent).toHaveLength(2);
		}
	});

	it("say that it was sent meanwhile, or refused again", async () => {
		for (const [classification, outcome, reason] of [
			["dispatched", "accepted", "another replay has just replayed it, and it is dispatched"],
			["refused", "accepted", null],
		] as const) {
			lane = await startLane();
			const [key = ""] = await die(1);
			lane.answer = () =>
				classification === "refused" ? { classification: { kind: "permanent", reason: "no" } } : undefined;
			let isFirst = true;
			const between = wrapStorage(lane.instance.storage, async ({ method }, real) => {
				if (method === "commit" && isFirst) {
					isFirst = false;
					await ask({});
					await lane.wakeAll();
				}
				return real();
			});
			expect((await ask({ key }, between)).replayed).toEqual([{ key, outcome, reason }]);
		}
	});
});

describe("what a replay leaves alone", () => {
	it("is when its receipt was accepted", async () => {
		const [key = ""] = await die(1);
		const { acceptedAt } = await lane.receipt(key);
		lane.now += 3_600_000;
		await ask({ key });
		expect(await lane.receipt(key)).toMatchObject({ acceptedAt, state: "accepted" });
		const [entry] = await lane.ledger.rows(LANE, "e-");
		expect(Date.parse(String(entry?.columns["acceptedAt"]))).toBe(lane.now);
	});

	it("is a dead letter whose row is damaged: it is named, and the others are replayed", async () => {
		const [first = "", second = ""] = await die(1, 2);
		const [row] = (await lane.ledger.rows(LANE, "x-")).filter(({ columns }) => columns["key"] === first);
		await lane.ledger.storage.commit(LANE, [{ kind: "delete", rowKey: row?.rowKey ?? "" }]);
		expect((await ask({})).replayed).toEqual([
			{ key: second, outcome: "accepted", reason: null },
			{ key: first, outcome: "refused", reason: "the request is missing in storage" },
		]);
	});
});
