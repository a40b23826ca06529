import { describe, expect, it } from "@jest/globals";
import { startTimerTrigger, type TimerTriggerOptions } from "../../src/local/timer-trigger.ts";

const START = Date.parse("2026-03-14T08:15:30Z");
const DAILY = "0 30 3 * * *";
const HOUR_MS = 3_600_000;

interface Run {
	readonly at: string;
	readonly timer: { readonly ScheduleStatus: unknown; readonly [name: string]: unknown };
}

/** What runs within so many hours, on a clock that jumps from one wait to the next. */
async function runsWithin(hours: number, options: Partial<TimerTriggerOptions>, runMs = 0): Promise<readonly Run[]> {
	const end = START + hours * HOUR_MS;
	let time = START;
	const runs: Run[] = [];
	await new Promise<void>((resolve) => {
		startTimerTrigger({
			schedule: DAILY,
			now: () => time,
			sleep: async (ms) => {
				time += ms;
				if (time > end) resolve();
				return time <= end;
			},
			run: async (input) => {
				const { json } = input as { json: string };
				runs.push({ at: new Date(time).toISOString(), timer: JSON.parse(json) });
				time += runMs;
			},
			...options,
		});
	});
	return runs;
}

const times = (runs: readonly Run[]) => runs.map(({ at }) => at);

describe("a timer trigger", () => {
	it("runs its function at the times of its schedule, in UTC", async () => {
		const runs = await runsWithin(48, {});
		expect(times(runs)).toEqual(["2026-03-15T03:30:00.000Z", "2026-03-16T03:30:00.000Z"]);
	});

	it("tells the function when it ran last, and for when this run was meant", async () => {
		const [first, second] = await runsWithin(48, {});
		expect(first?.timer).toEqual({
			Schedule: { AdjustForDST: true },
			ScheduleStatus: {
				Last: "0001-01-01T00:00:00+00:00",
				Next: "2026-03-15T03:30:00.000+00:00",
				LastUpdated: "2026-03-14T08:15:30.000+00:00",
			},
			IsPastDue: false,
		});
		expect(second?.timer.ScheduleStatus).toEqual({
			Last: "2026-03-15T03:30:00.000+00:00",
			Next: "2026-03-16T03:30:00.000+00:00",
			LastUpdated: "2026-03-15T03:30:00.000+00:00",
		});
	});

	it.each([
		["that runs more than once a minute", { schedule: "*/10 * * * * *" }],
		["without a monitor", { schedule: "0 * * * * *", useMonitor: false }],
	])("tells no status of a schedule %s", async (_, options) => {
		const [first] = await runsWithin(0.1, options);
		expect(first?.timer.ScheduleStatus).toBeNull();
	});

	it("takes a schedule of five fields, which begins with the minute", async () => {
		expect(times(await runsWithin(1, { schedule: "16 8 * * *" }))).toEqual(["2026-03-14T08:16:00.000Z"]);
	});

	it("wants both the day of the month and the day of the week to match", async () => {
		// There are thirteen Mondays in that time, and three firsts.
		expect(times(await runsWithin(90 * 24, { schedule: "0 0 0 1 * MON" }))).toEqual(["2026-06-01T00:00:00.000Z"]);
	});

	it("runs at once, too, when it is to run on startup", async () => {
		const runs = await runsWithin(24, { runOnStartup: true });
		expect(times(runs)).toEqual(["2026-03-14T08:15:30.000Z", "2026-03-15T03:30:00.000Z"]);
	});

	it("goes on after a run that failed", async () => {
		let count = 0;
		const run = async () => {
			count += 1;
			throw new Error("no");
		};
		await runsWithin(2, { schedule: "0 0 * * * *", run });
		expect(count).toBe(2);
	});

	it("never runs its function twice at the same time: what falls due meanwhile is left out", async () => {
		const runs = await runsWithin(6, { schedule: "0 0 * * * *" }, 2.5 * HOUR_MS);
		expect(times(runs)).toEqual(["2026-03-14T09:00:00.000Z", "2026-03-14T12:00:00.000Z"]);
	});

	it("names a schedule that it cannot read", async () => {
		await expect(runsWithin(1, { schedule: "every day" })).rejects.toThrow("every day");
	});
});

describe("stopping a timer trigger", () => {
	it("ends its wait at once, and runs nothing any more", async () => {
		const runs: unknown[] = [];
		const run = async (input: unknown) => void runs.push(input);
		await startTimerTrigger({ schedule: DAILY, run }).stop();
		expect(runs).toEqual([]);
	});

	it("waits for the run that is under way", async () => {
		let isDone = false;
		const run = async () => {
			await new Promise(setImmediate);
			isDone = true;
		};
		await startTimerTrigger({ schedule: DAILY, runOnStartup: true, run }).stop();
		expect(isDone).toBe(true);
	});

	it("does not wait for one that never ends", async () => {
		const run = () => new Promise(() => {});
		await startTimerTrigger({ schedule: DAILY, runOnStartup: true, run, stopMs: 20 }).stop();
	});
});
