import { describe, expect, it } from "@jest/globals";
import type { RunsAnswer, SeenRun } from "../../src/destinations/destination.ts";
import type { Classification } from "../../src/model.ts";
import { repositoryDispatch } from "../../support/destinations.ts";
import { delivery } from "../helpers/deliveries.ts";
import { LANE, type LaneHarness, type Sent, START, startLane } from "../helpers/lane-harness.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const uncertain: Classification = { kind: "uncertain", reason: "502" };
const range = (count: number) => Array.from({ length: count }, (_, index) => index);
const ids = (lane: Pick<LaneHarness, "sent">) => lane.sent.map(({ id }) => id);
const keyOf = ({ body }: Sent) =>
	(JSON.parse(body) as { client_payload: { bridge: { key: string } } }).client_payload.bridge.key;

/** What becomes of a call: taken, and how it is answered. */
interface Play {
	readonly taken: boolean;
	readonly says?: Classification;
	/** No answer comes, and so no time of GitHub's. */
	readonly silent?: true;
}

interface IncidentOptions {
	/** The lane's deliveries; ten seconds apart. */
	readonly count?: number;
	/** What becomes of the nth call of a delivery, both counted from 0. */
	readonly play: (delivery: number, call: number) => Play;
	/** What a workflow makes its runs' titles of. */
	readonly title?: (key: string) => string;
	/** In place of the list of runs, for the nth list call. */
	readonly list?: (call: number) => RunsAnswer | undefined;
	/** Until a run is in the list. */
	readonly lagMs?: number;
	/** How far GitHub's clock is ahead of the bridge's. */
	readonly skewMs?: number;
	readonly repositoryOf?: (delivery: number) => string;
	readonly pace?: string;
}

/** A lane, and a GitHub that has an incident: what it does is not what it says. */
async function incident(options: IncidentOptions) {
	const { count = 1, play, title = (key) => `retrain ${key}`, lagMs = 5 * SECOND, skewMs = 0 } = options;
	const runs: (SeenRun & { readonly of: string })[] = [];
	const lists: number[] = [];
	const calls = new Map<string, number>();
	const start = (id: string, key: string, at: number) => {
		const more = { url: null, workflow: "retrain", status: "queued", conclusion: null, attempt: 1 };
		runs.push({ id: String(runs.length + 1), ...more, title: title(key), createdAt: at + skewMs, of: id });
	};
	// Long before, another delivery was dispatched.
	start("before", "0123456789abcdef".repeat(2), START - HOUR);
	const lane: LaneHarness = await startLane({
		pace: options.pace ?? "1000/s",
		runs: async (_, since, __, page = 1): Promise<RunsAnswer> => {
			lists.push(lane.now);
			const listed = runs
				.filter(({ createdAt }) => createdAt >= since && createdAt <= lane.now + skewMs - lagMs)
				.reverse();
			const onPage = listed.slice((page - 1) * 100, page * 100);
			const complete = listed.length <= page * 100;
			const answer: RunsAnswer = { kind: "runs", runs: onPage, complete, serverTime: lane.now + skewMs };
			return options.list?.(lists.length - 1) ?? answer;
		},
		answer(sent) {
			const call = calls.get(sent.id) ?? 0;
			calls.set(sent.id, call + 1);
			const { taken, says, silent } = play(Number(sent.id.slice("event-".length)), call);
			if (taken) start(sent.id, keyOf(sent), sent.at);
			if (silent) return { classification: uncertain };
			const serverTime = sent.at + skewMs;
			return says === undefined ? { serverTime } : { classification: says, status: 502, serverTime };
		},
	});
	for (const number of range(count)) {
		const to = repositoryDispatch(options.repositoryOf?.(number) ?? "contoso/fraud-model", "contoso-test");
		await lane.instance.accept(delivery(number, { to }));
		lane.now += 1;
	}
	return { lane, runs: () => runs.filter(({ of }) => of !== "before"), lists };
}

const takenThough: Play = { taken: true, says: uncertain };
const lost: Play = { taken: false, says: uncertain };
const taken: Play = { taken: true };

describe("a delivery that was taken, though the answer did not say so", () => {
	it("is dispatched when its run is found, is not sent again, and its receipt says so", async () => {
		const { lane, runs } = await incident({ play: () => takenThough });
		await lane.wakeAll();
		expect(ids(lane)).toEqual(["event-0"]);
		expect(runs()).toHaveLength(1);
		expect(await lane.entries()).toBe(0);
		const { state, attempts, finishedAt } = await lane.receipt(delivery(0).key);
		expect(state).toBe("dispatched");
		expect(attempts).toMatchObject([
			{ status: 502, reason: "502" },
			{ status: null, reason: expect.stringContaining("its run was found") },
		]);
		expect(Date.parse(finishedAt ?? "") - START).toBeLessThan(35 * SECOND);
		expect(lane.waiting()).toEqual([]);
	});

	it("is looked for half a minute after the call, and the receipt names that time and what is done then", async () => {
		const { lane } = await incident({ play: () => takenThough });
		await lane.wakeAll(() => lane.sent.length === 1);
		expect(await lane.receipt(delivery(0).key)).toMatchObject({
			state: "accepted",
			reason: "502; the bridge looks for its run before it sends it again",
			notBefore: (lane.sent[0]?.at as number) + 30 * SECOND,
		});
	});

	it("is found behind hundreds of runs that were started before there was time to look", async () => {
		const { lane, runs, lists } = await incident({
			count: 240,
			play: (number) => (number === 0 ? takenThough : taken),
			pace: "10/s",
		});
		await lane.wakeAll();
		expect(runs()).toHaveLength(240);
		expect(lane.sent.filter(({ id }) => id === "event-0")).toHaveLength(1);
		expect(lists.length).toBeGreaterThan(1);
	});

	it("is found by GitHub's clock, however wrong the bridge's is", async () => {
		for (const skewMs of [-5 * HOUR, 5 * HOUR, -720 * HOUR, 720 * HOUR]) {
			const { lane, runs } = await incident({ play: () => takenThough, skewMs });
			await lane.wakeAll();
			expect(runs()).toHaveLength(1);
			expect(await lane.receipt(delivery(0).key)).toMatchObject({ state: "dispatched" });
		}
	});

	it("is found by GitHub's clock, too, where no answer came that tells it, but an earlier one did", async () => {
		for (const skewMs of [-5 * HOUR, 5 * HOUR]) {
			const play = (number: number) => (number === 0 ? taken : ({ taken: true, silent: true } as const));
			const { lane, runs } = await incident({ count: 2, play, skewMs });
			await lane.wakeAll();
			expect(runs()).toHaveLength(2);
			expect(ids(lane)).toEqual(["event-0", "event-1"]);
		}
	});

	it("does not open what was parked meanwhile", async () => {
		const closed: Classification = { kind: "unavailable", reason: "404" };
		const { lane } = await incident({
			count: 2,
			play: (number) => (number === 0 ? takenThough : { taken: false, says: closed }),
		});
		await lane.wakeAll(() => lane.sent.length === 2);
		await lane.wakeAll(() => lane.now > START + 4 * MINUTE);
		expect(await lane.receipt(delivery(0).key)).toMatchObject({ state: "dispatched" });
		expect((await lane.state()).breakers).toMatchObject({ "contoso/fraud-model": { reason: "404" } });
		// It is parked since then, and not since the run was found.
		expect((await lane.state()).breakers["contoso/fraud-model"]?.since).toBeLessThan(START + MINUTE);
		expect(lane.logged.lines).not.toContainEqual(expect.objectContaining({ change: "opened" }));
	});

	it("is looked for before it is sent again, too, where a certain answer came after the uncertain one", async () => {
		const blind = { kind: "refused", reason: "needs Actions: read" } as const;
		const closed: Classification = { kind: "unavailable", reason: "404" };
		const { lane, runs } = await incident({
			// It is taken late, by the second call's time.
			play: (_, call) => (call === 0 ? takenThough : call === 1 ? { taken: false, says: closed } : taken),
			list: (call) => (call === 0 ? blind : undefined),
		});
		await lane.wakeAll();
		expect(runs()).toHaveLength(1);
		expect(ids(lane)).toEqual(["event-0", "event-0"]);
		expect(await lane.receipt(delivery(0).key)).toMatchObject({ state: "dispatched" });
	});
});

describe("a delivery that was not taken", () => {
	it("is sent again half a minute after each call, six times and more, and ends in one run", async () => {
		const { lane, runs, lists } = await incident({ play: (_, call) => (call < 6 ? lost : taken) });
		await lane.wakeAll();
		expect(runs()).toHaveLength(1);
		const times = lane.sent.map(({ at }) => at);
		const pauses = times.slice(1).map((at, index) => Math.round((at - (times[index] ?? 0)) / SECOND));
		// The lane itself backs off as well: up to 64 s after the sixth in a row.
		expect(pauses).toEqual([30, 30, 30, 30, 32, 64]);
		expect(lists).toHaveLength(6);
		expect(await lane.receipt(delivery(0).key)).toMatchObject({ state: "dispatched" });
	});

	it.each<[string, readonly Play[]]>([
		["taken the sixth time, though answered 502", [lost, lost, lost, lost, lost, takenThough]],
		["taken the third time, though answered 502", [lost, lost, takenThough]],
		[
			"refused by a limit in between",
			[
				lost,
				{ taken: false, says: { kind: "rate-limited", until: START + HOUR, named: true, reason: "429" } },
				takenThough,
			],
		],
		["unreachable in between", [lost, { taken: false, says: { kind: "transient", reason: "ECONNREFUSED" } }, taken]],
	])("ends in one run: %s", async (_, plays) => {
		const { lane, runs } = await incident({ play: (_, call) => plays[call] ?? taken });
		await lane.wakeAll();
		expect(runs()).toHaveLength(1);
		expect(await lane.receipt(delivery(0).key)).toMatchObject({ state: "dispatched" });
	});
});

describe("runs that cannot tell", () => {
	const refused = { kind: "refused", reason: "the token needs Actions: read" } as const;

	it.each<[string, Partial<IncidentOptions>, string]>([
		["the token may not read them", { list: () => refused }, "Actions: read"],
		["no workflow names the key", { title: () => "retrain" }, "run-name"],
	])("leave long pauses before each repeat, where %s, and the receipt says so", async (_, options, repair) => {
		const { lane } = await incident({ play: (_, call) => (call < 7 ? lost : taken), ...options });
		await lane.wakeAll(() => lane.sent.length === 3);
		const { reason, state } = await lane.receipt(delivery(0).key);
		expect(state).toBe("accepted");
		expect(reason).toMatch(/^502; the bridge cannot know whether it was taken/);
		expect(reason).toContain(repair);
		await lane.wakeAll();
		const times = lane.sent.map(({ at }) => at);
		const pauses = times.slice(1).map((at, index) => Math.round((at - (times[index] ?? 0)) / SECOND));
		expect(pauses).toEqual([30, 30, 45, 135, 405, 1215, 3600]);
		expect(await lane.receipt(delivery(0).key)).toMatchObject({ state: "dispatched", reason: null });
	});

	it("are asked for again while the service has its incident there, too, before anything is sent again", async () => {
		const { lane, runs, lists } = await incident({
			play: () => takenThough,
			list: (call) => (call < 5 ? { kind: "unavailable", reason: "502" } : undefined),
		});
		await lane.wakeAll();
		expect(runs()).toHaveLength(1);
		expect(lists).toHaveLength(6);
	});

	it("block no other delivery, though the bridge itself fails at them", async () => {
		const { lane } = await incident({
			count: 3,
			play: (number, call) => (number === 0 && call < 2 ? lost : taken),
			list: () => {
				throw new TypeError("undefined is not a function");
			},
		});
		await lane.wakeAll(() => lane.sent.length === 3);
		expect(ids(lane)).toEqual(["event-0", "event-1", "event-2"]);
		await lane.wakeAll();
		expect(new Set((await lane.receipts()).map(({ state }) => state))).toEqual(new Set(["dispatched"]));
	});

	it("block no other delivery while they are slow to read", async () => {
		let answer = (_: RunsAnswer) => {};
		const slow = new Promise<RunsAnswer>((resolve) => {
			answer = resolve;
		});
		const sent: string[] = [];
		const lane: LaneHarness = await startLane({
			runs: () => slow,
			answer({ id }) {
				sent.push(id);
				if (sent.length === 4) answer({ kind: "refused", reason: "no" });
				return id === "event-0" && sent.length === 1 ? { classification: uncertain } : undefined;
			},
		});
		await lane.instance.accept(delivery(0));
		await lane.wakeNext();
		lane.now += MINUTE;
		// These come later, and are sent while the runs of the first one are being read.
		for (const number of [1, 2, 3]) {
			lane.now += 1;
			await lane.instance.accept(delivery(number));
		}
		await lane.wakeAll();
		expect(sent).toEqual(["event-0", "event-1", "event-2", "event-3", "event-0"]);
	});
});

describe("an incident that leaves many in doubt", () => {
	it("loses none and repeats none, and lists the runs of a repository twice a minute at most", async () => {
		const plays: readonly Play[][] = [
			[takenThough],
			[lost, taken],
			[lost, takenThough],
			[lost, lost, lost, lost, lost, lost, taken],
			[taken],
		];
		const { lane, runs, lists } = await incident({
			count: 100,
			play: (number, call) => plays[number % plays.length]?.[call] ?? taken,
		});
		await lane.wakeAll();
		expect(
			runs()
				.map(({ of }) => of)
				.sort(),
		).toEqual(
			range(100)
				.map((number) => `event-${number}`)
				.sort(),
		);
		expect(new Set((await lane.receipts()).map(({ state }) => state))).toEqual(new Set(["dispatched"]));
		for (const [index, at] of lists.slice(1).entries())
			expect(at - (lists[index] ?? 0)).toBeGreaterThanOrEqual(30 * SECOND);
	});

	it("reads no more of a list because a delivery that was sent twice waits beside it", async () => {
		const pages: number[] = [];
		const lane: LaneHarness = await startLane({
			runs: async (_, __, ___, page = 1) => {
				pages.push(page);
				const run = { url: null, workflow: null, status: "queued", conclusion: null, attempt: 1 };
				const runs = range(100).map((number) => ({
					...run,
					id: `${page}-${number}`,
					title: "0123456789abcdef".repeat(2),
					createdAt: START - (page - 1) * HOUR - number * MINUTE,
				}));
				return { kind: "runs", runs, complete: false, serverTime: lane.now };
			},
			answer: ({ id }) => (id === "event-0" && lane.sent.length === 1 ? { classification: uncertain } : undefined),
		});
		await lane.instance.accept(delivery(0), delivery(1));
		const { rows } = await lane.ledger.storage.list(LANE, { from: "e-", to: "e.", top: 2 });
		const columns = {
			doubt: JSON.stringify({ since: START - 5 * HOUR }),
			notBefore: new Date(START + HOUR).toISOString(),
		};
		await lane.ledger.storage.commit(LANE, [{ kind: "merge", rowKey: String(rows[1]?.rowKey), columns }]);
		await lane.wakeAll(() => lane.sent.length === 2);
		expect([ids(lane), pages]).toEqual([["event-0", "event-0"], [1]]);
	});

	it("asks once for each repository, whatever the dispatch types are", async () => {
		const asked: string[] = [];
		const lane: LaneHarness = await startLane({
			runs: async ({ id }) => {
				asked.push(id);
				return { kind: "refused", reason: "no" };
			},
			answer: () => ({ classification: uncertain }),
		});
		const types = ["first", "second"];
		for (const number of range(6)) {
			const to = repositoryDispatch(`contoso/${number % 3}`, types[number % 2] as string);
			await lane.instance.accept(delivery(number, { to }));
		}
		await lane.wakeAll(() => new Set(ids(lane)).size === 6);
		lane.answer = () => undefined;
		lane.now += HOUR;
		asked.length = 0;
		await lane.wakeAll();
		expect(await lane.entries()).toBe(0);
		expect(asked.map((id) => id.split("#")[0]).sort()).toEqual(["contoso/0", "contoso/1", "contoso/2"]);
	});
});

describe("a row that an earlier version wrote, or that is damaged", () => {
	it.each([
		["without what is known", ""],
		["with what is no JSON", "{"],
		["with times that are none", '{"since":"x","from":true}'],
		["with a time that is years ahead", '{"since":99999999999999}'],
		["with a time that is before all others", '{"since":-1e300,"from":-1e300}'],
	])("is sent when it is due: %s", async (_, doubt) => {
		const { lane } = await incident({ play: (_, call) => (call < 1 ? lost : taken) });
		await lane.wakeAll(() => lane.sent.length === 1);
		const [row] = await lane.ledger.rows("default", "e-");
		await lane.instance.storage.commit("default", [
			{ kind: "merge", rowKey: row?.rowKey as string, columns: { doubt } },
		]);
		await lane.wakeAll();
		expect(ids(lane)).toEqual(["event-0", "event-0"]);
	});

	it("is a dead letter where it does not say any more where it was sent, and blocks no other", async () => {
		const { lane, lists } = await incident({ count: 2, play: (number) => (number === 0 ? lost : taken) });
		await lane.wakeNext();
		const [row] = await lane.ledger.rows(LANE, "e-");
		await lane.instance.storage.commit(LANE, [{ kind: "merge", rowKey: row?.rowKey as string, columns: { to: "" } }]);
		await lane.wakeAll();
		expect([ids(lane), lists]).toEqual([["event-0", "event-1"], []]);
		const { state, reason } = await lane.receipt(delivery(0).key);
		expect([state, reason]).toEqual(["dead", expect.stringContaining("damaged")]);
	});
});
