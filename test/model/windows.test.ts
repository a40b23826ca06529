import { describe, expect, it } from "@jest/globals";
import { explore } from "./explore.ts";
import { type Bounds, WEAKNESSES, windows } from "./windows.ts";

const calm = { joins: ["a", "a", "b"], luck: { crashes: 0, leases: 0 } };
const crash = { ...calm, luck: { crashes: 1, leases: 0 } };
const lease = { ...calm, luck: { crashes: 0, leases: 1 } };

describe("the windows of a group", () => {
	it.each<[string, Bounds, number]>([
		["a process dies", crash, 2_000],
		["a lease is lost unnoticed", lease, 14_000],
		["two events, and both", { joins: ["a", "b"], luck: { crashes: 1, leases: 1 } }, 8_000],
	])("put every event into exactly one manifest, in any order of steps: %s", (_, bounds, atLeast) => {
		const { states, violation } = explore(windows(bounds));
		expect(violation).toBeUndefined();
		expect(states).toBeGreaterThan(atLeast);
	});

	it.each(WEAKNESSES)("would not if %s", (weak) => {
		const bounds = weak === "closing is not guarded by the ETag" ? { ...lease, joins: ["a"] } : crash;
		const { violation } = explore(windows({ ...bounds, weak }));
		expect(violation?.problem).toMatch(/in no manifest|in several manifests|left for ever/);
	});
});
