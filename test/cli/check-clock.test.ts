import { describe, expect, it } from "@jest/globals";
import { checkClock } from "../../src/cli/doctor/check-bridge.ts";

describe("the clocks", () => {
	it.each([
		[undefined, undefined, "cannot tell", "neither the bridge nor GitHub answered with its time"],
		[0, undefined, "ok", "less than a minute"],
		[59_000, -59_000, "ok", "less than a minute"],
		[120_000, 0, "warning", "the bridge's clock is 120 seconds ahead, and GitHub's clock is correct"],
		[undefined, -90_000, "warning", "GitHub's clock is 90 seconds behind"],
		[90_000, undefined, "warning", "the bridge's clock is 90 seconds ahead"],
	] as const)("that go ahead by %s and %s ms are %s: %s", (bridge, github, verdict, words) => {
		expect(checkClock(bridge, github)).toMatchObject({ verdict, finding: expect.stringContaining(words) });
	});
});
