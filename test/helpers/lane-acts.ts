import type { DrainCaller } from "../../src/deliver/send-due.ts";
import type { LaneLease } from "../../src/ledger/lane-lease.ts";
import type { LaneState } from "../../src/ledger/lane-state.ts";
import { delivery } from "./deliveries.ts";
import { LANE, type LaneHarness } from "./lane-harness.ts";

/** What happens to a lane between two drains, or instead of one. */

/** Another drainer of the lane does something with it, and releases it. */
export async function asAnother(lane: LaneHarness, work: (lease: LaneLease) => Promise<unknown>): Promise<void> {
	const lease = await lane.another().acquire();
	await lease.read(() => true);
	await work(lease);
	await lease.release();
}

/** Another drainer leaves the lane in that state. */
export const leaveState = (lane: LaneHarness, state: Partial<LaneState>) =>
	asAnother(lane, (lease) => lease.commit({ ...lease.state(), ...state }, []));

/** A drain within a request. */
export async function drainWithin(lane: LaneHarness, caller: Partial<DrainCaller> = {}): Promise<void> {
	const lease = await lane.instance.acquire();
	await lane.instance.drain(lease, caller);
	await lease.release();
}

/** Changes a delivery's row. */
export async function change(lane: LaneHarness, number: number, columns: Record<string, string>): Promise<void> {
	const rows = await lane.ledger.rows(LANE, "e-");
	const row = rows.find((each) => each.columns["key"] === delivery(number).key);
	await lane.ledger.storage.commit(LANE, [{ kind: "merge", rowKey: String(row?.rowKey), columns }]);
}
