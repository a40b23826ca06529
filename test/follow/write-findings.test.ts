import { describe, expect, it } from "@jest/globals";
import type { Finding } from "../../src/follow/judge.ts";
import { finishAgain, isEnd, writeFindings } from "../../src/follow/write-findings.ts";
import { type FollowRow, readFollowRows } from "../../src/ledger/follow-rows.ts";
import { entryKey, followKey, receiptKey } from "../../src/ledger/rows.ts";
import { type Columns, StorageError, type Write } from "../../src/storage/storage.ts";
import { wrapStorage } from "../../support/wrap-storage.ts";
import { runOf } from "../helpers/follow-rows.ts";
import { keyOf, LANE, START } from "../helpers/follow-world.ts";
import { memoryStorage } from "../helpers/memory-storage.ts";

const NOW = START + 60_000;
const iso = (time: number) => new Date(time).toISOString();
const receiptOf = (number: number) => receiptKey(iso(START), keyOf(number));
const rowKeyOf = (number: number) => followKey(START + number, receiptOf(number));
const ended = runOf("1", { status: "completed", conclusion: "success" });

/** What a storage does with a commit: undefined where it makes it. */
type Refuse = (writes: readonly Write[], commits: number, make: () => Promise<unknown>) => unknown;

/** A lane with deliveries that were taken, numbered from 1, and what its follower does with it. */
async function laneOf(count: number, columns: Columns = {}) {
	const ledger = memoryStorage();
	for (let number = 1; number <= count; number++) {
		const [key, receipt, rowKey] = [keyOf(number), receiptOf(number), rowKeyOf(number)];
		const times = { takenAt: iso(START), finishedAt: iso(START), from: iso(START) };
		const to = JSON.stringify({ id: "contoso/x#t", repository: "contoso/x" });
		const row = { key, receipt, to, route: "r", ...times, following: "looking", runs: "[]", ...columns };
		await ledger.commit(LANE, [
			{ kind: "insert", rowKey: receipt, columns: { state: "dispatched", following: "looking", note: "stays" } },
			{ kind: "insert", rowKey, columns: row },
		]);
	}
	const commits: (readonly Write[])[] = [];
	const woken: string[] = [];
	const lane = {
		ledger,
		commits,
		woken,
		refuse: (() => undefined) as Refuse,
		wake: async () => {},
		rows: await readFollowRows(ledger, LANE, NOW),
		receipt: async (number: number) => (await ledger.get(LANE, receiptOf(number)))?.columns,
		row: async (number: number) => (await ledger.get(LANE, rowKeyOf(number)))?.columns,
		write: (findings: readonly Finding[]) => writeFindings(findings, options),
	};
	const options = {
		storage: wrapStorage(ledger, async ({ method, args }, make) => {
			if (method !== "commit") return make();
			const writes = args[1] as readonly Write[];
			commits.push(writes);
			const error = await lane.refuse(writes, commits.length, make);
			if (error !== undefined) throw error;
			return make();
		}),
		lane: LANE,
		lease: { id: "lease-1", ensureFor: async () => {} },
		wakeLane: async (name: string) => {
			woken.push(name);
			await lane.wake();
		},
		log: () => {},
		now: () => NOW,
	};
	return { ...lane, lane, options };
}

const concluded = (row: FollowRow | undefined): Finding => ({
	row: row as FollowRow,
	following: "concluded",
	runs: [ended],
	reason: null,
});
const none = (row: FollowRow | undefined): Finding => ({
	row: row as FollowRow,
	following: "none",
	runs: [],
	reason: "no run came",
});
const touches = (writes: readonly Write[], number: number) => writes.some(({ rowKey }) => rowKey === receiptOf(number));
/** No error of storage, whatever it says of itself. */
const bug = () => Object.assign(new Error("a bug of ours"), { refused: true, status: 404 });

it.each([
	["looking", false],
	["running", false],
	["concluded", true],
	["none", true],
	["cannot tell", true],
	["off", true],
] as const)("whether %p is an end: %p", (following, isOne) => {
	expect(isEnd({ following })).toBe(isOne);
});

describe("findings", () => {
	it("that changed are written in one transaction, and those that have ended are followed no more", async () => {
		const { rows, write, commits, receipt, row } = await laneOf(3);
		const running: Finding = { row: rows[1] as FollowRow, following: "running", runs: [runOf("2")], reason: "again" };
		const same: Finding = { row: rows[2] as FollowRow, following: "looking", runs: [], reason: null };
		expect(await write([concluded(rows[0]), running, same])).toEqual([
			{ ...concluded(rows[0]), isResent: false },
			{ ...running, isResent: false },
		]);
		expect(commits.map((writes) => writes.length)).toEqual([4]);
		const written = { state: "dispatched", note: "stays", followedBy: "lease-1" };
		const [runs1, runs2] = [JSON.stringify([ended]), JSON.stringify([runOf("2")])];
		expect(await receipt(1)).toEqual({ ...written, following: "concluded", runs: runs1, followingReason: "" });
		expect(await receipt(2)).toEqual({ ...written, following: "running", runs: runs2, followingReason: "again" });
		expect(await row(1)).toBeUndefined();
		expect(await row(2)).toMatchObject({ key: keyOf(2), following: "running", runs: runs2, readAt: iso(NOW) });
		expect(await row(3)).not.toHaveProperty("readAt");
	});

	it("that are as they were are no news, but when their runs were read is written", async () => {
		const { rows, write, receipt, row } = await laneOf(1);
		const same: Finding = { row: rows[0] as FollowRow, following: "looking", runs: [], reason: null, isRead: true };
		expect(await write([same])).toEqual([]);
		expect(await row(1)).toMatchObject({ following: "looking", readAt: iso(NOW) });
		expect(await receipt(1)).not.toHaveProperty("followedBy");
	});

	it("are none where nothing changed, and nothing is written", async () => {
		const { write, commits } = await laneOf(1);
		expect([await write([]), commits]).toEqual([[], []]);
	});
});

describe("where storage refuses one of three findings", () => {
	it.each<[string, (lane: Awaited<ReturnType<typeof laneOf>>) => unknown, boolean]>([
		[
			"since its receipt is gone, its row goes",
			({ ledger }) => ledger.commit(LANE, [{ kind: "delete", rowKey: receiptOf(2) }]),
			false,
		],
		[
			"since its row and its receipt are gone, nothing is left to do",
			({ ledger }) =>
				ledger.commit(LANE, [
					{ kind: "delete", rowKey: receiptOf(2) },
					{ kind: "delete", rowKey: rowKeyOf(2) },
				]),
			false,
		],
		[
			"since its receipt takes no more, its row goes",
			({ lane }) => {
				lane.refuse = (writes) => (touches(writes, 2) ? new StorageError("too large", 413) : undefined);
			},
			false,
		],
		[
			"since another was first, its row stays",
			({ lane }) => {
				lane.refuse = (writes) => (touches(writes, 2) ? new StorageError("changed", 412) : undefined);
			},
			true,
		],
	])("%s, and the others are written", async (_, prepare, isLeft) => {
		const lane = await laneOf(3);
		await prepare(lane);
		const findings = lane.rows.map(concluded);
		expect(await lane.write(findings)).toEqual(
			[findings[0], findings[2]].map((finding) => ({ ...finding, isResent: false })),
		);
		expect([await lane.row(1), await lane.row(3)]).toEqual([undefined, undefined]);
		expect((await lane.row(2)) !== undefined).toBe(isLeft);
		expect((await lane.receipt(2))?.["following"]).toBe((await lane.receipt(2)) === undefined ? undefined : "looking");
	});

	it.each<[string, Columns | "row", boolean]>([
		["our own", {}, true],
		["another follower's", { followedBy: "lease-2" }, false],
		["one that is not ours any more", { following: "running" }, false],
		["one whose row is back", "row", false],
	])("though it was written, it counts where the write is %s: %j", async (_, after, isOurs) => {
		const { lane, rows, write, ledger } = await laneOf(1);
		lane.refuse = async (__, commits, make) => {
			if (commits > 1) return new StorageError("gone", 404);
			await make();
			const [rowKey, columns] = after === "row" ? [rowKeyOf(1), {}] : [receiptOf(1), after];
			await ledger.commit(LANE, [{ kind: after === "row" ? "upsert" : "merge", rowKey, columns }]);
			return new StorageError("gone", 404);
		};
		expect(await write([concluded(rows[0])])).toHaveLength(isOurs ? 1 : 0);
	});
});

describe("an error that is no refusal of storage", () => {
	const late = (commit: number) => (_: unknown, commits: number) => (commits === commit ? bug() : undefined);
	const refusedBefore = (_: unknown, commits: number) => (commits === 1 ? new StorageError("changed", 412) : bug());

	it.each<[string, Refuse, Columns, number]>([
		["of a transaction", late(1), {}, 1],
		["of one alone", refusedBefore, {}, 2],
		["of one that is to be sent again", late(1), { resends: true }, 1],
		["of removing a row", late(2), { resends: true }, 2],
	])("%s ends the writing", async (_, refuse, columns, count) => {
		const { lane, rows, write, commits } = await laneOf(2, columns);
		lane.refuse = refuse;
		await expect(write(rows.map(none))).rejects.toThrow("a bug of ours");
		expect(commits).toHaveLength(count);
	});
});

describe("a delivery that is to be sent again", () => {
	const place = entryKey(NOW, 0, keyOf(1));
	const again = (body: Columns) => laneOf(1, { resends: true, ...body });

	it.each<Columns>([{ body: "{}" }, { bodyBlob: "bodies/1" }])(
		"goes back into the outbox as it was, with %j, and its lane is woken",
		async (what) => {
			const { rows, write, woken, row, receipt, ledger, commits } = await again(what);
			expect(await write(rows.map(none))).toEqual([{ ...none(rows[0]), isResent: true }]);
			expect([woken, await row(1)]).toEqual([[LANE], undefined]);
			expect((await ledger.get(LANE, place))?.columns).toEqual({
				key: keyOf(1),
				receipt: receiptOf(1),
				acceptedAt: iso(NOW),
				to: JSON.stringify({ id: "contoso/x#t", repository: "contoso/x" }),
				route: "r",
				...what,
				attempts: "[]",
				doubt: JSON.stringify({ since: START }),
				resent: true,
			});
			expect(await receipt(1)).toEqual({
				state: "accepted",
				place,
				finishedAt: "",
				reason: "",
				runs: "",
				following: "",
				followingReason: "no run came; the bridge sends it once more",
				note: "stays",
			});
			expect(commits[0]?.[0]).toEqual({
				kind: "merge",
				rowKey: rowKeyOf(1),
				columns: { again: place },
				etag: rows[0]?.etag,
			});
		},
	);

	it("keeps its row until its lane is woken", async () => {
		const { lane, rows, write, row, options } = await again({ body: "{}" });
		lane.wake = () => Promise.reject(new Error("the queue is down"));
		await expect(write(rows.map(none))).rejects.toThrow("the queue is down");
		expect(await row(1)).toMatchObject({ again: place, body: "{}" });
		lane.wake = async () => {};
		await finishAgain(rows[0] as FollowRow, options);
		expect(await row(1)).toBeUndefined();
	});

	it("has no run where storage does not take it, and is left to another follower that was first", async () => {
		for (const [status, count] of [
			[400, 1],
			[412, 0],
		] as const) {
			const { lane, rows, write, row, receipt, woken } = await again({ body: "{}" });
			lane.refuse = (_, commits) => (commits === 1 ? new StorageError("no", status) : undefined);
			expect(await write(rows.map(none))).toEqual(Array(count).fill({ ...none(rows[0]), isResent: false }));
			expect((await receipt(1))?.["following"]).toBe(count === 1 ? "none" : "looking");
			expect([await row(1), woken].map((one) => one === undefined)).toEqual([count === 1, false]);
			expect(woken).toEqual([]);
		}
	});

	it.each([
		["its row", rowKeyOf(1), true],
		["its receipt", receiptOf(1), false],
	])("is not where %s is gone", async (_, rowKey, hasReceipt) => {
		const { rows, write, row, receipt, woken, ledger } = await again({ body: "{}" });
		await ledger.commit(LANE, [{ kind: "delete", rowKey }]);
		expect(await write(rows.map(none))).toEqual([]);
		expect([await row(1), woken, await ledger.get(LANE, place)]).toEqual([undefined, [], undefined]);
		expect((await receipt(1)) !== undefined).toBe(hasReceipt);
	});
});

describe("a row that goes", () => {
	it.each<[string, Error, boolean]>([
		["may have gone before", new StorageError("not found", 404), true],
		["is not said to have gone where storage does not answer", new StorageError("busy", 503), false],
		["is not said to have gone where something else failed", bug(), false],
	])("%s", async (_, error, isDone) => {
		const { lane, rows, options } = await laneOf(1);
		lane.refuse = () => error;
		const done = finishAgain(rows[0] as FollowRow, options).then(
			() => true,
			() => false,
		);
		expect(await done).toBe(isDone);
	});
});
