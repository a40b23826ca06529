import { createHash } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { closeWindow } from "../../src/coalesce/close-window.ts";
import type { Manifest } from "../../src/coalesce/manifest.ts";
import { type Inspected, inspectWindow } from "../../src/coalesce/windows.ts";
import type { Destinations } from "../../src/destinations/list.ts";
import { inOrder } from "../../src/ledger/rows.ts";
import { MAX_MANIFEST_BYTES, readWindow } from "../../src/ledger/window.ts";
import { joining } from "../helpers/deliveries.ts";
import { type Filled, fill, GROUP, LANE, left, START } from "../helpers/filled-window.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Closes it. Answers what its dispatch says of its events as well: the events themselves, and then the manifest. */
async function close({ storage, lease, window }: Filled) {
	let manifest = undefined as Manifest | undefined;
	let lines: readonly string[] = [];
	const build: Destinations["build"] = (_, { data }) => {
		const { count, events, manifest: named } = data as { count: number; events?: object[]; manifest?: Manifest };
		if (events !== undefined) lines = events.map((event) => JSON.stringify(event));
		manifest = named;
		return named ? { ok: true, body: JSON.stringify({ count }) } : { ok: false, tooLarge: true, reason: "too large" };
	};
	const options = { storage, now: () => START + 600_000, version: "1.2.3", destinations: { build } };
	const closed = await closeWindow(lease, window(), options);
	if (manifest === undefined || closed === undefined) throw new Error("nothing was closed");
	return { ...closed, manifest, lines };
}

const coalesced = ({ storage }: Filled) =>
	storage.rowsOf(LANE).filter(({ columns }) => columns["state"] === "coalesced").length;

describe("closing a large window", () => {
	it.each([
		["with blobs of 100 KB", { count: 1_500, bytes: 100 * KIB }],
		["with rows of 59 KiB", { count: 2_000, bytes: 59 * KIB }],
		["with rows of 1 KB", { count: 20_000, bytes: KIB }],
	])("has few of its bytes in memory at any time: %s", async (_, filling) => {
		const filled = await fill(filling);
		const { manifest, count, key } = await close(filled);
		expect(count).toBe(filling.count);
		expect(manifest.bytes).toBeGreaterThan(filling.count * (filling.bytes - 250));
		expect(filled.storage.streamed.get(`manifests/${key}.jsonl`)).toEqual({
			bytes: manifest.bytes,
			sha256: manifest.sha256,
		});
		expect(filled.mostInFlight()).toBeLessThan(10 * MIB);
		expect([coalesced(filled), left(filled).length]).toEqual([filling.count, 0]);
	});

	it("takes no more than the route allows, its oldest events, and leaves the others to the next window", async () => {
		const filled = await fill({ count: 25, how: { maxEvents: 10 } });
		const taken: string[][] = [];
		for (const expected of [10, 10, 5]) {
			const { lines, count } = await close(filled);
			expect([count, coalesced(filled)]).toEqual([expected, taken.flat().length + expected]);
			taken.push(lines.map((line) => (JSON.parse(line) as { id: string }).id));
		}
		expect(taken.flat()).toEqual(Array.from({ length: 25 }, (_, number) => `event-${number}`));
		expect(filled.storage.rowsOf(LANE).filter(({ rowKey }) => rowKey.startsWith("b-"))).toEqual([]);
	});

	it("takes no more than a manifest holds", async () => {
		const bytes = 90 * MIB;
		const filled = await fill({ count: 0 });
		// What a row says of its line is what counts.
		for (const number of [1, 2, 3, 4, 5]) {
			const { key, event } = joining(number);
			const columns = { key, receipt: `r-${key}`, bytes, line: Buffer.from(JSON.stringify(event)) };
			await filled.storage.commit(LANE, [
				{ kind: "insert", rowKey: `r-${key}`, columns: { state: "coalescing" } },
				{ kind: "insert", rowKey: `m-${GROUP}-${inOrder(START + number)}-${key}-1`, columns },
			]);
		}
		expect((await close(filled)).count).toBe(Math.floor(MAX_MANIFEST_BYTES / bytes));
		expect(left(filled)).toHaveLength(3);
	});

	it("takes one event however large it says it is", async () => {
		const filled = await fill({ count: 0 });
		const { key, event } = joining(1);
		const line = Buffer.from(JSON.stringify(event));
		await filled.storage.commit(LANE, [
			{ kind: "insert", rowKey: `r-${key}`, columns: {} },
			{
				kind: "insert",
				rowKey: `m-${GROUP}-${inOrder(START)}-${key}-1`,
				columns: { key, receipt: `r-${key}`, bytes: 1e12, line },
			},
		]);
		expect((await close(filled)).count).toBe(1);
	});

	it("hashes what it writes, line by line as it arrived", async () => {
		const filled = await fill({ count: 3 });
		const { lines, manifest } = await close(filled);
		const content = lines.map((line) => `${line}\n`).join("");
		expect(manifest).toMatchObject({
			bytes: content.length,
			sha256: createHash("sha256").update(content).digest("hex"),
			count: 3,
		});
	});

	it("of rows of an earlier version, which do not say how large they are, goes by how many they are", async () => {
		const filled = await fill({ count: 30, how: { maxEvents: 20 }, told: false });
		expect((await close(filled)).count).toBe(20);
		expect((await close(filled)).count).toBe(10);
	});
});

describe("a look at a window", () => {
	const look = async (filled: Filled, now: number): Promise<Inspected> => {
		const inspected = await inspectWindow(filled.storage, LANE, filled.window(), START + now);
		await filled.storage.commit(LANE, [inspected.write]);
		return inspected;
	};

	it("finds it due at once when it is full, however quiet it should be", async () => {
		expect((await look(await fill({ count: 10, how: { maxEvents: 10 } }), 20)).dueAt).toBe(0);
		expect((await look(await fill({ count: 9, how: { maxEvents: 10 } }), 20)).dueAt).toBeGreaterThan(START + 20);
	});

	it("reads no further than until it is full", async () => {
		const filled = await fill({ count: 3_000, how: { maxEvents: 10 } });
		expect((await look(filled, 20)).dueAt).toBe(0);
		expect(filled.window().seen).toBe(1_000);
	});

	it("counts on from what the last one has seen", async () => {
		const filled = await fill({ count: 5, how: { maxEvents: 8 } });
		await look(filled, 20);
		for (const number of [101, 102, 103]) {
			const { key } = joining(number);
			const rowKey = `m-${GROUP}-${inOrder(START + number)}-${key}-1`;
			await filled.storage.commit(LANE, [{ kind: "insert", rowKey, columns: { bytes: 100 } }]);
		}
		expect(filled.window()).toMatchObject({ seen: 5 });
		expect((await look(filled, 200)).dueAt).toBe(0);
		expect(filled.window()).toMatchObject({ seen: 8 });
	});

	it("is taken again before it is full, if events go on to come as they do", async () => {
		// One a second: after 20 of 100 it is worth a look after 100 s, and not when it has been quiet for an hour.
		const filled = await fill({
			count: 20,
			at: (number) => number * 1_000,
			how: { maxEvents: 100, quietMs: 3_600_000, maxMs: 7_200_000 },
		});
		const { dueAt } = await look(filled, 20_000);
		expect((dueAt - START) / 1_000).toBe(100);
	});

	it("is taken ever less often while no event comes", async () => {
		const filled = await fill({ count: 9, how: { maxEvents: 10, quietMs: 3_600_000, maxMs: 7_200_000 } });
		let [now, looks] = [20, 0];
		while (now < 3_600_000) {
			now = Math.ceil((await look(filled, now)).dueAt - START);
			looks += 1;
		}
		expect(looks).toBeLessThan(15);
		expect(now).toBe(3_600_008);
	});

	it("is taken no sooner than five seconds later, and costs a small window nothing more", async () => {
		expect((await look(await fill({ count: 9, how: { maxEvents: 10 } }), 20)).dueAt).toBeGreaterThanOrEqual(
			START + 5_020,
		);
		expect((await look(await fill({ count: 9 }), 20)).dueAt).toBe(START + 8 + 60_000);
	});

	it("closes a window whose events were accepted by a clock that is fast no later than one of its own", async () => {
		const filled = await fill({ count: 1, at: () => 86_400_000 });
		expect((await look(filled, 0)).dueAt).toBe(START + 600_000);
	});
});

describe("a window's row", () => {
	it.each([
		["holds nothing", {}],
		[
			"holds no numbers",
			{ quietMs: "x", maxMs: Number.NaN, maxEvents: "many", dueAt: "soon", oldestAt: "x", seen: "x" },
		],
		["holds what no route can ask for", { quietMs: -1, maxMs: 1e300, maxEvents: -5, newest: "m-' or true" }],
	])("is read, and closes in time, when it %s", async (_, columns) => {
		const filled = await fill({ count: 2 });
		const window = readWindow({ rowKey: `b-${GROUP}`, columns: columns as Record<string, string> });
		const { dueAt } = await inspectWindow(filled.storage, LANE, window, START + 100);
		expect(dueAt).toBeLessThanOrEqual(START + 86_400_100);
		expect(window.maxEvents).toBeGreaterThan(0);
		expect(window.group).toBe(GROUP);
	});

	it("is not put off for longer than its oldest event may wait", () => {
		const columns = {
			quietMs: 1,
			maxMs: 60_000,
			dueAt: "2999-01-01T00:00:00Z",
			oldestAt: new Date(START).toISOString(),
		};
		expect(readWindow({ rowKey: `b-${GROUP}`, columns }).dueAt).toBe(START + 60_000);
	});
});
