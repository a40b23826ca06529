import { describe, expect, it } from "@jest/globals";
import { createPollDelay } from "../../src/local/queue-trigger.ts";

/** Delays of a queue that stays empty. */
function idle(count: number, maxMs: number, random: number): number[] {
	const next = createPollDelay(maxMs, () => random);
	return Array.from({ length: count }, () => next(false));
}

describe("the delay between two looks at a queue", () => {
	it("grows twofold up to the maximum, and stays there", () => {
		expect(idle(8, 2000, 0.5)).toEqual([100, 200, 300, 500, 900, 1700, 2000, 2000]);
	});

	it("is spread by a fifth to either side", () => {
		expect(idle(4, 2000, 0)).toEqual([100, 180, 260, 420]);
		expect(idle(4, 2000, 1)).toEqual([100, 220, 340, 580]);
	});

	it("is the shortest after work, and grows again from there", () => {
		const next = createPollDelay(2000, () => 0.5);
		for (let looks = 0; looks < 10; looks++) next(false);
		expect([next(true), next(false), next(false), next(true)]).toEqual([100, 200, 300, 100]);
	});

	it("never exceeds a maximum that is shorter than the shortest", () => {
		expect(idle(3, 50, 0.5)).toEqual([50, 50, 50]);
		expect(createPollDelay(50, () => 0.5)(true)).toBe(50);
	});
});
