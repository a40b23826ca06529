import { describe, expect, it } from "@jest/globals";
import type { LaneState } from "../../src/ledger/lane-state.ts";
import { STATE_KEY } from "../../src/ledger/rows.ts";
import type { Classification } from "../../src/model.ts";
import type { Write } from "../../src/storage/storage.ts";
import { repositoryDispatch } from "../../support/destinations.ts";
import { delivery, joining } from "../helpers/deliveries.ts";
import { asAnother, change, drainWithin, leaveState } from "../helpers/lane-acts.ts";
import { LANE, type LaneHarness, START, startLane } from "../helpers/lane-harness.ts";

/** When a drain waits, when it leaves, and what it leaves behind. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const WATCHDOG = 45 * SECOND;

const range = (count: number) => Array.from({ length: count }, (_, index) => index);
const ids = (lane: Pick<LaneHarness, "sent">) => lane.sent.map(({ id }) => id);
const to = (repository: string) => ({ to: repositoryDispatch(repository, "contoso-test") });
const breaker = { since: START, probeAt: START + 2 * HOUR, reason: "404" };
const transient: Classification = { kind: "transient", reason: "no connection" };

/** A wake-up is recorded, as a drainer does it that has died after that. */
const record = (lane: LaneHarness) =>
	asAnother(lane, async (lease) => {
		await lease.putWakeUp(lane.now + WATCHDOG);
		await lease.commit(lease.state(), []);
	});

describe("a drain that has acquired the lane", () => {
	it("ends at once where a higher number is recorded that surfaces soon", async () => {
		const lane = await startLane();
		await lane.instance.accept(delivery(1));
		await record(lane);
		await lane.wakeNext();
		expect(lane.sent).toEqual([]);
		expect(lane.waiting()).toMatchObject([{ wake: 1 }]);
		await lane.wakeAll();
		expect(ids(lane)).toEqual(["event-1"]);
	});

	it.each([
		["ten seconds, for a lane that is paused", { pause: { until: START + 10 * SECOND, reason: "slow" } }, "", 1],
		["no longer for a lane that is paused", { pause: { until: START + 10 * SECOND + 1, reason: "slow" } }, "", 0],
		["a second, for one delivery", {}, new Date(START + SECOND).toISOString(), 1],
		["no longer for one delivery", {}, new Date(START + SECOND + 1).toISOString(), 0],
	])("waits %s", async (_, state, notBefore, sent) => {
		const lane = await startLane();
		await lane.instance.accept(delivery(1));
		await leaveState(lane, state);
		await change(lane, 1, { notBefore });
		await lane.wakeNext();
		expect(lane.sent).toHaveLength(sent);
	});

	it("records its watchdog before it waits, and writes nothing more where that is done", async () => {
		const commits: number[] = [];
		const lane: LaneHarness = await startLane({
			around: ({ method }, make) => {
				if (method === "commit") commits.push(lane.now - START);
				return make();
			},
			answer: async ({ at }) => {
				expect((await lane.state()).wake).toEqual({ last: 1, at: START + WATCHDOG });
				return at < START + 6 * SECOND ? { classification: transient } : undefined;
			},
		});
		await lane.instance.accept(delivery(1));
		await leaveState(lane, { pause: { until: START + 5 * SECOND, reason: "slow" } });
		commits.length = 0;
		await lane.wakeNext();
		// Before it waits for the pause; the first call's result, which is a pause as well; the second one's.
		expect(commits).toEqual([0, 5 * SECOND, 7 * SECOND]);
	});
});

describe("the record of a wake-up", () => {
	/** Of each delivery that is removed: what the lane's state says then of its wake-up. */
	async function recordsOf(arrange: (lane: LaneHarness) => Promise<unknown>, drain: (lane: LaneHarness) => unknown) {
		const records: (number | null)[] = [];
		const lane = await startLane({
			around: ({ method, args }, make) => {
				const writes = method === "commit" ? (args[1] as readonly Write[]) : [];
				const state = writes.find(({ rowKey }) => rowKey === STATE_KEY);
				const isDone = writes.some(({ kind, rowKey }) => kind === "delete" && rowKey.startsWith("e-"));
				if (isDone && state !== undefined && "columns" in state)
					records.push((JSON.parse(String(state.columns["state"])) as LaneState).wake.at);
				return make();
			},
		});
		await arrange(lane);
		await drain(lane);
		return { lane, records };
	}
	const wake = (lane: LaneHarness) => lane.wakeNext();
	const accept = (...numbers: number[]) => {
		return (lane: LaneHarness) => lane.instance.accept(...numbers.map((number) => delivery(number)));
	};

	it.each<[string, Parameters<typeof recordsOf>[0], Parameters<typeof recordsOf>[1], readonly (number | null)[]]>([
		["with the result of the last delivery", accept(1), wake, [null]],
		["not while another delivery is left", accept(1, 2), wake, [START + WATCHDOG, null]],
		["not while a window gathers", (lane) => lane.instance.accept(delivery(1), joining(2)), wake, [START + WATCHDOG]],
		[
			"not within a request, whose event is not acknowledged yet",
			async (lane) => {
				await lane.instance.ledger.accept(delivery(1));
				await record(lane);
			},
			(lane) => drainWithin(lane),
			[START + WATCHDOG],
		],
	])("is cleared %s", async (_, arrange, drain, expected) => {
		const { records } = await recordsOf(arrange, drain);
		expect(records).toEqual(expected);
	});

	it("stays after a drain within a request that leaves nothing", async () => {
		const lane = await startLane();
		await lane.instance.ledger.accept(delivery(1));
		await record(lane);
		await drainWithin(lane);
		expect(ids(lane)).toEqual(["event-1"]);
		expect((await lane.state()).wake.at).toBe(START + WATCHDOG);
	});

	it("is followed by another watchdog where it was cleared, and more is found", async () => {
		let late = false;
		const lane: LaneHarness = await startLane({
			around: async ({ method, args }, make) => {
				const clears = method === "commit" && JSON.stringify(args[1]).includes('\\"at\\":null');
				if (clears && !late) {
					late = true;
					await lane.another().ledger.accept(delivery(2));
				}
				return make();
			},
			answer: ({ id }) => {
				expect(lane.puts.at(-1)?.wake).toBe(id === "event-1" ? 1 : 2);
				return undefined;
			},
		});
		await lane.instance.accept(delivery(1));
		await lane.wakeNext();
		expect(ids(lane)).toEqual(["event-1", "event-2"]);
	});
});

describe("a lane in which more waits than one reading takes", () => {
	/** Pages of two rows: a reading ends after two hundred. `lists` counts them. */
	async function startLong(count: number) {
		const counted = { lists: 0 };
		const lane: LaneHarness = await startLane({
			around: async ({ method, args }, make) => {
				if (method !== "list") return make();
				counted.lists += 1;
				if (counted.lists > 5_000) throw new Error("it is read again and again");
				const [name, how] = args as Parameters<typeof lane.ledger.storage.list>;
				return lane.ledger.storage.list(name, { ...how, top: Math.min(how.top, 2) });
			},
		});
		const closed = range(count).map((number) => delivery(number, to("contoso/closed")));
		await Promise.all(closed.map((each) => lane.instance.ledger.accept(each)));
		await leaveState(lane, { breakers: { "contoso/closed": breaker } });
		lane.now += 1;
		return { lane, counted };
	}

	it("is not read again and again where nothing of it is due", async () => {
		const { lane, counted } = await startLong(250);
		await lane.instance.ledger.ensureWakeUp(LANE, () => lane.now);
		await lane.wakeNext();
		// All of it once, and what comes after the first hundred pages once more, since others may have relied on its watchdog.
		expect(counted.lists).toBeLessThan(160);
		expect(lane.waiting()).toMatchObject([{ at: lane.now + 30 * MINUTE }]);
		expect((await lane.state()).wake.at).toBe(breaker.probeAt);
		expect((await lane.state()).breakers).toEqual({ "contoso/closed": breaker });
	});

	it.each([
		["one reading", 250],
		["several readings", 450],
	])("is sent as far as it is due, behind %s of what is not", async (_, count) => {
		const { lane } = await startLong(count);
		await lane.instance.accept(delivery(1_001, to("contoso/open")), delivery(1_002, to("contoso/open")));
		await lane.wakeNext();
		expect(ids(lane)).toEqual(["event-1001", "event-1002"]);
		expect((await lane.state()).wake.at).toBe(breaker.probeAt);
		await lane.wakeAll(() => lane.sent.length > 2);
		expect(lane.sent[2]).toMatchObject({ id: "event-0" });
		expect(lane.now - breaker.probeAt).toBeLessThan(SECOND);
	});

	it.each([
		["more than one reading takes", 250, 0],
		["so many that one reading comes to a few deliveries only", 195, 20],
	])("is sent behind windows of which there are %s", async (_, windows, closed) => {
		const { lane, counted } = await startLong(closed);
		const groups = range(windows).map((number) => ({
			group: String(number).padStart(32, "0"),
			quietMs: HOUR,
			maxMs: HOUR,
		}));
		await Promise.all(groups.map((how, number) => lane.instance.ledger.accept(joining(500 + number, { how }))));
		await lane.instance.accept(delivery(1_001, to("contoso/open")));
		counted.lists = 0;
		await lane.wakeNext();
		expect(ids(lane)).toEqual(["event-1001"]);
		expect(counted.lists).toBeLessThan(1_000);
		expect(lane.waiting()).toMatchObject([{ at: lane.now + 30 * MINUTE }]);
	});

	it("is sent within a request, too", async () => {
		const { lane, counted } = await startLong(450);
		await lane.instance.ledger.accept(delivery(1_001, to("contoso/open")));
		await drainWithin(lane, { goesOn: () => lane.sent.length === 0 && counted.lists < 1_000 });
		expect(ids(lane)).toEqual(["event-1001"]);
	});
});

describe("a drain that leaves something behind", () => {
	it("within a request puts no wake-up for a window: that is for the one that has joined it", async () => {
		const lane = await startLane();
		await lane.instance.ledger.accept(joining(1));
		await lane.instance.ledger.accept(delivery(2));
		await drainWithin(lane);
		expect(ids(lane)).toEqual(["event-2"]);
		expect(lane.puts).toEqual([]);
	});

	it("says when the first of what is left is due, whatever it has sent before its time was over", async () => {
		const lane = await startLane();
		await lane.instance.ledger.accept(delivery(1));
		await lane.instance.ledger.accept(delivery(2));
		await change(lane, 2, { notBefore: new Date(START + 10 * MINUTE).toISOString() });
		await drainWithin(lane, { goesOn: () => lane.sent.length === 0 });
		expect(lane.puts).toMatchObject([{ at: START + 10 * MINUTE }]);
		expect((await lane.state()).wake.at).toBe(START + 10 * MINUTE);
	});

	it("records its wake-up, too, where a window's row is gone that it has looked at", async () => {
		const lane: LaneHarness = await startLane({
			around: async ({ method, args }, make) => {
				const [window] = method === "commit" ? (args[1] as readonly Write[]) : [];
				if (window?.kind === "merge" && window.rowKey.startsWith("b-"))
					await lane.ledger.storage.commit(LANE, [{ kind: "delete", rowKey: window.rowKey }]);
				return make();
			},
		});
		await lane.instance.accept(joining(1));
		await lane.wakeNext();
		expect(lane.logged.lines).toEqual([]);
		expect((await lane.state()).wake).toEqual({ last: 1, at: START + 30 * SECOND });
	});

	it("writes nothing where another drainer has taken the lane meanwhile", async () => {
		let isTaken = false;
		const lane: LaneHarness = await startLane({
			around: async ({ method }, make) => {
				if (method === "put" && !isTaken && lane.puts.length > 0) {
					isTaken = true;
					await lane.ledger.breakLease(LANE);
					await leaveState(lane, { failures: 7 });
				}
				return make();
			},
		});
		await lane.instance.accept(joining(1));
		await lane.wakeNext();
		expect(lane.logged.lines).toMatchObject([{ level: "warn", stage: "lane", change: "interrupted" }]);
		expect(await lane.state()).toMatchObject({ failures: 7, wake: { last: 0, at: null } });
	});

	it("keeps the breaker of a repository for which only a window waits", async () => {
		const lane = await startLane();
		await lane.instance.accept(joining(1, to("contoso/closed")));
		await leaveState(lane, { breakers: { "contoso/closed": breaker, "contoso/idle": breaker } });
		await lane.wakeNext();
		expect(Object.keys((await lane.state()).breakers)).toEqual(["contoso/closed"]);
	});

	it.each([
		["behind what it has read", false],
		["before what it has read", true],
	])("keeps the breaker of a repository whose deliveries wait %s, and leaves a wake-up for them", async (_, before) => {
		const lane = await startLane();
		const closed = range(40).map((number) => delivery(number, to("contoso/closed")));
		const open = range(before ? 3 : 40).map((number) => delivery(number + 40, to("contoso/open")));
		for (const group of before ? [closed, open] : [open, closed]) {
			await Promise.all(group.map((each) => lane.instance.ledger.accept(each)));
			lane.now += 1;
		}
		await leaveState(lane, { breakers: { "contoso/closed": breaker } });
		// Twice: the second one passes over what the first one has found not to be due.
		for (const most of [1, 2]) {
			await drainWithin(lane, { goesOn: () => lane.sent.length < most });
			expect(lane.puts.at(-1)).toMatchObject({ wake: most, at: lane.now });
			await leaveState(lane, { wake: { last: most, at: null } });
		}
		expect(lane.sent).toHaveLength(2);
		expect((await lane.state()).breakers).toEqual({ "contoso/closed": breaker });
	});

	it("puts one more where it passes over deliveries whose recorded wake-up is lost", async () => {
		const lane = await startLane();
		await Promise.all(range(40).map((number) => lane.instance.ledger.accept(delivery(number, to("contoso/closed")))));
		await leaveState(lane, { breakers: { "contoso/closed": breaker } });
		await drainWithin(lane);
		await leaveState(lane, { wake: { last: 1, at: null } });
		lane.now += 1;
		await lane.instance.ledger.accept(delivery(50, to("contoso/open")));
		await drainWithin(lane);
		expect(ids(lane)).toEqual(["event-50"]);
		expect((await lane.state()).wake).toEqual({ last: 2, at: breaker.probeAt });
	});
});
