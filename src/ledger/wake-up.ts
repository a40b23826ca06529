import type { Storage } from "../storage/storage.ts";
import { membersOf, readCount, readWait } from "./rows.ts";

/** The message that makes a function look at a lane. */
export interface WakeUp {
	readonly lane: string;
	/** Later ones have higher numbers; several may have the same. */
	readonly wake: number;
}

/** What a lane's state row says of its wake-ups. */
export interface RecordedWakeUp {
	/** The highest number that was ever recorded. */
	readonly last: number;
	/** When the recorded wake-up surfaces, in epoch milliseconds; null while none is recorded. */
	readonly at: number | null;
}

/** No lane gets so far. A number that follows this one can still be written and read. */
const HIGHEST = 2 ** 50;

/** What a row says of its wake-ups, in bounds. */
export function readRecordedWakeUp(value: unknown, now: number): RecordedWakeUp {
	const { last, at } = membersOf(value);
	const number = readCount(last);
	return { last: number <= HIGHEST ? number : 0, at: readWait(at, now) ?? null };
}

/** A wake-up may surface so much later than an entry is due: a drainer's own watchdog does. */
export const IN_TIME_MS = 60_000;
/**
 * Messages of a killed host stay invisible for ten minutes; one that has not surfaced for longer was removed from the
 * queue. It is only ever a reason to put one more.
 */
export const OVERDUE_MS = 20 * 60_000;

/**
 * Whether a wake-up may end without having done anything, since a later one will do it: only where a higher number is
 * recorded that surfaces soon. That it is not the recorded one is no reason, since a successor can surface before it is
 * recorded; and one that surfaces much later may have been put by a drainer that did not see what this one was put for.
 * @param now epoch milliseconds
 */
export function isSuperseded(wake: number, recorded: RecordedWakeUp, now: number): boolean {
	return recorded.last > wake && isWokenInTime(recorded, now, now);
}

/**
 * Whether the recorded wake-up is enough for an entry: for a process that has written it, and read the record after that.
 * @param dueAt when the entry can be delivered at the earliest, epoch milliseconds as `now` is
 */
export function isWokenInTime({ at }: RecordedWakeUp, dueAt: number, now: number): boolean {
	return at !== null && at <= Math.max(dueAt, now) + IN_TIME_MS && at > now - OVERDUE_MS;
}

/** One that surfaces early looks, and puts the next: so the log tells of what waits, however long it does. */
export const LONGEST_DELAY_SECONDS = 30 * 60;

export interface NextWakeUp {
	readonly lane: string;
	/** The one that it follows. */
	readonly last: number;
	/** When it is to surface, epoch milliseconds as `now` is. */
	readonly at: number;
	readonly now: number;
	/** Left out, the drainers'. */
	readonly queue?: string;
}

/**
 * Puts the wake-up that follows the recorded one. Answers what is to be recorded of it, and how to take it back when it is
 * not needed. Rejects with StorageError.
 */
export async function putNextWakeUp(
	storage: Pick<Storage, "put" | "unput">,
	{ lane, last, at, now, queue }: NextWakeUp,
): Promise<{ readonly wake: RecordedWakeUp; readonly takeBack: () => Promise<void> }> {
	const wake = { last: last + 1, at };
	const seconds = Math.max(0, Math.ceil((at - now) / 1_000));
	const text = writeWakeUp({ lane, wake: wake.last });
	const message = await storage.put(text, Math.min(seconds, LONGEST_DELAY_SECONDS), queue);
	// It would find nothing, and so it does no harm where it cannot be removed.
	return { wake, takeBack: () => storage.unput(message, queue).catch(() => {}) };
}

export function writeWakeUp(wakeUp: WakeUp): string {
	return JSON.stringify(wakeUp);
}

/** What a lane can be called: a partition and a blob, for a secret or an account of GitHub. */
const LANE_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,200}$/;

/** A message's content as the queue trigger hands it over; undefined for what is no wake-up. */
export function readWakeUp(message: unknown): WakeUp | undefined {
	const { lane, wake } = (message ?? {}) as Partial<WakeUp>;
	if (typeof lane !== "string" || !LANE_NAME.test(lane) || !Number.isSafeInteger(wake)) return undefined;
	return { lane, wake: wake as number };
}
