import { describe, expect, it } from "@jest/globals";
import type { RunsAnswer } from "../../src/destinations/destination.ts";
import type { Columns } from "../../src/storage/storage.ts";
import { StorageError } from "../../src/storage/storage.ts";
import { type Dispatch, FollowWorld, LANE, MINUTE_MS, START } from "../helpers/follow-world.ts";

const HOUR_MS = 60 * MINUTE_MS;
const PAGE = "https://github.com/contoso/fraud-model/actions/runs";

describe("a dispatch that was taken", () => {
	it("is followed from its run to its conclusion", async () => {
		const world = new FollowWorld();
		const sent = await world.dispatch();
		expect(await world.receipt(sent)).toMatchObject({ state: "dispatched", following: "looking", runs: [] });
		const { id } = world.run(sent, { lastsMs: 3 * MINUTE_MS });
		await world.pass(MINUTE_MS);
		const run = { id, url: `${PAGE}/${id}`, workflow: "listen", attempt: 1, certain: true };
		expect(await world.receipt(sent)).toMatchObject({
			following: "running",
			runs: [{ ...run, status: "in_progress", conclusion: null }],
		});
		await world.pass(4 * MINUTE_MS);
		expect(await world.receipt(sent)).toMatchObject({
			following: "concluded",
			followingReason: null,
			runs: [{ ...run, status: "completed", conclusion: "success" }],
		});
		expect(await world.followed()).toBe(0);
		expect(world.ends()).toEqual([
			expect.objectContaining({
				level: "info",
				stage: "follow",
				change: "concluded",
				lane: LANE,
				key: sent.key,
				url: `${PAGE}/${id}`,
			}),
		]);
	});

	it("costs no call and no wake-up once it has ended", async () => {
		const world = new FollowWorld();
		world.run(await world.dispatch(), { lastsMs: 1_000 });
		await world.pass(2 * MINUTE_MS);
		expect(world.waiting()).toEqual([]);
		const calls = world.lists.length;
		await world.pass(24 * HOUR_MS);
		expect(world.lists).toHaveLength(calls);
		expect(world.messages.length).toBeLessThan(5);
	});

	it("has none where no run comes in time, and an alert says what to look for", async () => {
		const world = new FollowWorld();
		const sent = await world.dispatch();
		await world.pass(HOUR_MS - 2_000);
		expect(await world.receipt(sent)).toMatchObject({ following: "looking" });
		await world.pass(2 * MINUTE_MS);
		const reason = expect.stringMatching(
			/^no run within 60 minutes: check that an active workflow .*listens to contoso\/fraud-model#contoso-test/,
		);
		expect(await world.receipt(sent)).toMatchObject({ following: "none", followingReason: reason, runs: [] });
		expect(world.ends()).toEqual([expect.objectContaining({ level: "error", change: "none", reason })]);
		expect(await world.followed()).toBe(0);
	});

	it.each([-3 * HOUR_MS, 3 * HOUR_MS])("is measured by the service's clock, %s ms off", async (skewMs) => {
		const world = new FollowWorld({ skewMs });
		const [late, never] = [await world.dispatch(), await world.dispatch()];
		world.run(late, { afterMs: 45 * MINUTE_MS, lastsMs: MINUTE_MS });
		await world.pass(59 * MINUTE_MS);
		expect(await world.receipt(late)).toMatchObject({ following: "concluded" });
		expect(await world.receipt(never)).toMatchObject({ following: "looking" });
		await world.pass(3 * MINUTE_MS);
		expect(await world.receipt(never)).toMatchObject({ following: "none" });
	});

	it.each([
		["failure", "error", /ended with failure/],
		["cancelled", "error", /concurrency group before it began \(queue: max/],
		["timed_out", "error", /ended with timed_out/],
	])("whose run ends with %s is an alert", async (conclusion, level, reason) => {
		const world = new FollowWorld();
		const [bad, good] = [await world.dispatch(), await world.dispatch()];
		world.run(bad, { lastsMs: 1_000, conclusion });
		world.run(good, { lastsMs: 1_000 });
		await world.pass(3 * MINUTE_MS);
		expect(world.ends("failed")).toEqual([
			expect.objectContaining({ level, key: bad.key, conclusion, reason: expect.stringMatching(reason) }),
		]);
		expect(world.ends("concluded")).toHaveLength(1);
	});

	it("lists every run with its key, and ends with the last of them", async () => {
		const world = new FollowWorld();
		const sent = await world.dispatch();
		for (const lastsMs of [1_000, 5 * MINUTE_MS]) world.run(sent, { lastsMs });
		await world.pass(2 * MINUTE_MS);
		expect(await world.receipt(sent)).toMatchObject({ following: "running", runs: [{ status: "completed" }, {}] });
		await world.pass(5 * MINUTE_MS);
		expect((await world.receipt(sent)).following).toBe("concluded");
		expect(world.ends()).toHaveLength(1);
	});

	it("whose answer named the run needs no title", async () => {
		const world = new FollowWorld();
		const run = {
			id: "77",
			url: null,
			workflow: "train",
			status: "queued",
			conclusion: null,
			attempt: 1,
			certain: true,
		};
		const sent = await world.dispatch({ run });
		expect(await world.receipt(sent)).toMatchObject({ following: "running", runs: [run] });
		world.run(sent, { id: "77", title: "no key", lastsMs: 2 * MINUTE_MS });
		await world.pass(5 * MINUTE_MS);
		expect(await world.receipt(sent)).toMatchObject({ following: "concluded", runs: [{ id: "77", certain: true }] });
	});

	it("is not followed where that is off, and no wake-up is put", async () => {
		const world = new FollowWorld({ isOn: false });
		const sent = await world.dispatch();
		expect(await world.receipt(sent)).toMatchObject({ following: "off", runs: [] });
		expect([await world.followed(), world.messages]).toEqual([0, []]);
	});

	it("is let go of when following is switched off", async () => {
		const [before, after] = [new FollowWorld(), new FollowWorld({ isOn: false })];
		const sent = await before.dispatch();
		Object.assign(after, { storage: before.storage });
		await after.another().follow({ lane: LANE, wake: 0 }, after.logged.log);
		expect(await before.receipt(sent)).toMatchObject({ following: "off" });
		expect([await before.followed(), after.lists]).toEqual([0, []]);
	});
});

describe("which run is a dispatch's", () => {
	it("is never one that is older by the service's clock, even with its key", async () => {
		const world = new FollowWorld();
		const sent = await world.dispatch();
		world.run(sent, { afterMs: -2_000, lastsMs: 1_000 });
		await world.pass(5 * MINUTE_MS);
		expect(await world.receipt(sent)).toMatchObject({ following: "looking", runs: [] });
	});

	it("can be that of an earlier call whose answer was uncertain", async () => {
		const world = new FollowWorld();
		const sent = await world.dispatch({ doubtMs: 30_000 });
		world.run(sent, { afterMs: -29_000, lastsMs: 1_000 });
		world.run(sent, { lastsMs: 1_000 });
		await world.pass(2 * MINUTE_MS);
		expect((await world.receipt(sent)).runs).toHaveLength(2);
	});

	it("is never one whose title carries another key first", async () => {
		const world = new FollowWorld();
		const [one, other] = [await world.dispatch(), await world.dispatch()];
		world.run(one, { title: `(${one.key}) about ${other.key}`, lastsMs: 1_000 });
		await world.pass(5 * MINUTE_MS);
		expect(await world.receipt(one)).toMatchObject({ following: "concluded" });
		expect(await world.receipt(other)).toMatchObject({ following: "looking", runs: [] });
	});

	it("is likely where it is the only one without a key for the only dispatch", async () => {
		const world = new FollowWorld();
		const sent = await world.dispatch();
		world.run(sent, { title: "contoso-test", lastsMs: 1_000 });
		await world.pass(2 * MINUTE_MS);
		expect(await world.receipt(sent)).toMatchObject({ following: "concluded", runs: [{ certain: false }] });
	});

	it("cannot be told where two dispatches wait for runs without keys", async () => {
		const world = new FollowWorld();
		const both = [await world.dispatch(), await world.dispatch()];
		for (const sent of both) world.run(sent, { title: "Train", lastsMs: 1_000 });
		await world.pass(HOUR_MS + 2 * MINUTE_MS);
		for (const sent of both) {
			const reason = expect.stringContaining("bridge.key into the workflow's run-name");
			expect(await world.receipt(sent)).toMatchObject({ following: "cannot tell", runs: [], followingReason: reason });
		}
		expect(world.ends("cannot tell")).toHaveLength(2);
		expect(world.ends("none")).toEqual([]);
	});

	it("is told by the type where runs are called after it", async () => {
		const world = new FollowWorld();
		const [one, other] = [await world.dispatch({ type: "a" }), await world.dispatch({ type: "b" })];
		const runs = [world.run(one, { title: "a", lastsMs: 1_000 }), world.run(other, { title: "b", lastsMs: 1_000 })];
		await world.pass(2 * MINUTE_MS);
		expect((await world.receipt(one)).runs).toMatchObject([{ id: runs[0]?.id, certain: false }]);
		expect((await world.receipt(other)).runs).toMatchObject([{ id: runs[1]?.id, certain: false }]);
	});
});

describe("a service that", () => {
	const refusing: RunsAnswer = { kind: "refused", reason: "the token may not read runs; give it Actions: read" };

	it("refuses to list runs is asked once an hour, and the receipts say the repair", async () => {
		const world = new FollowWorld();
		world.answer = (target) => (target === "contoso/closed" ? refusing : undefined);
		const sent: Dispatch[] = [];
		for (let times = 0; times < 10; times++) {
			sent.push(await world.dispatch({ repository: "contoso/closed" }));
			await world.pass(MINUTE_MS);
		}
		const good = await world.dispatch();
		world.run(good, { lastsMs: 1_000 });
		await world.pass(3 * MINUTE_MS);
		for (const one of sent) {
			expect(await world.receipt(one)).toMatchObject({ following: "cannot tell", followingReason: refusing.reason });
		}
		expect(world.lists.filter(({ target }) => target === "contoso/closed")).toHaveLength(1);
		expect((await world.receipt(good)).following).toBe("concluded");
		await world.pass(HOUR_MS);
		world.answer = () => undefined;
		const repaired = await world.dispatch({ repository: "contoso/closed" });
		world.run(repaired, { lastsMs: 1_000 });
		await world.pass(3 * MINUTE_MS);
		expect((await world.receipt(repaired)).following).toBe("concluded");
	});

	it("does not answer makes no receipt say that no run came, and is not asked before its time", async () => {
		const world = new FollowWorld();
		const sent = await world.dispatch();
		const retryAt = START + 90 * MINUTE_MS;
		world.answer = () => (world.now < retryAt ? { kind: "unavailable", retryAt, reason: "limit" } : undefined);
		world.run(sent, { lastsMs: 1_000 });
		await world.pass(89 * MINUTE_MS);
		expect(await world.receipt(sent)).toMatchObject({ following: "looking" });
		expect(world.lists).toHaveLength(1);
		await world.pass(3 * MINUTE_MS);
		expect(await world.receipt(sent)).toMatchObject({ following: "concluded" });
		expect(world.ends("none")).toEqual([]);
	});

	it("throws keeps no other from being followed", async () => {
		const world = new FollowWorld();
		world.answer = (target) => {
			if (target === "contoso/broken") throw new Error("a bug of ours");
			return undefined;
		};
		const bad = await world.dispatch({ repository: "contoso/broken" });
		const good = await world.dispatch();
		world.run(good, { lastsMs: 1_000 });
		await world.pass(3 * MINUTE_MS);
		expect((await world.receipt(good)).following).toBe("concluded");
		expect((await world.receipt(bad)).following).toBe("looking");
		expect(world.waiting()).toHaveLength(1);
	});

	it("is asked no further by a follower that has lost the lane, which says so once", async () => {
		const world = new FollowWorld();
		for (let number = 0; number < 12; number++) await world.dispatch({ repository: `contoso/${number}` });
		world.restart(async ({ method }, make) => {
			if (method === "renew") throw new StorageError("another follower has the lease", 409);
			return make();
		});
		world.answer = () => {
			// One answer takes so long that the lease has to be renewed before the next list.
			if (world.lists.length === 1) world.now += 20_000;
			return undefined;
		};
		await world.pass(30_000);
		expect(world.lists.length).toBeLessThan(12);
		const changes = world.logged.lines.map(({ change }) => change);
		expect(changes.filter((change) => change === "interrupted")).toHaveLength(1);
		expect(changes).not.toContain("failed to look");
	});

	it.each<[string, unknown]>([
		[
			"a million runs",
			{
				kind: "runs",
				runs: Array(1e6).fill({ id: "1", status: "completed", createdAt: START }),
				complete: true,
				serverTime: START,
			},
		],
		[
			"runs of year 1",
			{
				kind: "runs",
				runs: [{ id: "1", title: "x", status: "completed", createdAt: -62e12 }],
				complete: true,
				serverTime: -62e12,
			},
		],
		[
			"wrong types",
			{
				kind: "runs",
				runs: [null, 7, { id: {}, title: [], status: 4, createdAt: "x" }],
				complete: "yes",
				serverTime: "now",
			},
		],
		["no list", { kind: "runs", runs: "none", complete: true, serverTime: 9e15 }],
		[
			"a run without an end",
			{
				kind: "runs",
				runs: [{ id: 5, status: "", title: null, createdAt: START, url: "javascript:alert(1)" }],
				complete: false,
				serverTime: START,
			},
		],
	])("answers %s makes no receipt say what is not known", async (_, answer) => {
		const world = new FollowWorld();
		const sent = await world.dispatch();
		world.answer = () => answer as RunsAnswer;
		await world.pass(10 * MINUTE_MS);
		expect(await world.receipt(sent)).toMatchObject({ following: "looking", runs: [] });
		world.answer = () => undefined;
		world.run(sent, { afterMs: 10 * MINUTE_MS, lastsMs: 1_000 });
		await world.pass(2 * MINUTE_MS);
		expect((await world.receipt(sent)).following).toBe("concluded");
	});

	it("has more runs than a list holds is not said to have none", async () => {
		const world = new FollowWorld();
		const sent = await world.dispatch();
		// Too many within one minute: the list shows the newest hundred.
		for (let count = 0; count < 300; count++)
			world.run(sent, { title: `other ${"0".repeat(32)}`, afterMs: 5 * MINUTE_MS + count });
		await world.pass(HOUR_MS + 2 * MINUTE_MS);
		expect(await world.receipt(sent)).toMatchObject({
			following: "cannot tell",
			followingReason: expect.stringContaining("too many runs came"),
		});
	});
});

describe("the cost of following", () => {
	it("is one list call a minute however many dispatches wait, most of them unchanged", async () => {
		const world = new FollowWorld();
		const sent: Dispatch[] = [];
		for (let count = 0; count < 50; count++) {
			sent.push(await world.dispatch());
			await world.pass(500);
		}
		for (const one of sent) world.run(one, { lastsMs: 30 * MINUTE_MS });
		await world.pass(30 * MINUTE_MS);
		for (const [index, { at }] of world.lists.entries()) {
			if (index > 0) expect(at - (world.lists[index - 1]?.at ?? 0)).toBeGreaterThanOrEqual(MINUTE_MS);
		}
		expect(world.lists.length).toBeGreaterThan(25);
		expect(world.lists.filter(({ answered }) => answered === "unchanged").length).toBeGreaterThan(20);
		expect(world.reads).toEqual([]);
		// A chain of one a minute, and what dispatches put.
		expect(world.messages.length).toBeLessThan(40);
		await world.pass(3 * MINUTE_MS);
		expect(world.ends("concluded")).toHaveLength(50);
	});

	it("is thirty reads a look where runs are older than the list, and each gets its turn", async () => {
		const world = new FollowWorld();
		const sent: Dispatch[] = [];
		for (let count = 0; count < 70; count++) {
			const id = String(5_000 + count);
			const run = { id, url: null, workflow: null, status: "queued", conclusion: null, attempt: 1, certain: true };
			sent.push(await world.dispatch({ run }));
			world.run(sent[count] as Dispatch, { id, title: "", lastsMs: 10 * MINUTE_MS });
		}
		for (let count = 0; count < 150; count++) world.run(sent[0] as Dispatch, { title: "newer", afterMs: 60_000 });
		await world.pass(5 * MINUTE_MS);
		expect(new Set(world.reads.map(({ id }) => id)).size).toBe(70);
		await world.pass(10 * MINUTE_MS);
		expect(world.ends("concluded")).toHaveLength(70);
	});
});

describe("a route that dispatches again", () => {
	it("sends once more with the same key where no run comes, and not a third time", async () => {
		const world = new FollowWorld({ resends: () => true });
		const sent = await world.dispatch();
		await world.pass(HOUR_MS + MINUTE_MS);
		expect(await world.receipt(sent)).toMatchObject({
			state: "accepted",
			following: null,
			finishedAt: null,
			followingReason: expect.stringContaining("the bridge sends it once more"),
		});
		const [entry] = (await world.storage.list(LANE, { from: "e-", to: "e.", top: 10 })).rows;
		expect(Buffer.from(entry?.columns["body"] as Uint8Array).toString()).toBe(`{"key":"${sent.key}"}`);
		expect(entry?.columns).toMatchObject({ key: sent.key, resent: true, receipt: sent.receipt });
		expect([world.woken, await world.followed()]).toEqual([[LANE], 0]);
		expect(world.ends()).toEqual([expect.objectContaining({ level: "warn", change: "sent again" })]);
	});
});

describe("what lies in the rows", () => {
	const damage = async (world: FollowWorld, columns: Columns) => {
		const [row] = (await world.storage.list(LANE, { from: "f-", to: "f.", top: 1 })).rows;
		await world.storage.commit(LANE, [{ kind: "merge", rowKey: String(row?.rowKey), columns }]);
	};

	it.each<[string, Columns]>([
		["no destination", { to: "" }],
		["a destination that cannot be read", { to: "{" }],
		["no times", { takenAt: "soon", from: "" }],
		["runs that cannot be read", { runs: "[" }],
		["a state that there is not", { following: "lost" }],
	])("with %s ends, and keeps no other from it", async (_, columns) => {
		const world = new FollowWorld();
		const damaged = await world.dispatch();
		await damage(world, columns);
		const good = await world.dispatch();
		for (const one of [damaged, good]) world.run(one, { lastsMs: 1_000 });
		await world.pass(3 * MINUTE_MS);
		expect((await world.receipt(good)).following).toBe("concluded");
		expect((await world.receipt(damaged)).following).toMatch(/^concluded$|^cannot tell$/);
		expect([await world.followed(), world.waiting()]).toEqual([0, []]);
	});

	it("goes where the receipt was removed meanwhile, without an alert", async () => {
		const world = new FollowWorld();
		const [gone, good] = [await world.dispatch(), await world.dispatch()];
		await world.storage.commit(LANE, [{ kind: "delete", rowKey: gone.receipt }]);
		world.run(good, { lastsMs: 1_000 });
		await world.pass(HOUR_MS + 3 * MINUTE_MS);
		expect((await world.receipt(good)).following).toBe("concluded");
		expect([await world.followed(), world.ends("none")]).toEqual([0, []]);
		expect(await world.storage.get(LANE, gone.receipt)).toBeUndefined();
	});

	it("of what the follower remembers heals, whatever it is", async () => {
		for (const state of [
			"{",
			"[]",
			'{"wake":{"last":"x","at":1e99},"lists":{"contoso/fraud-model ":7}}',
			'{"lists":7}',
		]) {
			const world = new FollowWorld();
			await world.storage.commit(LANE, [{ kind: "upsert", rowKey: "g-follow", columns: { state } }]);
			const sent = await world.dispatch();
			world.run(sent, { lastsMs: 1_000 });
			await world.pass(3 * MINUTE_MS);
			expect({ state, following: (await world.receipt(sent)).following }).toEqual({ state, following: "concluded" });
		}
	});

	it("is left alone where the lane belongs to another address", async () => {
		const world = new FollowWorld();
		await world.storage.commit(LANE, [
			{ kind: "upsert", rowKey: "a-state", columns: { state: JSON.stringify({ address: "https://other.example" }) } },
		]);
		const sent = await world.dispatch();
		world.run(sent, { lastsMs: 1_000 });
		await world.pass(10 * MINUTE_MS);
		expect([world.lists, (await world.receipt(sent)).following, world.waiting().length]).toEqual([[], "looking", 1]);
	});
});
