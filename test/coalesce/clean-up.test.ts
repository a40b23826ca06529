import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "@jest/globals";
import { type ClosedDispatch, cleanUp, closingBlob, manifestBlob } from "../../src/coalesce/clean-up.ts";
import type { Columns, Write } from "../../src/storage/storage.ts";
import { repositoryDispatch } from "../../support/destinations.ts";
import { type Filled, fill, GROUP, LANE, left, START } from "../helpers/filled-window.ts";

const KEY = "cd".repeat(16);
const NOW = START + 60_000;
const DISPATCH: ClosedDispatch = { rowKey: "e-1", key: KEY, receipt: "r-dispatch", closing: closingBlob(KEY) };
const TO = { ...repositoryDispatch("contoso/fraud-model", "t", "other"), payload: { id: "id" } };
const FACTS = { quietMs: 1_000, maxMs: 2_000, maxEvents: 3_000, route: "r" };

interface BrokenOff {
	/** How many members there are, and how many of them the window was closed with. */
	readonly count?: number;
	readonly closed?: number;
	/** What lies in the place of the list; null where nothing does. */
	readonly list?: string | null;
	readonly hasManifest?: boolean;
	/** What the row of the dispatch says of its group; null where there is no row. */
	readonly row?: Columns | null;
	readonly around?: Parameters<typeof fill>[0]["around"];
}

const listOf = (keys: readonly string[], window: object = { group: GROUP, ...FACTS, to: TO }) =>
	JSON.stringify({ window, members: keys.map((key) => [key, `r-${key.split("-")[3]}`]) });

/** A closed window whose close broke off before any of its members was completed. */
async function brokenOff({ count = 3, closed = 2, around, ...rest }: BrokenOff = {}): Promise<Filled> {
	const filled = await fill({ count, ...(around ? { around } : {}) });
	const { storage } = filled;
	const members = left(filled).slice(0, closed);
	const { list = listOf(members), hasManifest = true, row = { group: GROUP, ...FACTS, to: JSON.stringify(TO) } } = rest;
	const lines = storage
		.rowsOf(LANE)
		.filter(({ rowKey }) => members.includes(rowKey))
		.map(({ columns }) => `${Buffer.from(columns["line"] as Uint8Array)}\n`);
	if (list !== null) storage.putBlob(closingBlob(KEY), Buffer.from(list));
	if (hasManifest) storage.putBlob(manifestBlob(KEY), Buffer.from(lines.join("")));
	const columns = { ...row, key: KEY, closing: closingBlob(KEY) };
	const writes: Write[] = [{ kind: "delete", rowKey: `b-${GROUP}` }];
	if (row !== null) writes.push({ kind: "insert", rowKey: DISPATCH.rowKey, columns });
	await storage.commit(LANE, writes);
	return filled;
}

const clean = ({ lease, storage }: Filled) => cleanUp(lease, DISPATCH, { storage, now: () => NOW });
const columnsOf = ({ storage }: Filled, rowKey: string) =>
	storage.rowsOf(LANE).find((row) => row.rowKey === rowKey)?.columns;
const completed = ({ storage }: Filled) =>
	storage.rowsOf(LANE).filter(({ columns }) => columns["state"] === "coalesced");

describe("the members of a closed window whose close broke off", () => {
	it("are completed by the list alone: their receipts name the dispatch, and it has nothing left to do", async () => {
		const filled = await brokenOff({ count: 2, hasManifest: false, row: {} });
		await clean(filled);
		expect(completed(filled).map(({ columns }) => columns)).toEqual(
			Array(2).fill({
				state: "coalesced",
				finishedAt: new Date(NOW).toISOString(),
				window: KEY,
				dispatch: "r-dispatch",
			}),
		);
		expect(left(filled)).toEqual([]);
		expect(columnsOf(filled, DISPATCH.rowKey)).toEqual({ key: KEY, closing: "" });
		expect(columnsOf(filled, `b-${GROUP}`)).toBeUndefined();
	});

	it.each([
		["is gone", null],
		["is empty", ""],
		["is null", "null"],
		["is a number", "7"],
		["has no window", '{"members":[]}'],
		["has null for a window", '{"window":null,"members":[]}'],
		["has a window without a group", '{"window":{"to":{"id":"a#b"}},"members":[]}'],
		["has a number for a group", '{"window":{"group":7,"to":{"id":"a#b"}},"members":[]}'],
		["has no members", `{"window":{"group":"${GROUP}","to":{"id":"a#b"}}}`],
		["has a text for members", `{"window":{"group":"${GROUP}"},"members":"m-1"}`],
		["has a member that is null", `{"window":{"group":"${GROUP}"},"members":[null]}`],
		["has a member that is null, beside others", `{"window":{"group":"${GROUP}"},"members":[["m-1","r-1"],null]}`],
		["has a member that is a text", `{"window":{"group":"${GROUP}"},"members":["m-1"]}`],
		["has a member without a receipt", `{"window":{"group":"${GROUP}"},"members":[["m-1"]]}`],
		["has a member without a name", `{"window":{"group":"${GROUP}"},"members":[[null,"r-1"]]}`],
	])("are those of the manifest where the list %s, and the next window has the others", async (_, list) => {
		const filled = await brokenOff({ list });
		const [, , late] = left(filled);
		await clean(filled);
		expect(left(filled)).toEqual([late]);
		expect(completed(filled)).toHaveLength(2);
		expect(columnsOf(filled, DISPATCH.rowKey)).toMatchObject({ closing: "" });
		expect(columnsOf(filled, `b-${GROUP}`)).toEqual({ group: GROUP, ...FACTS, to: JSON.stringify(TO) });
	});

	it("are gathered anew, under another key, where nothing is left that tells who they were", async () => {
		const filled = await brokenOff({ list: null, hasManifest: false });
		await clean(filled);
		expect(left(filled)).toHaveLength(3);
		expect(completed(filled)).toEqual([]);
		expect(columnsOf(filled, `b-${GROUP}`)).toEqual({ group: GROUP, ...FACTS, to: JSON.stringify(TO), after: KEY });
	});

	it.each([
		["is there", true],
		["is gone", false],
	])("wait for the next event of their group where neither list nor row name it: the manifest %s", async (_, there) => {
		const filled = await brokenOff({ list: null, hasManifest: there, row: {} });
		await clean(filled);
		expect(left(filled)).toHaveLength(3);
		expect(columnsOf(filled, DISPATCH.rowKey)).toEqual({ key: KEY, closing: "" });
		expect(filled.storage.rowsOf(LANE).filter(({ rowKey }) => rowKey.startsWith("b-"))).toEqual([]);
	});

	it("are no longer there where all are completed: then no line of any row is read", async () => {
		const filled = await brokenOff({ list: null });
		await filled.storage.commit(
			LANE,
			left(filled).map((rowKey): Write => ({ kind: "delete", rowKey })),
		);
		filled.calls.splice(0);
		await clean(filled);
		expect(columnsOf(filled, DISPATCH.rowKey)).toMatchObject({ closing: "" });
		expect(filled.calls.filter(({ method }) => method === "list").map(({ args }) => args[1])).not.toContainEqual(
			expect.not.objectContaining({ select: expect.anything() }),
		);
	});

	it("are refused by storage where their dispatch is gone meanwhile, list and row", async () => {
		await expect(clean(await brokenOff({ list: null, row: null }))).rejects.toMatchObject({ name: "StorageError" });
	});

	it.each<[string, object, object | undefined]>([
		["with its mapping", { to: TO }, TO],
		[
			"by the identity that it has now, in a list of version 0.1.0",
			{ to: { repository: "Contoso/Fraud-Model", dispatchType: "t" }, token: "other" },
			repositoryDispatch("Contoso/Fraud-Model", "t", "other"),
		],
		[
			"without a token, in a list of version 0.1.0 that names none",
			{ to: { repository: "contoso/fraud-model", dispatchType: "t" } },
			repositoryDispatch("contoso/fraud-model", "t"),
		],
		["nowhere where the list does not say it", {}, undefined],
	])("leave a window for those that joined later, which goes on to its destination %s", async (_, window, to) => {
		const list = (members: readonly string[]) => listOf(members, { group: GROUP, ...FACTS, ...window });
		const filled = await brokenOff({ hasManifest: false });
		filled.storage.putBlob(closingBlob(KEY), Buffer.from(list(left(filled).slice(0, 2))));
		await clean(filled);
		expect(left(filled)).toHaveLength(1);
		expect(columnsOf(filled, `b-${GROUP}`)).toEqual({
			group: GROUP,
			...FACTS,
			...(to === undefined ? {} : { to: JSON.stringify(to) }),
		});
	});

	it.each(["xr-1", "r-1~", "e-other", "b-cd"])("change no row that is no receipt's, such as %s", async (other) => {
		const filled = await brokenOff({ count: 1, closed: 1 });
		const [member] = left(filled);
		const list = JSON.stringify({ window: { group: GROUP, to: TO }, members: [[member, other]] });
		filled.storage.putBlob(closingBlob(KEY), Buffer.from(list));
		await filled.storage.commit(LANE, [{ kind: "insert", rowKey: other, columns: { its: "own" } }]);
		await clean(filled);
		expect(left(filled)).toEqual([]);
		expect(columnsOf(filled, other)).toEqual({ its: "own" });
	});

	const removals = ({ calls }: Filled) =>
		calls.filter(
			({ method, args }) => method === "commit" && JSON.stringify(args[1]).includes('"delete","rowKey":"m-'),
		);

	it("are written in as few transactions as those need that are left", async () => {
		const filled = await brokenOff({ count: 120, closed: 120 });
		const gone = left(filled).slice(0, 70);
		await filled.storage.commit(
			LANE,
			gone.map((rowKey): Write => ({ kind: "delete", rowKey })),
		);
		filled.calls.splice(0);
		await clean(filled);
		expect(removals(filled).map(({ args }) => (args[1] as readonly Write[]).length)).toEqual([100]);
		expect(left(filled)).toEqual([]);
	});

	it.each(["r-1", ""])(
		"are passed by, with nothing asked in vain, where one is just gone, of receipt %j",
		async (receipt) => {
			let isGone = false;
			const filled: Filled = await brokenOff({
				count: 1,
				closed: 1,
				around: async ({ method, args }, make) => {
					if (isGone || method !== "commit" || !JSON.stringify(args[1]).includes('"delete","rowKey":"m-'))
						return make();
					isGone = true;
					await filled.storage.commit(LANE, [{ kind: "delete", rowKey: String(left(filled)[0]) }]);
					return make();
				},
			});
			const list = { window: { group: GROUP, to: TO }, members: [[left(filled)[0], receipt]] };
			filled.storage.putBlob(closingBlob(KEY), Buffer.from(JSON.stringify(list)));
			await clean(filled);
			const commits = filled.calls.filter(({ method }) => method === "commit");
			expect(commits.filter(({ args }) => (args[1] as Write[]).length === 0)).toEqual([]);
			expect(columnsOf(filled, DISPATCH.rowKey)).toMatchObject({ closing: "" });
		},
	);

	it("are written in four transactions at once", async () => {
		let [running, most] = [0, 0];
		const filled = await brokenOff({
			count: 500,
			closed: 500,
			around: async ({ method }, make) => {
				if (method !== "commit") return make();
				running += 1;
				most = Math.max(most, running);
				await setImmediate();
				running -= 1;
				return make();
			},
		});
		await clean(filled);
		expect([most, left(filled).length]).toEqual([4, 0]);
	});
});
