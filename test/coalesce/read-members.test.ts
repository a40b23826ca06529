import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "@jest/globals";
import { closeWindow } from "../../src/coalesce/close-window.ts";
import { takeMembers } from "../../src/coalesce/members.ts";
import { inspectWindow } from "../../src/coalesce/windows.ts";
import { MAX_MANIFEST_BYTES } from "../../src/ledger/window.ts";
import type { Range, Row, Write } from "../../src/storage/storage.ts";
import { destinations } from "../../support/destinations.ts";
import { type Filled, fill, GROUP, LANE, left, START } from "../helpers/filled-window.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const NOW = START + 600_000;

const close = ({ storage, lease, window }: Filled) =>
	closeWindow(lease, window(), { storage, now: () => NOW, version: "1.2.3", destinations });

/** What was asked of members' rows. */
const asked = ({ calls }: Filled) =>
	calls
		.filter(({ method }) => method === "list")
		.map(({ args }) => args[1] as Range)
		.filter(({ from }) => from.startsWith("m-"));
const topsOf = (filled: Filled, column: string | undefined) =>
	asked(filled)
		.filter(({ select }) => select?.[0] === column)
		.map(({ top }) => top);
const linesOf = (rows: readonly Row[]) =>
	rows.reduce((sum, { columns }) => sum + (columns["line"] as Uint8Array).length, 0);

/** Members whose rows say that their lines have so many bytes. */
async function saying(...bytes: readonly number[]): Promise<Filled> {
	const filled = await fill({ count: bytes.length });
	const columns = left(filled).map(
		(rowKey, index): Write => ({ kind: "merge", rowKey, columns: { bytes: bytes[index] } }),
	);
	await filled.storage.commit(LANE, columns);
	return filled;
}

describe("the members of a window", () => {
	it("are asked for with what is needed of them alone: their names, their sizes, and then their lines", async () => {
		const filled = await fill({ count: 2 });
		await close(filled);
		expect(asked(filled).map(({ select }) => select)).toEqual([["receipt", "bytes"], undefined, ["key"]]);
	});

	it("are listed a thousand at a time, and it takes one row to tell whether any is left", async () => {
		const filled = await fill({ count: 2_500 });
		await close(filled);
		expect(topsOf(filled, "receipt")).toEqual([1_000, 1_000, 1_000]);
		expect(topsOf(filled, "key")).toEqual([1]);
	});

	it("are read with their lines a hundred at first, and then as many as four MiB hold", async () => {
		const filled = await fill({ count: 250, bytes: 59 * KIB });
		const rows = filled.storage.rowsOf(LANE).filter(({ rowKey }) => rowKey.startsWith("m-"));
		await close(filled);
		const [first, second, ...others] = topsOf(filled, undefined);
		expect([first, others.length]).toEqual([100, 2]);
		expect(second).toBe(Math.floor((100 * 4 * MIB) / linesOf(rows.slice(0, 100))));
		expect(second).toBe(69);
	});

	it.each([
		["lie in blobs", { count: 120, bytes: 61 * KIB }],
		["are short", { count: 120 }],
	])("are read a thousand at a time where their lines %s, once the first hundred have shown it", async (_, filling) => {
		const filled = await fill(filling);
		await close(filled);
		expect(topsOf(filled, undefined)).toEqual([100, 1_000]);
	});

	it("are read on after an empty page as at first", async () => {
		let isFirst = true;
		const filled: Filled = await fill({
			count: 120,
			around: async ({ method, args }, make) => {
				const { select, from } = (args[1] ?? {}) as Range;
				if (method !== "list" || select !== undefined || !from.startsWith("m-") || !isFirst) return make();
				isFirst = false;
				return { rows: [], next: from };
			},
		});
		expect(await close(filled)).toMatchObject({ count: 120 });
		expect(topsOf(filled, undefined)).toEqual([100, 100, 1_000]);
	});

	it("are taken from at most four blobs at once", async () => {
		let [running, most] = [0, 0];
		const filled = await fill({
			count: 20,
			bytes: 61 * KIB,
			around: async ({ method }, make) => {
				if (method !== "read") return make();
				running += 1;
				most = Math.max(most, running);
				await setImmediate();
				running -= 1;
				return make();
			},
		});
		await close(filled);
		expect(most).toBe(4);
	});

	it.each([
		["are", [MAX_MANIFEST_BYTES / 2 - 1, MAX_MANIFEST_BYTES / 2 - 1], 2],
		["are not", [MAX_MANIFEST_BYTES / 2 - 1, MAX_MANIFEST_BYTES / 2], 1],
		["are, if they say nothing that can be,", [-1, -MAX_MANIFEST_BYTES, Number.NaN, MAX_MANIFEST_BYTES - 4], 4],
		["are not, if the others say nothing that can be,", [-1, Number.NaN, MAX_MANIFEST_BYTES - 2], 2],
	])("%s taken together up to 256 MiB, with each line's end", async (_, bytes, expected) => {
		const { storage, lease } = await saying(...bytes);
		expect(await takeMembers(lease, storage, { group: GROUP, maxEvents: 10 })).toHaveLength(expected);
	});

	it.each([0, 1, 2])("are dispatched without the one whose row goes away meanwhile, which is shown: %d", async (at) => {
		let gone: string | undefined;
		const filled: Filled = await fill({
			count: 3,
			around: async ({ method }, make) => {
				if (method === "writeStream") {
					gone = left(filled)[at] as string;
					await filled.storage.commit(LANE, [{ kind: "delete", rowKey: gone }]);
				}
				return make();
			},
		});
		await close(filled);
		const body = String(filled.storage.rowsOf(LANE).find(({ rowKey }) => rowKey.startsWith("e-"))?.columns["body"]);
		const { events } = (JSON.parse(body) as { client_payload: { data: { events: object[] } } }).client_payload.data;
		const lost = {
			id: gone,
			type: "",
			source: "",
			subject: "",
			time: "",
			data: { lost: "its row is missing in storage" },
		};
		expect(events).toHaveLength(3);
		expect(events[at]).toEqual(lost);
	});

	it.each([
		["its key", { key: "its key" }],
		["the name of its row", {}],
	])("are shown, each by %s, where one's row does not contain the event", async (_, columns: { key?: string }) => {
		const filled = await fill({ count: 1 });
		const [rowKey = ""] = left(filled);
		await filled.storage.commit(LANE, [{ kind: "replace", rowKey, columns: { ...columns, receipt: "r-1" } }]);
		await close(filled);
		const body = String(filled.storage.rowsOf(LANE).find(({ rowKey }) => rowKey.startsWith("e-"))?.columns["body"]);
		const data = { lost: "its row does not contain the event" };
		const { client_payload } = JSON.parse(body) as { client_payload: { data: { events: object[] } } };
		expect(client_payload.data.events).toEqual([
			{ id: columns.key ?? rowKey, type: "", source: "", subject: "", time: "", data },
		]);
	});
});

describe("a look at a window", () => {
	const look = async ({ storage, window }: Filled) => inspectWindow(storage, LANE, window(), NOW);

	it("counts each member, and the bytes of each line with its end, over all pages", async () => {
		const filled = await fill({ count: 2_500, how: { quietMs: 86_400_000, maxMs: 86_400_000 } });
		const members = filled.storage.rowsOf(LANE).filter(({ rowKey }) => rowKey.startsWith("m-"));
		const { write } = await look(filled);
		expect(write).toMatchObject({
			columns: {
				newest: left(filled).at(-1),
				oldestAt: new Date(START).toISOString(),
				seen: 2_500,
				seenBytes: linesOf(members) + 2_500,
			},
		});
		expect(topsOf(filled, "bytes")).toEqual([1_000, 1_000, 1_000]);
	});

	it.each([
		["as many events as it may have", { count: 1_500, how: { maxEvents: 1_000 } }, 0, 1],
		["as many events as it may have but one", { count: 1_500, how: { maxEvents: 1_001 } }, 0, 2],
		["as many bytes as a manifest may have", { count: 1_500 }, MAX_MANIFEST_BYTES - 1, 1],
		["as many bytes as a manifest may have but one", { count: 1_500 }, MAX_MANIFEST_BYTES - 2, 2],
	])("ends with the page that has %s", async (_, filling, bytes, pages) => {
		const filled = await fill(filling);
		const [first, ...others] = left(filled);
		// All of its bytes are the first member's; a row that tells less than nothing counts as a line's end.
		const sizes = others.map((rowKey): Write => ({ kind: "merge", rowKey, columns: { bytes: 0 } }));
		await filled.storage.commit(LANE, sizes);
		const told = { bytes: bytes === 0 ? 0 : bytes - 999 };
		await filled.storage.commit(LANE, [{ kind: "merge", rowKey: first ?? "", columns: told }]);
		filled.calls.splice(0);
		expect((await look(filled)).dueAt).toBe(0);
		expect(topsOf(filled, "bytes")).toHaveLength(pages);
	});

	it("finds a window due that has no member, or of which no oldest one is known", async () => {
		expect((await look(await fill({ count: 0 }))).dueAt).toBeLessThan(NOW);
		const filled = await fill({ count: 1, at: () => 599_000 });
		await filled.storage.commit(LANE, [
			{ kind: "merge", rowKey: `b-${GROUP}`, columns: { newest: left(filled)[0], seen: 1 } },
		]);
		expect((await look(filled)).dueAt).toBeLessThan(NOW);
	});
});
