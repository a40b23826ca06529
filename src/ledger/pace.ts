/** At most so many calls in any time of that length. */
export interface Limit {
	readonly count: number;
	readonly ms: number;
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };
/** A call's time is kept in six bytes, and a table's property holds 64 KiB. */
const MAX_COUNT = 10_000;

/**
 * GitHub counts arrivals, we count departures: a call may be so much longer on its way than one before it. A second is
 * not prolonged: two calls a second apart are what GitHub asks for, not what it counts.
 */
const MARGIN_MS = 500;

/**
 * Reads limits such as `1/s,80/m,500/h`.
 * @returns the limits, or what is wrong
 */
export function parsePace(text: string): readonly Limit[] | string {
	const limits: Limit[] = [];
	for (const part of text.split(",")) {
		const [, count, unit = ""] = /^\s*(\d+)\s*\/\s*([smh])\s*$/.exec(part) ?? [];
		const ms = UNITS[unit];
		if (ms === undefined) return `"${part.trim()}" is not a limit; expected a list such as 1/s,80/m,500/h`;
		if (Number(count) < 1 || Number(count) > MAX_COUNT)
			return `"${part.trim()}": the number must be from 1 to ${MAX_COUNT}`;
		limits.push({ count: Number(count), ms });
	}
	return limits;
}

/**
 * When the next call may be made: not before every limit has room.
 * @param calls the times of recent calls, epoch milliseconds, in order
 */
export function nextSlot(calls: readonly number[], limits: readonly Limit[], now: number): number {
	return limits.reduce((slot, { count, ms }) => {
		const blocking = calls.at(-count);
		return blocking === undefined ? slot : Math.max(slot, blocking + windowOf(ms));
	}, now);
}

/**
 * The time that stands for a call. It had arrived at GitHub when its answer came, so a slow one counts as late as that,
 * less the margin that a window is prolonged by: then no arrival can be earlier than the window assumes.
 */
export function callTime(start: number, end: number): number {
	return Math.max(start, end - MARGIN_MS);
}

/** The calls that a limit still counts, with new ones among them; a clock that was set back leaves none in the future. */
export function logCalls(
	calls: readonly number[],
	made: readonly number[],
	limits: readonly Limit[],
	now: number,
): readonly number[] {
	const count = Math.max(...limits.map((limit) => limit.count));
	const longest = Math.max(...limits.map(({ ms }) => windowOf(ms)));
	const recent = [...calls, ...made]
		.map((time) => Math.min(time, now))
		.filter((time) => time > now - longest)
		.sort((one, other) => one - other);
	return recent.slice(-count);
}

/** How many calls a limit counts at this time. */
export function usedOf({ count, ms }: Limit, calls: readonly number[], now: number): number {
	return Math.min(count, calls.filter((time) => time > now - windowOf(ms)).length);
}

function windowOf(ms: number): number {
	return ms <= 1_000 ? ms : ms + MARGIN_MS;
}
