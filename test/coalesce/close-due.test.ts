import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "@jest/globals";
import { AGAIN_MS } from "../../src/coalesce/close-window.ts";
import { type ClosingDrain, createWindows } from "../../src/coalesce/windows.ts";
import { LeaseLost } from "../../src/ledger/leased-row.ts";
import { inOrder } from "../../src/ledger/rows.ts";
import { readWindow } from "../../src/ledger/window.ts";
import { type Columns, StorageError } from "../../src/storage/storage.ts";
import { destinations } from "../../support/destinations.ts";
import { joining } from "../helpers/deliveries.ts";
import { type Filled, fill, GROUP, LANE, left, START } from "../helpers/filled-window.ts";
import { logLines } from "../helpers/log-lines.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** The members of the first window have joined in the first milliseconds; it is quiet for a minute. */
const LATER = START + 2 * MINUTE;
const iso = (time: number) => new Date(time).toISOString();

type Around = Parameters<typeof fill>[0]["around"];
const filling = (around: Around, more: Partial<Parameters<typeof fill>[0]> = {}) =>
	fill({ count: 2, ...(around ? { around } : {}), ...more });

/** A window of a group with one member, which was accepted at that time; none where there is none. */
async function another({ storage }: Filled, group: string, at: number | undefined, columns: Columns = {}) {
	const { key, event, route, to } = joining(Number(`0x${group.slice(0, 4)}`));
	const row = { quietMs: MINUTE, maxMs: 10 * MINUTE, route, to: JSON.stringify(to), ...columns };
	await storage.commit(LANE, [{ kind: "insert", rowKey: `b-${group}`, columns: row }]);
	if (at === undefined) return;
	const member = { key, receipt: `r-${key}`, bytes: 100, line: Buffer.from(JSON.stringify(event)) };
	await storage.commit(LANE, [
		{ kind: "insert", rowKey: `r-${key}`, columns: { state: "coalescing" } },
		{ kind: "insert", rowKey: `m-${group}-${inOrder(at)}-${key}-0`, columns: member },
	]);
}

/** Closes all windows that are due. */
async function closeDue({ storage, lease }: Filled, now = LATER, run: Partial<ClosingDrain> = {}) {
	const { log, lines } = logLines();
	const windows = storage.rowsOf(LANE).filter(({ rowKey }) => rowKey.startsWith("b-"));
	const due = await createWindows({ storage, now: () => now, version: "1.2.3", destinations }).closeDue(
		lease,
		windows.map(readWindow),
		{ log, ensureWatchdog: async () => {}, goesOn: () => true, ...run },
	);
	return { ...due, lines };
}

const rowOf = ({ storage }: Filled, beginning: string) =>
	storage.rowsOf(LANE).filter(({ rowKey }) => rowKey.startsWith(beginning));
const keyOf = (filled: Filled) => String(rowOf(filled, "e-")[0]?.columns["key"]);
const isFirst = (row: unknown) => JSON.stringify(row).includes(GROUP);
/** The close of the first window fails. */
const failing =
	(error: Error): Around =>
	async ({ method, args }, make) => {
		if (method === "list" && isFirst(args[1]) && JSON.stringify(args[1]).includes('"receipt"')) throw error;
		return make();
	};

describe("closing the windows that are due", () => {
	it("logs each window that was closed, with its lane, its key and how many events it has", async () => {
		const filled = await fill({ count: 3 });
		const { lines, ...due } = await closeDue(filled);
		expect(due).toEqual({ nextAt: 0, writes: [], cleaned: [] });
		expect(lines).toEqual([{ level: "info", stage: "window", lane: LANE, key: keyOf(filled), count: 3 }]);
	});

	it("logs a dispatch that can never be sent as given up, and its dead letter has what there is to send", async () => {
		const filled = await fill({ count: 2 });
		await filled.storage.commit(LANE, [{ kind: "merge", rowKey: `b-${GROUP}`, columns: { to: "" } }]);
		const { lines } = await closeDue(filled);
		const [dead] = rowOf(filled, "x-");
		const facts = { lane: LANE, key: dead?.columns["key"], count: 2 };
		expect(lines).toEqual([
			{ level: "info", stage: "window", ...facts },
			{ level: "error", stage: "dead-letter", ...facts, reason: "it has no destination" },
		]);
		expect(String(dead?.columns["body"])).toBe("{}");
	});

	it.each([
		["five minutes", 1_000, 5 * MINUTE],
		["its maximum, where that is longer", 20 * MINUTE, 20 * MINUTE],
	])("puts a window without members off for %s, logs nothing, and leaves its row as it is", async (_, maxMs, ms) => {
		const filled = await fill({ count: 0, how: { maxMs } });
		const before = rowOf(filled, "b-")[0]?.columns;
		const { lines } = await closeDue(filled);
		expect(lines).toEqual([]);
		expect(rowOf(filled, "b-")[0]?.columns).toEqual({ ...before, dueAt: iso(LATER + ms) });
	});

	it("closes nothing where there is no time, but remembers what it has seen", async () => {
		const filled = await fill({ count: 1 });
		await another(filled, "cd", LATER - 1_000);
		const ensureWatchdog = async () => {
			throw new Error("it has begun");
		};
		const { lines, ...due } = await closeDue(filled, LATER, { goesOn: () => false, ensureWatchdog });
		const newest = left(filled)[1];
		const seen = { newest, oldestAt: iso(LATER - 1_000), seen: 1, seenBytes: 101, dueAt: iso(LATER + MINUTE - 1_000) };
		expect(due).toEqual({
			nextAt: LATER,
			writes: [{ kind: "merge", rowKey: "b-cd", columns: seen }],
			cleaned: [],
		});
		expect(lines).toEqual([]);
		expect(rowOf(filled, "b-")).toHaveLength(2);
	});

	it("is asked for a window that is due right now, of which nothing needs to be remembered", async () => {
		const filled = await fill({ count: 1 });
		expect(await closeDue(filled, START + MINUTE)).toMatchObject({ nextAt: 0, writes: [] });
		expect(left(filled)).toEqual([]);
	});

	it.each([
		["in a day", DAY, 0, LATER + DAY],
		["in more than a day", DAY + 1, 1, 0],
		["now", 0, 1, 0],
		["in a millisecond", 1, 0, LATER + 1],
	])("believes a window's row, and looks at no member, up to a day: it is due %s", async (_, ms, looks, nextAt) => {
		const filled = await fill({ count: 1 });
		await filled.storage.commit(LANE, [{ kind: "merge", rowKey: `b-${GROUP}`, columns: { dueAt: iso(LATER + ms) } }]);
		filled.calls.splice(0);
		expect((await closeDue(filled)).nextAt).toBe(nextAt);
		const looked = filled.calls.filter(({ args }) => JSON.stringify(args[1])?.includes('"select":["bytes"]'));
		expect(looked).toHaveLength(looks);
	});

	it.each([
		["that is due sooner", MINUTE],
		["that is due right then", AGAIN_MS],
		["that is due later", AGAIN_MS + 1],
	])("waits five minutes after a close that failed, or for another window %s", async (_, ms) => {
		const filled = await filling(failing(new Error("the disk is full")));
		await another(filled, "cd", LATER, { dueAt: iso(LATER + ms) });
		const { lines, ...due } = await closeDue(filled);
		expect(due).toEqual({ nextAt: LATER + Math.min(ms, AGAIN_MS), writes: [], cleaned: [] });
		const reason = `a window could not be closed: the disk is full; the bridge tries again at ${iso(LATER + AGAIN_MS)}`;
		expect(lines).toEqual([{ level: "error", stage: "window", change: "failed", lane: LANE, route: "r", reason }]);
		const forgotten = { newest: "", oldestAt: "", seen: 0, seenBytes: 0 };
		expect(rowOf(filled, `b-${GROUP}`)[0]?.columns).toMatchObject({ dueAt: iso(LATER + AGAIN_MS), ...forgotten });
	});

	it("waits five minutes where the window is due right now, and its close fails", async () => {
		const filled = await filling(failing(new Error("the disk is full")), { count: 1 });
		expect((await closeDue(filled, START + MINUTE)).nextAt).toBe(START + MINUTE + AGAIN_MS);
	});

	it("looks at eight windows at once", async () => {
		let [running, most] = [0, 0];
		const filled = await filling(async ({ method }, make) => {
			if (method !== "list") return make();
			running += 1;
			most = Math.max(most, running);
			await setImmediate();
			running -= 1;
			return make();
		});
		for (let number = 0; number < 20; number++) await another(filled, `cd${10 + number}`, LATER);
		await closeDue(filled, LATER, { goesOn: () => false });
		expect(most).toBe(8);
	});
});

describe("what another close has left", () => {
	const looksForIt = ({ calls }: Filled) =>
		calls.filter(({ method, args }) => method === "list" && JSON.stringify(args[1]).includes("closing gt"));

	it("is looked for once, however many windows are closed", async () => {
		const filled = await fill({ count: 1 });
		for (const group of ["ac", "ad"]) await another(filled, group, START);
		expect((await closeDue(filled)).lines).toHaveLength(3);
		expect(looksForIt(filled)).toHaveLength(1);
	});

	it.each([
		["the next one, in the same drain", true],
		["the first one, in another drain", false],
	])("is done before a window is closed: %s", async (_, isSame) => {
		let isDying = true;
		const filled = await filling(async ({ method, args }, make) => {
			const isRemoval = method === "commit" && JSON.stringify(args[1]).includes('"delete","rowKey":"m-');
			if (!isRemoval || !isDying) return make();
			isDying = false;
			throw new Error("killed");
		});
		if (!isSame) expect(await closeDue(filled)).toMatchObject({ cleaned: [] });
		await another(filled, "ac", START);
		const { cleaned } = await closeDue(filled);
		// The dispatch of the first window is the one of two events.
		const first = rowOf(filled, "e-").find(({ columns }) => String(columns["body"]).includes('"count":2'));
		expect(cleaned).toEqual([first?.rowKey]);
		expect(left(filled)).toEqual([]);
		expect(rowOf(filled, "e-").map(({ columns }) => columns["closing"])).toEqual(["", ""]);
	});
});

describe("a fault while windows are closed", () => {
	const selecting = (column: string, error: Error): Around => {
		return async ({ method, args }, make) => {
			const isIt = method === "list" && isFirst(args[1]) && JSON.stringify(args[1]).includes(`"select":["${column}`);
			if (isIt) throw error;
			return make();
		};
	};
	const faults: readonly [string, Error, boolean][] = [
		["a lost lease", new LeaseLost("lost"), true],
		["storage that does not answer", new StorageError("ServerBusy", 503), true],
		["storage of which nothing is heard", new StorageError("ECONNRESET", undefined), true],
		["a refusal", new StorageError("InvalidInput", 400), false],
		["a row that is gone", new StorageError("ResourceNotFound", 404), false],
		["any other", new Error("?"), false],
	];

	it.each(["bytes", "receipt"].flatMap((column) => faults.map((fault) => [...fault, column] as const)))(
		"ends the drain or is that window's own: %s",
		async (_, error, ends, column) => {
			const filled = await filling(selecting(column, error));
			await another(filled, "cd", START);
			const closing = closeDue(filled);
			if (ends) return expect(closing).rejects.toBe(error);
			expect((await closing).lines.map(({ level }) => level)).toEqual(["error", "info"]);
			expect(rowOf(filled, "b-").map(({ rowKey }) => rowKey)).toEqual([`b-${GROUP}`]);
		},
	);

	it("ends the drain where the lane turns out to be another drainer's when the window is put off", async () => {
		const filled: Filled = await filling(async ({ method, args }, make) => {
			if (method !== "list" || !isFirst(args[1])) return make();
			await filled.storage.commit(LANE, [{ kind: "upsert", rowKey: "a-state", columns: { by: "another" } }]);
			throw new Error("?");
		});
		await expect(closeDue(filled)).rejects.toThrow(LeaseLost);
	});
});
