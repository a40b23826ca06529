import { describe, expect, it } from "@jest/globals";
import { explore } from "./explore.ts";
import { timedLease, WEAKNESSES } from "./timed-lease.ts";

describe("the lease of a lane", () => {
	it("keeps two drainers from having calls under way at the same time, whatever takes how long", () => {
		const { states, violation } = explore(timedLease({}));
		expect(violation).toBeUndefined();
		expect(states).toBeGreaterThan(1_000);
	});

	it.each(WEAKNESSES)("would not if %s", (weak) => {
		const { violation } = explore(timedLease({ weak }));
		expect(violation?.problem).toBe("both drainers have a call under way");
	});
});
