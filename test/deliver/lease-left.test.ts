import { describe, expect, it } from "@jest/globals";
import { delivery } from "../helpers/deliveries.ts";
import { type LaneHarness, startLane } from "../helpers/lane-harness.ts";

const SECOND = 1_000;

describe("a call is begun with fifteen seconds of lease left", () => {
	it.each([
		["a renewal takes long", "renew", {}],
		["the body of a delivery is read from a blob, and that takes long", "read", { size: 70_000 }],
	] as const)("though %s", async (_, slow, { size = 0 }: { size?: number }) => {
		let leasedAt = 0;
		const left: number[] = [];
		let isSlow = true;
		const lane: LaneHarness = await startLane({
			async around({ method }, make) {
				if (method === "lease" || method === "renew") leasedAt = lane.now;
				const made = await make();
				if (method === slow && isSlow) {
					isSlow = false;
					lane.now += 25 * SECOND;
				}
				// Whatever was written before took half of the lease.
				if (method === "list" && slow === "renew") lane.now += 16 * SECOND;
				return made;
			},
			answer: () => {
				left.push(leasedAt + 30 * SECOND - lane.now);
				return undefined;
			},
		});
		const event = delivery(1);
		const body = "body" in event.how ? event.how.body : "{}";
		const padded = JSON.stringify({ ...(JSON.parse(body) as object), padding: "x".repeat(size) });
		await lane.instance.accept(delivery(1, { how: { body: padded } }));
		await lane.wakeNext();
		expect(left).toHaveLength(1);
		expect(left[0]).toBeGreaterThanOrEqual(15 * SECOND);
	});
});
