import { describe, expect, it } from "@jest/globals";
import { DrainWakeUps } from "../../src/deliver/drain.ts";
import type { LaneLease } from "../../src/ledger/lane-lease.ts";
import { NEW_LANE } from "../../src/ledger/lane-state.ts";
import { StorageError } from "../../src/storage/storage.ts";
import { delivery, joining } from "../helpers/deliveries.ts";
import { LANE, type LaneHarness, START, startLane } from "../helpers/lane-harness.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

// Both were found by the model: test/model/timed-lane.ts.

describe("a window", () => {
	it.each<[string, LaneHarness["answer"]]>([
		[
			"the lane pauses for longer than its maximum",
			() => ({
				classification: {
					kind: "rate-limited",
					until: START + 20 * MINUTE,
					named: true,
					reason: "GitHub asks to slow down",
				},
			}),
		],
		["the lane is parked", () => ({ classification: { kind: "unauthorized", reason: "401" } })],
	])("closes at its maximum though it was opened while a drain was about to leave: %s", async (_, answer) => {
		let joined = false;
		const lane = await startLane({
			answer,
			async around({ method, args }, make) {
				// The wake-up that the drain leaves behind: it has looked for the last time.
				if (method === "put" && (args[1] as number) > 60 && !joined) {
					joined = true;
					await lane.another().accept(joining(2, { how: { quietMs: 30 * SECOND, maxMs: MINUTE } }));
				}
				return make();
			},
		});
		await lane.instance.accept(delivery(1));
		await lane.wakeAll(() => joined && lane.now > START);
		const isOpen = async () => (await lane.ledger.rows(LANE, "b-")).length > 0;
		while ((await isOpen()) && (await lane.wakeNext()));
		expect(joined).toBe(true);
		expect(lane.now - START).toBeLessThanOrEqual(2 * MINUTE);
	});
});

describe("a drain whose last wake-up storage refuses to record", () => {
	it("leaves one message, however often that happens", async () => {
		let isLeaving = false;
		const lane = await startLane({
			answer: () => ({ classification: { kind: "transient", reason: "no connection" } }),
			async around({ method, args }, make) {
				// All but the watchdogs.
				if (method === "put") isLeaving = args[1] !== 45;
				if (method === "commit" && isLeaving) throw new StorageError("refused", 400);
				return make();
			},
		});
		await lane.instance.ledger.accept(delivery(1));
		await lane.instance.ledger.ensureWakeUp(LANE, () => lane.now);
		await lane.wakeAll(() => lane.sent.length >= 8);
		expect(lane.logged.lines.some(({ change }) => change === "interrupted")).toBe(true);
		expect(lane.waiting()).toHaveLength(1);
	});
});

describe("a wake-up that a drain leaves, and cannot record", () => {
	it.each([
		["is taken back where storage refuses the record, since the watchdog is there", 400, false, true, ["left"]],
		["stays where it may be recorded, since no answer came", undefined, false, true, []],
		["stays where it is recorded, and only what comes after is refused", 400, true, true, []],
		["stays where there is no watchdog", 400, false, false, []],
	])("%s", async (_, status, isRecorded, hasWatchdog, expected) => {
		const takenBack: string[] = [];
		const lease: Partial<LaneLease> = {
			state: () => NEW_LANE,
			putWakeUp: async (at) => async () => void takenBack.push(at === START + 45 * SECOND ? "watchdog" : "left"),
			isRecorded: () => isRecorded,
			commit: async () => {
				throw new StorageError("failed", status);
			},
		};
		const wakeUps = new DrainWakeUps(lease as LaneLease, { wake: 0 }, () => START);
		if (hasWatchdog) await wakeUps.ensureWatchdog();
		const left = { at: START + MINUTE, writes: [], toState: () => NEW_LANE };
		await expect(wakeUps.leaveTo(left)).rejects.toThrow("failed");
		expect(takenBack).toEqual(expected);
	});
});
