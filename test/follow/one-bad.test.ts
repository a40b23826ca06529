import { describe, expect, it } from "@jest/globals";
import type { RunsAnswer } from "../../src/destinations/destination.ts";
import type { Run } from "../../src/model.ts";
import { type Columns, StorageError } from "../../src/storage/storage.ts";
import { type Dispatch, FollowWorld, LANE, MINUTE_MS } from "../helpers/follow-world.ts";

const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const BROKEN: RunsAnswer = { kind: "unavailable", reason: "502" };

/** A world whose lists show none of the runs. */
function withoutLists(): FollowWorld {
	const world = new FollowWorld();
	world.answer = () => ({ kind: "runs", runs: [], complete: false, serverTime: world.serverNow() });
	return world;
}

/** A dispatch whose answer named its run. */
async function named(world: FollowWorld, id: string, lastsMs?: number): Promise<Dispatch> {
	const run: Run = { id, url: null, workflow: null, status: "queued", conclusion: null, attempt: 1, certain: true };
	const sent = await world.dispatch({ run });
	world.run(sent, { id, title: "", ...(lastsMs === undefined ? {} : { lastsMs }) });
	return sent;
}

const followingOf = async (world: FollowWorld, sent: Dispatch) => (await world.receipt(sent)).following;

describe("one run that", () => {
	it("cannot be read keeps no other from its end", async () => {
		const world = withoutLists();
		const [bad, good] = [await named(world, "1"), await named(world, "2", MINUTE_MS)];
		world.answerOne = (id) => (id === "1" ? BROKEN : undefined);
		await world.pass(10 * MINUTE_MS);
		expect([await followingOf(world, bad), await followingOf(world, good)]).toEqual(["running", "concluded"]);
	});

	it("is not there yet, though the answer has named it, is waited for", async () => {
		const world = withoutLists();
		const sent = await named(world, "1", MINUTE_MS);
		Object.assign(world.runs[0] ?? {}, {
			createdAt: world.now + 5 * MINUTE_MS,
			completedAt: world.now + 6 * MINUTE_MS,
		});
		const never = await named(world, "2", MINUTE_MS);
		world.runs.pop();
		await world.pass(8 * MINUTE_MS);
		expect([await followingOf(world, sent), await followingOf(world, never)]).toEqual(["concluded", "running"]);
		await world.pass(HOUR_MS);
		expect(await world.receipt(never)).toMatchObject({
			following: "cannot tell",
			followingReason: "the run is not there",
		});
	});

	it("was removed keeps no other of its delivery from its end", async () => {
		const world = new FollowWorld();
		const sent = await world.dispatch();
		for (const id of ["1", "2"]) world.run(sent, { id, lastsMs: 70 * MINUTE_MS });
		await world.pass(5 * MINUTE_MS);
		world.runs.shift();
		await world.pass(60 * MINUTE_MS);
		expect(await world.receipt(sent)).toMatchObject({ following: "running", runs: [{ id: "2" }] });
		await world.pass(10 * MINUTE_MS);
		expect(await world.receipt(sent)).toMatchObject({ following: "concluded", runs: [{ id: "2", certain: true }] });
	});

	it("takes long to be read costs no follower its lane", async () => {
		const world = withoutLists();
		const sent: Dispatch[] = [];
		for (let id = 1; id <= 30; id++) sent.push(await named(world, String(id), MINUTE_MS));
		world.answerOne = async () => {
			world.now += 5_000;
			// The next look surfaces meanwhile, and another process handles it.
			const [due] = world.waiting();
			if (due === undefined || due.at > world.now) return undefined;
			due.gone = true;
			await world.another().follow({ lane: due.lane, wake: due.wake }, world.logged.log);
			return undefined;
		};
		await world.pass(10 * MINUTE_MS);
		expect(world.logged.lines.filter(({ change }) => change !== "concluded")).toEqual([]);
		expect(world.ends("concluded")).toHaveLength(30);
	});
});

describe("a service that", () => {
	it.each<[string, Partial<FollowWorld>]>([
		["lists no runs any more", { answer: () => BROKEN }],
		["never shows how a run goes on", { answerOne: () => BROKEN }],
		["shows a run that never ends", {}],
		["says for ever that nothing has changed", { answer: () => ({ kind: "unchanged", serverTime: 0 }) }],
	])("%s is not asked for ever", async (_, answers) => {
		const world = Object.assign(withoutLists(), answers);
		const sent = [await named(world, "1"), await world.dispatch()];
		await world.pass(5 * MINUTE_MS);
		expect(await followingOf(world, sent[0] as Dispatch)).toBe("running");
		world.now += 36 * DAY_MS;
		await world.pass(5 * MINUTE_MS);
		expect([await world.receipt(sent[0] as Dispatch), await world.receipt(sent[1] as Dispatch)]).toMatchObject(
			Array(2).fill({ following: "cannot tell", followingReason: expect.stringMatching(/./) }),
		);
		expect([await world.followed(), world.waiting()]).toEqual([0, []]);
	});

	it.each<[string, Partial<Extract<RunsAnswer, { kind: "runs" }>>]>([
		["cannot be read", { unreadable: 1 }],
		["are none, though there are some", {}],
		["have no status", { runs: [{ id: "1" }] as never }],
	])("lists runs that %s makes no receipt say that there is none, and starts no other", async (_, more) => {
		const world = new FollowWorld({ resends: () => true });
		const sent = await world.dispatch();
		world.answer = () => ({ kind: "runs", runs: [], complete: false, serverTime: world.serverNow(), ...more });
		await world.pass(HOUR_MS + 2 * MINUTE_MS);
		expect(await world.receipt(sent)).toMatchObject({
			state: "dispatched",
			following: "cannot tell",
			followingReason: expect.stringContaining("cannot read"),
		});
	});
});

describe("one answer that", () => {
	it.each([2 * HOUR_MS, 20 * DAY_MS])(
		"tells a time to come by %i ms makes no receipt say that no run came",
		async (ms) => {
			const service = { skewMs: 0, resends: () => true };
			const world = new FollowWorld(service);
			const sent = await world.dispatch();
			service.skewMs = ms;
			await world.pass(MINUTE_MS);
			service.skewMs = 0;
			world.run(sent, { lastsMs: 1_000 });
			await world.pass(3 * MINUTE_MS);
			expect(await followingOf(world, sent)).toBe("concluded");
		},
	);

	it("told an absurd time, as it was recorded, keeps no delivery from its end", async () => {
		const world = new FollowWorld();
		const sent = await world.dispatch();
		await world.pass(3 * MINUTE_MS);
		const row = await world.storage.get(LANE, "g-follow");
		const state = String(row?.columns["state"]).replaceAll(/"skewMs":-?\d+/g, '"skewMs":-1e15');
		await world.storage.commit(LANE, [{ kind: "merge", rowKey: "g-follow", columns: { state } }]);
		await world.pass(HOUR_MS + 3 * MINUTE_MS);
		expect(await followingOf(world, sent)).toBe("none");
	});

	it.each<[string, number, Partial<FollowWorld>]>([
		["whose runs cannot be listed", 0, { answer: () => BROKEN }],
		["that has a long run", 7 * DAY_MS, {}],
	])("took a dispatch %s at a time long ago ends nothing too soon", async (_, laterMs, answers) => {
		const service = { skewMs: -29.9 * DAY_MS };
		const world = new FollowWorld(service);
		const sent = await world.dispatch();
		if (laterMs > 0) world.run(sent);
		await world.pass(MINUTE_MS);
		service.skewMs = 0;
		Object.assign(world, answers);
		await world.pass(MINUTE_MS);
		world.now += laterMs;
		await world.pass(2 * MINUTE_MS);
		expect(await followingOf(world, sent)).toBe(laterMs > 0 ? "running" : "looking");
	});

	it("took a dispatch at a time long ago makes no receipt say that no run came", async () => {
		const service = { skewMs: -2 * HOUR_MS, resends: () => true };
		const world = new FollowWorld(service);
		const sent = await world.dispatch();
		service.skewMs = 0;
		await world.pass(MINUTE_MS);
		world.run(sent, { createdAt: world.now, lastsMs: 1_000 });
		await world.pass(3 * MINUTE_MS);
		expect(await followingOf(world, sent)).toBe("concluded");
	});
});

describe("a clock of the bridge that", () => {
	it("was two hours ahead for one look makes no receipt say that no run came", async () => {
		const service = { skewMs: 0, resends: () => true };
		const world = new FollowWorld(service);
		const sent = await world.dispatch();
		world.now += 2 * HOUR_MS;
		service.skewMs = -2 * HOUR_MS;
		await world.pass(MINUTE_MS);
		expect(await followingOf(world, sent)).toBe("looking");
	});
});

describe("one row that", () => {
	/** Both have one list. The row of the first is damaged. */
	async function damaged(columns: Columns) {
		const world = new FollowWorld();
		const [bad, good] = [await world.dispatch(), await world.dispatch()];
		const { rows } = await world.storage.list(LANE, { from: "f-", to: "f.", top: 10 });
		const row = rows.find(({ columns: { key } }) => key === bad.key);
		await world.storage.commit(LANE, [{ kind: "merge", rowKey: String(row?.rowKey), columns }]);
		return { world, bad, good };
	}

	it.each([
		['{"id":"contoso/fraud-model#t"}', "cannot tell"],
		['{"id":"contoso/fraud-model#t","repository":7}', "cannot tell"],
		['{"id":"contoso/fraud-model#t","repository":"../x"}', "cannot tell"],
	])("has no sound destination ends, and keeps none with the same list from it: %s", async (to, end) => {
		const { world, bad, good } = await damaged({ to });
		world.run(good, { lastsMs: 1_000 });
		await world.pass(3 * MINUTE_MS);
		expect(await world.receipt(bad)).toMatchObject({
			following: end,
			followingReason: expect.stringContaining("its row in storage is damaged"),
		});
		expect(await followingOf(world, good)).toBe("concluded");
	});

	it.each(["9999-01-01T00:00:00Z", "+275760-01-01T00:00:00Z"])(
		"has a time that never comes ends as any other: %s",
		async (time) => {
			const { world, bad, good } = await damaged({ takenAt: time, from: time });
			await world.pass(HOUR_MS + 5 * MINUTE_MS);
			expect([await followingOf(world, bad), await followingOf(world, good)]).toEqual(["none", "none"]);
		},
	);

	it("does not say when it was taken is not followed for ever", async () => {
		const { world, bad } = await damaged({ takenAt: "", finishedAt: "" });
		world.run(bad);
		await world.pass(5 * MINUTE_MS);
		expect(await followingOf(world, bad)).toBe("running");
		for (const days of [20, 17]) {
			world.now += days * DAY_MS;
			await world.pass(5 * MINUTE_MS);
		}
		expect(await followingOf(world, bad)).toBe("cannot tell");
	});

	it("another follower has sent again is left to that follower", async () => {
		const world = new FollowWorld({ resends: () => true });
		const sent = await world.dispatch();
		world.restart(async ({ method, args }, make) => {
			const made = await make();
			if (method === "commit" && JSON.stringify(args).includes('"again"')) throw new StorageError("changed", 412);
			return made;
		});
		await world.pass(HOUR_MS + 5 * MINUTE_MS);
		expect(await world.receipt(sent)).toMatchObject({ state: "accepted", following: null });
		expect(world.ends()).toEqual([]);
		expect([world.woken.length, await world.followed()]).toEqual([1, 0]);
	});

	it("storage does not let back into the outbox ends without a run, and the others are sent again", async () => {
		const world = new FollowWorld({ resends: () => true });
		const sent = [await world.dispatch(), await world.dispatch(), await world.dispatch()];
		const bad = sent[1] as Dispatch;
		world.restart(async ({ method, args }, make) => {
			const text = JSON.stringify(args);
			if (method !== "commit" || !text.includes('"again"') || !text.includes(bad.receipt)) return make();
			throw new StorageError("the row is too large", 400);
		});
		await world.pass(HOUR_MS + 5 * MINUTE_MS);
		const receipts = await Promise.all(sent.map((one) => world.receipt(one)));
		expect(receipts.map(({ state, following }) => [state, following])).toEqual([
			["accepted", null],
			["dispatched", "none"],
			["accepted", null],
		]);
		expect(world.ends("none")).toHaveLength(1);
		expect(await world.followed()).toBe(0);
	});
});
