import { afterEach, describe, expect, it } from "@jest/globals";
import { createInline, type InlineOptions } from "../../src/deliver/inline.ts";
import type { DrainCaller } from "../../src/deliver/send-due.ts";
import type { LaneLease } from "../../src/ledger/lane-lease.ts";
import { type LaneState, NEW_LANE } from "../../src/ledger/lane-state.ts";
import type { Entry } from "../../src/ledger/outbox.ts";
import type { Disposition } from "../../src/model.ts";
import { repositoryDispatch } from "../../support/destinations.ts";
import { logLines } from "../helpers/log-lines.ts";

const LANE = "default";
const { log, lines } = logLines();
const DISPATCHED: Disposition = { kind: "dispatched" };
const turn = () => new Promise(setImmediate);

const entry = (rowKey: string, notBefore = 0): Entry => ({
	rowKey,
	key: rowKey,
	receipt: "",
	acceptedAt: 0,
	to: repositoryDispatch("contoso/a", "t"),
	target: "contoso/a",
	route: "r",
	notBefore,
	failures: 0,
	attempts: [],
});

/** A drain under the test's control: what it is told, and when it ends. */
interface Drain {
	readonly caller: DrainCaller;
	/** Entries, or their keys. */
	see(entries: readonly (string | Entry)[], state?: Partial<LaneState>): void;
	disposition(rowKey: string, disposition?: Disposition): void;
	end(): Promise<void>;
	fail(error: Error): Promise<void>;
}

/** Ends the drains of a test, so that nobody waits on. */
const begun: Drain[] = [];
afterEach(async () => {
	for (const drain of begun.splice(0)) await drain.fail(new Error("the test is over"));
});

function inline(options: Partial<InlineOptions> = {}) {
	const drains: Drain[] = [];
	const clock = { now: 1_000_000 };
	let [held, released, takes] = [false, 0, 0];
	const acquire = async () => {
		takes += 1;
		const release = async () => {
			released += 1;
		};
		return held ? undefined : ({ release } as unknown as LaneLease);
	};
	const drain = (_: LaneLease, caller: DrainCaller) =>
		new Promise<void>((resolve, reject) => {
			const started: Drain = {
				caller,
				see: (entries, state = {}) =>
					caller.onView?.(
						{
							windows: [],
							entries: entries.map((each) => (typeof each === "string" ? entry(each) : each)),
							complete: true,
							isCut: false,
							passedUntil: null,
						},
						{ ...NEW_LANE, ...state },
					),
				disposition: (rowKey, disposition = DISPATCHED) => caller.onFinished?.(entry(rowKey), disposition),
				end: async () => {
					resolve();
					await turn();
				},
				fail: async (error) => {
					reject(error);
					await turn();
				},
			};
			drains.push(started);
			begun.push(started);
		});
	const { offer } = createInline({
		acquire,
		drain,
		limitsOf: () => [{ count: 1, ms: 1_000 }],
		now: () => clock.now,
		...options,
	});
	return {
		drains,
		clock,
		offer: (key: string, to = log) => offer(LANE, key, to),
		lease: (value: boolean) => {
			held = value;
		},
		counts: () => ({ takes, released }),
	};
}

describe("delivering what was just accepted", () => {
	it("tells what became of it, and releases the lane when no request waits any more", async () => {
		const { drains, offer, counts } = inline();
		const offered = offer("e-1");
		await turn();
		drains[0]?.see(["e-1"]);
		expect(drains[0]?.caller.goesOn()).toBe(true);
		drains[0]?.disposition("e-1");
		await expect(offered).resolves.toEqual(DISPATCHED);
		expect(drains[0]?.caller.goesOn()).toBe(false);
		await drains[0]?.end();
		expect(counts()).toEqual({ takes: 1, released: 1 });
	});

	it("lets the lane go after twenty seconds though single events keep arriving, and takes it anew for the rest", async () => {
		const { drains, offer, clock, counts } = inline({ limitsOf: () => [] });
		void offer("e-0");
		await turn();
		drains[0]?.see(["e-0"]);
		for (let second = 1; second < 20; second++) {
			clock.now += 1_000;
			void offer(`e-${second}`);
			expect(drains[0]?.caller.goesOn()).toBe(true);
		}
		clock.now += 1_000;
		void offer("e-20");
		expect(drains[0]?.caller.goesOn()).toBe(false);
		await drains[0]?.end();
		expect(drains).toHaveLength(2);
		expect(drains[1]?.caller.goesOn()).toBe(true);
		expect(counts()).toEqual({ takes: 2, released: 1 });
	});

	it("shares one drain among those that come at the same time", async () => {
		const { drains, offer } = inline({ limitsOf: () => [] });
		const offered = Promise.all(["e-1", "e-2", "e-3"].map((key) => offer(key)));
		await turn();
		expect(drains).toHaveLength(1);
		drains[0]?.see(["e-1", "e-2", "e-3"]);
		for (const key of ["e-1", "e-2", "e-3"]) drains[0]?.disposition(key);
		await expect(offered).resolves.toEqual([DISPATCHED, DISPATCHED, DISPATCHED]);
	});

	it("needs no second drain for one that was read before it was offered, and is put off", async () => {
		const { drains, offer, counts } = inline({ limitsOf: () => [] });
		void offer("e-1");
		await turn();
		drains[0]?.see(["e-1", "e-2"]);
		const offered = offer("e-2");
		const later = { kind: "deferred", reason: "503", notBefore: 0, failures: 1 } as const;
		drains[0]?.disposition("e-1");
		drains[0]?.disposition("e-2", later);
		expect(drains[0]?.caller.goesOn()).toBe(false);
		await drains[0]?.end();
		await expect(offered).resolves.toEqual(later);
		expect(counts()).toEqual({ takes: 1, released: 1 });
	});

	it("logs to an invocation that is not answered yet: the platform takes no line for one that is", async () => {
		const { drains, offer } = inline({ limitsOf: () => [] });
		const [one, other] = [logLines(), logLines()];
		const first = offer("e-1", one.log);
		await turn();
		const second = offer("e-2", other.log);
		drains[0]?.disposition("e-1");
		await first;
		drains[0]?.caller.log("info", "{}");
		expect([one.lines.length, other.lines.length]).toEqual([0, 1]);
		drains[0]?.disposition("e-2");
		await second;
		// None waits any more: what the drain still says must not end it.
		drains[0]?.caller.log("info", "{}");
		expect([one.lines.length, other.lines.length]).toEqual([1, 1]);
	});

	it("waits for a slot as long as one of those that wait has time, to the millisecond", async () => {
		const { drains, offer, clock } = inline({ limitsOf: () => [] });
		const start = clock.now;
		void offer("e-1");
		await turn();
		drains[0]?.see(["e-1"]);
		clock.now += 500;
		void offer("e-2");
		const waits = [0, 2_000, 2_001, 2_500, 2_501].map((ms) => drains[0]?.caller.waitsFor(start + ms));
		expect(waits).toEqual([true, true, true, true, false]);
	});

	it("drains once more for who came while the last drain was letting go", async () => {
		const { drains, offer, counts } = inline();
		const first = offer("e-1");
		await turn();
		drains[0]?.see(["e-1"]);
		drains[0]?.disposition("e-1");
		await first;
		const second = offer("e-2");
		await drains[0]?.end();
		await turn();
		expect(drains).toHaveLength(2);
		drains[1]?.see(["e-2"]);
		drains[1]?.disposition("e-2");
		await expect(second).resolves.toEqual(DISPATCHED);
		await drains[1]?.end();
		expect(counts()).toEqual({ takes: 2, released: 2 });
	});

	it("waits for no drainer of the lane elsewhere, and does not ask again for a second", async () => {
		const { offer, lease, clock, counts } = inline();
		lease(true);
		await expect(offer("e-1")).resolves.toBeUndefined();
		await expect(offer("e-2")).resolves.toBeUndefined();
		expect(counts().takes).toBe(1);
		clock.now += 1_000;
		await expect(offer("e-3")).resolves.toBeUndefined();
		expect(counts().takes).toBe(2);
	});

	it("waits for no lane that a drain leaves alone, and does not ask again for a second", async () => {
		const { drains, offer, clock, counts } = inline();
		const offered = offer("e-1");
		await turn();
		await drains[0]?.end();
		await expect(offered).resolves.toBeUndefined();
		await expect(offer("e-2")).resolves.toBeUndefined();
		expect(counts()).toEqual({ takes: 1, released: 1 });
		clock.now += 1_000;
		void offer("e-3");
		await turn();
		expect(counts().takes).toBe(2);
	});

	it("waits for no slot that is more than two seconds away", async () => {
		const { drains, offer } = inline();
		const waiting = ["e-1", "e-2", "e-3", "e-4", "e-5"].map((key) => offer(key));
		await turn();
		drains[0]?.see(["e-1", "e-2", "e-3", "e-4", "e-5"]);
		await expect(Promise.all(waiting.slice(3))).resolves.toEqual([undefined, undefined]);
		for (const key of ["e-1", "e-2", "e-3"]) drains[0]?.disposition(key);
		await expect(Promise.all(waiting.slice(0, 3))).resolves.toEqual([DISPATCHED, DISPATCHED, DISPATCHED]);
	});

	it("lets no request wait whose slot cannot be in reach, though the lane has not been read yet", async () => {
		const { offer, counts } = inline();
		const answered: number[] = [];
		for (let count = 0; count < 16; count++) void offer(`e-${count}`).then(() => answered.push(count));
		await turn();
		expect(answered).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
		expect(counts().takes).toBe(1);
	});

	it("lets one wait who comes when a slot has come into reach, and no other", async () => {
		const { drains, offer, clock } = inline();
		for (const key of ["e-1", "e-2", "e-3"]) void offer(key);
		await turn();
		drains[0]?.see(["e-1", "e-2", "e-3"]);
		drains[0]?.disposition("e-1");
		await expect(offer("e-4")).resolves.toBeUndefined();
		clock.now += 1_000;
		const [next, other] = [offer("e-5"), offer("e-6")];
		await expect(other).resolves.toBeUndefined();
		drains[0]?.disposition("e-5");
		await expect(next).resolves.toEqual(DISPATCHED);
	});

	it("counts what waits in the lane before those who come", async () => {
		const { drains, offer } = inline();
		const offered = offer("e-9");
		await turn();
		drains[0]?.see(["e-1", "e-2", "e-3", "e-9"]);
		// Nothing of theirs can be sent: the drain ends, and does not send what others wait for.
		expect(drains[0]?.caller.goesOn()).toBe(false);
		let answered = false;
		void offered.then(() => (answered = true));
		await turn();
		// The drain leaves a wake-up, which the request need not put then.
		expect(answered).toBe(false);
		await drains[0]?.end();
		await expect(offered).resolves.toBeUndefined();
		await expect(offer("e-10")).resolves.toBeUndefined();
		expect(drains).toHaveLength(1);
	});

	it("counts what waits in the order in which it can be sent: what steps aside does not come first", async () => {
		const { drains, offer, clock } = inline();
		const offered = offer("e-2");
		await turn();
		drains[0]?.see([entry("e-1", clock.now + 1_500), "e-2"]);
		expect(drains[0]?.caller.goesOn()).toBe(true);
		drains[0]?.disposition("e-2");
		await expect(offered).resolves.toEqual(DISPATCHED);
	});

	it.each([
		["is sent behind what was read", ["x-1"], true],
		["waits for no slot that what was read leaves too late", ["x-1", "x-2"], false],
	])("of one that was written after the lane was read: it %s", async (_, before, isSent) => {
		const { drains, offer } = inline();
		const served = offer("e-1");
		const late = offer("e-2");
		await turn();
		drains[0]?.see([...before, "e-1"]);
		drains[0]?.disposition("e-1");
		await expect(served).resolves.toEqual(DISPATCHED);
		expect(drains[0]?.caller.goesOn()).toBe(isSent);
		drains[0]?.disposition("e-2");
		await drains[0]?.end();
		await expect(late).resolves.toEqual(isSent ? DISPATCHED : undefined);
	});

	it("counts the calls that others have made, once the lane was read", async () => {
		const { drains, offer, clock } = inline({ limitsOf: () => [{ count: 2, ms: 60_000 }] });
		const offered = [offer("e-1"), offer("e-2")];
		await turn();
		drains[0]?.see(["e-1", "e-2"], { calls: [clock.now - 1_000] });
		await expect(offered[1]).resolves.toBeUndefined();
		drains[0]?.disposition("e-1");
		await expect(offered[0]).resolves.toEqual(DISPATCHED);
	});

	it("waits for a lane that opens within two seconds", async () => {
		const { drains, offer, clock } = inline();
		const offered = offer("e-1");
		await turn();
		drains[0]?.see(["e-1"], { pause: { until: clock.now + 1_500, reason: "502" } });
		expect([drains[0]?.caller.goesOn(), drains[0]?.caller.waitsFor(clock.now + 1_500)]).toEqual([true, true]);
		drains[0]?.disposition("e-1");
		await expect(offered).resolves.toEqual(DISPATCHED);
	});

	it("does not take a lane again while its calls are known to leave no slot in reach", async () => {
		const { drains, offer, clock, counts } = inline({ limitsOf: () => [{ count: 1, ms: 60_000 }] });
		const offered = offer("e-1");
		await turn();
		drains[0]?.see(["e-1"]);
		drains[0]?.disposition("e-1");
		await offered;
		await drains[0]?.end();
		clock.now += 30_000;
		await expect(offer("e-2")).resolves.toBeUndefined();
		expect(counts().takes).toBe(1);
	});

	it("takes no slot for what was not sent", async () => {
		const { drains, offer } = inline();
		const offered = ["e-1", "e-2", "e-3"].map((key) => offer(key));
		await turn();
		await drains[0]?.fail(new Error("storage is down"));
		await Promise.all(offered);
		const next = offer("e-4");
		await turn();
		drains[1]?.disposition("e-4");
		await expect(next).resolves.toEqual(DISPATCHED);
	});

	it("waits for no entry whose lane or destination is not due", async () => {
		const { drains, offer, clock } = inline();
		const offered = offer("e-1");
		await turn();
		drains[0]?.see(["e-1"], { breakers: { "contoso/a": { since: 0, probeAt: clock.now + 1, reason: "404" } } });
		await drains[0]?.end();
		await expect(offered).resolves.toBeUndefined();
	});

	it("does not ask for a paused lane again before it opens, or for five seconds", async () => {
		const { drains, offer, clock, counts } = inline();
		const offered = offer("e-1");
		await turn();
		drains[0]?.see(["e-1"], { pause: { until: clock.now + 4_000, reason: "slow" } });
		await drains[0]?.end();
		await expect(offered).resolves.toBeUndefined();
		clock.now += 1_999;
		await expect(offer("e-2")).resolves.toBeUndefined();
		expect(counts().takes).toBe(1);
		clock.now += 1;
		const open = offer("e-3");
		await turn();
		expect(counts().takes).toBe(2);
		drains[1]?.disposition("e-3");
		await expect(open).resolves.toEqual(DISPATCHED);
	});

	it("answers what a drain has kept, when it has seen to it that the lane is woken", async () => {
		const { drains, offer } = inline();
		const offered = offer("e-1");
		await turn();
		drains[0]?.see(["e-1"]);
		let answered = false;
		void offered.then(() => (answered = true));
		const deferred: Disposition = { kind: "deferred", reason: "502", notBefore: 1, failures: 1 };
		drains[0]?.disposition("e-1", deferred);
		await turn();
		expect([answered, drains[0]?.caller.goesOn()]).toEqual([false, false]);
		await drains[0]?.end();
		await expect(offered).resolves.toEqual(deferred);
	});

	it("waits no longer than for a slot and GitHub together", async () => {
		const { offer, drains } = inline({ waitMs: 10 });
		await expect(offer("e-1")).resolves.toBeUndefined();
		expect(drains[0]?.caller.goesOn()).toBe(false);
	});

	it("lets everybody go when a drain fails, with a line in the log, and drains again for the next", async () => {
		const { drains, counts, offer } = inline();
		const logged = lines.length;
		const offered = offer("e-1");
		await turn();
		await drains[0]?.fail(new Error("storage is down"));
		await expect(offered).resolves.toBeUndefined();
		expect(counts()).toEqual({ takes: 1, released: 1 });
		expect(lines.slice(logged)).toMatchObject([
			{
				level: "warn",
				stage: "lane",
				lane: LANE,
				change: "interrupted",
				reason: expect.stringContaining("storage is down"),
			},
		]);
		const next = offer("e-2");
		await turn();
		expect(drains).toHaveLength(2);
		drains[1]?.disposition("e-2");
		await expect(next).resolves.toEqual(DISPATCHED);
	});
});
