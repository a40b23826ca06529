import { describe, expect, it } from "@jest/globals";
import { StorageError } from "../../src/storage/storage.ts";
import type { StorageCall } from "../../support/wrap-storage.ts";
import { type Around, type Dispatch, FollowWorld, LANE, MINUTE_MS } from "../helpers/follow-world.ts";

/** How a call ends that is cut; whether the process ends with it. */
const CUTS = {
	"dies before the call": { made: false, dies: true },
	"dies before the call's answer": { made: true, dies: true },
	"gets no connection": { made: false, dies: false },
	"loses the answer": { made: true, dies: false },
} as const;
type Cut = keyof typeof CUTS;
/** More than any scenario makes. */
const MOST_CALLS = 200;
/** Messages of a killed host stay invisible for so long. */
const KILLED_MS = 10 * MINUTE_MS;

/** A process whose call of that number is cut. */
function cutAt(number: number, cut: Cut, onCut: (call: StorageCall) => void): Around {
	let [calls, dead] = [0, false];
	const { made, dies } = CUTS[cut];
	return async (call, make) => {
		if (dead) throw new Error("a dead process calls nothing");
		calls += 1;
		if (calls !== number) return make();
		onCut(call);
		dead = dies;
		if (made) await make();
		throw dies ? new Error("killed") : new StorageError("socket hang up", undefined);
	};
}

/** One that succeeds late, one that is cancelled, and one that has no run and is sent once more. */
async function play(number: number, cut: Cut): Promise<StorageCall | undefined> {
	const world = new FollowWorld({ resends: () => true, runWithinMs: 5 * MINUTE_MS });
	world.comesBackMs = CUTS[cut].dies ? KILLED_MS : 30_000;
	let at: StorageCall | undefined;
	world.restart(
		cutAt(number, cut, (call) => {
			at = call;
			// Only what it has put lives on; another process is there when it is handed over.
			if (CUTS[cut].dies) world.restart();
		}),
	);
	const sent: Dispatch[] = [];
	for (const run of [
		{ afterMs: 3 * MINUTE_MS, lastsMs: MINUTE_MS },
		{ lastsMs: 1_000, conclusion: "cancelled" },
	]) {
		const one = await dispatched(world);
		world.run(one, run);
		sent.push(one);
	}
	const never = await dispatched(world);
	await world.pass(45 * MINUTE_MS);
	const [late, cancelled] = sent as [Dispatch, Dispatch];
	expect(await world.receipt(late)).toMatchObject({ following: "concluded", runs: [{ conclusion: "success" }] });
	expect(await world.receipt(cancelled)).toMatchObject({ following: "concluded", runs: [{ conclusion: "cancelled" }] });
	expect(await world.receipt(never)).toMatchObject({ state: "accepted", following: null });
	const entries = (await world.storage.list(LANE, { from: "e-", to: "e.", top: 10 })).rows;
	const resent = entries.filter(({ columns }) => columns["resent"]).map(({ columns }) => columns["key"]);
	// A delivery whose process died is there a second time.
	expect(resent).toContain(never.key);
	expect(new Set(resent).size).toBe(resent.length);
	expect(world.woken.length).toBeGreaterThan(0);
	expect([await world.followed(), world.waiting()]).toEqual([0, []]);
	// Once a minute, what the dispatches put, and what a process that died has left.
	expect(world.messages.length).toBeLessThan(25);
	const keys = world.ends().map(({ key }) => key);
	expect(new Set(keys).size).toBe(keys.length);
	// The process that was cut right before it could say so.
	expect(keys.length).toBeGreaterThanOrEqual(at?.method === "commit" ? 1 : 3);
	const gaps = world.lists.map((list, index) => list.at - (world.lists[index - 1]?.at ?? 0));
	expect(Math.min(...gaps)).toBeGreaterThanOrEqual(MINUTE_MS);
	return at;
}

/** As a delivery that is interrupted is delivered again: its rows are written, or are not. */
async function dispatched(world: FollowWorld): Promise<Dispatch> {
	for (;;) {
		try {
			return await world.dispatch();
		} catch {
			await world.pass(40_000);
		}
	}
}

describe("three dispatches", () => {
	it.each(Object.keys(CUTS) as Cut[])(
		"are followed to their ends, each said once, at whichever call of storage the process %s",
		async (cut) => {
			let cuts = 0;
			for (let number = 1; number <= MOST_CALLS; number++) {
				let at: StorageCall | undefined;
				try {
					at = await play(number, cut);
				} catch (error) {
					throw new Error(`${cut} at call ${number}:\n${(error as Error).message}`, { cause: error });
				}
				if (at === undefined) break;
				cuts += 1;
			}
			expect(cuts).toBeGreaterThanOrEqual(60);
			expect(cuts).toBeLessThan(MOST_CALLS);
		},
		180_000,
	);
});

describe("while a follower looks", () => {
	/** Plays a life in which something happens before, or after, the follower's call of that number. */
	async function interleave(number: number, isAfter: boolean, happen: (world: FollowWorld) => Promise<void>) {
		const world = new FollowWorld();
		let calls = 0;
		world.restart(async (_, make) => {
			calls += 1;
			if (calls !== number) return make();
			if (!isAfter) await happen(world);
			const answered = await make();
			if (isAfter) await happen(world);
			return answered;
		});
		world.run(await world.dispatch(), { lastsMs: 30_000 });
		await world.pass(20 * MINUTE_MS);
		return { world, isReached: calls >= number };
	}

	it.each([false, true])(
		"another one that is woken changes nothing, at whichever call (after it: %s)",
		async (isAfter) => {
			for (let number = 1; ; number++) {
				const other = async (world: FollowWorld) => {
					await world.another().follow({ lane: LANE, wake: 0 }, world.logged.log);
				};
				const { world, isReached } = await interleave(number, isAfter, other);
				expect([await world.followed(), world.waiting(), world.ends("concluded").length]).toEqual([0, [], 1]);
				expect(world.messages.length).toBeLessThan(20);
				if (!isReached) break;
			}
		},
	);

	it.each([false, true])("what is dispatched is followed, at whichever call (after it: %s)", async (isAfter) => {
		for (let number = 1; ; number++) {
			const dispatched: Dispatch[] = [];
			const dispatch = async (world: FollowWorld) => {
				const other = world.another();
				// Its message surfaces at once: whoever follows has the lane.
				await other.wakeFollower.before(LANE);
				dispatched.push(await world.dispatch());
				world.run(dispatched[0] as Dispatch, { lastsMs: 1_000 });
				for (const message of world.messages) if (message.wake === 0) message.gone = true;
				await other.follow({ lane: LANE, wake: 0 }, world.logged.log);
			};
			const { world, isReached } = await interleave(number, isAfter, dispatch);
			for (const one of dispatched) {
				expect({ number, following: (await world.receipt(one)).following }).toEqual({ number, following: "concluded" });
			}
			expect([await world.followed(), world.waiting()]).toEqual([0, []]);
			if (!isReached) break;
		}
	});
});
