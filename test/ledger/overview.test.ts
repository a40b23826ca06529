import { beforeEach, describe, expect, it } from "@jest/globals";
import { type LaneState, NEW_LANE, toColumns } from "../../src/ledger/lane-state.ts";
import { isLane, type LaneOverview, overview } from "../../src/ledger/overview.ts";
import {
	deadLetterKey,
	destinationColumn,
	entryKey,
	IGNORED_LANE,
	memberKey,
	NO_LANE,
	receiptKey,
	STATE_KEY,
	windowKey,
} from "../../src/ledger/rows.ts";
import { ensureWindow } from "../../src/ledger/window.ts";
import type { Columns, Range } from "../../src/storage/storage.ts";
import { repositoryDispatch } from "../../support/destinations.ts";
import { wrapStorage } from "../../support/wrap-storage.ts";
import { type MemoryStorage, memoryStorage } from "../helpers/memory-storage.ts";

const NOW = Date.parse("2026-05-26T12:00:00Z");
const SECOND = 1_000;
const LANE = "default";
const QUIET = 30 * SECOND;
const MAX = 300 * SECOND;
const TO = { a: repositoryDispatch("contoso/a", "t"), b: repositoryDispatch("contoso/b", "t") };

let storage: MemoryStorage;
beforeEach(() => {
	storage = memoryStorage();
	storage.putBlob(`lanes/${LANE}`, Buffer.alloc(0));
});

const put = (rowKey: string, columns: Columns) => storage.commit(LANE, [{ kind: "upsert", rowKey, columns }]);
const groupOf = (number: number) => number.toString(16).padStart(32, "0");

async function writeState(state: Partial<LaneState>): Promise<void> {
	await put(STATE_KEY, toColumns({ ...NEW_LANE, ...state }));
}

/** A delivery that was accepted so many seconds before now. */
async function writeEntry(secondsAgo: number, { to = TO.a, ...more }: Columns & { to?: typeof TO.a } = {}) {
	const at = NOW - secondsAgo * SECOND;
	const columns = { key: "ab", acceptedAt: new Date(at).toISOString(), ...destinationColumn(to), ...more };
	await put(entryKey(at, secondsAgo, "ab"), columns);
}

/** A window whose members were accepted so many seconds before now. */
async function writeWindow(number: number, membersAgo: readonly number[], more: Columns = {}): Promise<void> {
	const group = groupOf(number);
	await storage.commit(LANE, [ensureWindow({ group, quietMs: QUIET, maxMs: MAX, route: "r", to: TO.b })]);
	await put(windowKey(group), more);
	for (const [index, ago] of membersAgo.entries())
		await put(memberKey(group, NOW - ago * SECOND, "ab", index), { key: "ab", line: Buffer.from("{}") });
}

async function look(): Promise<LaneOverview> {
	const all = await overview(storage, NOW);
	return all.find(({ lane }) => lane === LANE) as LaneOverview;
}

const breaker = (probeIn: number) => ({
	since: NOW - 5,
	probeAt: NOW + probeIn * SECOND,
	reason: "no such repository",
});
const pause = (seconds: number) => ({ until: NOW + seconds * SECOND, reason: "slow down" });
const dueIn = (seconds: number) => ({ dueAt: new Date(NOW + seconds * SECOND).toISOString() });

describe("the overview of a lane", () => {
	it("is the error of storage where no lane can be read", async () => {
		const away = wrapStorage(storage, async ({ method }, make) => {
			if (method === "names") return make();
			throw new Error("no such luck");
		});
		await expect(overview(away, NOW)).rejects.toThrow("no such luck");
	});

	it.each<[string, Partial<LaneState>, Partial<LaneOverview>]>([
		["a pause that ends later", { pause: pause(1) }, { pause: pause(1), hasBreaker: false }],
		["no pause that ends now", { pause: pause(0) }, { pause: null, hasBreaker: false }],
		["its own breaker", { parked: breaker(1) }, { parked: breaker(1), hasBreaker: true }],
		["that of a destination", { breakers: { "contoso/c": breaker(1) } }, { hasBreaker: true, parkedDestinations: 0 }],
	])("has %s", async (_, state, expected) => {
		await writeState(state);
		expect(await look()).toMatchObject(expected);
	});

	it("counts the destinations that are parked and that a delivery or a window waits for", async () => {
		await writeState({ breakers: { "contoso/a": breaker(1), "contoso/b": breaker(1), "contoso/c": breaker(1) } });
		expect((await look()).parkedDestinations).toBe(0);
		await writeWindow(1, [5]);
		expect((await look()).parkedDestinations).toBe(1);
		await writeEntry(1);
		expect((await look()).parkedDestinations).toBe(2);
	});

	it.each<[string, (number: number) => Promise<unknown>, Partial<LaneOverview>]>([
		["windows", (number) => writeWindow(number, []), { windows: 1_000, waiting: 0 }],
		["deliveries", (number) => writeEntry(number), { windows: 0, waiting: 1_000 }],
	])("counts a thousand %s, and all destinations that are parked, where there are more", async (_, write, expected) => {
		for (let number = 0; number < 1_001; number++) await write(number);
		expect(await look()).toMatchObject({ ...expected, parkedDestinations: 0 });
		await writeState({ breakers: { "contoso/c": breaker(1) } });
		expect(await look()).toMatchObject({ ...expected, parkedDestinations: 1 });
	});

	it.each<[string, () => Promise<unknown>, number | null]>([
		["null where nothing waits", () => writeState({ pause: pause(60) }), null],
		["that of the delivery that was accepted first", () => Promise.all([9, 7, 8].map((ago) => writeEntry(ago))), -9],
		[
			"that of the delivery that steps aside for the shortest time",
			() => Promise.all([20, 10].map((to) => writeEntry(to, { notBefore: new Date(NOW + to * SECOND).toISOString() }))),
			10,
		],
		["that of a window without members", () => writeWindow(1, [], dueIn(20)), 20],
		["null where no window was looked into, and none has members", () => writeWindow(1, []), null],
		["when a window closes if no further event comes", () => writeWindow(1, [40, 25]), 5],
		["when a window closes at the latest", () => writeWindow(1, [290, 5]), 10],
		["that of the window that closes first", () => Promise.all([writeWindow(1, [1]), writeWindow(2, [9])]), 21],
	])("says since when anything of it is due: %s", async (_, write, seconds) => {
		await write();
		expect((await look()).dueSince).toBe(seconds === null ? null : NOW + seconds * SECOND);
	});

	it.each<[string, () => Promise<unknown>]>([
		["a delivery", () => writeEntry(5)],
		["a window without members", () => writeWindow(1, [], dueIn(20))],
		["a window with members", () => writeWindow(1, [5])],
	])("says that %s is not due before the lane's pause ends", async (_, write) => {
		await writeState({ pause: pause(60) });
		await write();
		expect((await look()).dueSince).toBe(NOW + 60 * SECOND);
	});

	it("tells how full its first twenty windows are, without those that are being closed", async () => {
		await writeWindow(0, []);
		for (let number = 1; number < 25; number++) await writeWindow(number, [9, 4]);
		const { gathering, windows } = await look();
		expect([windows, gathering.length]).toEqual([25, 19]);
		const times = { since: NOW - 9 * SECOND, closes: NOW - 4 * SECOND + QUIET, latest: NOW - 9 * SECOND + MAX };
		expect(gathering[0]).toEqual({ route: "r", group: groupOf(1), events: 2, ...times });
	});

	it.each([
		["that the drainer has seen", { newest: memberKey(groupOf(1), NOW - SECOND, "ab", 1) }, 1],
		["that were counted, where no drainer has looked", {}, 5],
		[
			"that were counted, where the drainer has looked before they came",
			{ newest: memberKey(groupOf(1), 1, "a", 1) },
			5,
		],
	])("counts a thousand events of a window, and the newest is the last of those %s", async (_, more, ago) => {
		const accepted = [...Array.from({ length: 1_000 }, () => 5), 4];
		await writeWindow(1, accepted, more);
		const closes = NOW - ago * SECOND + QUIET;
		expect((await look()).gathering).toMatchObject([{ events: 1_000, closes }]);
	});

	it("counts dead letters and members by their keys alone", async () => {
		await writeWindow(1, [1]);
		await put(deadLetterKey(receiptKey("", "ab")), { key: "ab", body: Buffer.from("{}") });
		const asked: Range[] = [];
		const seen = wrapStorage(storage, async ({ method, args }, make) => {
			if (method === "list" && args[0] === LANE) asked.push(args[1] as Range);
			return make();
		});
		const [first] = await overview(seen, NOW);
		expect(first).toMatchObject({ deadLetters: 1, gathering: [{ events: 1 }] });
		const counted = asked.filter(({ from }) => from.startsWith("x-") || from.startsWith("m-"));
		expect(counted.map(({ select }) => select)).toEqual([["key"], ["key"]]);
	});

	it("is that of a lane, unless the partition is one for what has no lane", () => {
		const lanes = [LANE, NO_LANE, IGNORED_LANE].filter((lane) => isLane({ lane }));
		expect(lanes).toEqual([LANE]);
	});
});
