import { beforeEach, describe, expect, it } from "@jest/globals";
import { listReceipts } from "../../src/ledger/list-receipts.ts";
import { applyRetention } from "../../src/ledger/retention.ts";
import { type DiscardAnswer, discard } from "../../src/operate/dead-letters.ts";
import { type ReplayAnswer, replay } from "../../src/operate/replay.ts";
import { type Storage, StorageError } from "../../src/storage/storage.ts";
import { wrapStorage } from "../../support/wrap-storage.ts";
import { delivery } from "../helpers/deliveries.ts";
import { LANE, type LaneHarness, startLane } from "../helpers/lane-harness.ts";
import { logLines } from "../helpers/log-lines.ts";

/** More calls than a discard of two makes. */
const MOST_CALLS = 16;
const DAY_MS = 86_400_000;

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
const newId = () => `id ${++ids}`;
const now = () => lane.now;

function discardAll(storage: Storage = lane.instance.storage, log = logLines().log): Promise<DiscardAnswer> {
	const list: Parameters<typeof discard>[2]["list"] = (query, endsAt) => listReceipts(storage, query, { now, endsAt });
	return discard({}, log, { storage, list, newId, now });
}

function replayAll(storage: Storage = lane.instance.storage): Promise<ReplayAnswer> {
	const list: Parameters<typeof replay>[2]["list"] = (query, endsAt) => listReceipts(storage, query, { now, endsAt });
	return replay({}, logLines().log, { storage, list, newId, now, accept: async () => [], wakeLane: async () => {} });
}

/** The harness's storage, with something else done right before its n-th call. */
function ahead(n: number, work: () => Promise<unknown>): Storage {
	let calls = 0;
	return wrapStorage(lane.instance.storage, async (_, real) => {
		if (++calls === n) await work();
		return real();
	});
}

const states = async () => (await lane.receipts()).map(({ state }) => state).sort();
const letters = async () => (await lane.instance.storage.list(LANE, { from: "x-", to: "x.", top: 100 })).rows.length;

/** A dead letter is there if and only if its receipt says so. */
async function expectConsistent(): Promise<void> {
	expect(await letters()).toBe((await states()).filter((state) => state === "dead").length);
}

describe("a discard that is always too late", () => {
	it("refuses the one that changes each time, and discards the other; a line tells of each", async () => {
		const [one = "", other = ""] = await die(1, 2);
		const busy = wrapStorage(lane.instance.storage, async ({ method, args }, real) => {
			if (method === "commit" && JSON.stringify(args).includes(one)) throw new StorageError("changed", 412);
			return real();
		});
		const { log, lines } = logLines();
		const { discarded } = await discardAll(busy, log);
		const reason = "it changed several times in the meantime; discard it again";
		const line = { stage: "dead-letter", change: "discarded" };
		expect(lines).toHaveLength(2);
		expect(lines).toContainEqual({ level: "warn", ...line, key: one, outcome: "refused", reason });
		expect(lines).toContainEqual({ level: "info", ...line, key: other, outcome: "discarded", reason: null });
		expect(discarded).toContainEqual({ key: one, outcome: "refused", reason });
	});
});

describe("a discard that breaks off", () => {
	it("leaves each dead letter whole or discarded, and can be repeated, whichever call is its last", async () => {
		const ends = new Set<number>();
		for (let n = 1; n <= MOST_CALLS; n++) {
			for (const done of [false, true]) {
				lane = await startLane();
				await die(1, 2);
				let calls = 0;
				const dying = wrapStorage(lane.instance.storage, async (_, real) => {
					calls += 1;
					if (calls === n && done) await real();
					if (calls >= n) throw new Error("the process died");
					return real();
				});
				await discardAll(dying).catch(() => {});
				await expectConsistent();
				ends.add(await letters());
				await discardAll();
				expect(await states()).toEqual(["discarded", "discarded"]);
				await expectConsistent();
			}
		}
		expect(ends).toEqual(new Set([0, 1, 2]));
	}, 60_000);

	it("tells what it has done, whichever answer of storage gets lost", async () => {
		for (let n = 1; n <= MOST_CALLS; n++) {
			lane = await startLane();
			await die(1, 2);
			let calls = 0;
			const losing = wrapStorage(lane.instance.storage, async (_, real) => {
				const answer = await real();
				if (++calls === n) throw new Error("the answer got lost");
				return answer;
			});
			const { discarded } = await discardAll(losing).catch(() => ({ discarded: [] }));
			const gone = (await lane.receipts()).filter(({ state }) => state === "discarded").map(({ key }) => key);
			const told = discarded.filter(({ outcome }) => outcome === "discarded").map(({ key }) => key);
			expect(told.sort()).toEqual(gone.sort());
			for (const { outcome, reason } of discarded) {
				if (outcome === "refused") expect(reason).toContain("discard it again");
			}
		}
	}, 60_000);
});

describe("two at the same time", () => {
	it("discard each dead letter, and both say that it is", async () => {
		for (let n = 1; n <= MOST_CALLS; n++) {
			lane = await startLane();
			const keys = await die(1, 2);
			const others: DiscardAnswer[] = [];
			const first = await discardAll(ahead(n, async () => others.push(await discardAll())));
			for (const { discarded } of [first, ...others]) {
				expect(discarded.every(({ outcome }) => outcome === "discarded")).toBe(true);
			}
			const told = new Set([first, ...others].flatMap(({ discarded }) => discarded.map(({ key }) => key)));
			expect(told).toEqual(new Set(keys));
			expect(await states()).toEqual(["discarded", "discarded"]);
			await expectConsistent();
		}
	}, 60_000);

	it("do exactly one thing, where one is a replay, and each says what it did", async () => {
		const outcomes = new Set<string>();
		for (let n = 1; n <= MOST_CALLS; n++) {
			lane = await startLane();
			const [key = ""] = await die(1);
			let replayed: ReplayAnswer["replayed"] = [];
			const { discarded } = await discardAll(ahead(n, async () => ({ replayed } = await replayAll())));
			const [state = ""] = await states();
			await expectConsistent();
			const isFedBack = replayed.some((one) => one.key === key && one.outcome === "accepted");
			const isGone = discarded.some((one) => one.key === key && one.outcome === "discarded");
			expect([isFedBack, isGone]).toEqual(state === "discarded" ? [false, true] : [true, false]);
			expect(await lane.entries()).toBe(isFedBack ? 1 : 0);
			outcomes.add(state);
		}
		expect(outcomes).toEqual(new Set(["accepted", "discarded"]));
	}, 60_000);

	it("do exactly one thing, where the replay is interrupted by a discard", async () => {
		const outcomes = new Set<string>();
		for (let n = 1; n <= MOST_CALLS; n++) {
			lane = await startLane();
			const [key = ""] = await die(1);
			let discarded: DiscardAnswer["discarded"] = [];
			const { replayed } = await replayAll(ahead(n, async () => ({ discarded } = await discardAll())));
			const [state = ""] = await states();
			await expectConsistent();
			const isFedBack = replayed.some((one) => one.key === key && one.outcome === "accepted");
			const isGone = discarded.some((one) => one.key === key && one.outcome === "discarded");
			expect([isFedBack, isGone]).toEqual(state === "discarded" ? [false, true] : [true, false]);
			outcomes.add(state);
		}
		expect(outcomes).toEqual(new Set(["accepted", "discarded"]));
	}, 60_000);

	it("leave nothing behind, where one is a retention run", async () => {
		for (let n = 1; n <= MOST_CALLS; n++) {
			lane = await startLane();
			await die(1);
			lane.now += 40 * DAY_MS;
			const retain = () =>
				applyRetention(lane.instance.storage, { now, retentionMs: 30 * DAY_MS, endsAt: lane.now + 1_000 });
			const { discarded } = await discardAll(ahead(n, retain));
			await expectConsistent();
			// It is gone, or is discarded and kept from now on.
			const left = await states();
			expect(left.length === 0 || left[0] === "discarded").toBe(true);
			if (left.length === 1) expect(discarded).toMatchObject([{ outcome: "discarded" }]);
			for (const { outcome, reason } of discarded) {
				if (outcome === "refused") expect(reason).toContain("its receipt no longer exists");
			}
		}
	}, 60_000);
});
