import { describe, expect, it } from "@jest/globals";
import { replayDead } from "../../src/ledger/dead-letters.ts";
import type { Destination } from "../../src/model.ts";
import { type Row, StorageError, type Write } from "../../src/storage/storage.ts";
import { repositoryDispatch } from "../../support/destinations.ts";
import { delivery, joining } from "../helpers/deliveries.ts";
import { type Answering, LANE, type LaneHarness, START, startLane } from "../helpers/lane-harness.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const range = (count: number, from = 0) => Array.from({ length: count }, (_, index) => index + from);
const OTHER = { how: { group: "cd".repeat(16) } };
const INVALID = { kind: "permanent", reason: "422" } as const;

interface Gathered {
	readonly id: string;
	readonly type: string;
	readonly data: { readonly lost?: string };
}

const dataOf = (body = "{}") =>
	(JSON.parse(body) as { client_payload: { data: { events?: Gathered[]; count?: number; totalBytes?: number } } })
		.client_payload.data;
const eventsOf = (lane: LaneHarness) => lane.sent.map(({ body }) => dataOf(body)?.events ?? []);
const statesOf = async (lane: LaneHarness) => {
	const receipts = await lane.receipts();
	return Object.fromEntries(receipts.map(({ event, state }) => [event.id, state]));
};
const leftovers = async (lane: LaneHarness) =>
	(await lane.ledger.rows(LANE)).map(({ rowKey }) => rowKey).filter((rowKey) => /^[bem]-/.test(rowKey));

const change = (lane: LaneHarness, ...writes: Write[]) => lane.ledger.storage.commit(LANE, writes);

/** Four events in a window, one in another, and one that is gathered with nobody; then something happens to the second. */
async function spoilt(
	spoil: (lane: LaneHarness, member: Row) => Promise<unknown>,
	line = JSON.stringify(joining(1).event),
): Promise<LaneHarness> {
	const lane = await startLane();
	for (const number of range(4)) {
		await lane.instance.accept(joining(number, number === 1 ? { how: { line } } : {}));
		lane.now += 1;
	}
	await lane.instance.accept(joining(10, OTHER));
	await lane.instance.accept(delivery(20));
	const member = (await lane.ledger.rows(LANE, "m-ab"))[1];
	if (member === undefined) throw new Error("it is no member");
	await spoil(lane, member);
	return lane;
}

const keyOf = (number: number) => joining(number).key;
const large = JSON.stringify({ ...joining(1).event, data: { fill: "x".repeat(61 * 1024) } });
const withColumns = (columns: Row["columns"]) => async (lane: LaneHarness, member: Row) => {
	const { line: _, ...others } = member.columns;
	await change(lane, { kind: "replace", rowKey: member.rowKey, columns: { ...others, ...columns } });
};

describe("a member that cannot be read", () => {
	it.each<[string, (lane: LaneHarness, member: Row) => Promise<unknown>, string]>([
		["has no line", withColumns({}), "its row does not contain the event"],
		["has an empty line", withColumns({ line: new Uint8Array() }), "not an event in JSON"],
		["has a line of another type", withColumns({ line: "text" }), "its row does not contain the event"],
		["is not JSON", withColumns({ line: Buffer.from('{"id":"event-1"') }), "not an event in JSON"],
		["is no object", withColumns({ line: Buffer.from("17") }), "not an event in JSON"],
		["is null", withColumns({ line: Buffer.from("null") }), "not an event in JSON"],
		["names a blob that is gone", withColumns({ lineBlob: "lines/gone.json" }), "its blob is missing"],
		...["", "a\\b?", "x".repeat(2_000), "\u0000"].map(
			(lineBlob): [string, (lane: LaneHarness, member: Row) => Promise<unknown>, string] => [
				`names a blob that cannot be, ${JSON.stringify(lineBlob.slice(0, 5))}`,
				withColumns({ lineBlob }),
				"its blob is missing",
			],
		),
	])("is shown with the reason, and the others are dispatched as ever: it %s", async (_, spoil, why) => {
		const lane = await spoilt(spoil);
		await lane.wakeAll();
		const window = eventsOf(lane).find((gathered) => gathered.length === 4);
		expect(window?.map(({ id }) => id)).toEqual(["event-0", keyOf(1), "event-2", "event-3"]);
		expect(window?.[1]?.data.lost).toContain(why);
		expect(lane.sent).toHaveLength(3);
		const states = await statesOf(lane);
		expect(range(4).map((number) => states[`event-${number}`])).toEqual(Array(4).fill("coalesced"));
		expect(await leftovers(lane)).toEqual([]);
	});

	it("is shown with the reason when its row goes away while the window closes", async () => {
		let taken: Row | undefined;
		const lane: LaneHarness = await startLane({
			around: async ({ method }, make) => {
				if (method === "writeStream" && taken !== undefined) {
					await change(lane, { kind: "delete", rowKey: taken.rowKey });
					taken = undefined;
				}
				return make();
			},
		});
		for (const number of range(3)) {
			await lane.instance.accept(joining(number));
			lane.now += 1;
		}
		taken = (await lane.ledger.rows(LANE, "m-"))[1];
		await lane.wakeAll();
		expect(eventsOf(lane)[0]?.map(({ data }) => data.lost)).toEqual([
			undefined,
			"its row is missing in storage",
			undefined,
		]);
		expect(await leftovers(lane)).toEqual([]);
	});

	it.each<[string, (lane: LaneHarness, member: Row) => Promise<unknown>]>([
		["is gone", (lane, { columns }) => change(lane, { kind: "delete", rowKey: String(columns["receipt"]) })],
		["is not named", withColumns({ line: Buffer.from(large), receipt: "" })],
		["cannot be one", withColumns({ line: Buffer.from(large), receipt: "r-/?#" })],
	])("is dispatched once when its receipt %s", async (_, spoil) => {
		const lane = await spoilt(spoil, large);
		await lane.wakeAll();
		expect(lane.sent).toHaveLength(3);
		const states = await statesOf(lane);
		expect([0, 2, 3].map((number) => states[`event-${number}`])).toEqual(Array(3).fill("coalesced"));
		expect(await leftovers(lane)).toEqual([]);
	});

	it("blocks no other when all receipts of a hundred members are gone", async () => {
		const lane = await startLane();
		await lane.instance.accept(...range(100).map((number) => joining(number)));
		for (const { rowKey } of await lane.ledger.rows(LANE, "r-")) await change(lane, { kind: "delete", rowKey });
		await lane.wakeAll();
		expect(lane.sent.map(({ body }) => dataOf(body).count)).toEqual([100]);
		expect(await leftovers(lane)).toEqual([]);
	}, 60_000);
});

describe("what is said of a window", () => {
	const closed = async (...lines: readonly string[]) => {
		const lane = await startLane();
		for (const [number, line] of lines.entries()) {
			await lane.instance.accept(joining(number, { how: { line } }));
			lane.now += 1;
		}
		await lane.wakeAll();
		return lane.sent[0]?.body ?? "";
	};

	it("holds each event as it arrived, digits beyond a double's and all", async () => {
		const line = '{"id":"1","data":{"n":12345678901234567890123,"x":1.10,"e":1E400},"type":"t"}';
		expect(await closed(line, line)).toContain(`"events":[${line},${line}]`);
	});

	it("is one line for each event, whatever space stands between an event's members", async () => {
		const lane = await startLane();
		await lane.instance.accept(joining(0, { how: { line: '{\r\n"id": "1",\n"type": "t"}' } }), joining(1));
		await lane.wakeAll();
		const manifest = await lane.ledger.blob(`manifests/${lane.sent[0]?.id}.jsonl`);
		expect(
			manifest
				.trimEnd()
				.split("\n")
				.map((line) => (JSON.parse(line) as Gathered).id),
		).toContain("1");
		expect(manifest.trimEnd().split("\n")).toHaveLength(2);
	});

	it("is a number of bytes, whatever the events say", async () => {
		const line = (contentLength: string) => `{"id":"1","data":{"contentLength":${contentLength}}}`;
		const sizes = ["5", "1e308", "1e308", "-1", "null", '"7"', "9007199254740991", "9007199254740991", "1e400"];
		expect(dataOf(await closed(...sizes.map(line))).totalBytes).toBe(Number.MAX_SAFE_INTEGER);
	});

	it("copes with an event whose members are of other types than they should be", async () => {
		const body = await closed('{"id":1,"type":{},"source":[],"subject":null,"time":17,"data":"text"}');
		expect(dataOf(body)).toMatchObject({ count: 1, firstTime: "", lastTime: "", totalBytes: 0 });
	});

	it("is sent even where a type and a time are absurdly long", async () => {
		const time = `2026-05-26T12:00:00.${"1".repeat(25_000)}Z`;
		const line = JSON.stringify({
			...joining(0).event,
			type: "Microsoft.".repeat(7_000),
			time,
			source: "s".repeat(70_000),
		});
		const body = await closed(line, line);
		expect(Buffer.byteLength(body)).toBeLessThan(64 * 1024);
		expect(dataOf(body).count).toBe(2);
	});
});

describe("a window whose dispatch can never be sent", () => {
	const to = (dispatchType: string, repository = "contoso/fraud-model") => ({
		to: repositoryDispatch(repository, dispatchType),
	});

	it.each([
		["has a dispatch type that is too long", to("x".repeat(101)), "the dispatch type has 101 characters"],
		["has no dispatch type", to(""), "no dispatch type can be made"],
		["has no destination", { to: {} as Destination }, "has no destination"],
		["goes to no service that is known", { to: { id: "a#t", queue: "a" } }, "has no destination"],
	])("is a dead letter with its manifest, its members say so, and all others are sent: it %s", async (_, bad, why) => {
		const lane = await startLane();
		await lane.instance.accept(joining(0, bad), joining(1, bad), joining(2, OTHER), delivery(3));
		await lane.wakeAll();
		expect(lane.sent).toHaveLength(2);
		expect(await leftovers(lane)).toEqual([]);
		const receipts = await lane.receipts();
		const dead = receipts.find(({ state }) => state === "dead");
		expect(dead).toMatchObject({ reason: expect.stringContaining(why), finishedAt: expect.any(String) });
		const members = receipts.filter(({ event }) => ["event-0", "event-1"].includes(event.id));
		for (const member of members) {
			expect(member).toMatchObject({ state: "coalesced", window: dead?.key, reason: expect.stringContaining(why) });
		}
		expect(members).toHaveLength(2);
		const manifest = await lane.ledger.blob(`manifests/${dead?.key}.jsonl`);
		expect(manifest.trimEnd().split("\n")).toHaveLength(2);
		expect(lane.waiting()).toEqual([]);
	});

	it("can be replayed, and then GitHub decides", async () => {
		const lane = await startLane();
		await lane.instance.accept(joining(0, to("x".repeat(101))));
		await lane.wakeAll();
		const dead = (await lane.receipts()).find(({ state }) => state === "dead");
		expect(lane.sent).toEqual([]);
		lane.answer = () => ({ classification: INVALID });
		for (const times of [1, 2]) {
			expect(await replayDead(lane.ledger.storage, LANE, dead?.rowKey ?? "", { now: lane.now, by: "test" })).toEqual({
				kind: "moved",
			});
			await lane.instance.ledger.ensureWakeUp(LANE, () => lane.now);
			await lane.wakeAll();
			expect(lane.sent).toHaveLength(times);
		}
		expect(dataOf(lane.sent[0]?.body).count).toBe(1);
		expect(lane.sent[1]?.body).toBe(lane.sent[0]?.body);
	});
});

describe("a window whose row", () => {
	const away = (when: (method: string, args: readonly unknown[]) => boolean) =>
		async function start(): Promise<LaneHarness> {
			let isGone = false;
			const lane: LaneHarness = await startLane({
				around: async ({ method, args }, make) => {
					if (isGone || !when(method, args)) return make();
					isGone = true;
					const [row] = await lane.ledger.rows(LANE, "b-");
					if (row !== undefined) await change(lane, { kind: "delete", rowKey: row.rowKey });
					return make();
				},
			});
			return lane;
		};
	const text = (args: readonly unknown[]) => JSON.stringify(args[1]);

	it.each([
		["is looked at", away((method, args) => method === "list" && text(args).includes('"select":["bytes"]'))],
		["is closed", away((method) => method === "writeStream")],
	])("goes away while it %s does not block others, and is there again for an event that joins it", async (_, start) => {
		const lane = await start();
		await lane.instance.accept(joining(0), delivery(3));
		await lane.wakeAll(() => lane.now > START + 10 * MINUTE);
		await lane.instance.accept(joining(1), delivery(4));
		await lane.wakeAll();
		expect(lane.sent).toHaveLength(3);
		expect(
			eventsOf(lane)
				.map(({ length }) => length)
				.sort(),
		).toEqual([0, 0, 2]);
		expect(await leftovers(lane)).toEqual([]);
	});

	it.each([
		["holds nothing", {}],
		["holds nonsense", { quietMs: "x", maxMs: -1, maxEvents: "many", dueAt: "soon", newest: "'", oldestAt: "x" }],
		[
			"says it is due in a thousand years",
			{ dueAt: "3026-01-01T00:00:00.000Z", oldestAt: new Date(START).toISOString() },
		],
	])("%s is closed, and all others as well", async (_, columns) => {
		const lane = await startLane();
		await lane.instance.accept(joining(0), joining(1, OTHER), delivery(3));
		const [row] = await lane.ledger.rows(LANE, "b-ab");
		const { to, quietMs, maxMs } = row?.columns ?? {};
		const written = { to, quietMs, maxMs, ...columns };
		await change(lane, { kind: "replace", rowKey: row?.rowKey ?? "", columns: written });
		await lane.wakeAll();
		expect(lane.sent).toHaveLength(3);
		expect(await leftovers(lane)).toEqual([]);
	});
});

describe("a window without members, whose row is damaged", () => {
	it("is looked at no more often than every five minutes, and blocks no other", async () => {
		const looks: number[] = [];
		const lane: LaneHarness = await startLane({
			around: async ({ method, args }, make) => {
				if (method === "list" && JSON.stringify(args[1]).includes("m-cd")) looks.push(lane.now);
				return make();
			},
		});
		await change(lane, { kind: "insert", rowKey: "b-cd", columns: { route: "r" } });
		await lane.instance.accept(joining(0), delivery(3));
		await lane.wakeAll(() => lane.now > START + 20 * MINUTE);
		expect(lane.sent).toHaveLength(2);
		expect(looks.length).toBeLessThanOrEqual(2 * 6);
	});
});

describe("a delivery that closes a window", () => {
	it.each([
		["a list with a member that is none", '{"window":{"group":"cd"},"members":[null]}'],
		["a list with a member that is a number", '{"window":{"group":"cd"},"members":[7]}'],
		["a list with a member without names", '{"window":{"group":"cd"},"members":[[1,2]]}'],
		["a list of a group that cannot be", '{"window":{"group":"a/b?#"},"members":[["m-x","r-x"]]}'],
		["a list of a window that goes nowhere", '{"window":{"group":"cd","to":7},"members":[]}'],
	])("is sent, and all others as well, with %s", async (_, list) => {
		const lane = await startLane();
		await lane.ledger.storage.write("closings/a.json", Buffer.from(list), "application/json");
		await lane.instance.accept(delivery(1), delivery(2));
		const [row] = await lane.ledger.rows(LANE, "e-");
		await change(lane, { kind: "merge", rowKey: row?.rowKey ?? "", columns: { closing: "closings/a.json" } });
		await lane.wakeAll();
		expect(lane.sent).toHaveLength(2);
		expect(await leftovers(lane)).toEqual([]);
	});
});

describe("a close that fails again and again", () => {
	it("is tried every five minutes, however many deliveries are drained meanwhile, and whatever its maximum is", async () => {
		const tries: number[] = [];
		const lane: LaneHarness = await startLane({
			around: async ({ method }, make) => {
				if (method !== "writeStream") return make();
				tries.push(lane.now);
				throw new StorageError("storage takes no such blob", 400);
			},
		});
		await lane.instance.accept(joining(0));
		lane.now = START + 20 * MINUTE;
		for (const number of range(40)) {
			await lane.instance.ledger.accept(delivery(number + 10));
			const lease = await lane.instance.acquire();
			await lane.instance.drain(lease, number % 2 === 0 ? {} : { wake: 1_000_000 + number });
			await lease.release();
			lane.now += 15_000;
		}
		expect(lane.sent).toHaveLength(40);
		expect(tries).toEqual([20, 25].map((minutes) => START + minutes * MINUTE));
	});

	it("leaves no more blobs behind than one that does not", async () => {
		let isBroken = true;
		const lane = await startLane({
			around: async ({ method, args }, make) => {
				if (isBroken && method === "commit" && JSON.stringify(args[1]).includes('"delete","rowKey":"b-')) {
					throw new Error("it cannot be closed");
				}
				return make();
			},
		});
		await lane.instance.accept(...range(5).map((number) => joining(number)));
		lane.now = START + 20 * MINUTE;
		const blobs = async () => {
			const { storage } = lane.ledger;
			const kinds = await Promise.all(["manifests/", "closings/", "requests/"].map((kind) => storage.names(kind)));
			return kinds.flatMap(({ names }) => names);
		};
		for (const wake of range(4, 100)) {
			lane.now += 10 * MINUTE;
			await lane.instance.wake({ lane: LANE, wake }, lane.logged.log).catch(() => {});
		}
		expect(await blobs()).toHaveLength(2);
		isBroken = false;
		lane.now += 10 * MINUTE;
		await lane.instance.wake({ lane: LANE, wake: 200 }, lane.logged.log);
		await lane.wakeAll();
		expect(lane.sent.map(({ body }) => dataOf(body).count)).toEqual([5]);
		expect(await blobs()).toHaveLength(2);
	});
});

describe("the members of a closed window", () => {
	const paused =
		(until: number): Answering =>
		({ at }) =>
			at < until ? { classification: { kind: "rate-limited", until, named: true, reason: "slower" } } : undefined;

	it("name their dispatch at once, while their lane is paused", async () => {
		const lane = await startLane({ answer: paused(START + 60 * MINUTE) });
		await lane.instance.accept(delivery(50));
		await lane.wakeNext();
		await lane.instance.accept(joining(0), joining(1));
		await lane.wakeAll(() => lane.now > START + 5 * MINUTE);
		expect(lane.sent).toHaveLength(1);
		const receipts = await lane.receipts();
		const dispatch = receipts.find(({ event }) => event.id.length === 32);
		expect(dispatch).toMatchObject({ state: "accepted" });
		const members = receipts.filter(({ event }) => ["event-0", "event-1"].includes(event.id));
		expect(members).toMatchObject(Array(2).fill({ state: "coalesced", window: dispatch?.key }));
	});

	it("name it while their lane is paused, too, when its drainer died before it had told them", async () => {
		let isDying = true;
		const lane = await startLane({
			answer: paused(START + 60 * MINUTE),
			around: async ({ method, args }, make) => {
				if (isDying && method === "commit" && JSON.stringify(args[1]).includes('"delete","rowKey":"m-')) {
					throw new Error("killed");
				}
				return make();
			},
		});
		await lane.instance.accept(delivery(50));
		await lane.wakeNext();
		await lane.instance.accept(joining(0), joining(1));
		await lane.wakeAll(() => lane.now > START + 2 * MINUTE);
		const states = async () => (await lane.receipts()).filter(({ window }) => window !== null).length;
		expect(await states()).toBe(0);
		isDying = false;
		await lane.instance.wake({ lane: LANE, wake: 300 }, lane.logged.log);
		expect(await states()).toBe(2);
		expect(lane.sent).toHaveLength(1);
	});

	it.each([
		["at once", false],
		["by another, since its drainer died just then", true],
	])("are final, and in one manifest, when its dispatch is given up: they were completed %s", async (_, dies) => {
		let isDying = dies;
		const lane = await startLane({
			giveUpMs: DAY,
			answer: () => ({ classification: { kind: "unavailable", reason: "the repository is archived" } }),
			around: async ({ method, args }, make) => {
				if (method === "commit" && JSON.stringify(args[1]).includes('"delete","rowKey":"m-')) {
					if (isDying) throw new Error("killed");
				}
				return make();
			},
		});
		// The destination is parked, so that the dispatch waits, and nothing is ever done with it but giving it up.
		await lane.instance.accept(delivery(50));
		await lane.wakeNext();
		await lane.instance.accept(joining(0), joining(1));
		lane.now += 20 * MINUTE;
		await lane.instance.wake({ lane: LANE, wake: 300 }, lane.logged.log).catch(() => {});
		isDying = false;
		lane.now += 3 * DAY;
		await lane.instance.ledger.ensureWakeUp(LANE, () => lane.now);
		await lane.wakeAll(() => lane.now > START + 10 * DAY);
		const receipts = await lane.receipts();
		const dead = receipts.filter(({ state }) => state === "dead");
		expect(dead.map(({ event }) => event.id.length).sort((one, other) => other - one)).toEqual([32, 8]);
		const members = receipts.filter(({ event }) => ["event-0", "event-1"].includes(event.id));
		expect(members.map(({ state }) => state)).toEqual(["coalesced", "coalesced"]);
		expect(await leftovers(lane)).toEqual([]);
		expect((await lane.ledger.storage.names("manifests/")).names).toHaveLength(1);
	});
});
