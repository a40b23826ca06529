import { beforeEach, describe, expect, it } from "@jest/globals";
import type { TokenCheck } from "../../src/destinations/destination.ts";
import { leaseBlob } from "../../src/ledger/lane-lease.ts";
import { type LaneState, NEW_LANE, toColumns } from "../../src/ledger/lane-state.ts";
import { followKey, STATE_KEY } from "../../src/ledger/rows.ts";
import { ensureWindow } from "../../src/ledger/window.ts";
import { type MaintenanceOptions, maintain } from "../../src/operate/maintenance.ts";
import type { Columns, Write } from "../../src/storage/storage.ts";
import { type StorageCall, wrapStorage } from "../../support/wrap-storage.ts";
import { newNames } from "../helpers/file-storage.ts";
import { logLines } from "../helpers/log-lines.ts";
import { openTestLedger, type TestLedger } from "../helpers/test-ledger.ts";

const START = Date.parse("2026-06-01T00:00:00Z");
const LATE = "2027-06-11T00:00:00.000Z";
const LATER = "2028-06-11T00:00:00.000Z";
const DONE = { level: "info", stage: "maintenance", removed: 0, complete: "true", ms: 0 };

let ledger: TestLedger;
let clock: number;
/** What was woken: drains and followers. */
let drained: string[];
let followed: string[];
beforeEach(async () => {
	clock = START;
	drained = [];
	followed = [];
	ledger = await openTestLedger(newNames());
});

async function lane(
	name: string,
	state: Partial<LaneState>,
	rows: Readonly<Record<string, Columns>> = {},
): Promise<void> {
	await ledger.storage.write(leaseBlob(name), Buffer.from(""), "text/plain");
	const inserts = Object.entries(rows).map(([rowKey, columns]): Write => ({ kind: "insert", rowKey, columns }));
	const write: Write = { kind: "insert", rowKey: STATE_KEY, columns: toColumns({ ...NEW_LANE, ...state }) };
	await ledger.storage.commit(name, [...inserts, write]);
}

/** The rows of one delivery that was accepted so long ago. */
const delivery = (ms: number) => ({ "e-1": { key: "k", acceptedAt: new Date(START - ms).toISOString() } });

/** Maintains, and answers the lines. */
async function lines(options: Partial<MaintenanceOptions> = {}, fails: (call: StorageCall) => boolean = () => false) {
	const { log, lines: all } = logLines();
	await maintain(log, {
		storage: wrapStorage(ledger.storage, async (call, make) => {
			if (fails(call)) throw new Error("no such luck");
			return make();
		}),
		lanes: new Map(),
		checkToken: async (): Promise<TokenCheck> => ({ state: "ok", expiresAt: LATE, reason: null }),
		recordExpiry: async () => {},
		wakeLane: async (name) => void drained.push(name),
		wakeFollower: async (name) => void followed.push(name),
		retentionMs: 1,
		now: () => clock,
		...options,
	});
	return all;
}

const failed = (name: string, reason: string) => ({
	level: "error",
	stage: "maintenance",
	lane: name,
	change: "failed",
	reason,
});
const rejectingWith = (message: string) => async () => {
	throw new Error(message);
};

describe("the daily maintenance", () => {
	it("says only that it is done where nothing lies there, and wakes no one", async () => {
		await lane("empty", {});
		expect(await lines()).toEqual([DONE]);
		expect([drained, followed]).toEqual([[], []]);
	});

	it("names a lane that cannot be read, and does its work for the others", async () => {
		await lane("bad", {});
		await lane("good", {}, delivery(0));
		expect(await lines({}, ({ method, args }) => method === "list" && args[0] === "bad")).toEqual([
			failed("bad", 'the lane "bad" cannot be read: no such luck'),
			failed("bad", "its follower is not woken: no such luck"),
			failed("bad", "no such luck"),
			{ ...DONE, complete: "false" },
		]);
		expect(drained).toEqual(["good"]);
	});

	it("says how many dead letters a lane has", async () => {
		await lane("a", {}, { "x-1": { key: "k" }, "x-2": { key: "l" } });
		expect(await lines()).toEqual([
			{ level: "warn", stage: "dead-letter", change: "waiting", lane: "a", count: 2 },
			DONE,
		]);
	});

	it("wakes a lane for a window and for a delivery, and says where that fails", async () => {
		await lane("both", {}, delivery(0));
		await ledger.storage.commit("both", [
			ensureWindow({ quietMs: 1, maxMs: 1, route: "r", to: undefined, group: "0".padStart(32, "0") }),
		]);
		expect(await lines()).toEqual([DONE]);
		expect(drained).toEqual(["both"]);
		expect(await lines({ wakeLane: rejectingWith("the queue is full") })).toEqual([
			failed("both", "not woken: the queue is full"),
			DONE,
		]);
	});

	it("wakes the follower of a lane in which something is followed, and says where that fails", async () => {
		await lane("idle", {});
		await lane("taken", {}, { [followKey(START, "r-1")]: { key: "k" } });
		expect(await lines()).toEqual([DONE]);
		expect(followed).toEqual(["taken"]);
		expect(await lines({ wakeFollower: rejectingWith("the queue is full") })).toEqual([
			failed("taken", "its follower is not woken: the queue is full"),
			DONE,
		]);
	});

	const pause = { until: START + 1, reason: "slow down" };
	const parked = { since: START, probeAt: START + 1, reason: "no such token" };
	it.each<[string, Partial<LaneState>, string | null]>([
		["no known reason", {}, null],
		["a pause", { pause }, "slow down"],
		["a breaker", { parked }, "no such token"],
		["a breaker and a pause", { parked, pause }, "no such token"],
	])("says since when a lane is behind, with the reason of %s", async (_, state, reason) => {
		await lane("a", state, delivery(600_000));
		const [behind, ...others] = await lines();
		const oldest = new Date(START - 600_000).toISOString();
		expect(behind).toEqual({
			level: "warn",
			stage: "lane",
			lane: "a",
			change: "behind",
			oldest,
			waitedMs: 600_000,
			reason,
		});
		expect(others).toEqual([DONE]);
	});

	it("writes the end of a token down where it differs from what its own lane says", async () => {
		await lane("other", { tokenExpiresAt: LATER });
		await lane("same", { tokenExpiresAt: LATE });
		await lane("none", {});
		const recorded: string[] = [];
		const to = { repository: "contoso/a" };
		await lines({
			lanes: new Map(["other", "same", "none", "new"].map((name) => [name, to])),
			recordExpiry: async (name) => void recorded.push(name),
		});
		expect(recorded.sort()).toEqual(["new", "none", "other"]);
	});

	it("has four minutes for what is past its time, with all that it did before", async () => {
		const lanes = new Map([["a", { repository: "contoso/a" }]]);
		const after = (ms: number) => ({
			lanes,
			checkToken: async (): Promise<TokenCheck> => {
				clock += ms;
				return { state: "ok", expiresAt: null, reason: null };
			},
		});
		const slowly = ({ method }: StorageCall) => {
			clock += method === "list" ? 1 : 0;
			return false;
		};
		const complete = async (ms: number) => {
			clock = START;
			return (await lines(after(ms), slowly)).map((line) => line["complete"]);
		};
		expect(await complete(0)).toEqual(["true"]);
		expect(await complete(4 * 60_000)).toEqual(["false"]);
	});

	it("says how long it took", async () => {
		const checkToken = async (): Promise<TokenCheck> => {
			clock += 5_000;
			return { state: "ok", expiresAt: null, reason: null };
		};
		const said = await lines({ lanes: new Map([["a", { repository: "contoso/a" }]]), checkToken });
		expect(said).toEqual([{ ...DONE, ms: 5_000 }]);
	});
});
