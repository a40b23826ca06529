import { describe, expect, it } from "@jest/globals";
import type { RunsAnswer, SeenRun } from "../../src/destinations/destination.ts";
import { listOf, lookAt, UNSEEN } from "../../src/follow/follow-list.ts";
import type { Watched } from "../../src/ledger/follow-lease.ts";
import type { FollowRow } from "../../src/ledger/follow-rows.ts";
import type { Following } from "../../src/model.ts";
import { followRow, runOf, seenRun } from "../helpers/follow-rows.ts";
import { keyOf, MINUTE_MS, START } from "../helpers/follow-world.ts";

const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NOW = START + 10 * MINUTE_MS;
/** A service whose clock is ahead. */
const SKEW_MS = 3_000;

interface Service {
	readonly list?: RunsAnswer;
	readonly one?: (id: string) => RunsAnswer;
	readonly now?: number;
	/** So many runs may be read. */
	readonly reads?: number;
}

const listing = (runs: readonly SeenRun[] = [], more: object = {}): RunsAnswer => ({
	kind: "runs",
	runs,
	complete: true,
	serverTime: NOW + SKEW_MS,
	...more,
});
const unchanged: RunsAnswer = { kind: "unchanged", serverTime: NOW + SKEW_MS };

async function look(rows: readonly FollowRow[], before: Partial<Watched>, service: Service = {}) {
	const { list = listing(), one = () => ({ kind: "unavailable", reason: "503" }), now = NOW, reads = 1_000 } = service;
	const [asked, read]: [unknown[], string[]] = [[], []];
	const looked = await lookAt(
		rows,
		{ ...UNSEEN, ...before },
		{
			destinations: {
				listRuns: async (to, since, etag) => {
					asked.push({ to: to.id, since, etag });
					return list;
				},
				readRun: async (_, id) => {
					read.push(id);
					return one(id);
				},
			},
			runWithinMs: HOUR_MS,
			goesOn: async () => read.length < reads,
			now: () => now,
		},
	);
	return { ...looked, asked, ids: read, read: looked.findings.filter(({ isRead }) => isRead).map(({ row }) => row) };
}

const before: Watched = { ...UNSEEN, listedAt: NOW - MINUTE_MS, since: START, complete: true, etag: "e" };
const running = (number: number, ...ids: readonly string[]) =>
	followRow(number, { following: "running", runs: ids.map((id) => runOf(id)) });

it.each([
	[{ id: "contoso/x#t", repository: "contoso/x" }, "contoso/x"],
	[{ id: "contoso/x#ci.yml", repository: "contoso/x", workflow: "ci.yml" }, "contoso/x workflow"],
	[{ id: "dev.azure.com/contoso/x/7", pipeline: 7 }, "dev.azure.com/contoso/x/7"],
	[undefined, ""],
])("the runs of %p are in the list %p", (to, list) => {
	expect(listOf(followRow(1, { to }))).toBe(list);
});

describe("the time since which is asked", () => {
	it.each<[string, number, number[], number]>([
		["stays for less than an hour", START - HOUR_MS + 1, [START], START - HOUR_MS + 1],
		["becomes that of the oldest delivery after an hour", START - HOUR_MS, [START + 1, START], START],
		["goes back for an older delivery", START + 1, [START + 1, START], START],
	])("%s", async (_, since, froms, asked) => {
		const rows = froms.map((from, index) => followRow(index + 1, { from }));
		const looked = await look(rows, { ...before, since });
		expect(looked.asked).toMatchObject([{ since: asked }]);
		expect(looked.watched.since).toBe(asked);
	});
});

describe("whether an unchanged list is enough", () => {
	const NEARLY_MS = HOUR_MS - 2 * MINUTE_MS;
	const taken = (number: number, ago: number) => followRow(number, { takenAt: NOW + SKEW_MS - ago });

	it.each<[string, FollowRow[], Partial<Watched>, string | undefined]>([
		["it is for the same question", [taken(1, NEARLY_MS - 1)], {}, "e"],
		["it is not for another question", [followRow(1, { from: START - 1 })], {}, undefined],
		["it is not two minutes before the time of one is up", [taken(1, 0), taken(2, NEARLY_MS)], {}, undefined],
		["it is for runs under way", [{ ...running(1, "1"), takenAt: NOW - DAY_MS }], {}, "e"],
	])("%s", async (_, rows, more, etag) => {
		const looked = await look(rows, { ...before, skewMs: SKEW_MS, ...more });
		expect(looked.asked).toEqual([{ to: "contoso/fraud-model#contoso-test", since: expect.any(Number), etag }]);
	});
});

describe("what is remembered of a list", () => {
	const known = { listedAt: NOW, since: START, skewMs: SKEW_MS, complete: true, missedUntil: 0, notBefore: 0 };

	it("is all that the answer says, and no earlier refusal", async () => {
		const earlier = { ...before, refused: "no", notBefore: NOW - 1, missedUntil: 5 };
		const { watched } = await look([followRow(1)], earlier, { list: listing([], { etag: "f" }) });
		expect(watched).toEqual({ ...known, etag: "f" });
	});

	it("is no tag where the answer has none", async () => {
		expect((await look([followRow(1)], before)).watched).toEqual(known);
	});

	it("is the tag and the service's time where nothing has changed", async () => {
		const rows = [followRow(1), running(2, "1")];
		const looked = await look(rows, before, { list: unchanged });
		expect(looked).toMatchObject({ read: [], ids: [], watched: { ...known, etag: "e" } });
		expect(looked.read).toEqual([]);
		expect(looked.findings).toEqual(
			rows.map((row) => ({ row, following: row.following, runs: row.runs, reason: null })),
		);
	});

	it.each<[string, Partial<Watched>, number[], boolean, number]>([
		["nothing while it is whole", { missedUntil: 7 }, [NOW], true, 0],
		["nothing where it reaches back to the last look", {}, [NOW, NOW - MINUTE_MS - 10_000 + SKEW_MS], false, 0],
		[
			"up to its oldest run otherwise",
			{},
			[NOW, NOW - MINUTE_MS - 10_000 + SKEW_MS + 1],
			false,
			NOW - MINUTE_MS - 10_000 + SKEW_MS + 1,
		],
		["up to its oldest run at the first look", { listedAt: 0 }, [START], false, START],
		["what was missed before", { missedUntil: NOW + 1 }, [NOW], false, NOW + 1],
		["what was missed before where it shows none", { missedUntil: 7 }, [], false, 7],
	])("is that it may have missed %s", async (_, more, times, complete, missedUntil) => {
		const runs = times.map((createdAt, index) => seenRun(String(index + 1), { createdAt }));
		const list = listing(runs, { complete });
		const { watched } = await look([followRow(1)], { ...before, skewMs: SKEW_MS, ...more }, { list });
		expect(watched).toMatchObject({ complete, missedUntil });
	});
});

describe("a service that does not answer", () => {
	it.each([
		[undefined, 0],
		[NOW + 5, NOW + 5],
	])("until %p is asked again then, and with the same tag", async (retryAt, notBefore) => {
		const row = followRow(1);
		const answer: RunsAnswer = { kind: "unavailable", reason: "503", ...(retryAt === undefined ? {} : { retryAt }) };
		const looked = await look([row], before, { list: answer });
		expect(looked).toEqual({
			findings: [{ row, following: "looking", runs: [], reason: null }],
			read: [],
			watched: { ...before, listedAt: NOW, notBefore },
			asked: [expect.anything()],
			ids: [],
		});
	});

	it.each<[string, number, FollowRow["following"], Following]>([
		["a day", DAY_MS, "looking", "cannot tell"],
		["less than a day", DAY_MS - 1, "looking", "looking"],
		["a day", DAY_MS, "running", "running"],
	])("for %s (%i ms) makes one that is %s be %s", async (_, ago, following, said) => {
		const row = followRow(1, { takenAt: NOW - ago, finishedAt: NOW - ago, following, runs: [runOf("1")] });
		const looked = await look([row], before, { list: { kind: "unavailable", reason: "503" } });
		const reason = said === "cannot tell" ? "503" : null;
		expect(looked.findings).toEqual([{ row, following: said, runs: row.runs, reason }]);
	});
});

describe("a service that refuses", () => {
	it.each([
		[NOW + 1, NOW + 1],
		[NOW, NOW + HOUR_MS],
		[0, NOW + HOUR_MS],
	])("before %i is not asked before %i, and its deliveries are told so", async (notBefore, next) => {
		const row = running(1, "1");
		const list: RunsAnswer = { kind: "refused", reason: "no right" };
		const looked = await look([row], { ...before, notBefore, refused: "no right" }, { list });
		expect(looked.findings).toEqual([{ row, following: "cannot tell", runs: row.runs, reason: "no right" }]);
		expect(looked.watched).toMatchObject({ etag: undefined, notBefore: next, refused: "no right" });
		expect(looked.asked).toHaveLength(notBefore > NOW ? 0 : 1);
	});

	it.each(["refused", "gone"] as const)("with %p is asked in an hour, whenever it was to be asked", async (kind) => {
		const looked = await look([followRow(1)], { ...before, notBefore: NOW + 1 }, { list: { kind, reason: "no" } });
		expect(looked.watched).toMatchObject({ listedAt: NOW, notBefore: NOW + HOUR_MS, refused: "no" });
	});
});

describe("36 days after a delivery was taken", () => {
	it.each<[Following, number, Following]>([
		["running", 36 * DAY_MS, "cannot tell"],
		["looking", 36 * DAY_MS, "cannot tell"],
		["running", 36 * DAY_MS - 1, "running"],
		["concluded", 36 * DAY_MS, "concluded"],
	])("what is %s after %i ms is %s", async (following, ago, said) => {
		const [from, takenAt, finishedAt] = [NOW - ago, NOW - ago, NOW - ago];
		const status = following === "concluded" ? "completed" : "queued";
		const list = following === "looking" ? unchanged : listing([seenRun("1", { title: keyOf(1), status })]);
		const looked = await look([followRow(1, { from, takenAt, finishedAt })], { ...before, since: from }, { list });
		const reason = said === following ? null : expect.stringMatching(/^the bridge has followed it for 36 days/);
		expect(looked.findings).toMatchObject([{ following: said, reason }]);
	});
});

describe("runs that a list does not show", () => {
	const done = { status: "completed", conclusion: "success" };
	const ofOne = (run: SeenRun): RunsAnswer => listing([run]);
	const cut = listing([], { complete: false });

	it("are read one by one, thirty at most, those that were read longest ago first", async () => {
		const rows = Array.from({ length: 32 }, (_, index) => ({
			...running(index + 1, String(index + 1)),
			readAt: 100 - index,
		}));
		const looked = await look(rows, before, { list: cut, one: (id) => ofOne(seenRun(id, done)) });
		expect(looked.ids).toEqual(Array.from({ length: 30 }, (_, index) => String(32 - index)));
		expect(looked.read).toEqual(rows.slice(2));
		expect(looked.findings.map(({ following }) => following)).toEqual([
			"running",
			"running",
			...Array(30).fill("concluded"),
		]);
	});

	it("are read where a list that was cut is unchanged, and where one is whole", async () => {
		const one = (id: string) => ofOne(seenRun(id));
		expect((await look([running(1, "1")], { ...before, complete: false }, { list: unchanged, one })).ids).toEqual([
			"1",
		]);
		expect((await look([running(1, "1")], before, { one })).ids).toEqual(["1"]);
	});

	it("are only those that have not ended: the first of each delivery", async () => {
		const row = followRow(1, { following: "running", runs: [runOf("1", done), runOf("2"), runOf("3"), runOf("4")] });
		const list = listing([seenRun("2")], { complete: false });
		const looked = await look([row, followRow(2)], before, { list, one: (id) => ofOne(seenRun(id, done)) });
		expect(looked.ids).toEqual(["3"]);
		expect(looked.findings[0]).toEqual({
			row,
			following: "running",
			runs: [runOf("1", done), runOf("2"), runOf("3", done), runOf("4")],
			reason: null,
			isRead: true,
		});
		expect(looked.findings[1]).toMatchObject({ following: "looking" });
	});

	it.each<[string, RunsAnswer, Partial<FollowRow>, { following: Following; reason?: string | null; ids?: string[] }]>([
		[
			"gone as soon as it may be there",
			{ kind: "gone", reason: "gone" },
			{ finishedAt: NOW - HOUR_MS + 1 },
			{ following: "running" },
		],
		[
			"gone when it should be there",
			{ kind: "gone", reason: "gone" },
			{ finishedAt: NOW - HOUR_MS },
			{ following: "cannot tell", reason: "gone" },
		],
		[
			"gone, and others are not",
			{ kind: "gone", reason: "gone" },
			{ finishedAt: NOW - HOUR_MS, runs: [runOf("1"), runOf("2", done)] },
			{ following: "concluded", ids: ["2"] },
		],
		["refused", { kind: "refused", reason: "no right" }, {}, { following: "cannot tell", reason: "no right" }],
		["another run", ofOne(seenRun("2", done)), {}, { following: "running" }],
		["no run", listing([]), {}, { following: "running" }],
		["unchanged", unchanged, {}, { following: "running" }],
		["the run", ofOne(seenRun("1", done)), {}, { following: "concluded" }],
	])("answered with %s", async (_, answer, part, { following, reason = null, ids = ["1"] }) => {
		const row = { ...running(1, "1"), ...part };
		const looked = await look([row], before, { list: cut, one: () => answer });
		expect(looked.findings).toMatchObject([{ row, following, reason, runs: ids.map((id) => ({ id })) }]);
		expect(looked.read).toEqual([row]);
	});

	it.each([
		[undefined, 0],
		[NOW + 5, NOW + 5],
	])("are read no further where one cannot be read until %p", async (retryAt, notBefore) => {
		const rows = [running(1, "1"), running(2, "2")];
		const answer: RunsAnswer = { kind: "unavailable", reason: "503", ...(retryAt === undefined ? {} : { retryAt }) };
		const looked = await look(rows, { ...before, notBefore: 7 }, { list: cut, one: () => answer });
		expect([looked.ids, looked.read, looked.watched.notBefore]).toEqual([["1"], [rows[0]], notBefore]);
		expect(looked.findings).toMatchObject(rows.map((row) => ({ row, following: "running" })));
	});

	it("are read no further once the look is over", async () => {
		const rows = [running(1, "1"), running(2, "2"), running(3, "3")];
		const looked = await look(rows, before, { list: cut, one: (id) => ofOne(seenRun(id)), reads: 2 });
		expect([looked.ids, looked.read]).toEqual([["1", "2"], rows.slice(0, 2)]);
	});

	it.each<[string, FollowRow, boolean, string | undefined]>([
		["is asked anew after a whole list", running(1, "1"), true, undefined],
		["keeps its tag after a list that was cut", running(1, "1"), false, "f"],
		["keeps its tag where all are shown", running(1, "2"), true, "f"],
		["keeps its tag where none is under way", followRow(1), true, "f"],
	])("the list that %s", async (_, row, complete, etag) => {
		const list = listing([seenRun("2", { title: keyOf(9) })], { complete, etag: "f" });
		const { watched } = await look([row], before, { list, one: (id) => ofOne(seenRun(id)) });
		expect(watched.etag).toBe(etag);
	});
});
