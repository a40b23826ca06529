import type { Luck } from "./timed-world.ts";

/** What the protocol must not do. Each makes something late, or leaves messages without end. */
export const WEAKNESSES = [
	"the acceptor relies on a record however late it surfaces",
	"the acceptor relies on an overdue record for ever",
	"a message ends for a later one however late that surfaces",
	"a drain that leaves a late wake-up does not look once more",
	"a drain that leaves a paused lane does not look once more",
	"a drain relies on a recorded wake-up however late it surfaces",
	"a drain works without a watchdog",
	"a failed drain leaves its own message too",
	"a drain that cannot record its successor leaves it beside its watchdog",
	"a pause of a year is obeyed",
	"a call by a clock that is ahead puts off the next one",
	"a wake-up is put as far ahead as a slow clock says",
	"a drain within a request closes no window",
	"a window closes after its quiet time alone",
] as const;
export type Weakness = (typeof WEAKNESSES)[number];

/** A step of a drain that fails each time, as long as the outage lasts. */
export type Failing = "look" | "begin" | "call" | "clear" | "leave" | "record";

export interface Bounds {
	/** Deliveries that lie in the lane from the beginning, with a message. */
	readonly waits?: readonly string[];
	/** The lane is paused for so long at the beginning. */
	readonly pause?: number;
	/** One acceptor for each event. */
	readonly accepts: readonly Accepts[];
	/** How many messages are processed at the same time. */
	readonly drainers: number;
	/** By how much the clock of one instance is ahead; all others are right. */
	readonly clock?: number;
	/** For how long GitHub asks to slow down; three minutes if left out. */
	readonly asks?: number;
	readonly luck: Luck;
	readonly fails?: Failing;
	readonly weak?: Weakness;
}

export interface Accepts {
	readonly entry: string;
	/** Whether the event joins a window. */
	readonly joins?: boolean;
	/** Whether another such event comes when this one is acknowledged, once in a tick, without end. */
	readonly again?: boolean;
}

/** How long the lane pauses when GitHub asks for it, and how long a delivery steps aside: three minutes. */
export const PAUSE = 12;
/** A window's quiet time and its maximum. */
export const QUIET = 2;
export const MAXIMUM = 5;
export const TEN_MINUTES = 40;
export const HALF_A_DAY = 2_880;
export const A_YEAR = 365 * 5_760;
