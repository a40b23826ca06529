import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { createWakeFollower } from "../../src/follow/wake-follower.ts";
import { LEDGER } from "../../src/storage/storage.ts";

const START = Date.parse("2026-05-26T12:00:00Z");
let now: number;
let puts: { readonly text: string; readonly seconds: number; readonly queue: string | undefined }[];
let answer: () => Promise<void>;

const waking = () =>
	createWakeFollower(
		{
			put: async (text, seconds, queue) => {
				puts.push({ text, seconds, queue });
				await answer();
				return { id: "", popReceipt: "" };
			},
		},
		() => now,
	);

beforeEach(() => {
	[now, puts, answer] = [START, [], async () => {}];
});
afterEach(() => void jest.useRealTimers());

describe("the message that wakes a lane's follower", () => {
	it("surfaces in 20 s, and serves all that is written in the meantime", async () => {
		const follower = waking();
		for (let times = 0; times < 5; times++) {
			await follower.before("default");
			await follower.after("default");
			now += 2_000;
		}
		expect(puts).toEqual([{ text: JSON.stringify({ lane: "default", wake: 0 }), seconds: 20, queue: LEDGER.follow }]);
		// Ten of the 20 s have passed, and a commit usually takes up to eight.
		now += 2_000;
		await follower.before("default");
		expect(puts).toHaveLength(1);
		now += 1;
		await follower.before("default");
		expect(puts).toHaveLength(2);
	});

	it("surfaces at once where something is followed, though perhaps none is on its way", async () => {
		await waking().now("default");
		expect(puts).toEqual([{ text: JSON.stringify({ lane: "default", wake: 0 }), seconds: 0, queue: LEDGER.follow }]);
	});

	it("is put for each lane", async () => {
		const follower = waking();
		for (const lane of ["default", "app-contoso"]) await follower.before(lane);
		expect(puts).toHaveLength(2);
	});

	it("is put once more where it surfaced before the rows were written", async () => {
		const follower = waking();
		await follower.before("default");
		now += 21_000;
		await follower.after("default");
		expect(puts).toHaveLength(2);
	});

	it("is put once more after the clock was set back", async () => {
		const follower = waking();
		await follower.before("default");
		now -= 3_600_000;
		await follower.before("default");
		await follower.after("default");
		expect(puts).toHaveLength(2);
	});

	it("is tried again after the write where the queue did not take it, and rejects never", async () => {
		const follower = waking();
		answer = () => Promise.reject(new Error("the queue is down"));
		await follower.before("default");
		answer = async () => {};
		await follower.after("default");
		await follower.before("default");
		expect(puts).toHaveLength(2);
	});

	it("keeps no delivery waiting for a queue that does not answer", async () => {
		jest.useFakeTimers();
		const follower = waking();
		answer = () => new Promise(() => {});
		const waited = follower.before("default");
		await jest.advanceTimersByTimeAsync(2_000);
		await waited;
	});
});
