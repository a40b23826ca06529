import { describe, expect, it } from "@jest/globals";
import type { SeenRun } from "../../src/destinations/destination.ts";
import { isGood, judge, NO_KEY, type Seen, soundSeen, TOO_MANY, UNREADABLE } from "../../src/follow/judge.ts";
import { type FollowRow, RESENT } from "../../src/ledger/follow-rows.ts";
import { followRow, runOf, seenRun } from "../helpers/follow-rows.ts";
import { keyOf, MINUTE_MS, START } from "../helpers/follow-world.ts";

const HOUR_MS = 60 * MINUTE_MS;

describe("an answer of a service", () => {
	const read = (runs: readonly unknown[], more: object = {}) =>
		soundSeen({ kind: "runs", runs: runs as SeenRun[], complete: true, serverTime: START, ...more }, START);

	it("is taken as it is where all in it can be read", () => {
		const runs = [
			seenRun("1"),
			seenRun("2", { status: "completed", conclusion: "success", createdAt: START + MINUTE_MS }),
		];
		expect(read(runs)).toEqual({
			runs: runs.map((run) => ({ ...run, certain: false })),
			complete: true,
			unreadable: false,
			serverTime: START,
		});
	});

	it.each<[string, unknown]>([
		["is nothing", null],
		["has no id", { ...seenRun("2"), id: undefined }],
		["has no status", { ...seenRun("2"), status: undefined }],
		["has no time", { ...seenRun("2"), createdAt: Number.NaN }],
		["is created more than a minute after the answer", seenRun("2", { createdAt: START + MINUTE_MS + 1 })],
	])("keeps its other runs where one %s, and any run may be the one", (_, bad) => {
		expect(read([seenRun("1"), bad, seenRun("3")])).toMatchObject({
			runs: [{ id: "1" }, { id: "3" }],
			complete: false,
			unreadable: true,
		});
	});

	it("gives a run without a title an empty one", () => {
		expect(read([{ ...seenRun("1"), title: undefined }]).runs).toMatchObject([{ id: "1", title: "" }]);
	});

	it.each([
		[{ complete: true, unreadable: 1 }, 1, { complete: false, unreadable: true }],
		[{ complete: false }, 1, { complete: false, unreadable: false }],
		[{ complete: false }, 0, { complete: false, unreadable: true }],
		[{ complete: true }, 0, { complete: true, unreadable: false }],
		[{ complete: true }, 1_001, { complete: false, unreadable: true }],
	])("that says %p with %i runs says so much of the others", (more, count, said) => {
		const seen = read(
			Array.from({ length: count }, (_, index) => seenRun(String(index + 1))),
			more,
		);
		expect(seen).toMatchObject(said);
		expect(seen.runs).toHaveLength(Math.min(count, 1_000));
	});
});

it.each([
	["success", true],
	["neutral", true],
	["skipped", true],
	["failure", false],
	["cancelled", false],
	["", false],
	[null, false],
])("whether a run with the conclusion %p ended as it was meant to: %p", (conclusion, good) => {
	expect(isGood({ conclusion })).toBe(good);
});

/** What is judged an hour after the deliveries were taken, the time in which a run comes. */
function judged(
	rows: readonly FollowRow[],
	runs: readonly SeenRun[],
	more: Partial<Seen> & { missedUntil?: number; now?: number } = {},
) {
	const { missedUntil = 0, now = START + HOUR_MS, ...seen } = more;
	const whole = { runs, complete: true, unreadable: false, serverTime: START + HOUR_MS, ...seen };
	return judge(rows, whole, { now, runWithinMs: HOUR_MS, missedUntil });
}

const keyed = (number: number, id: string, part: Partial<SeenRun> = {}) =>
	seenRun(id, { title: `of ${keyOf(number)}`, ...part });

describe("a delivery's own runs", () => {
	const idsOf = (row: FollowRow, runs: readonly SeenRun[]) => judged([row], runs)[0]?.runs.map(({ id }) => id);

	it("are those with its key that are not older, the oldest first, ten at most", () => {
		const younger = Array.from({ length: 12 }, (_, index) =>
			keyed(1, String(30 - index), { createdAt: START + 100 - index }),
		);
		const ids = idsOf(followRow(1), [
			...younger,
			keyed(1, "8", { createdAt: START }),
			keyed(1, "9", { createdAt: START - 1 }),
		]);
		expect(ids).toEqual(["8", "19", "20", "21", "22", "23", "24", "25", "26", "27"]);
	});

	it("take the place of a guess, and are added to those that are known for certain", () => {
		const runs = [runOf("1", { certain: false }), runOf("2")];
		expect(idsOf(followRow(1, { runs }), [keyed(1, "3")])).toEqual(["2", "3"]);
		expect(idsOf(followRow(1, { runs }), [])).toEqual(["1", "2"]);
	});

	it("are as the list says; one that it does not show is as it was", () => {
		const runs = [runOf("1"), runOf("2", { certain: false })];
		const done = { status: "completed", conclusion: "success" };
		expect(judged([followRow(1, { runs, following: "running" })], [seenRun("2", done)])).toMatchObject([
			{ following: "running", runs: [runs[0], runOf("2", { ...done, certain: false })] },
		]);
	});

	it("are each there once", () => {
		expect(idsOf(followRow(1, { runs: [runOf("1")] }), [keyed(1, "1"), keyed(1, "2")])).toEqual(["1", "2"]);
	});

	it("are said to be of two dispatches where it was sent a second time", () => {
		const reasons = [true, false].map((resent) => judged([followRow(1, { resent })], [keyed(1, "1")])[0]?.reason);
		expect(reasons).toEqual([RESENT, null]);
	});

	it("have a key in any case, as the row has", () => {
		expect(idsOf(followRow(1, { key: keyOf(1).toUpperCase() }), [keyed(1, "1")])).toEqual(["1"]);
	});
});

describe("a run without a key", () => {
	const at = { serverTime: START + MINUTE_MS, now: START + MINUTE_MS };

	it.each<[string, FollowRow[], SeenRun[], (string | undefined)[]]>([
		[
			"is that of the only delivery without a run",
			[followRow(1, { runs: [runOf("9")] }), followRow(2)],
			[seenRun("1")],
			["9", "1"],
		],
		["is no one's if it can be that of two", [followRow(1), followRow(2)], [seenRun("1")], [undefined, undefined]],
		["is no one's if there is another", [followRow(1)], [seenRun("1"), seenRun("2")], [undefined]],
		[
			"is not a second delivery's",
			[followRow(1, { runs: [runOf("1")] }), followRow(2)],
			[seenRun("1")],
			["1", undefined],
		],
		["is not an older one's", [followRow(1), followRow(2, { from: START + 1 })], [seenRun("1")], ["1", undefined]],
		[
			"is no one's if it is older than the only delivery",
			[followRow(1, { from: START + 1 })],
			[seenRun("1")],
			[undefined],
		],
		["has to be without any: one of another's is no one's", [followRow(1)], [keyed(9, "1")], [undefined]],
		[
			"that is called after a type is that of the type's delivery",
			[followRow(1, { to: { id: "a#x" } }), followRow(2, { to: { id: "a#y" } })],
			[seenRun("1", { title: "y" })],
			[undefined, "1"],
		],
		[
			"and without a title is that of the delivery without a type",
			[followRow(1, { to: { id: "a#x" } }), followRow(2, { to: { id: "a" } })],
			[seenRun("1", { title: "" })],
			[undefined, "1"],
		],
		[
			"can be that of a delivery whose row has no destination",
			[followRow(1, { to: undefined })],
			[seenRun("1")],
			["1"],
		],
	])("%s", (_, rows, runs, ids) => {
		const findings = judged(rows, runs, at);
		expect(findings.map((finding) => finding.runs[0]?.id)).toEqual(ids);
		expect(findings.map(({ following }) => following)).toEqual(
			ids.map((id) => (id === undefined ? "looking" : "running")),
		);
	});

	it("is not certain to be a delivery's, and one with its key is", () => {
		expect(judged([followRow(1)], [seenRun("1")])[0]?.runs).toEqual([runOf("1", { certain: false })]);
		expect(judged([followRow(1)], [keyed(1, "1")])[0]?.runs).toEqual([runOf("1")]);
	});

	it("is no one's while the list is not whole", () => {
		expect(judged([followRow(1)], [seenRun("1")], { ...at, complete: false })).toMatchObject([
			{ following: "looking" },
		]);
	});
});

describe("the verdict on a delivery without a run", () => {
	const none = (to: string) =>
		`no run within 60 minutes: check that an active workflow on the default branch listens to ${to}, and check the service's status`;
	const early = { serverTime: START + HOUR_MS - 1 };

	it.each<[string, Partial<FollowRow>, SeenRun[], Parameters<typeof judged>[2], string, string | null]>([
		["there is none when its time is up", {}, [], {}, "none", none("contoso/fraud-model#contoso-test")],
		["it is looked for until then, by the service's clock", {}, [], early, "looking", null],
		["it is looked for until then, by our clock", {}, [], { now: START + HOUR_MS - 1 }, "looking", null],
		["two runs without keys may be it", {}, [seenRun("1"), seenRun("2")], {}, "cannot tell", NO_KEY],
		[
			"a run without a key is older",
			{},
			[seenRun("1", { createdAt: START - 1 })],
			{},
			"none",
			none("contoso/fraud-model#contoso-test"),
		],
		["what cannot be read may be it", {}, [], { unreadable: true }, "cannot tell", UNREADABLE],
		["one that was missed may be it", {}, [], { missedUntil: START + 1 }, "cannot tell", TOO_MANY],
		[
			"those that were missed were older",
			{},
			[],
			{ missedUntil: START },
			"none",
			none("contoso/fraud-model#contoso-test"),
		],
		["its row has no destination", { to: undefined }, [], {}, "none", none("undefined")],
	])("%s", (_, part, runs, more, following, reason) => {
		const row = followRow(1, part);
		expect(judged([row], runs, more)).toEqual([{ row, following, runs: [], reason }]);
	});

	it("says that it was sent a second time", () => {
		expect(judged([followRow(1, { resent: true })], [])[0]?.reason).toMatch(
			/^no run within 60 minutes, though it was sent a second time, because .*: check that/,
		);
	});
});
