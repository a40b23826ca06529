import { describe, expect, it } from "@jest/globals";
import { explore, type Step } from "./explore.ts";

/** A walk along the numbers: to where one can go from each. */
const walk = (ways: Record<number, number[]>, wrong?: number, optional = false, never?: number) =>
	explore<{ at: number }>({
		initial: { at: 0 },
		steps: ({ at }) =>
			(ways[at] ?? []).map(
				(to): Step<{ at: number }> => ({
					name: `to ${to}`,
					optional,
					take: (world) => {
						world.at = to;
					},
				}),
			),
		wrongNow: ({ at }) => (at === never ? `is at ${at}` : undefined),
		wrongAtEnd: ({ at }) => (at === wrong ? `ends at ${at}` : undefined),
	});

describe("the explorer", () => {
	it("goes every way once", () => {
		expect(walk({ 0: [1, 2], 1: [3], 2: [3], 3: [4] })).toEqual({ states: 5, ends: 1 });
	});

	it("finds a shortest way to what is wrong", () => {
		const { violation } = walk({ 0: [1, 2], 1: [3], 2: [4], 3: [4] }, 4);
		expect(violation).toEqual({ problem: "ends at 4", trace: ["to 2", "to 4"] });
	});

	it("stops at what must not be at any time, though it would not last", () => {
		const { violation } = walk({ 0: [1, 2], 1: [3], 2: [3] }, undefined, false, 2);
		expect(violation).toEqual({ problem: "is at 2", trace: ["to 2"] });
	});

	it("lets a circle be if there is a way out of it", () => {
		expect(walk({ 0: [1], 1: [0, 2] }).violation).toBeUndefined();
	});

	it("finds a circle without a way out", () => {
		const { violation } = walk({ 0: [1, 2], 2: [3], 3: [2] });
		expect(violation).toMatchObject({ problem: "goes on for ever", trace: ["to 2"] });
	});

	it("counts on no optional step", () => {
		expect(walk({ 0: [1] }, 0, true).violation).toMatchObject({ problem: "ends at 0", trace: [] });
	});
});
