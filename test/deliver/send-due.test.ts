import { describe, expect, it } from "@jest/globals";
import type { Classification, Disposition } from "../../src/model.ts";
import { StorageError } from "../../src/storage/storage.ts";
import { repositoryDispatch } from "../../support/destinations.ts";
import { delivery } from "../helpers/deliveries.ts";
import { asAnother, change, drainWithin, leaveState } from "../helpers/lane-acts.ts";
import { type HarnessOptions, LANE, type LaneHarness, START, startLane } from "../helpers/lane-harness.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const range = (count: number) => Array.from({ length: count }, (_, index) => index);
const ids = (lane: Pick<LaneHarness, "sent">) => lane.sent.map(({ id }) => id);
const events = (...numbers: number[]) => numbers.map((number) => `event-${number}`);
const iso = (at: number) => new Date(at).toISOString();
const breaker = { since: START, probeAt: START + HOUR, reason: "404" };
const limited: Classification = { kind: "rate-limited", until: START + HOUR, named: true, reason: "slower" };

/** A lane in which these wait; what makes others look at it is put apart. */
async function waitingLane(count: number, options: HarnessOptions = {}): Promise<LaneHarness> {
	const lane = await startLane(options);
	for (const number of range(count)) {
		await lane.instance.ledger.accept(delivery(number));
		lane.now += 1;
	}
	return lane;
}

const wake = (lane: LaneHarness) => lane.instance.wake({ lane: LANE, wake: 0 }, lane.logged.log);

describe("a look at a lane", () => {
	it.each([
		["the first page, where the first delivery is due", {}, 1],
		["the first page, where the whole lane is paused", { pause: { until: START + HOUR, reason: "slow" } }, 1],
		["all pages, where what was read is not due", { breakers: { "contoso/fraud-model": breaker } }, 2],
	])("reads %s", async (_, state, pages) => {
		const lists: unknown[] = [];
		const lane: LaneHarness = await waitingLane(40, {
			around: ({ method }, make) => {
				if (method === "list") lists.push(method);
				return make();
			},
		});
		await leaveState(lane, state);
		lists.length = 0;
		await drainWithin(lane, { goesOn: () => lane.sent.length === 0 });
		expect(lists).toHaveLength(pages);
	});

	it("of a wake-up passes nothing over: what a request has found not to be due may be due by now", async () => {
		const lane = await waitingLane(40);
		await leaveState(lane, { breakers: { "contoso/fraud-model": breaker } });
		await drainWithin(lane);
		await leaveState(lane, { breakers: {} });
		await wake(lane);
		expect(lane.sent).toHaveLength(40);
		expect(lane.now).toBeLessThan(START + SECOND);
	});

	it("is enough for all that it has read", async () => {
		let lists = 0;
		const lane = await waitingLane(10, {
			around: ({ method }, make) => {
				lists += method === "list" ? 1 : 0;
				return make();
			},
		});
		lists = 0;
		await wake(lane);
		expect([lane.sent.length, lists]).toEqual([10, 2]);
	});
});

describe("a drain that sends", () => {
	it("keeps the order though a request that waits longer comes while it stops", async () => {
		const lane = await waitingLane(3);
		const answers = [true, false];
		await drainWithin(lane, { waitsFor: () => answers.shift() ?? true });
		expect(ids(lane)).toEqual(events(0, 1, 2));
	});

	it("waits for no slot for a delivery that is not due", async () => {
		const lane = await waitingLane(2, { pace: "1/s" });
		await change(lane, 1, { notBefore: iso(START + HOUR) });
		const before = lane.now;
		await wake(lane);
		expect([ids(lane), lane.now]).toEqual([events(0), before]);
	});

	it("leaves what waits for a slot that is a minute away", async () => {
		const lane = await waitingLane(2, { pace: "1/m" });
		const before = lane.now;
		await wake(lane);
		expect([ids(lane), lane.now]).toEqual([events(0), before]);
		await lane.wakeAll();
		expect(ids(lane)).toEqual(events(0, 1));
	});

	it("sends nothing in a slot for which it has waited while another call has paused the lane", async () => {
		const lane = await waitingLane(2, {
			pace: "1/s",
			concurrency: 2,
			answer: ({ id }) => (id === "event-0" ? { classification: limited } : undefined),
		});
		await wake(lane);
		expect(ids(lane)).toEqual(events(0));
	});

	it("counts a call that is under way among those that began later and have ended", async () => {
		let release = () => {};
		const isReleased = new Promise<void>((resolve) => {
			release = resolve;
		});
		const lane: LaneHarness = await waitingLane(3, {
			pace: "1/s",
			concurrency: 2,
			answer: async ({ id }) => {
				if (id === "event-0") await isReleased;
				if (id === "event-2") release();
				return undefined;
			},
		});
		const start = lane.now;
		await wake(lane);
		expect(lane.sent.map(({ at }) => at - start)).toEqual([0, SECOND, 2 * SECOND]);
	});

	it("ends when all that waits is given up, and leaves nothing behind", async () => {
		const lane = await waitingLane(1);
		await change(lane, 0, { to: "" });
		await wake(lane);
		expect([await lane.entries(), lane.waiting(), (await lane.state()).wake.at]).toEqual([0, [], null]);
	});

	it("tells the request whose event it gives up", async () => {
		const lane = await waitingLane(1);
		await change(lane, 0, { to: "" });
		const told: Disposition[] = [];
		await drainWithin(lane, { onFinished: (_, disposition) => told.push(disposition) });
		expect(told).toEqual([{ kind: "dead-lettered", reason: expect.stringContaining("has no destination") }]);
	});

	it("keeps its recorded wake-up when it fails, and writes the results of other calls", async () => {
		let refusals = 0;
		const lane = await waitingLane(2, {
			concurrency: 2,
			around: ({ method }, make) => {
				if (method === "commit" && refusals-- > 0) throw new StorageError("refused", 400);
				return make();
			},
			answer: ({ id }) => {
				// The first result, with its state and without what may be wrong in it.
				if (id === "event-1") refusals = 2;
				return undefined;
			},
		});
		await wake(lane);
		expect(lane.logged.lines).toContainEqual(expect.objectContaining({ change: "interrupted" }));
		expect(await lane.entries()).toBe(1);
		expect((await lane.state()).wake).toEqual({ last: 1, at: START + 2 + 45 * SECOND });
	});

	it("completes a window's members before its dispatch is due, but not within a request", async () => {
		const lane = await waitingLane(1);
		await change(lane, 0, { closing: "closings/a.json", notBefore: iso(START + HOUR) });
		const closing = async () => (await lane.ledger.rows(LANE, "e-"))[0]?.columns["closing"];
		await drainWithin(lane);
		expect(await closing()).toBe("closings/a.json");
		await asAnother(lane, (lease) => lease.commit({ ...lease.state(), wake: { last: 0, at: null } }, []));
		await wake(lane);
		expect(await closing()).toBe("");
	});
});

describe("looks for runs", () => {
	/** As many repositories, each with a delivery that may have been taken. */
	async function inDoubt(count: number, options: HarnessOptions): Promise<LaneHarness> {
		const lane = await startLane(options);
		const doubt = JSON.stringify({ since: START, from: START });
		for (const number of range(count)) {
			const to = repositoryDispatch(`contoso/${number}`, "contoso-test");
			await lane.instance.ledger.accept(delivery(number, { to }));
			await change(lane, number, { doubt });
		}
		return lane;
	}

	it("are made for twenty repositories at once, and then for others", async () => {
		let [underWay, most, asked] = [0, 0, 0];
		const lane = await inDoubt(25, {
			runs: async () => {
				[underWay, asked] = [underWay + 1, asked + 1];
				most = Math.max(most, underWay);
				await new Promise((resolve) => setTimeout(resolve, 5));
				underWay -= 1;
				return { kind: "refused", reason: "no" };
			},
		});
		await wake(lane);
		expect([most, asked, lane.sent.length]).toEqual([20, 25, 25]);
	});

	it("do not keep a drain whose time is over", async () => {
		const lane = await inDoubt(1, { runs: () => new Promise(() => {}) });
		lane.now += 1;
		await lane.instance.ledger.accept(delivery(1));
		await drainWithin(lane, { goesOn: () => false });
		expect(lane.sent).toEqual([]);
	});

	it.each([
		["renew the lease, for they may take long", 1, 1],
		["renew none where there are none", 0, 0],
	])("%s", async (_, count, expected) => {
		let renewals = 0;
		const lane = await inDoubt(count, {
			latencyMs: 6 * SECOND,
			runs: async () => ({ kind: "refused", reason: "no" }),
			around: ({ method }, make) => {
				renewals += method === "renew" ? 1 : 0;
				return make();
			},
		});
		await lane.instance.ledger.accept(delivery(30));
		await drainWithin(lane);
		expect([lane.sent.length, renewals]).toEqual([count + 1, expected]);
	});
});
