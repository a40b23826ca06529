import { describe, expect, it } from "@jest/globals";
import { targetOf } from "../../src/ledger/rows.ts";
import type { Classification } from "../../src/model.ts";
import { StorageError } from "../../src/storage/storage.ts";
import { repositoryDispatch } from "../../support/destinations.ts";
import { delivery, joining } from "../helpers/deliveries.ts";
import { type HarnessOptions, LANE, type LaneHarness, START, startLane } from "../helpers/lane-harness.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * 60 * MINUTE;
const PROBE = 3 * MINUTE;

const range = (count: number, from = 0) => Array.from({ length: count }, (_, index) => index + from);
const ids = (lane: Pick<LaneHarness, "sent">) => lane.sent.map(({ id }) => id);
const events = (...numbers: number[]) => numbers.map((number) => `event-${number}`);
const to = (repository: string) => ({ to: repositoryDispatch(repository, "contoso-test") });
const trouble: Classification = { kind: "transient", reason: "502" };
const closed: Classification = { kind: "unavailable", reason: "404" };
const badToken: Classification = { kind: "unauthorized", reason: "401" };

/** A lane in which these wait. */
async function waitingLane(numbers: readonly number[], options: HarnessOptions = {}): Promise<LaneHarness> {
	const lane = await startLane(options);
	for (let from = 0; from < numbers.length; from += 40) {
		await lane.instance.accept(...numbers.slice(from, from + 40).map((number) => delivery(number)));
		lane.now += 1;
	}
	return lane;
}

describe("a drain", () => {
	it("delivers all that waits, in the order of acceptance, with one message in all, and leaves none behind", async () => {
		const lane = await waitingLane(range(50));
		await lane.wakeAll();
		expect(ids(lane)).toEqual(events(...range(50)));
		expect(await lane.entries()).toBe(0);
		expect(new Set((await lane.receipts()).map(({ state }) => state))).toEqual(new Set(["dispatched"]));
		expect((await lane.state()).wake.at).toBeNull();
		expect(lane.waiting()).toEqual([]);
		expect(await lane.ledger.countMessages()).toBe(lane.puts.filter(({ wake }) => wake === 0).length);
	});

	it("writes into the receipt when it was sent, and what GitHub said", async () => {
		const lane = await waitingLane([1], { latencyMs: 250, answer: () => ({ requestId: "ABCD:1" }) });
		await lane.wakeAll();
		expect(await lane.receipt(delivery(1).key)).toMatchObject({
			state: "dispatched",
			finishedAt: new Date(START + 251).toISOString(),
			attempts: [{ at: new Date(START + 1).toISOString(), status: 204, ms: 250, requestId: "ABCD:1", reason: null }],
		});
	});

	it("puts its own watchdog before it sends anything, and takes it back when all is done", async () => {
		const lane = await waitingLane([1]);
		lane.answer = () => {
			expect(lane.puts.at(-1)).toMatchObject({ wake: 1, at: lane.now + 45 * SECOND, gone: false });
			return undefined;
		};
		await lane.wakeNext();
		expect(ids(lane)).toEqual(events(1));
		expect(lane.puts.map(({ wake, gone }) => [wake, gone])).toEqual([
			[0, true],
			[1, true],
		]);
	});

	it("leaves the rest to another wake-up when its time is over, which is recorded and surfaces at once", async () => {
		const lane = await waitingLane(range(40), { latencyMs: 10 * SECOND });
		await lane.wakeNext();
		// In four minutes.
		expect(lane.sent).toHaveLength(24);
		const { wake } = await lane.state();
		const next = lane.waiting().find((put) => put.wake === wake.last);
		expect(next?.at).toBeLessThanOrEqual(lane.now + SECOND);
		expect(wake.at).toBeLessThanOrEqual(lane.now + SECOND);
		await lane.wakeAll();
		expect(ids(lane)).toEqual(events(...range(40)));
	});

	it("puts a watchdog for every term that it works, so that one is always to come", async () => {
		const lane = await waitingLane(range(10), { latencyMs: 10 * SECOND });
		const start = lane.now;
		lane.answer = () => {
			expect(lane.puts.some(({ at, gone }) => !gone && at >= lane.now + 15 * SECOND)).toBe(true);
			return undefined;
		};
		await lane.wakeAll();
		expect(lane.sent).toHaveLength(10);
		const watchdogs = lane.puts.filter(({ wake }) => wake > 0).map(({ putAt }) => (putAt - start) / SECOND);
		expect(watchdogs).toEqual([0, 30, 60, 90]);
	});

	it("renews its lease while it works", async () => {
		const renewed: number[] = [];
		const lane: LaneHarness = await waitingLane(range(8), {
			latencyMs: 9 * SECOND,
			around: ({ method }, make) => {
				if (method === "renew") renewed.push(lane.now);
				return make();
			},
		});
		lane.answer = () => {
			expect(lane.now - Math.max(START, ...renewed)).toBeLessThanOrEqual(16 * SECOND);
			return undefined;
		};
		await lane.wakeAll();
		expect(renewed.length).toBeGreaterThan(2);
	});

	it("sends nothing where another drainer has the lane, and comes back behind it", async () => {
		const lane = await waitingLane([1]);
		const lease = await lane.another().acquire();
		await lane.wakeNext();
		expect(lane.sent).toEqual([]);
		expect(lane.waiting()).toMatchObject([{ lane: LANE, wake: 0, at: lane.now + 5 * SECOND }]);
		await lease.release();
		await lane.wakeAll();
		expect(ids(lane)).toEqual(events(1));
	});

	it("ends where another drainer has the lane that has recorded a higher number", async () => {
		const lane = await waitingLane([1]);
		const lease = await lane.another().acquire();
		await lease.read(() => true);
		await lease.putWakeUp(lane.now + 45 * SECOND);
		await lease.commit(lease.state(), []);
		await lane.wakeNext();
		expect(lane.waiting()).toMatchObject([{ wake: 1 }]);
		await lease.release();
		await lane.wakeAll();
		expect(ids(lane)).toEqual(events(1));
	});

	it("finds what was accepted while it was about to let go", async () => {
		let late = false;
		const lane: LaneHarness = await waitingLane([1], {
			around: async ({ method, args }, make) => {
				const clears = method === "commit" && JSON.stringify(args[1]).includes('\\"at\\":null');
				if (clears && !late) {
					late = true;
					await other.accept(delivery(2));
				}
				return make();
			},
		});
		const other = lane.another();
		await lane.wakeAll();
		expect(ids(lane)).toEqual(events(1, 2));
	});

	it("finds what was accepted in reliance on a record that it clears, since it had found the lane empty", async () => {
		let late = false;
		const lane: LaneHarness = await startLane({
			around: async ({ method, args }, make) => {
				if (method === "commit" && JSON.stringify(args[1]).includes('\\"at\\":null') && !late) {
					late = true;
					await other.accept(delivery(1));
				}
				return make();
			},
		});
		const other = lane.another();
		const lease = await other.acquire();
		await lease.read(() => true);
		await lease.putWakeUp(lane.now + 45 * SECOND);
		await lease.commit(lease.state(), []);
		await lease.release();
		await lane.wakeNext();
		expect(late).toBe(true);
		expect(lane.puts.map(({ wake }) => wake)).not.toContain(0);
		expect(ids(lane)).toEqual(events(1));
	});

	it("drops a message that is no wake-up, loudly", async () => {
		const lane = await startLane();
		await lane.instance.wake({ lane: 7 }, lane.logged.log);
		expect(lane.logged.lines).toMatchObject([{ level: "error", stage: "wake-up" }]);
	});
});

describe("the pace of a drain", () => {
	it("is kept from call to call, within one drain where the wait is short", async () => {
		const lane = await waitingLane(range(6), { pace: "1/s", latencyMs: 100 });
		await lane.wakeNext();
		expect(lane.sent.map(({ at }) => at - START)).toEqual([1, 1_001, 2_001, 3_001, 4_001, 5_001]);
	});

	it("is kept across drains, by another wake-up where the wait is long", async () => {
		const lane = await waitingLane(range(7), { pace: "3/m" });
		await lane.wakeAll();
		const times = lane.sent.map(({ at }) => at - START);
		expect(times.slice(0, 3)).toEqual([1, 1, 1]);
		for (const [index, time] of times.slice(3).entries()) {
			expect(time - (times[index] as number)).toBeGreaterThanOrEqual(60 * SECOND + 500);
			expect(time - (times[index] as number)).toBeLessThanOrEqual(62 * SECOND);
		}
	});

	it("leaves a pause of any length with a look every half an hour, which says how long the oldest has waited", async () => {
		const PAUSE_MS = 2 * 3_600 * SECOND;
		const lane = await waitingLane([1, 2]);
		lane.answer = ({ at }) => ({
			classification: { kind: "rate-limited", named: true, until: START + PAUSE_MS, reason: `slow ${at}` },
		});
		await lane.wakeNext();
		lane.answer = () => undefined;
		const looks: number[] = [];
		while (lane.sent.length === 1 && (await lane.wakeNext()))
			looks.push(Math.round((lane.now - START) / (60 * SECOND)));
		expect(looks).toEqual([30, 60, 90, 120]);
		const behind = lane.logged.lines.filter(({ change }) => change === "behind");
		expect(behind).toMatchObject([
			{ lane: "default", reason: expect.stringContaining("slow"), waitedMs: expect.closeTo(1_800 * SECOND, -4) },
			{ waitedMs: expect.closeTo(3_600 * SECOND, -4) },
			{ waitedMs: expect.closeTo(5_400 * SECOND, -4) },
			{ reason: null },
		]);
		await lane.wakeAll();
		expect(await lane.entries()).toBe(0);
	});

	it("counts all calls that a dispatch took", async () => {
		const lane = await waitingLane([1, 2], { pace: "3/m" });
		lane.answer = ({ at, id }) => (id === "event-1" ? { calls: [at, at, at] } : undefined);
		await lane.wakeAll();
		expect(lane.sent[1]?.at).toBeGreaterThanOrEqual(START + 60 * SECOND + 500);
	});

	it("is kept with several calls under way, which are counted before they have ended", async () => {
		const lane = await waitingLane(range(9), { pace: "2/s", concurrency: 5 });
		let [underWay, most] = [0, 0];
		lane.answer = async () => {
			underWay += 1;
			most = Math.max(most, underWay);
			await new Promise((resolve) => setTimeout(resolve, 25));
			underWay -= 1;
			return undefined;
		};
		await lane.wakeAll();
		expect(most).toBeGreaterThan(1);
		const times = lane.sent.map(({ at }) => at);
		for (const [index, time] of times.slice(2).entries())
			expect(time - (times[index] as number)).toBeGreaterThanOrEqual(SECOND);
	});

	it("is not spent where there is nothing to send with", async () => {
		const lane = await waitingLane([1]);
		lane.answer = () => ({ classification: trouble, calls: [] });
		await lane.wakeNext();
		expect((await lane.state()).calls).toEqual([]);
	});

	it("waits for the primary limit that the last call has used up", async () => {
		const lane = await waitingLane([1, 2]);
		lane.answer = ({ id }) => (id === "event-1" ? { exhaustedUntil: START + 10 * MINUTE } : undefined);
		await lane.wakeAll();
		expect(lane.sent[1]?.at).toBeGreaterThanOrEqual(START + 10 * MINUTE);
		expect(lane.sent[1]?.at).toBeLessThanOrEqual(START + 10 * MINUTE + SECOND);
	});
});

describe("a drain with several calls under way", () => {
	it("has as many as allowed, and writes each result for its own entry", async () => {
		const lane = await waitingLane(range(10), { concurrency: 4 });
		let [underWay, most] = [0, 0];
		lane.answer = async ({ id }) => {
			underWay += 1;
			most = Math.max(most, underWay);
			await new Promise((resolve) => setTimeout(resolve, id === "event-0" ? 60 : 10));
			underWay -= 1;
			return { requestId: id };
		};
		await lane.wakeAll();
		expect(most).toBe(4);
		for (const number of range(10)) {
			expect(await lane.receipt(delivery(number).key)).toMatchObject({
				state: "dispatched",
				attempts: [{ requestId: `event-${number}` }],
			});
		}
		expect((await lane.state()).wake.at).toBeNull();
		expect(lane.waiting()).toEqual([]);
	});

	it("goes on with others although storage does not hand out the body of one, which follows later", async () => {
		let down = true;
		const large = JSON.stringify({ client_payload: { id: "event-1", fill: "x".repeat(61 * 1024) } });
		const lane: LaneHarness = await startLane({
			concurrency: 2,
			around: async ({ method }, make) => {
				if (method !== "read" || !down) return make();
				down = false;
				throw new StorageError("busy", 503);
			},
		});
		await lane.instance.accept(delivery(1, { how: { body: large } }), delivery(2));
		await lane.wakeNext();
		expect(ids(lane)).toEqual(events(2));
		expect(await lane.receipt(delivery(1).key)).toMatchObject({
			state: "accepted",
			reason: expect.stringContaining("busy"),
		});
		await lane.wakeAll();
		expect(ids(lane)).toEqual(events(2, 1));
	});

	it("writes down what GitHub took although it has lost the lane meanwhile, and changes nothing of the lane", async () => {
		const lane = await waitingLane(range(3), { concurrency: 3 });
		let release = () => {};
		const taken = new Promise<void>((resolve) => {
			release = resolve;
		});
		lane.answer = async ({ id }) => {
			if (id === "event-0") await takeOver(lane).then(release);
			else await taken;
			return undefined;
		};
		await lane.wakeNext();
		expect(interruptions(lane)).toBe(1);
		expect((await lane.receipts()).map(({ state }) => state)).toEqual(["dispatched", "dispatched", "dispatched"]);
		expect(await lane.entries()).toBe(0);
		expect((await lane.state()).failures).toBe(7);
	});
});

/** Drains that have failed, and left their watchdog. */
function interruptions(lane: LaneHarness): number {
	const interrupted = lane.logged.lines.filter(({ change }) => change === "interrupted");
	for (const line of interrupted) expect(line).toMatchObject({ level: "warn", stage: "lane", lane: LANE });
	return interrupted.length;
}

/** Another drainer takes the lane, as when the lease has expired, and writes to it. */
async function takeOver(lane: LaneHarness): Promise<void> {
	await lane.ledger.breakLease(LANE);
	const lease = await lane.another().acquire();
	await lease.read(() => true);
	await lease.commit({ ...lease.state(), failures: 7 }, []);
	await lease.release();
}

describe("a drainer that has overslept", () => {
	it("writes down what GitHub took, changes nothing of the lane, and leaves its watchdog in its message's place", async () => {
		const lane = await waitingLane([1, 2]);
		lane.answer = async () => {
			await takeOver(lane);
			return undefined;
		};
		await lane.wakeNext();
		expect(interruptions(lane)).toBe(1);
		expect(lane.waiting()).toHaveLength(1);
		expect(await lane.receipt(delivery(1).key)).toMatchObject({ state: "dispatched" });
		expect(await lane.receipt(delivery(2).key)).toMatchObject({ state: "accepted" });
		expect((await lane.state()).failures).toBe(7);
		lane.answer = () => undefined;
		await lane.wakeAll();
		expect(ids(lane)).toEqual(events(1, 2));
	});

	it("writes no failure into a lane that another drainer has", async () => {
		const lane = await waitingLane([1]);
		lane.answer = async () => {
			await takeOver(lane);
			return { classification: badToken };
		};
		await lane.wakeNext();
		expect(interruptions(lane)).toBe(1);
		expect(await lane.state()).toMatchObject({ failures: 7, parked: null });
		expect(await lane.entries()).toBe(1);
		expect(await lane.receipt(delivery(1).key)).toMatchObject({ state: "accepted", attempts: [] });
	});

	it("makes a receipt final that another drainer has made final, and brings no entry back", async () => {
		const lane = await waitingLane([1]);
		lane.answer = async () => {
			lane.answer = () => undefined;
			await lane.ledger.breakLease(LANE);
			const lease = await lane.another().acquire();
			await lane.another().drain(lease, {});
			await lease.release();
			return undefined;
		};
		await lane.wakeNext();
		expect(interruptions(lane)).toBe(1);
		expect(await lane.entries()).toBe(0);
		expect(await lane.receipt(delivery(1).key)).toMatchObject({ state: "dispatched" });
		expect(ids(lane)).toEqual(events(1, 1));
	});
});

describe("a paused lane", () => {
	it("sends nothing before the time that GitHub named, and then goes on in order", async () => {
		const lane = await waitingLane([1, 2, 3]);
		lane.answer = ({ at }) =>
			at < START + 10 * MINUTE
				? {
						classification: { kind: "rate-limited", until: START + 10 * MINUTE, named: true, reason: "slower" },
						status: 429,
					}
				: undefined;
		await lane.wakeAll();
		expect(ids(lane)).toEqual(events(1, 1, 2, 3));
		for (const { at } of lane.sent.slice(1)) {
			expect(at).toBeGreaterThanOrEqual(START + 10 * MINUTE);
			expect(at).toBeLessThanOrEqual(START + 10 * MINUTE + SECOND);
		}
	});

	it("waits out a short pause itself", async () => {
		const lane = await waitingLane([1]);
		lane.answer = ({ at }) => (at < START + SECOND ? { classification: trouble } : undefined);
		await lane.wakeNext();
		expect(lane.sent.map(({ at }) => at)).toEqual([START + 1, START + 1 + 2 * SECOND]);
		expect(await lane.entries()).toBe(0);
	});

	it("is one pause for all, however many wait: an outage is no storm", async () => {
		const lane = await waitingLane(range(30));
		lane.answer = ({ at }) => (at < START + 10 * MINUTE ? { classification: trouble } : undefined);
		await lane.wakeAll();
		const during = lane.sent.filter(({ at }) => at < START + 10 * MINUTE);
		expect(during.length).toBeLessThan(15);
		expect(new Set(ids(lane).slice(during.length)).size).toBeGreaterThanOrEqual(27);
		expect(await lane.entries()).toBe(0);
	});

	it("tells of a wake-up in time to an acceptor that accepts meanwhile", async () => {
		const lane = await waitingLane([1]);
		lane.answer = () => ({
			classification: { kind: "rate-limited", until: START + 10 * MINUTE, named: true, reason: "slower" },
		});
		await lane.wakeNext();
		expect(lane.waiting()).toMatchObject([{ at: expect.any(Number) }]);
		expect((await lane.state()).wake.at).toBe(START + 10 * MINUTE);
	});
});

describe("a delivery that GitHub may have taken", () => {
	it("steps aside at once, so that others pass, and is repeated after 5 s, 15 s, 45 s, and so on, up to an hour", async () => {
		const lane = await waitingLane([1, 2, 3]);
		const uncertain: Classification = { kind: "uncertain", reason: "502" };
		lane.answer = ({ id, at }) =>
			id === "event-1" && at < START + 5 * HOUR ? { classification: uncertain } : undefined;
		await lane.wakeAll();
		expect(ids(lane).slice(0, 3)).toEqual(events(1, 2, 3));
		const times = lane.sent.filter(({ id }) => id === "event-1").map(({ at }) => at);
		const pauses = times.slice(1).map((at, index) => Math.floor((at - (times[index] ?? 0)) / SECOND));
		expect(pauses).toEqual([5, 15, 45, 135, 405, 1215, 3600, 3600, 3600, 3600, 3600].slice(0, pauses.length));
		expect(pauses.length).toBeGreaterThan(9);
		expect(await lane.receipt(delivery(1).key)).toMatchObject({ state: "dispatched" });
	});

	it("is shown as paused for that reason while it steps aside, though the lane goes on", async () => {
		const lane = await waitingLane([1]);
		lane.answer = () => ({ classification: { kind: "uncertain", reason: "502" } });
		await lane.wakeAll(() => lane.sent.length === 4);
		expect(await lane.receipt(delivery(1).key)).toMatchObject({ state: "accepted", reason: "502" });
	});
});

describe("a parked lane", () => {
	it("lets one entry probe every three minutes; the first probe that succeeds lets the rest follow in order", async () => {
		const lane = await waitingLane(range(6));
		const repaired = START + 20 * MINUTE;
		lane.answer = ({ at }) => (at < repaired ? { classification: badToken, status: 401 } : undefined);
		await lane.wakeAll();
		const probes = lane.sent.filter(({ at }) => at < repaired);
		expect(new Set(probes.map(({ id }) => id))).toEqual(new Set(events(0)));
		for (const [index, { at }] of probes.slice(1).entries()) expect(at - (probes[index]?.at ?? 0)).toBe(PROBE);
		expect(ids(lane).slice(probes.length)).toEqual(events(...range(6)));
		expect(lane.logged.lines).toContainEqual(
			expect.objectContaining({ level: "info", stage: "lane", change: "opened", reason: "401", waiting: 5 }),
		);
		expect((await lane.state()).parked).toBeNull();
	});

	it("names the repair in an error with each failed probe", async () => {
		const lane = await waitingLane([1]);
		lane.answer = ({ at }) => (at < START + 7 * MINUTE ? { classification: badToken } : undefined);
		await lane.wakeAll();
		const errors = lane.logged.lines.filter(({ level, change }) => level === "error" && change === "parked");
		expect(errors).toHaveLength(3);
	});

	it("gives its entries up after the time that is set, without a call for each, and keeps them as dead letters", async () => {
		const lane = await waitingLane(range(5), { giveUpMs: DAY / 10 });
		lane.answer = () => ({ classification: badToken });
		await lane.wakeAll();
		expect(await lane.entries()).toBe(0);
		expect(lane.sent.at(-1)?.at).toBeGreaterThan(START + DAY / 10 - PROBE);
		expect(lane.sent.filter(({ at }) => at > START + DAY / 10).length).toBeLessThanOrEqual(2);
		for (const number of range(5)) {
			expect(await lane.receipt(delivery(number).key)).toMatchObject({
				state: "dead",
				reason: expect.stringContaining("given up after 0.1 days; the last reason: 401"),
			});
		}
		const dead = await lane.ledger.rows(LANE, "x-");
		expect(dead.map(({ columns }) => columns["key"]).sort()).toEqual(
			range(5)
				.map((number) => delivery(number).key)
				.sort(),
		);
		expect(lane.waiting()).toEqual([]);
	});

	it("has a watchdog while its entries are given up, as for any other work", async () => {
		const buried: boolean[] = [];
		const lane: LaneHarness = await startLane({
			giveUpMs: DAY / 10,
			around: async ({ method, args }, make) => {
				const writes = method === "commit" ? (args[1] as readonly { rowKey: string }[]) : [];
				if (writes.some(({ rowKey }) => rowKey.startsWith("x-"))) {
					buried.push(lane.puts.some(({ gone, at }) => !gone && at > lane.now));
				}
				return make();
			},
		});
		await lane.instance.accept(delivery(1), delivery(2), delivery(3));
		lane.answer = () => ({ classification: badToken });
		await lane.wakeNext();
		lane.now += DAY / 5;
		// Nobody is there to probe: the token is refused for another hour.
		await lane.instance.drain(await lane.instance.acquire(), { wake: 99 });
		expect(buried.length).toBeGreaterThanOrEqual(3);
		expect(new Set(buried)).toEqual(new Set([true]));
	});
});

describe("a closed destination", () => {
	it("is parked alone: all others go on, and its own follow in order once a probe opens it", async () => {
		const lane = await startLane();
		await lane.instance.accept(
			...range(8).map((number) => delivery(number, to(number % 2 === 0 ? "contoso/closed" : "contoso/open"))),
		);
		const repaired = START + 10 * MINUTE;
		lane.answer = ({ at, to }) =>
			targetOf(to) === "contoso/closed" && at < repaired ? { classification: closed } : undefined;
		await lane.wakeAll();
		const before = lane.sent.filter(({ at }) => at < repaired);
		expect(before.filter(({ to }) => targetOf(to) === "contoso/open").map(({ id }) => id)).toEqual(events(1, 3, 5, 7));
		expect(before.filter(({ at }) => at < START + PROBE)).toHaveLength(5);
		const probes = before.filter(({ to }) => targetOf(to) === "contoso/closed");
		expect(new Set(probes.map(({ id }) => id))).toEqual(new Set(events(0)));
		for (const [index, { at }] of probes.slice(1).entries()) expect(at - (probes[index]?.at ?? 0)).toBe(PROBE);
		expect(lane.sent.filter(({ at }) => at >= repaired).map(({ id }) => id)).toEqual(events(0, 2, 4, 6));
		expect((await lane.state()).breakers).toEqual({});
	});

	it("does not hide what waits behind forty of its entries", async () => {
		const lane = await startLane();
		await lane.instance.accept(...range(40).map((number) => delivery(number, to("contoso/closed"))));
		lane.answer = ({ to }) => (targetOf(to) === "contoso/closed" ? { classification: closed } : undefined);
		await lane.wakeNext();
		lane.now += 10;
		await lane.instance.accept(delivery(50, to("contoso/open")), delivery(51, to("contoso/open")));
		await lane.wakeNext();
		expect(lane.sent.filter(({ to }) => targetOf(to) === "contoso/open").map(({ id, at }) => [id, at])).toEqual(
			events(50, 51).map((id) => [id, START + 10]),
		);
		const body = lane.sent.find(({ id }) => id === "event-50")?.body;
		expect(JSON.parse(body ?? "null")).toMatchObject({ client_payload: { bridge: { key: delivery(50).key } } });
	});

	it("does not keep waiting what was accepted while its drainer was about to leave", async () => {
		let late = false;
		const lane: LaneHarness = await startLane({
			around: async ({ method, args }, make) => {
				// The wake-up for the next probe, put after the last look.
				if (method === "put" && Number(args[1]) > 60 && !late) {
					late = true;
					await other.accept(delivery(2, to("contoso/open")));
				}
				return make();
			},
		});
		const other = lane.another();
		await lane.instance.accept(delivery(1, to("contoso/closed")));
		lane.answer = ({ to }) => (targetOf(to) === "contoso/closed" ? { classification: closed } : undefined);
		await lane.wakeAll(() => ids(lane).includes("event-2"));
		expect(late).toBe(true);
		expect(lane.sent.find(({ id }) => id === "event-2")?.at).toBeLessThanOrEqual(START + MINUTE);
	});
});

describe("a watchdog", () => {
	it("counts only while it is what is recorded: who goes on after having left puts another", async () => {
		let late = false;
		const lane: LaneHarness = await startLane({
			around: async ({ method, args }, make) => {
				if (method === "put" && Number(args[1]) > 60 && !late) {
					late = true;
					await other.accept(delivery(2, to("contoso/open")), delivery(3, to("contoso/open")));
				}
				return make();
			},
		});
		const other = lane.another();
		await lane.instance.accept(delivery(1, to("contoso/closed")));
		let highest = 0;
		lane.answer = async ({ to }) => {
			if (targetOf(to) === "contoso/closed") return { classification: closed };
			const { wake } = await lane.state();
			// What is recorded is still in the queue, and no number goes down.
			expect(lane.puts.some((put) => put.wake === wake.last && !put.gone)).toBe(true);
			expect(wake.last).toBeGreaterThanOrEqual(highest);
			highest = wake.last;
			expect(lane.puts.some(({ gone, at }) => !gone && at > lane.now && at <= lane.now + MINUTE)).toBe(true);
			return undefined;
		};
		await lane.wakeAll(() => ids(lane).includes("event-3"));
		expect(late).toBe(true);
	});
});

describe("a lane in which a window gathers", () => {
	it("does not keep waiting what was accepted while its drainer was about to leave", async () => {
		let late = false;
		const lane: LaneHarness = await startLane({
			around: async ({ method, args }, make) => {
				if (method === "put" && Number(args[1]) > 60 && !late) {
					late = true;
					await other.accept(delivery(2));
				}
				return make();
			},
		});
		const other = lane.another();
		await lane.instance.accept(joining(1, { how: { quietMs: 30 * MINUTE, maxMs: 60 * MINUTE } }));
		await lane.wakeAll(() => ids(lane).includes("event-2"));
		expect(late).toBe(true);
		expect(lane.sent.find(({ id }) => id === "event-2")?.at).toBeLessThanOrEqual(START + MINUTE);
	});
});

describe("a message that is not the recorded one", () => {
	/** A lane whose recorded wake-up is far away. */
	async function quietLane() {
		const lane = await startLane();
		await lane.instance.accept(joining(1, { how: { quietMs: 30 * MINUTE, maxMs: 60 * MINUTE } }));
		await lane.wakeNext();
		expect((await lane.state()).wake).toEqual({ last: 1, at: START + 30 * MINUTE });
		return lane;
	}

	it("is handled where the recorded one is far away: it may have been put for what the last drainer did not see", async () => {
		const lane = await quietLane();
		await lane.instance.ledger.accept(delivery(2));
		await lane.instance.wake({ lane: LANE, wake: 0 }, lane.logged.log);
		expect(ids(lane)).toEqual(events(2));
	});

	it("dies out where it finds nothing to do", async () => {
		const lane = await quietLane();
		const before = lane.puts.length;
		for (const wake of [0, 0, 0]) await lane.instance.wake({ lane: LANE, wake }, lane.logged.log);
		expect(lane.puts).toHaveLength(before);
	});
});

describe("a request that can never succeed", () => {
	it("is a dead letter that keeps the request, and the next one goes at once", async () => {
		const lane = await waitingLane([1, 2]);
		lane.answer = ({ id }) =>
			id === "event-1"
				? { classification: { kind: "permanent", reason: "422: no such thing" }, status: 422 }
				: undefined;
		await lane.wakeNext();
		expect(ids(lane)).toEqual(events(1, 2));
		expect(await lane.receipt(delivery(1).key)).toMatchObject({
			state: "dead",
			reason: "422: no such thing",
			attempts: [{ status: 422, reason: "422: no such thing" }],
		});
		const [dead] = await lane.ledger.rows(LANE, "x-");
		expect(dead?.columns).toMatchObject({ key: delivery(1).key, to: JSON.stringify(delivery(1).to), route: "r" });
		const { how } = delivery(1);
		expect(Buffer.from(dead?.columns["body"] as Uint8Array).toString()).toBe("body" in how ? how.body : "");
	});
});

describe("what lies in a blob", () => {
	const body = JSON.stringify({ client_payload: { id: "event-1", fill: "x".repeat(61 * 1024) } });

	it("is sent as it was accepted", async () => {
		const lane = await startLane();
		await lane.instance.accept(delivery(1, { how: { body } }));
		await lane.wakeAll();
		expect(lane.sent.map((sent) => sent.body)).toEqual([body]);
	});

	it("stays where it is when its entry dies", async () => {
		const lane = await startLane({ answer: () => ({ classification: { kind: "permanent", reason: "422" } }) });
		await lane.instance.accept(delivery(1, { how: { body } }));
		await lane.wakeAll();
		const [dead] = await lane.ledger.rows(LANE, "x-");
		expect(dead?.columns).not.toHaveProperty("body");
		expect(await lane.ledger.blob(String(dead?.columns["bodyBlob"]))).toBe(body);
	});

	it("does not block the lane when it was removed", async () => {
		const lane = await startLane();
		await lane.instance.accept(delivery(1, { how: { body } }), delivery(2));
		const { names } = await lane.ledger.storage.names("requests/");
		for (const name of names) await lane.ledger.storage.remove(name);
		await lane.wakeAll();
		expect(ids(lane)).toEqual(events(2));
		expect(await lane.receipt(delivery(1).key)).toMatchObject({
			state: "dead",
			reason: expect.stringContaining("missing in storage"),
		});
	});
});

describe("storage that fails a drain", () => {
	it("lets the message come back, and nothing is lost", async () => {
		let down = false;
		const lane = await waitingLane([1, 2], {
			around: async ({ method }, make) => {
				if (down && method === "list") throw new StorageError("down", 503);
				return make();
			},
		});
		down = true;
		await expect(lane.wakeNext()).rejects.toThrow("down");
		down = false;
		await lane.wakeAll();
		expect(ids(lane)).toEqual(events(1, 2));
	});

	it("does not make a fact undone: a 2xx is written although the first tries fail", async () => {
		let failures = 0;
		const lane = await waitingLane([1], {
			around: async ({ method }, make) => {
				if (method === "commit" && failures-- > 0) throw new StorageError("busy", 503);
				return make();
			},
		});
		lane.answer = () => {
			failures = 3;
			return undefined;
		};
		await lane.wakeAll();
		expect(failures).toBeLessThan(0);
		expect(ids(lane)).toEqual(events(1));
		expect(await lane.receipt(delivery(1).key)).toMatchObject({ state: "dispatched" });
	});
});
