import { describe, expect, it } from "@jest/globals";
import { type FollowState, readFollowState } from "../../src/ledger/follow-lease.ts";
import { type Columns, StorageError, type Write } from "../../src/storage/storage.ts";
import { runOf } from "../helpers/follow-rows.ts";
import { type Dispatch, FollowWorld, LANE, MINUTE_MS, START } from "../helpers/follow-world.ts";

const HOUR_MS = 60 * MINUTE_MS;
const STATE = "g-follow";

/** A look now, which no recorded wake-up makes needless. */
const look = (world: FollowWorld) => world.another().follow({ lane: LANE, wake: 99 }, world.logged.log);
const stateOf = (world: FollowWorld) => readFollowState(world.storage, LANE, world.now);
const record = (world: FollowWorld, state: FollowState) =>
	world.storage.commit(LANE, [{ kind: "upsert", rowKey: STATE, columns: { state: JSON.stringify(state) } }]);
const writesOf = (args: readonly unknown[]) => args[1] as readonly Write[];
/** The message of a delivery, which surfaces later, would follow it a second time. */
const forget = (world: FollowWorld) => {
	for (const message of world.messages) message.gone = true;
	world.messages.length = 0;
};

async function damage(world: FollowWorld, columns: Columns): Promise<void> {
	const [row] = (await world.storage.list(LANE, { from: "f-", to: "f.", top: 1 })).rows;
	await world.storage.commit(LANE, [{ kind: "merge", rowKey: String(row?.rowKey), columns }]);
}

/** A look in which the lane's record is written; what it says of wake-ups each time. */
async function records(world: FollowWorld, happen = async (_: FollowState["wake"]) => {}) {
	const written: FollowState["wake"][] = [];
	const process = world.another(async ({ method, args }, make) => {
		const answered = await make();
		const write = method === "commit" ? writesOf(args).find(({ rowKey }) => rowKey === STATE) : undefined;
		if (write !== undefined && write.kind !== "delete") {
			const { wake } = JSON.parse(String(write.columns["state"])) as FollowState;
			written.push(wake);
			await happen(wake);
		}
		return answered;
	});
	await process.follow({ lane: LANE, wake: 99 }, world.logged.log);
	return written;
}

describe("a message", () => {
	it("that is no wake-up is said to be none, and touches no lane", async () => {
		const world = new FollowWorld();
		const called: string[] = [];
		const { follow } = world.another(async ({ method }, make) => {
			called.push(method);
			return make();
		});
		await follow("follow!", world.logged.log);
		expect(world.logged.lines).toEqual([
			{ level: "error", stage: "follow", reason: "a message in the queue is not a wake-up; it is deleted" },
		]);
		expect(called).toEqual([]);
	});

	it.each([
		["comes back in 5 s", 1, [{ lane: LANE, wake: 1, at: START + 5_000, gone: false }]],
		["ends where a later one is recorded", 2, []],
	])("that finds its lane followed %s", async (_, last, messages) => {
		const world = new FollowWorld();
		await record(world, { wake: { last, at: START + MINUTE_MS }, lists: {} });
		await world.storage.lease(`follow/${LANE}`, 60);
		await world.another().follow({ lane: LANE, wake: 1 }, world.logged.log);
		expect(world.messages).toEqual(messages);
	});
});

describe("what is recorded of a lane's wake-ups", () => {
	it("stays as it is where nothing is followed and none is recorded", async () => {
		const world = new FollowWorld();
		expect([await records(world), world.messages]).toEqual([[], []]);
	});

	it("is cleared where nothing is followed, and the rest of the record stays", async () => {
		const world = new FollowWorld();
		const list = { listedAt: START, since: 1, skewMs: 2, complete: true, missedUntil: 3, notBefore: 4 };
		await record(world, { wake: { last: 7, at: START + MINUTE_MS }, lists: { "contoso/x": list } });
		expect([await records(world), world.messages]).toEqual([[{ last: 7, at: null }], []]);
		expect(await stateOf(world)).toEqual({ wake: { last: 7, at: null }, lists: { "contoso/x": list } });
	});

	it("is cleared where all have ended, and the next wake-up is taken back at once", async () => {
		const world = new FollowWorld();
		world.run(await world.dispatch(), { afterMs: 0, lastsMs: 0 });
		forget(world);
		const at = START + MINUTE_MS;
		expect(await records(world)).toEqual([
			{ last: 1, at },
			{ last: 1, at: null },
		]);
		expect([await world.followed(), world.waiting()]).toEqual([0, []]);
		expect(Object.keys((await stateOf(world)).lists)).toEqual(["contoso/fraud-model"]);
	});

	it("is the next wake-up, before the look and after it, while one is followed", async () => {
		const world = new FollowWorld();
		await world.dispatch();
		await record(world, { wake: { last: 3, at: START + 1 }, lists: {} });
		forget(world);
		const next = { last: 4, at: START + MINUTE_MS };
		expect(await records(world)).toEqual([next, next]);
		expect(world.waiting()).toMatchObject([{ wake: 4, at: START + MINUTE_MS }]);
		expect(Object.keys((await stateOf(world)).lists)).toEqual(["contoso/fraud-model"]);
	});

	it.each([
		["after a look", true, 1],
		["where nothing was", false, 8],
	])("is written anew for what comes just when it is cleared, %s", async (_, isFirst, last) => {
		const world = new FollowWorld();
		if (isFirst) world.run(await world.dispatch(), { afterMs: 0, lastsMs: 0 });
		else await record(world, { wake: { last: 7, at: START + MINUTE_MS }, lists: {} });
		forget(world);
		const written = await records(world, async ({ at }) => {
			if (at === null) await world.dispatch();
		});
		expect(written.slice(-2)).toEqual([
			isFirst ? { last, at: null } : { last, at: START + MINUTE_MS },
			{ last, at: START + MINUTE_MS },
		]);
		expect(await world.followed()).toBe(1);
		expect(world.waiting().filter(({ wake }) => wake === last)).toHaveLength(1);
		expect(Object.keys((await stateOf(world)).lists)).toEqual(["contoso/fraud-model"]);
	});
});

describe("a row that is only to wake its lane", () => {
	it.each([true, false])("is not looked for, and what fails is said (following is on: %s)", async (isOn) => {
		const world = new FollowWorld({ isOn: true });
		const sent = await world.dispatch();
		await damage(world, { again: "e-1" });
		const other = Object.assign(new FollowWorld({ isOn }), { storage: world.storage, now: world.now });
		other.wakeLane = () => Promise.reject(new Error("the queue is down"));
		await look(other);
		expect(other.logged.lines).toEqual([
			{
				level: "warn",
				stage: "follow",
				lane: LANE,
				change: "failed to look",
				what: sent.key,
				reason: "Error: the queue is down",
			},
		]);
		expect([other.lists, (await other.receipt(sent)).following]).toEqual([[], "looking"]);
	});
});

describe("what goes wrong in a look", () => {
	it("with a destination that cannot be read asks no service", async () => {
		const world = new FollowWorld();
		await world.dispatch();
		await damage(world, { to: '{"id":"contoso/fraud-model#t"}' });
		await look(world);
		expect(world.lists).toEqual([]);
		expect(world.logged.lines).toMatchObject([{ level: "warn", change: "cannot tell" }]);
	});

	it("with one list is said with its name, and the look goes on", async () => {
		const world = new FollowWorld();
		world.answer = (target) => {
			if (target === "contoso/broken") throw new Error("a bug of ours");
			return undefined;
		};
		await world.dispatch({ repository: "contoso/broken" });
		await look(world);
		expect(world.logged.lines).toEqual([
			{
				level: "warn",
				stage: "follow",
				lane: LANE,
				change: "failed to look",
				what: "contoso/broken",
				reason: "Error: a bug of ours",
			},
		]);
		expect(world.waiting().filter(({ wake }) => wake === 1)).toHaveLength(1);
	});

	it("with rows that are let go of is said", async () => {
		const world = new FollowWorld();
		await world.dispatch();
		await damage(world, { to: "" });
		const { follow } = world.another(async ({ method, args }, make) => {
			if (method === "commit" && writesOf(args).every(({ rowKey }) => rowKey !== STATE))
				throw new Error("a bug of ours");
			return make();
		});
		await follow({ lane: LANE, wake: 99 }, world.logged.log);
		expect(world.logged.lines).toMatchObject([{ change: "failed to look", what: "what is not followed" }]);
	});

	it("with a later write leaves nothing unsaid of what was written before it", async () => {
		const world = new FollowWorld();
		for (let number = 0; number < 60; number++)
			world.run(await world.dispatch(), { afterMs: 0, lastsMs: 0, conclusion: "failure" });
		let commits = 0;
		const { follow } = world.another(async ({ method, args }, make) => {
			const isOfFindings = method === "commit" && writesOf(args).every(({ rowKey }) => rowKey !== STATE);
			if (isOfFindings && ++commits === 2) throw new Error("a bug of ours");
			return make();
		});
		await follow({ lane: LANE, wake: 99 }, world.logged.log);
		expect(world.ends("failed")).toHaveLength(50);
		world.now += MINUTE_MS;
		await look(world);
		expect(world.ends("failed")).toHaveLength(60);
	});

	it("with the wake-up of a lane in which one is sent again is no reason not to say that it is", async () => {
		const world = new FollowWorld({ resends: () => true, runWithinMs: MINUTE_MS });
		await world.dispatch();
		world.now += MINUTE_MS;
		world.wakeLane = () => Promise.reject(new Error("the queue is down"));
		await look(world);
		expect(world.ends()).toMatchObject([{ change: "sent again" }]);
	});

	it("since another follower has the lane ends it, and is said once", async () => {
		const world = new FollowWorld();
		for (const repository of ["contoso/a", "contoso/b"])
			world.run(await world.dispatch({ repository }), { afterMs: 0 });
		world.answer = () => {
			world.now += 50_000;
			return undefined;
		};
		const { follow } = world.another(async ({ method }, make) => {
			if (method === "renew") throw new StorageError("another follower has the lease", 409);
			return make();
		});
		await follow({ lane: LANE, wake: 99 }, world.logged.log);
		expect(world.logged.lines).toEqual([
			{
				level: "warn",
				stage: "follow",
				lane: LANE,
				change: "interrupted",
				reason: `LeaseLost: the follower has lost its lease of the lane "${LANE}"`,
			},
		]);
	});

	it("with a renewal of the lease concerns one list, and is no lost lease", async () => {
		const world = new FollowWorld();
		const sent = [await world.dispatch({ repository: "contoso/a" }), await world.dispatch({ repository: "contoso/b" })];
		for (const one of sent) world.run(one, { afterMs: 0 });
		world.answer = () => {
			world.now += 20_000;
			return undefined;
		};
		let renewals = 0;
		const { follow } = world.another(async ({ method }, make) => {
			if (method === "renew" && ++renewals === 1) throw new StorageError("no answer", undefined);
			return make();
		});
		await follow({ lane: LANE, wake: 99 }, world.logged.log);
		const states = await Promise.all(sent.map(async (one) => (await world.receipt(one)).following));
		expect(states.sort()).toEqual(["looking", "running"]);
		expect(world.logged.lines.map(({ change, reason }) => ({ change, reason }))).toEqual([
			{ change: "failed to look", reason: "StorageError: no answer" },
		]);
	});

	it("with a write makes the next look ask for the whole list", async () => {
		const world = new FollowWorld();
		const sent = [await world.dispatch(), await world.dispatch()] as [Dispatch, Dispatch];
		for (const one of sent) world.run(one, { afterMs: 0 });
		const { follow } = world.another(async ({ method, args }, make) => {
			const isRefused = method === "commit" && writesOf(args).some(({ rowKey }) => rowKey === sent[0].receipt);
			if (isRefused) throw new StorageError("changed", 412);
			return make();
		});
		await follow({ lane: LANE, wake: 99 }, world.logged.log);
		for (let looks = 0; looks < 2; looks++) {
			world.now += MINUTE_MS;
			await look(world);
		}
		expect(world.lists.map(({ etag }) => etag !== undefined)).toEqual([false, false, true]);
		expect((await world.receipt(sent[0])).following).toBe("running");
	});
});

describe("a list of runs", () => {
	it.each([
		["is not asked for", 39_999, [], []],
		["is waited for", 40_000, [START + MINUTE_MS], [20_000]],
		["is waited for", 59_999, [START + MINUTE_MS], [1]],
		["is asked for", 60_000, [START + MINUTE_MS], []],
	])("%s by a look that comes %i ms after the last", async (_, ms, asked, slept) => {
		const world = new FollowWorld();
		await world.dispatch();
		await look(world);
		world.now = START + ms;
		await look(world);
		expect(world.lists.map(({ at }) => at).slice(1)).toEqual(asked);
		expect(world.slept).toEqual(slept);
	});

	it("is asked for where the wait for it ends a moment too early", async () => {
		const world = new FollowWorld();
		const retryAt = START + 70_000;
		world.answer = () => (world.now === START ? { kind: "unavailable", retryAt, reason: "limit" } : undefined);
		const sent = await world.dispatch();
		await look(world);
		[world.now, world.earlyMs] = [START + 65_000, 1];
		await look(world);
		expect(world.lists.map(({ at }) => at)).toEqual([START, retryAt - 1]);
		expect((await world.receipt(sent)).following).toBe("looking");
	});

	it("that is due is asked for before one that is waited for", async () => {
		const world = new FollowWorld();
		await world.dispatch({ repository: "contoso/a" });
		await look(world);
		world.now += 50_000;
		await world.dispatch({ repository: "contoso/b" });
		await look(world);
		expect(world.lists.slice(1)).toMatchObject([
			{ target: "contoso/b", at: START + 50_000 },
			{ target: "contoso/a", at: START + MINUTE_MS },
		]);
	});

	it.each([
		[45_000, "all of them"],
		[45_001, "no other"],
	])("is begun up to 45 s after the beginning of the look: after %i ms %s", async (ms, begun) => {
		const world = new FollowWorld();
		for (let number = 0; number < 10; number++) await world.dispatch({ repository: `contoso/${number}` });
		world.answer = () => {
			if (world.lists.length === 0) world.now += ms;
			return undefined;
		};
		await look(world);
		expect(world.lists.length === 10).toBe(begun === "all of them");
	});

	it("is one of eight that are looked at at once", async () => {
		const world = new FollowWorld();
		world.answer = () => ({ kind: "runs", runs: [], complete: false, serverTime: world.serverNow() });
		for (let id = 1; id <= 10; id++) await world.dispatch({ repository: `contoso/${id}`, run: runOf(String(id)) });
		let [reading, most] = [0, 0];
		world.answerOne = async () => {
			reading += 1;
			most = Math.max(most, reading);
			await new Promise((resolve) => setImmediate(resolve));
			reading -= 1;
			return undefined;
		};
		await look(world);
		expect([world.reads.length, most]).toEqual([10, 8]);
	});

	it.each([
		[45_000, 2],
		[45_001, 1],
	])("has runs read one by one up to then: after %i ms, %i are", async (ms, count) => {
		const world = new FollowWorld();
		world.answer = () => ({ kind: "runs", runs: [], complete: false, serverTime: world.serverNow() });
		for (const id of ["1", "2"]) await world.dispatch({ run: runOf(id) });
		world.answerOne = () => {
			world.now += ms;
			return undefined;
		};
		await look(world);
		expect(world.reads).toHaveLength(count);
	});

	it("is remembered for the minute in which it must not be asked for, and then forgotten", async () => {
		const world = new FollowWorld();
		world.run(await world.dispatch({ repository: "contoso/a" }), { afterMs: 0, lastsMs: 0 });
		await world.dispatch({ repository: "contoso/b" });
		await look(world);
		world.now += 30_000;
		await look(world);
		expect(Object.keys((await stateOf(world)).lists).sort()).toEqual(["contoso/a", "contoso/b"]);
		world.now += 30_000;
		await look(world);
		expect(Object.keys((await stateOf(world)).lists)).toEqual(["contoso/b"]);
	});

	it.each([
		[HOUR_MS - 1, 1, "cannot tell"],
		[HOUR_MS, 2, "looking"],
	])(
		"that was refused is asked for again after an hour: after %i ms it was asked for %i times",
		async (ms, times, following) => {
			const world = new FollowWorld();
			world.answer = () => (world.now === START ? { kind: "refused", reason: "no right" } : undefined);
			await world.dispatch();
			await look(world);
			world.now += ms;
			const sent = await world.dispatch();
			await look(world);
			expect([world.lists.length, (await world.receipt(sent)).following]).toEqual([times, following]);
		},
	);
});
