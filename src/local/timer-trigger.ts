import { Cron } from "croner";
import { sleep as realSleep, settledWithin, type Trigger } from "./stopping.ts";

export interface TimerTriggerOptions {
	/** Six fields, the second first; five begin with the minute. In UTC. */
	readonly schedule: string;
	readonly runOnStartup?: boolean | undefined;
	/** Whether the function is told when it ran last; it never is where it runs more than once a minute. */
	readonly useMonitor?: boolean | undefined;
	/** Runs the function with the timer in the host's wire form. */
	readonly run: (input: unknown) => Promise<unknown>;
	/** How long `stop` waits for a run. */
	readonly stopMs?: number;
	/** Epoch milliseconds. */
	readonly now?: () => number;
	readonly sleep?: typeof realSleep;
}

const STOP_MS = 5_000;
const MINUTE_MS = 60_000;
/** A clock that was set anew is noticed within that time. */
const LOOK_MS = 10 * MINUTE_MS;
const NEVER = "0001-01-01T00:00:00+00:00";

/**
 * Runs a function by its schedule, never twice at the same time. A run that fell due while the host was down is not made up
 * for: the real host stores the last run in a blob, this one does not.
 * Source: azure-webjobs-sdk-extensions, `TimerListener`, `CronSchedule`.
 * @throws Error when the schedule cannot be read
 */
export function startTimerTrigger(options: TimerTriggerOptions): Trigger {
	const { schedule, runOnStartup = false, useMonitor = true, run, stopMs = STOP_MS } = options;
	const { now = Date.now, sleep = realSleep } = options;
	// NCRONTAB wants both the day of the month and the day of the week to match; cron is content with either.
	const cron = new Cron(schedule, { timezone: "UTC", mode: "5-or-6-parts", domAndDow: true, paused: true });
	const isMonitored = useMonitor && isSlow(cron, new Date(now()));
	const stopping = new AbortController();
	let last = NEVER;
	let updated = offsetTime(now());

	async function follow(): Promise<void> {
		if (runOnStartup) await runOnce();
		for (let next = nextRun(); next !== undefined && (await reached(next)); next = nextRun()) await runOnce(next);
	}

	function nextRun(): number | undefined {
		return cron.nextRun(new Date(now()))?.getTime();
	}

	/** Waits for a time; false when it was stopped first. */
	async function reached(time: number): Promise<boolean> {
		while (now() < time) {
			if (!(await sleep(Math.min(time - now(), LOOK_MS), stopping.signal))) return false;
		}
		return !stopping.signal.aborted;
	}

	async function runOnce(meantFor = nextRun()): Promise<void> {
		const at = offsetTime(now());
		const status = { Last: last, Next: meantFor === undefined ? NEVER : offsetTime(meantFor), LastUpdated: updated };
		const timer = {
			Schedule: { AdjustForDST: true },
			ScheduleStatus: isMonitored ? status : null,
			IsPastDue: false,
		};
		// A failure ends this run only.
		await run({ json: JSON.stringify(timer) }).catch(() => {});
		last = at;
		updated = at;
	}

	const following = follow();
	return {
		stop: async () => {
			stopping.abort();
			await settledWithin(stopMs, following);
		},
	};
}

function isSlow(cron: Cron, from: Date): boolean {
	const [first, second] = cron.nextRuns(2, from);
	return first === undefined || second === undefined || second.getTime() - first.getTime() >= MINUTE_MS;
}

/** As .NET writes a time with its offset. */
function offsetTime(time: number): string {
	return new Date(time).toISOString().replace("Z", "+00:00");
}
