import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { describe, expect, it } from "@jest/globals";
import { ensureWindow } from "../../src/ledger/window.ts";
import type { Page, Range, Storage } from "../../src/storage/storage.ts";
import { repositoryDispatch } from "../../support/destinations.ts";
import { delivery, joining } from "../helpers/deliveries.ts";
import { type HarnessOptions, LANE, type LaneHarness, START, startLane } from "../helpers/lane-harness.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const QUIET = 30 * SECOND;
const MAX = 5 * MINUTE;

const range = (count: number, from = 0) => Array.from({ length: count }, (_, index) => index + from);
const events = (...numbers: number[]) => numbers.map((number) => `event-${number}`);

interface WindowData {
	readonly count: number;
	readonly events?: readonly { readonly id: string }[];
	readonly manifest?: { readonly url: string; readonly sha256: string; readonly bytes: number; readonly count: number };
}

const dataOf = (body: string | undefined) =>
	(JSON.parse(body ?? "null") as { client_payload: { data: WindowData } }).client_payload.data;
/** The ids of the events that each dispatch stands for, as far as it holds them. */
const gathered = (lane: LaneHarness) => lane.sent.map(({ body }) => dataOf(body).events?.map(({ id }) => id));

function join(number: number, more: Parameters<typeof joining>[1] = {}) {
	return joining(number, { ...more, how: { quietMs: QUIET, maxMs: MAX, ...more.how } });
}

/** A lane whose events come at those times after the start. */
async function windowLane(times: readonly number[], options: HarnessOptions = {}): Promise<LaneHarness> {
	const lane = await startLane(options);
	for (const [number, time] of times.entries()) {
		while ((lane.waiting()[0]?.at ?? Number.POSITIVE_INFINITY) < START + time) await lane.wakeNext();
		lane.now = Math.max(lane.now, START + time);
		await lane.instance.accept(join(number));
	}
	return lane;
}

/** Every manifest, as the events' ids. */
async function manifests(lane: LaneHarness): Promise<readonly (readonly string[])[]> {
	const { names } = await lane.ledger.storage.names("manifests/");
	const texts = await Promise.all(names.map((name) => lane.ledger.blob(name)));
	return texts.map((text) =>
		text
			.trimEnd()
			.split("\n")
			.map((line) => (JSON.parse(line) as { id: string }).id),
	);
}

describe("a window", () => {
	it("closes when no event has come for the quiet time, and becomes one dispatch of all", async () => {
		const lane = await windowLane([0, 10 * SECOND, 20 * SECOND]);
		await lane.wakeAll();
		expect(gathered(lane)).toEqual([events(0, 1, 2)]);
		expect(lane.sent[0]?.at).toBeGreaterThanOrEqual(START + 20 * SECOND + QUIET);
		expect(lane.sent[0]?.at).toBeLessThanOrEqual(START + 20 * SECOND + QUIET + 2 * SECOND);
	});

	it("closes when its oldest event is as old as allowed, however many still come", async () => {
		const lane = await windowLane(range(22).map((index) => index * 20 * SECOND));
		await lane.wakeAll();
		const [first, ...rest] = gathered(lane);
		expect(lane.sent[0]?.at).toBeGreaterThanOrEqual(START + MAX);
		expect(lane.sent[0]?.at).toBeLessThanOrEqual(START + MAX + 2 * SECOND);
		expect(first?.length).toBeGreaterThanOrEqual(15);
		expect([first, ...rest].flat()).toEqual(events(...range(22)));
	});

	it("closes within seconds when it is full, however quiet it should be, and what is left waits for its own time", async () => {
		const lane = await startLane();
		const slow = (number: number) => join(number, { how: { quietMs: MINUTE * 10, maxMs: MINUTE * 60, maxEvents: 4 } });
		for (const number of range(4)) {
			await lane.instance.accept(slow(number));
			while ((lane.waiting()[0]?.at ?? Number.POSITIVE_INFINITY) <= lane.now + SECOND) await lane.wakeNext();
			lane.now += SECOND;
		}
		await lane.wakeAll(() => lane.sent.length > 0);
		expect(gathered(lane)).toEqual([events(0, 1, 2, 3)]);
		expect(lane.now).toBeLessThan(START + 15 * SECOND);
		await lane.instance.accept(...range(10, 10).map(slow));
		const begin = lane.now;
		await lane.wakeAll(() => lane.sent.length >= 3);
		expect(lane.now).toBeLessThan(begin + 10 * SECOND);
		await lane.wakeAll();
		expect(gathered(lane).map((ids) => ids?.length)).toEqual([4, 4, 4, 2]);
		expect(gathered(lane).flat().sort()).toEqual(events(...range(4), ...range(10, 10)).sort());
		expect(lane.sent[3]?.at).toBeGreaterThanOrEqual(begin + 10 * MINUTE);
	});

	it("makes every member's receipt final, naming the dispatch, and leaves no row behind but receipts", async () => {
		const lane = await windowLane([0, 1, 2]);
		expect((await lane.receipts()).map(({ state }) => state)).toEqual(["coalescing", "coalescing", "coalescing"]);
		await lane.wakeAll();
		const receipts = await lane.receipts();
		const dispatch = receipts.find(({ state }) => state === "dispatched");
		const members = receipts.filter(({ state }) => state === "coalesced");
		expect(members.map(({ window }) => window)).toEqual(Array(3).fill(dispatch?.key));
		expect(members.every(({ finishedAt }) => finishedAt !== null)).toBe(true);
		expect(dispatch).toMatchObject({ event: { id: dispatch?.key, time: join(2).event.time }, route: "r" });
		expect((await lane.ledger.rows(LANE)).map(({ rowKey }) => rowKey[0]).sort()).toEqual(["a", "r", "r", "r", "r"]);
		expect(lane.waiting()).toEqual([]);
		expect((await lane.state()).wake.at).toBeNull();
	});

	it("is each group's own", async () => {
		const lane = await startLane();
		const group = (number: number) => ({ how: { group: String(number % 3).repeat(32) } });
		await lane.instance.accept(...range(9).map((number) => join(number, group(number))));
		await lane.wakeAll();
		const groups = gathered(lane).map((ids) => [...(ids ?? [])].sort());
		expect(groups.sort()).toEqual([events(0, 3, 6), events(1, 4, 7), events(2, 5, 8)]);
	});

	it("opens anew for an event that comes after it has closed", async () => {
		const lane = await windowLane([0, 2 * MINUTE]);
		await lane.wakeAll();
		expect(gathered(lane)).toEqual([events(0), events(1)]);
		expect(await manifests(lane)).toHaveLength(2);
	});

	it("takes the token that its route names to the dispatch", async () => {
		const lane = await startLane();
		await lane.instance.accept(join(0, { to: repositoryDispatch("contoso/fraud-model", "t", "other") }));
		await lane.wakeNext();
		lane.answer = () => ({ classification: { kind: "transient", reason: "502" } });
		await lane.wakeAll(() => lane.sent.length > 0);
		const [entry] = await lane.ledger.rows(LANE, "e-");
		expect(JSON.parse(String(entry?.columns["to"]))).toMatchObject({ token: "other" });
	});

	it("closes by the mapping that its events were joined by, which receipts do not show", async () => {
		const to = { ...repositoryDispatch("contoso/fraud-model", "contoso-test"), payload: { count: "data.count" } };
		const lane = await startLane();
		await lane.instance.accept(join(0, { to }), join(1, { to }));
		await lane.wakeAll();
		const bodies = lane.sent.map(({ body }) => JSON.parse(body) as { client_payload: object });
		const bridge = { version: "1.2.3", route: "r", key: expect.any(String) };
		expect(bodies.map(({ client_payload }) => client_payload)).toEqual([{ count: 2, bridge }]);
		expect(lane.sent[0]?.to).toEqual(to);
		const kept = (await lane.receipts()).map((receipt) => receipt.to);
		expect(kept).toEqual(Array(3).fill(repositoryDispatch("contoso/fraud-model", "contoso-test")));
	});

	it("does not block what is not gathered", async () => {
		const lane = await windowLane([0]);
		await lane.instance.accept(delivery(7));
		await lane.wakeAll();
		expect(lane.sent.map(({ id, at }) => [id, at < START + QUIET])).toEqual([
			["event-7", true],
			[expect.any(String), false],
		]);
	});

	it("waits with its dispatch while the lane is paused, and is dispatched once", async () => {
		const lane = await windowLane([0, 1]);
		lane.answer = ({ at }) =>
			at < START + 20 * MINUTE
				? { classification: { kind: "rate-limited", until: START + 20 * MINUTE, named: true, reason: "slower" } }
				: undefined;
		await lane.wakeAll();
		expect(gathered(lane)).toEqual([events(0, 1), events(0, 1)]);
		expect(await manifests(lane)).toEqual([events(0, 1)]);
		expect(new Set(lane.sent.map(({ id }) => id)).size).toBe(1);
	});

	it("tells an event that is delivered again that it is accepted, and later that it was dispatched", async () => {
		const lane = await windowLane([0]);
		expect(await lane.instance.ledger.accept(join(0))).toMatchObject({
			kind: "known",
			receipt: { state: "coalescing" },
		});
		await lane.wakeAll();
		expect(await lane.instance.ledger.accept(join(0))).toMatchObject({
			kind: "known",
			receipt: { state: "coalesced" },
		});
		expect(await manifests(lane)).toEqual([events(0)]);
	});

	it("is not inspected again before it can be due", async () => {
		const lists: unknown[] = [];
		const lane = await startLane({
			around: ({ method, args }, make) => {
				if (method === "list" && String((args[1] as { from: string }).from).startsWith("m-")) lists.push(args[1]);
				return make();
			},
		});
		await lane.instance.accept(join(0, { how: { quietMs: 30 * MINUTE, maxMs: 60 * MINUTE } }));
		await lane.wakeNext();
		const inspected = lists.length;
		expect(inspected).toBe(1);
		await lane.instance.accept(delivery(7));
		await lane.wakeNext();
		expect(lane.sent.map(({ id }) => id)).toEqual(events(7));
		expect(lists).toHaveLength(inspected);
	});
});

describe("a window without members", () => {
	it("is no dispatch and costs no drain, and is there for an event that joins it later", async () => {
		const lane = await startLane();
		const { how, route, to } = join(0);
		if (!("group" in how)) throw new Error("it joins no window");
		await lane.ledger.storage.commit(LANE, [ensureWindow({ ...how, route, to })]);
		await lane.instance.ledger.ensureWakeUp(LANE, () => lane.now);
		await lane.wakeNext();
		expect(lane.sent).toEqual([]);
		expect(lane.waiting().map(({ at }) => at)).toEqual([START + MAX]);
		await lane.instance.accept(join(0));
		await lane.wakeAll(() => lane.sent.length > 0);
		expect(gathered(lane)).toEqual([events(0)]);
	});
});

describe("what a window's dispatch carries", () => {
	it("is the events themselves where they fit", async () => {
		const lane = await windowLane([0, 1]);
		await lane.wakeAll();
		const data = dataOf(lane.sent[0]?.body);
		expect(data).toMatchObject({
			count: 2,
			firstTime: join(0).event.time,
			lastTime: join(1).event.time,
			totalBytes: 1,
		});
		expect(data).not.toHaveProperty("manifest");
	});

	it("is where the manifest lies where they do not: with its hash, its size, and one event a line", async () => {
		const lane = await startLane();
		const line = (number: number) => JSON.stringify({ ...join(number).event, data: { fill: "x".repeat(20_000) } });
		for (const number of range(4)) {
			await lane.instance.accept(join(number, { how: { line: line(number) } }));
			lane.now += 1;
		}
		await lane.wakeAll();
		const { manifest, ...data } = dataOf(lane.sent[0]?.body);
		const content = range(4)
			.map((number) => `${line(number)}\n`)
			.join("");
		expect(data).not.toHaveProperty("events");
		expect(data.count).toBe(4);
		expect(manifest).toEqual({
			url: expect.stringContaining(`/manifests/${lane.sent[0]?.id}.jsonl`),
			sha256: createHash("sha256").update(content).digest("hex"),
			bytes: content.length,
			count: 4,
		});
		expect(await lane.ledger.blob(`manifests/${lane.sent[0]?.id}.jsonl`)).toBe(content);
	});

	it("is taken from the blobs of events that are too large for a row", async () => {
		const lane = await startLane();
		const line = JSON.stringify({ ...join(0).event, data: { fill: "x".repeat(70_000) } });
		await lane.instance.accept(join(0, { how: { line } }), join(1));
		await lane.wakeAll();
		expect(await manifests(lane)).toEqual([events(0, 1)]);
	});
});

describe("a window of more than a thousand events", () => {
	it("is one dispatch, each event is in its manifest once, and each receipt is final", async () => {
		const lane = await startLane();
		for (let from = 0; from < 1_200; from += 300) {
			await lane.instance.accept(...range(300, from).map((number) => join(number)));
			lane.now += 10;
		}
		await lane.wakeAll();
		expect(lane.sent).toHaveLength(1);
		expect(dataOf(lane.sent[0]?.body)).toMatchObject({ count: 1_200, manifest: { count: 1_200 } });
		const [listed] = await manifests(lane);
		expect([...(listed ?? [])].sort()).toEqual(events(...range(1_200)).sort());
		const states = (await lane.receipts()).map(({ state }) => state);
		expect(states.filter((state) => state === "coalesced")).toHaveLength(1_200);
		expect(await lane.ledger.rows(LANE, "m-")).toEqual([]);
	});
});

describe("an event that joins a window that is just closing", () => {
	const late = (when: (method: string, args: readonly unknown[]) => boolean) =>
		async function start(): Promise<LaneHarness> {
			let joined = false;
			const lane: LaneHarness = await startLane({
				around: async ({ method, args }, make) => {
					if (joined || !when(method, args)) return make();
					joined = true;
					await other.accept(join(7));
					return make();
				},
			});
			const other = lane.another();
			await lane.instance.accept(join(0), join(1));
			return lane;
		};
	const lists = (args: readonly unknown[]) => args[1] as { from: string; top: number; select?: readonly string[] };
	const text = (args: readonly unknown[]) => JSON.stringify(args[1]);

	it.each([
		[
			"after it was found due",
			late((method, args) => method === "list" && lists(args).select?.includes("receipt") === true),
		],
		[
			"after its members were listed",
			late((method, args) => method === "writeStream" && String(args[0]).startsWith("manifests/")),
		],
		[
			"while its members are read",
			late(
				(method, args) => method === "list" && lists(args).from.startsWith("m-") && lists(args).select === undefined,
			),
		],
		[
			"just before its row gives way to the dispatch",
			late((method, args) => method === "commit" && text(args).includes('"delete","rowKey":"b-')),
		],
		[
			"after its manifest was written",
			late((method, args) => method === "write" && String(args[0]).startsWith("closings/")),
		],
		[
			"before its members are removed",
			late((method, args) => method === "commit" && text(args).includes('"delete","rowKey":"m-')),
		],
		["before it is looked whether any are left", late((method, args) => method === "list" && lists(args).top === 1)],
		[
			"just before the clean-up is noted",
			late((method, args) => method === "commit" && text(args).includes('"closing":""')),
		],
	])("is in exactly one manifest: %s", async (_, start) => {
		const lane = await start();
		await lane.wakeAll();
		const listed = (await manifests(lane)).flat();
		expect([...listed].sort()).toEqual(events(0, 1, 7));
		expect((await lane.receipts()).filter(({ state }) => state === "coalesced")).toHaveLength(3);
		expect(await lane.ledger.rows(LANE, "m-")).toEqual([]);
		expect(await lane.ledger.rows(LANE, "b-")).toEqual([]);
	});
});

describe("a drainer that has lost its lease while it closes a window", () => {
	it("cannot write into the manifest of the one that has closed it instead, with one event more", async () => {
		let isFirst = true;
		const lane: LaneHarness = await startLane({
			around: async ({ method, args }, make) => {
				if (method !== "writeStream" || !isFirst) return make();
				isFirst = false;
				const [blob, content, type] = args as Parameters<Storage["writeStream"]>;
				const parts: Buffer[] = [];
				for await (const part of content) parts.push(part);
				// All is read, and on its way, when another one takes over.
				await lane.ledger.breakLease(LANE);
				await other.accept(join(7));
				lane.now += 10 * MINUTE;
				await other.wake({ lane: LANE, wake: 500 }, lane.logged.log);
				return lane.ledger.storage.writeStream(blob, Readable.from(parts), type);
			},
		});
		const other = lane.another();
		await lane.instance.accept(join(0), join(1));
		await lane.wakeAll();
		expect(lane.sent).toHaveLength(1);
		const manifest = await lane.ledger.blob(`manifests/${lane.sent[0]?.id}.jsonl`);
		const listed = manifest
			.trimEnd()
			.split("\n")
			.map((line) => (JSON.parse(line) as { id: string }).id);
		expect([...listed].sort()).toEqual(events(0, 1, 7));
		expect((await lane.receipts()).filter(({ state }) => state === "coalesced")).toHaveLength(3);
		expect((await lane.ledger.rows(LANE)).filter(({ rowKey }) => /^[bem]-/.test(rowKey))).toEqual([]);
	});
});

describe("cleaning up after a window", () => {
	it("can be repeated from anywhere", async () => {
		let [commits, isDying] = [0, true];
		const lane = await startLane({
			around: async ({ method, args }, make) => {
				const removes = method === "commit" && JSON.stringify(args[1]).includes('"delete","rowKey":"m-');
				if (!removes) return make();
				commits += 1;
				// The first of its three transactions is the last thing that happens.
				if (isDying && commits >= 2) throw new Error("killed");
				return make();
			},
		});
		await lane.instance.accept(...range(120).map((number) => join(number)));
		await lane.wakeNext();
		await lane.wakeNext();
		expect(lane.logged.lines).toContainEqual(
			expect.objectContaining({ change: "interrupted", reason: "Error: killed" }),
		);
		isDying = false;
		expect(await lane.ledger.rows(LANE, "m-")).toHaveLength(70);
		expect(lane.sent).toEqual([]);
		await lane.wakeAll();
		expect(lane.sent).toHaveLength(1);
		expect(dataOf(lane.sent[0]?.body).count).toBe(120);
		expect(await manifests(lane)).toHaveLength(1);
		expect((await lane.receipts()).filter(({ state }) => state === "coalesced")).toHaveLength(120);
	});

	it("does not wait for its dispatch to be sent: the next window gathers none of them again", async () => {
		const lane = await windowLane([0, 1]);
		const open = START + 20 * MINUTE;
		lane.answer = ({ at }) =>
			at < open ? { classification: { kind: "rate-limited", until: open, named: true, reason: "slower" } } : undefined;
		await lane.instance.accept(delivery(50));
		await lane.wakeNext();
		// The lane is paused; the window closes all the same, and so does the next one.
		lane.now = START + MINUTE;
		await lane.instance.wake({ lane: LANE, wake: 90 }, lane.logged.log);
		await lane.instance.accept(join(2));
		lane.now = START + 3 * MINUTE;
		await lane.instance.wake({ lane: LANE, wake: 91 }, lane.logged.log);
		await lane.wakeAll();
		expect((await manifests(lane)).map((listed) => [...listed].sort()).sort()).toEqual([events(0, 1), events(2)]);
		expect((await lane.receipts()).filter(({ state }) => state === "coalesced")).toHaveLength(3);
		expect(await lane.ledger.rows(LANE, "m-")).toEqual([]);
	});

	/** A lane whose drainer died when it had completed 50 of 120 members, and whose blobs of those beginnings are gone. */
	async function halfDone(...gone: readonly string[]): Promise<LaneHarness> {
		let [commits, isDying] = [0, true];
		const lane = await startLane({
			around: async ({ method, args }, make) => {
				if (method !== "commit" || !JSON.stringify(args[1]).includes('"delete","rowKey":"m-')) return make();
				commits += 1;
				if (isDying && commits >= 2) throw new Error("killed");
				return make();
			},
		});
		await lane.instance.accept(...range(120).map((number) => join(number)));
		await lane.wakeNext();
		await lane.wakeNext();
		isDying = false;
		expect(await lane.ledger.rows(LANE, "m-")).toHaveLength(70);
		const { storage } = lane.ledger;
		for (const beginning of gone) for (const name of (await storage.names(beginning)).names) await storage.remove(name);
		await lane.instance.accept(join(200));
		return lane;
	}

	it.each([
		["is there", []],
		["is gone", ["closings/"]],
	])("goes on where it broke off, and gathers no event twice, when the list that it goes by %s", async (_, gone) => {
		const lane = await halfDone(...gone);
		await lane.wakeAll();
		expect((await manifests(lane)).flat().sort()).toEqual(events(...range(120), 200).sort());
		expect((await lane.receipts()).filter(({ state }) => state === "coalesced")).toHaveLength(121);
		expect((await lane.ledger.rows(LANE)).filter(({ rowKey }) => /^[bem]-/.test(rowKey))).toEqual([]);
	});

	it("blocks no other when its list is gone and its dispatch, of an earlier version, does not say of what group it is", async () => {
		const lane = await halfDone("closings/");
		const [row] = await lane.ledger.rows(LANE, "e-");
		const { group: _g, quietMs: _q, maxMs: _m, maxEvents: _e, ...columns } = row?.columns ?? {};
		const { timestamp: _t, partitionKey: _p, ...rest } = columns;
		await lane.ledger.storage.commit(LANE, [{ kind: "replace", rowKey: row?.rowKey ?? "", columns: rest }]);
		await lane.instance.accept(delivery(300));
		await lane.wakeAll();
		expect(lane.sent).toHaveLength(3);
		expect(new Set((await manifests(lane)).flat())).toEqual(new Set(events(...range(120), 200)));
		expect((await lane.ledger.rows(LANE)).filter(({ rowKey }) => /^[bem]-/.test(rowKey))).toEqual([]);
	});

	it("gathers its members anew when nothing is left that tells who they were", async () => {
		const lane = await halfDone("closings/", "manifests/");
		await lane.wakeAll();
		const listed = (await manifests(lane)).flat();
		expect([...listed].sort()).toEqual(expect.arrayContaining(events(200)));
		expect(listed).toHaveLength(71);
		expect(lane.sent).toHaveLength(2);
		expect((await lane.receipts()).filter(({ state }) => state === "coalesced")).toHaveLength(121);
		expect((await lane.ledger.rows(LANE)).filter(({ rowKey }) => /^[bem]-/.test(rowKey))).toEqual([]);
	});

	it("gathers a window of which nothing was completed, and nothing is left, under another key", async () => {
		let [commits, isDying] = [0, true];
		const lane = await startLane({
			around: async ({ method, args }, make) => {
				if (method === "commit" && JSON.stringify(args[1]).includes('"delete","rowKey":"m-')) {
					commits += 1;
					if (isDying) throw new Error("killed");
				}
				return make();
			},
		});
		const to = { ...repositoryDispatch("contoso/fraud-model", "contoso-test"), payload: { id: "id", data: "data" } };
		await lane.instance.accept(join(0, { to }), join(1, { to }));
		await lane.wakeNext();
		await lane.wakeNext();
		isDying = false;
		expect(await lane.ledger.rows(LANE, "m-")).toHaveLength(2);
		const { storage } = lane.ledger;
		for (const beginning of ["closings/", "manifests/"])
			for (const name of (await storage.names(beginning)).names) await storage.remove(name);
		await lane.wakeAll();
		expect(commits).toBeGreaterThan(1);
		expect(gathered(lane)).toEqual([events(0, 1), events(0, 1)]);
		expect(new Set(lane.sent.map(({ id }) => id)).size).toBe(2);
		const payloads = lane.sent.map(({ body }) => (JSON.parse(body) as { client_payload: object }).client_payload);
		expect(payloads.map((payload) => Object.keys(payload))).toEqual(Array(2).fill(["id", "data", "bridge"]));
		expect((await lane.ledger.rows(LANE)).filter(({ rowKey }) => /^[bem]-/.test(rowKey))).toEqual([]);
	});

	it("does not take an empty page for the end of who is left", async () => {
		let [joined, looked] = [false, 0];
		const lane: LaneHarness = await startLane({
			around: async ({ method, args }, make) => {
				// While the window's row is still there, so that the join does not bring it back.
				if (method === "commit" && JSON.stringify(args[1]).includes('"delete","rowKey":"b-') && !joined) {
					joined = true;
					await other.accept(join(7));
				}
				const [, range] = args as [string, Range];
				if (method !== "list" || range.top !== 1) return make();
				looked += 1;
				if (looked === 1) return { rows: [], next: "there is more" } satisfies Page;
				const { after: _, ...again } = range;
				return lane.ledger.storage.list(LANE, again);
			},
		});
		const other = lane.another();
		await lane.instance.accept(join(0));
		await lane.wakeAll();
		expect([joined, looked > 1]).toEqual([true, true]);
		expect((await manifests(lane)).flat().sort()).toEqual(events(0, 7));
	});
});
