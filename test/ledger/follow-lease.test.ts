import { describe, expect, it } from "@jest/globals";
import { acquireFollow, type FollowState, readFollowState, type Watched } from "../../src/ledger/follow-lease.ts";
import { FOLLOW_STATE_KEY } from "../../src/ledger/rows.ts";
import type { Columns } from "../../src/storage/storage.ts";
import { memoryStorage } from "../helpers/memory-storage.ts";

const NOW = Date.parse("2026-05-26T12:00:00Z");
const DAY_MS = 86_400_000;
const LANE = "default";
const LIST: Watched = {
	listedAt: NOW - 60_000,
	since: NOW - 3_600_000,
	skewMs: 250,
	etag: 'W/"1"',
	complete: true,
	missedUntil: NOW - 900_000,
	notBefore: NOW + 60_000,
	refused: "the token may not read runs",
};

/** What one follower has written, as the next one reads it. */
async function handedOn(state: FollowState): Promise<{ readonly read: FollowState; readonly text: string }> {
	const storage = memoryStorage();
	const lease = await acquireFollow({ storage, lane: LANE, now: () => NOW, monotonic: () => 0 });
	if (lease === undefined) throw new Error("the lane is held");
	await lease.read();
	await lease.commit(state);
	expect(lease.state()).toEqual(state);
	const row = await storage.get(LANE, FOLLOW_STATE_KEY);
	return { read: await readFollowState(storage, LANE, NOW), text: String(row?.columns["state"]) };
}

describe("what a follower remembers", () => {
	const state: FollowState = { wake: { last: 3, at: NOW + 60_000 }, lists: { "contoso/a": LIST } };

	it("is read as it was written", async () => {
		expect((await handedOn(state)).read).toEqual(state);
		const { etag: _, refused: __, ...plain } = LIST;
		const without = { ...state, lists: { "contoso/a": plain } };
		expect((await handedOn(without)).read).toStrictEqual(without);
	});

	it("fits into its row, of however many lists: a tenth is forgotten at a time, the first ones first", async () => {
		const name = (number: number) => `contoso/${String(number).padStart(3, "0")}`;
		const listsOf = (count: number) =>
			Object.fromEntries(Array.from({ length: count }, (_, index) => [name(index), LIST]));
		const one =
			JSON.stringify({ ...state, lists: listsOf(2) }).length - JSON.stringify({ ...state, lists: listsOf(1) }).length;
		const count = Math.floor(30_000 / one) + 1;
		const { read, text } = await handedOn({ ...state, lists: listsOf(count) });
		expect(text.length).toBeLessThanOrEqual(30_000);
		expect(read.wake).toEqual(state.wake);
		expect(Object.keys(read.lists)).toEqual(Object.keys(listsOf(count)).slice(Math.ceil(count / 10)));
		const many = await handedOn({ ...state, lists: listsOf(900) });
		expect(many.text.length).toBeLessThanOrEqual(30_000);
		expect(many.text.length).toBeGreaterThan(20_000);
		expect(Object.keys(many.read.lists).at(-1)).toBe(name(899));
	});

	it("is whole up to thirty thousand characters", async () => {
		const sized = (length: number) => ({ ...state, lists: { a: LIST, b: { ...LIST, refused: "x".repeat(length) } } });
		const room = 30_000 - JSON.stringify(sized(0)).length;
		expect(Object.keys((await handedOn(sized(room))).read.lists)).toEqual(["a", "b"]);
		expect(Object.keys((await handedOn(sized(room + 1))).read.lists)).toEqual(["b"]);
		expect(await handedOn(sized(40_000))).toMatchObject({ read: { wake: state.wake, lists: {} } });
	});
});

describe("a follower's row that is not sound", () => {
	const read = (columns: Columns) =>
		readFollowState({ get: async () => ({ rowKey: FOLLOW_STATE_KEY, etag: "1", columns }) }, LANE, NOW);
	const nothing = { listedAt: 0, since: 0, skewMs: 0, complete: false, missedUntil: 0, notBefore: 0 };

	it.each([undefined, "", "{", "null", "[1]", "7", '{"lists":null}', '{"lists":[1],"wake":7}'])(
		"says nothing where its state is %p",
		async (state) => {
			expect(await read({ state })).toEqual({ wake: { last: 0, at: null }, lists: {} });
		},
	);

	it.each<[string, unknown, object]>([
		["is null", null, nothing],
		["is a text", "LIST", nothing],
		["has members of other types", { listedAt: {}, since: true, complete: "yes", etag: 7, refused: 7 }, nothing],
		["was read in the future", { listedAt: NOW + 1 }, { ...nothing, listedAt: NOW }],
		["waits for longer than a day", { notBefore: NOW + 2 * DAY_MS }, { ...nothing, notBefore: NOW + DAY_MS }],
		["has the longest ETag", { etag: "e".repeat(300) }, { ...nothing, etag: "e".repeat(300) }],
		["has a longer one", { etag: "e".repeat(301) }, nothing],
		[
			"has a long reason",
			{ refused: "b".repeat(400) },
			{ ...nothing, refused: expect.stringMatching(/^b{200,299}.?$/u) },
		],
	])("has a list that can be worked with where it %s", async (_, list, expected) => {
		const state = JSON.stringify({ lists: { a: list, b: LIST } });
		expect((await read({ state })).lists).toStrictEqual({ a: expected, b: LIST });
	});
});
