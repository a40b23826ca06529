import { describe, expect, it } from "@jest/globals";
import { replayDead } from "../../src/ledger/dead-letters.ts";
import { type LaneState, NEW_LANE, toColumns } from "../../src/ledger/lane-state.ts";
import { showReceipt } from "../../src/ledger/receipt-query.ts";
import { deadLetterKey, STATE_KEY, targetOf } from "../../src/ledger/rows.ts";
import type { Classification } from "../../src/model.ts";
import { StorageError, type Write } from "../../src/storage/storage.ts";
import { repositoryDispatch } from "../../support/destinations.ts";
import { delivery, joining } from "../helpers/deliveries.ts";
import { ADDRESS, type HarnessOptions, LANE, type LaneHarness, START, startLane } from "../helpers/lane-harness.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const range = (count: number, from = 0) => Array.from({ length: count }, (_, index) => index + from);
const ids = (lane: Pick<LaneHarness, "sent">) => lane.sent.map(({ id }) => id);
const events = (...numbers: number[]) => numbers.map((number) => `event-${number}`);
const refused: Classification = { kind: "permanent", reason: "422" };

async function waitingLane(numbers: readonly number[], options: HarnessOptions = {}): Promise<LaneHarness> {
	const lane = await startLane(options);
	for (const number of numbers) {
		await lane.instance.accept(delivery(number));
		lane.now += 1;
	}
	return lane;
}

const rowOf = async (lane: LaneHarness, number: number, kind: "e-" | "r-") => {
	const { key } = delivery(number);
	const rows = await lane.ledger.rows(LANE, kind);
	const row = rows.find(({ columns }) => columns["key"] === key);
	if (row === undefined) throw new Error(`no row of ${number}`);
	return row;
};
const change = (lane: LaneHarness, ...writes: Write[]) => lane.ledger.storage.commit(LANE, writes);
const errors = (lane: LaneHarness) => lane.logged.lines.filter(({ level }) => level === "error");

describe("a delivery whose receipt is gone", () => {
	const removeReceipt = async (lane: LaneHarness, number: number) =>
		change(lane, { kind: "delete", rowKey: (await rowOf(lane, number, "r-")).rowKey });

	it("is sent once, completed without its receipt, and blocks nothing behind it", async () => {
		const lane = await waitingLane([1, 2, 3]);
		await removeReceipt(lane, 1);
		await lane.wakeAll();
		expect(ids(lane)).toEqual(events(1, 2, 3));
		expect(await lane.entries()).toBe(0);
		expect(lane.logged.lines.filter(({ change: what }) => what === "interrupted")).toEqual([]);
	});

	it("waits as any other where GitHub fails, and its attempts are counted", async () => {
		const lane = await waitingLane([1]);
		await removeReceipt(lane, 1);
		lane.answer = ({ at }) =>
			at < START + MINUTE ? { classification: { kind: "transient", reason: "no route" } } : undefined;
		await lane.wakeAll();
		expect(lane.sent.length).toBeGreaterThan(3);
		expect(await lane.entries()).toBe(0);
	});

	it("gets a receipt as a dead letter, so that it is seen", async () => {
		const lane = await waitingLane([1, 2]);
		await removeReceipt(lane, 1);
		lane.answer = ({ id }) => (id === "event-1" ? { classification: refused } : undefined);
		await lane.wakeAll();
		const receipt = await lane.receipt(delivery(1).key);
		expect(receipt).toMatchObject({ state: "dead", reason: "422", to: { repository: "contoso/fraud-model" } });
		const dead = await lane.ledger.rows(LANE, deadLetterKey(receipt.rowKey));
		expect(dead).toHaveLength(1);
	});
});

describe("a delivery whose row is damaged", () => {
	it.each<[string, Record<string, string | number>]>([
		["names no destination", { to: "" }],
		["names a destination that is no JSON", { to: '{"id":"contoso/a#t"' }],
		["names null", { to: "null" }],
		["names a destination without its identity", { to: '{"repository":"contoso/a","dispatchType":"t"}' }],
		["names a destination of no service", { to: '{"id":"contoso/a#t","queue":"a"}' }],
		["names a repository that is no text", { to: '{"id":"contoso/a#t","repository":7,"dispatchType":"t"}' }],
		["names no repository", { to: JSON.stringify(repositoryDispatch("", "t")) }],
		["names something that is no repository", { to: JSON.stringify(repositoryDispatch("x y/z", "t")) }],
		["is of version 0.1.0 and names no repository", { to: "", repository: "", dispatchType: "t" }],
		["is of version 0.1.0 and names no such thing", { to: "", repository: "x y/z", dispatchType: "t" }],
	])("is a dead letter with that reason when it %s", async (_, columns) => {
		const lane = await waitingLane([1, 2, 3]);
		await change(lane, { kind: "merge", rowKey: (await rowOf(lane, 1, "e-")).rowKey, columns });
		await lane.wakeAll();
		expect(ids(lane)).toEqual(events(2, 3));
		const { state, reason } = await lane.receipt(delivery(1).key);
		expect([state, reason]).toEqual(["dead", expect.stringContaining("damaged")]);
		const [line, ...others] = errors(lane);
		expect(line).toMatchObject({ stage: "dead-letter", lane: LANE, key: delivery(1).key, reason });
		expect(others).toEqual([]);
	});

	it.each(["{", "null", "[]", '"x"', ""])("is a dead letter when what was to be sent is %j", async (body) => {
		const lane = await waitingLane([1, 2, 3]);
		const columns = { body: Buffer.from(body) };
		await change(lane, { kind: "merge", rowKey: (await rowOf(lane, 1, "e-")).rowKey, columns });
		await lane.wakeAll();
		expect(ids(lane)).toEqual(events(2, 3));
		expect(await lane.receipt(delivery(1).key)).toMatchObject({
			state: "dead",
			reason: "the request is damaged in storage: it is not a JSON object",
		});
	});

	it.each(["", "a\\b?", "x".repeat(2_000)])(
		"is a dead letter when it names a blob that cannot be: %j",
		async (bodyBlob) => {
			const lane = await waitingLane([1, 2, 3]);
			const row = await rowOf(lane, 1, "e-");
			const { body: _, ...columns } = row.columns;
			await change(lane, { kind: "replace", rowKey: row.rowKey, columns: { ...columns, bodyBlob } });
			await lane.wakeAll();
			expect(ids(lane)).toEqual(events(2, 3));
			expect(await lane.receipt(delivery(1).key)).toMatchObject({
				state: "dead",
				reason: expect.stringContaining("missing in storage"),
			});
		},
	);

	it.each<[string, Record<string, string | number>]>([
		["attempts that are no JSON", { attempts: "{" }],
		["attempts that are no list", { attempts: '{"a":1}' }],
		["an acceptance that is no time", { acceptedAt: "soon" }],
		["an acceptance in the future", { acceptedAt: "9999-12-31T00:00:00Z" }],
		["troubles without number", { failures: "many" }],
		["a first failure that is no time", { failingSince: "x" }],
		["a time to step aside until that is years away", { notBefore: "9999-12-31T00:00:00Z" }],
		["a call in doubt before all times", { doubt: '{"since":-1e300,"from":-9e15}' }],
		["an attempt that fills its column", { attempts: JSON.stringify([{ reason: "x".repeat(32_700) }]) }],
		["attempts that are no attempts", { attempts: '[null,1,"x"]' }],
	])("is sent once all the same, and its receipt is final, with %s", async (_, columns) => {
		const lane = await waitingLane([1, 2], { follow: { isOn: true } });
		await change(lane, { kind: "merge", rowKey: (await rowOf(lane, 1, "e-")).rowKey, columns });
		await lane.wakeAll();
		expect(ids(lane)).toEqual(events(1, 2));
		const { state, attempts } = await lane.receipt(delivery(1).key);
		expect([state, attempts.at(-1)?.status]).toEqual(["dispatched", 204]);
	});
});

describe("a delivery whose row was written by version 0.1.0", () => {
	it("goes on with the pauses that its uncertain answers have grown to", async () => {
		const lane = await waitingLane([1]);
		await change(lane, { kind: "merge", rowKey: (await rowOf(lane, 1, "e-")).rowKey, columns: { troubles: 3 } });
		lane.answer = ({ at }) =>
			at < START + MINUTE ? { classification: { kind: "uncertain", reason: "502" } } : undefined;
		await lane.wakeAll();
		const [first = 0, second = 0] = lane.sent.map(({ at }) => at);
		expect(Math.floor((second - first) / SECOND)).toBe(135);
	});
});

describe("a delivery whose receipt can be no row", () => {
	it.each(["r-/\\#?", "", "x", "r-", `r-${"x".repeat(2_000)}`])("is completed without it: %j", async (receipt) => {
		const lane = await waitingLane([1, 2]);
		await change(lane, { kind: "merge", rowKey: (await rowOf(lane, 1, "e-")).rowKey, columns: { receipt } });
		await lane.wakeAll();
		expect(ids(lane)).toEqual(events(1, 2));
		expect(await lane.entries()).toBe(0);
	});
});

describe("a delivery at which the bridge itself fails", () => {
	it("is a dead letter that says so, and the others are sent", async () => {
		const lane = await waitingLane([1, 2, 3]);
		lane.answer = ({ id }) => {
			if (id === "event-2") throw new TypeError("undefined is not a function");
			return undefined;
		};
		await lane.wakeAll();
		expect(ids(lane)).toEqual(events(1, 2, 3));
		expect(await lane.receipt(delivery(2).key)).toMatchObject({
			state: "dead",
			reason: "the bridge failed to handle this delivery: undefined is not a function",
		});
		expect((await lane.receipts()).filter(({ state }) => state === "dispatched")).toHaveLength(2);
	});
});

describe("a lane whose state row is absurd", () => {
	it.each<[string, Record<string, unknown>]>([
		["paused until the year 58946", { pause: { until: 1_798_000_000_000_000, reason: "limit" } }],
		["paused until no time", { pause: { until: "tomorrow", reason: "limit" } }],
		["parked until 14 digits of seconds", { parked: { since: START, probeAt: 99_999_999_999_999_000, reason: "x" } }],
		["that is no object", { pause: 7, parked: "x", breakers: [1], wake: null, failures: "x" }],
	])("heals within a day: %s", async (_, state) => {
		const lane = await waitingLane([1, 2]);
		const columns = { ...toColumns(NEW_LANE), state: JSON.stringify({ ...NEW_LANE, ...state }) };
		await change(lane, { kind: "upsert", rowKey: STATE_KEY, columns });
		await lane.wakeAll(() => lane.sent.length === 2);
		expect(ids(lane)).toEqual(events(1, 2));
		expect(lane.now).toBeLessThanOrEqual(START + DAY + HOUR);
	});

	it("goes on at once where it is no JSON", async () => {
		const lane = await waitingLane([1]);
		await change(lane, { kind: "upsert", rowKey: STATE_KEY, columns: { state: "{", calls: Buffer.alloc(7) } });
		await lane.wakeAll();
		expect(ids(lane)).toEqual(events(1));
	});

	it("is not slowed down by an instance whose clock is ten minutes ahead", async () => {
		const lane = await waitingLane([1, 2], { pace: "1/s,80/m" });
		const calls = [START + 10 * MINUTE];
		await change(lane, { kind: "upsert", rowKey: STATE_KEY, columns: toColumns({ ...NEW_LANE, calls }) });
		await lane.wakeAll();
		expect(ids(lane)).toEqual(events(1, 2));
		expect(lane.now).toBeLessThan(START + MINUTE);
	});
});

describe("a drain that fails", () => {
	it("never adds a message, however often it fails, and delivers all once the fault is gone", async () => {
		let isBroken = true;
		const lane = await waitingLane([1, 2], {
			around: async ({ method, args }, make) => {
				const finishes = method === "commit" && JSON.stringify(args[1]).includes('"delete","rowKey":"e-');
				if (isBroken && finishes) throw new Error("a bug");
				return make();
			},
		});
		for (let run = 0; run < 20; run++) {
			await lane.wakeNext().catch(() => {});
			expect(lane.waiting().length).toBeLessThanOrEqual(2);
		}
		isBroken = false;
		await lane.wakeAll();
		expect(new Set(ids(lane))).toEqual(new Set(events(1, 2)));
		expect(await lane.entries()).toBe(0);
	});

	it("leaves its own message to the platform where it has put none", async () => {
		const lane = await waitingLane([1], {
			around: async ({ method }, make) => {
				if (method === "list") throw new StorageError("down", 503);
				return make();
			},
		});
		await expect(lane.wakeNext()).rejects.toThrow("down");
		expect(lane.waiting()).toHaveLength(1);
	});
});

describe("a result that storage does not take at first", () => {
	it("keeps its lease while it is written, so that no other drainer sends the same again", async () => {
		let failsUntil = 0;
		const leases: number[] = [];
		const lane: LaneHarness = await startLane({
			around: async ({ method }, make) => {
				if (method === "renew") leases.push(lane.now);
				if (method === "commit" && lane.now < failsUntil) {
					lane.now += 4 * SECOND;
					throw new StorageError("busy", 503);
				}
				return make();
			},
		});
		await lane.instance.accept(delivery(1));
		lane.answer = () => {
			failsUntil = lane.now + 40 * SECOND;
			return undefined;
		};
		await lane.wakeNext();
		expect(await lane.receipt(delivery(1).key)).toMatchObject({ state: "dispatched" });
		const gaps = leases.map((at, index) => at - (leases[index - 1] ?? START));
		expect(leases.length).toBeGreaterThanOrEqual(2);
		expect(Math.max(...gaps)).toBeLessThan(30 * SECOND);
	});
});

describe("many windows in one lane", () => {
	const group = (number: number) => number.toString(16).padStart(32, "0");
	const join = (number: number, quietMs: number) =>
		joining(number, { how: { group: group(number), quietMs, maxMs: HOUR } });

	it("are looked at in one pass, and remembered in as many transactions as it takes", async () => {
		const lane = await startLane();
		for (const from of range(5)) {
			await lane.instance.accept(...range(50, from * 50).map((number) => join(number, 10 * MINUTE)));
		}
		await lane.wakeNext();
		const windows = await lane.ledger.rows(LANE, "b-");
		expect(windows).toHaveLength(250);
		expect(windows.filter(({ columns }) => columns["dueAt"] === undefined)).toEqual([]);
	});

	it("are all closed and dispatched when they are due together", async () => {
		const lane = await startLane();
		for (const from of range(3)) {
			await lane.instance.accept(...range(50, from * 50).map((number) => join(number, 30 * SECOND)));
		}
		await lane.wakeAll();
		expect(lane.sent).toHaveLength(150);
		expect(await lane.ledger.rows(LANE, "b-")).toEqual([]);
		expect((await lane.receipts()).filter(({ state }) => state === "coalesced")).toHaveLength(150);
	});

	it("go on past one that cannot be closed, which is logged and tried again later", async () => {
		let isBroken = true;
		const lane = await startLane({
			around: async ({ method, args }, make) => {
				const isOfBad = method === "list" && JSON.stringify(args[1]).includes(`m-${group(7)}`);
				if (isBroken && isOfBad) throw new TypeError("not iterable");
				return make();
			},
		});
		await lane.instance.accept(...range(10).map((number) => join(number, 30 * SECOND)), delivery(100));
		await lane.wakeAll(() => lane.sent.length === 10);
		expect(lane.sent).toHaveLength(10);
		expect(errors(lane)).toContainEqual(
			expect.objectContaining({ stage: "window", change: "failed", reason: expect.stringContaining("not iterable") }),
		);
		isBroken = false;
		await lane.wakeAll();
		expect(lane.sent).toHaveLength(11);
		expect(lane.waiting()).toEqual([]);
	});
});

describe("a window in a lane where single events keep arriving", () => {
	it("is closed at its maximum by a drain within a request", async () => {
		const lane = await startLane();
		await lane.instance.accept(joining(1, { how: { quietMs: 30 * SECOND, maxMs: MINUTE } }));
		// Each single event is delivered within its own request; no wake-up surfaces meanwhile.
		for (const number of range(50, 10)) {
			lane.now += 2 * SECOND;
			await lane.instance.ledger.accept(delivery(number));
			const lease = await lane.instance.acquire();
			await lane.instance.drain(lease, {});
			await lease.release();
		}
		const window = lane.sent.find(({ id }) => !id.startsWith("event-"));
		expect(window?.at).toBeLessThanOrEqual(START + MINUTE + 2 * SECOND);
		expect(await lane.receipt(joining(1).key)).toMatchObject({ state: "coalesced" });
		await lane.wakeAll();
		expect(lane.sent).toHaveLength(51);
	});
});

describe("giving up", () => {
	const giveUpMs = 7 * DAY;

	it.each<[string, Classification]>([
		["one 502", { kind: "uncertain", reason: "502" }],
		["one refused token", { kind: "unauthorized", reason: "401" }],
		["one refusal of a repository", { kind: "unavailable", reason: "404" }],
	])("does not follow from %s after a backlog of eight days", async (_, classification) => {
		const lane = await waitingLane(range(4), { giveUpMs });
		lane.now += 8 * DAY;
		let isFirst = true;
		lane.answer = () => {
			if (!isFirst) return undefined;
			isFirst = false;
			return { classification };
		};
		await lane.wakeAll();
		expect(new Set((await lane.receipts()).map(({ state }) => state))).toEqual(new Set(["dispatched"]));
	});

	it("completes the members of a window whose dispatch is given up", async () => {
		const lane = await startLane({ giveUpMs: DAY });
		lane.answer = () => ({ classification: { kind: "unavailable", reason: "404" } });
		await lane.instance.accept(joining(1), joining(2));
		await lane.wakeAll();
		const receipts = await lane.receipts();
		expect(receipts.map(({ state }) => state).sort()).toEqual(["coalesced", "coalesced", "dead"]);
		expect(await lane.ledger.rows(LANE, "m-")).toEqual([]);
		expect(await lane.ledger.rows(LANE, "b-")).toEqual([]);
	});
});

describe("a breaker", () => {
	it("is removed when nothing waits for it any more", async () => {
		const lane = await startLane({ giveUpMs: DAY });
		lane.answer = ({ to }) =>
			targetOf(to) === "contoso/gone" ? { classification: { kind: "unavailable", reason: "404" } } : undefined;
		await lane.instance.accept(delivery(1, { to: repositoryDispatch("contoso/gone", "x") }), delivery(2));
		await lane.wakeAll();
		expect(ids(lane)).toContain("event-2");
		expect((await lane.state()).breakers).toEqual({});
	});
});

describe("a lane whose state row is damaged", () => {
	const absurd = { since: -1e300, probeAt: 0, reason: "404" };

	it.each<[string, Partial<LaneState>]>([
		["parked since before all times", { parked: absurd }],
		["with a destination that is parked since then", { breakers: { "contoso/fraud-model": absurd } }],
		["at the highest number that a wake-up can have", { wake: { last: Number.MAX_SAFE_INTEGER, at: null } }],
		["paused until before all times", { pause: { until: -1e300, reason: "429" } }],
	])("is drained to its end, one wake-up after the other: %s", async (_, state) => {
		const lane = await startLane({ pace: "1/m" });
		await lane.instance.accept(delivery(1), delivery(2));
		await change(lane, { kind: "upsert", rowKey: STATE_KEY, columns: toColumns({ ...NEW_LANE, ...state }) });
		await lane.wakeAll();
		expect(ids(lane)).toEqual(events(1, 2));
		expect(lane.logged.lines.filter(({ change: what }) => what === "interrupted")).toEqual([]);
	});
});

describe("a wake-up whose number is higher than the recorded one", () => {
	it("leaves one wake-up for what is due later, as any other does", async () => {
		let puts = 0;
		const lane: LaneHarness = await startLane({
			around: async ({ method }, make) => {
				if (method === "put") puts += 1;
				if (puts > 20) throw new Error("messages without end");
				return make();
			},
		});
		await lane.instance.accept(delivery(1));
		lane.answer = () => ({ classification: { kind: "unavailable", reason: "404" } });
		await lane.wakeNext();
		puts = 0;
		await lane.instance.wake({ lane: LANE, wake: 1_000 }, lane.logged.log);
		lane.answer = () => undefined;
		expect(puts).toBeLessThan(5);
		await lane.wakeAll();
		expect(ids(lane)).toEqual(events(1, 1));
		expect(await lane.entries()).toBe(0);
	});
});

describe("a dead letter that stepped aside until a time to come", () => {
	it("is replayed at once, and its receipt does not say that it waits", async () => {
		const lane = await waitingLane([1], { answer: () => ({ classification: refused }) });
		await lane.wakeAll();
		const { rowKey } = await rowOf(lane, 1, "r-");
		const notBefore = new Date(lane.now + HOUR).toISOString();
		await change(lane, { kind: "merge", rowKey, columns: { notBefore } });
		await replayDead(lane.ledger.storage, LANE, rowKey, { now: lane.now, by: "test" });
		const receipt = await lane.receipt(delivery(1).key);
		expect(showReceipt(receipt, LANE, await lane.state(), lane.now)).toMatchObject({ state: "accepted" });
	});
});

describe("a lane that belongs to another address", () => {
	const OTHER = "http://127.0.0.1:7072";
	const belongsTo = (lane: LaneHarness, address: string) =>
		change(lane, { kind: "upsert", rowKey: STATE_KEY, columns: toColumns({ ...NEW_LANE, address }) });

	it("is left alone, reported with what waits and the repair, and its wake-up goes on", async () => {
		const lane = await waitingLane([1, 2]);
		await belongsTo(lane, OTHER);
		for (const _ of range(3)) {
			await lane.wakeNext();
			expect(lane.waiting().length).toBeGreaterThan(0);
		}
		expect(lane.sent).toEqual([]);
		expect(await lane.entries()).toBe(2);
		expect(errors(lane)).toContainEqual(
			expect.objectContaining({
				stage: "lane",
				change: "foreign",
				address: OTHER,
				waiting: 2,
				reason: expect.stringContaining("GITHUB_API_URL_BEFORE"),
			}),
		);
	});

	it("is left alone by a drain within a request, too", async () => {
		const lane = await startLane();
		await belongsTo(lane, OTHER);
		await lane.instance.ledger.accept(delivery(1));
		const lease = await lane.instance.acquire();
		await lane.instance.drain(lease, {});
		await lease.release();
		expect(lane.sent).toEqual([]);
	});

	it("is taken over where the bridge says that it was moved from there", async () => {
		const lane = await startLane({ formerAddress: OTHER });
		await lane.instance.accept(delivery(1));
		await belongsTo(lane, OTHER);
		await lane.wakeAll();
		expect(ids(lane)).toEqual(events(1));
		expect((await lane.state()).address).toBe(ADDRESS);
	});

	it("is recorded by the first drainer", async () => {
		const lane = await waitingLane([1]);
		await lane.wakeAll();
		expect((await lane.state()).address).toBe(ADDRESS);
	});
});

describe("many deliveries that wait for one repository", () => {
	it("are not read again for each event for another one", async () => {
		let rows = 0;
		const lane = await startLane({
			around: async ({ method }, make) => {
				const answered = await make();
				if (method === "list") rows += (answered as { rows: unknown[] }).rows.length;
				return answered;
			},
		});
		const parked = { to: repositoryDispatch("contoso/parked", "x") };
		for (const from of range(8))
			await lane.instance.accept(...range(50, from * 50).map((number) => delivery(number, parked)));
		lane.answer = ({ to }) =>
			targetOf(to) === "contoso/parked" ? { classification: { kind: "unavailable", reason: "404" } } : undefined;
		await lane.wakeNext();
		rows = 0;
		for (const number of range(10, 1_000)) {
			lane.now += SECOND;
			await lane.instance.ledger.accept(delivery(number));
			const lease = await lane.instance.acquire();
			await lane.instance.drain(lease, {});
			await lease.release();
		}
		expect(ids(lane).slice(1)).toEqual(events(...range(10, 1_000)));
		expect(rows).toBeLessThan(400 + 10 * 10);
	});
});
