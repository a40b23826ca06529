import { TERM_MS, WATCHDOG_MS } from "../../src/deliver/drain.ts";
import { BEHIND_THE_LEASE_SECONDS } from "../../src/deliver/wake.ts";
import { LEASE_SECONDS } from "../../src/ledger/leased-row.ts";
import { LONGEST_WAIT_MS } from "../../src/ledger/rows.ts";
import {
	IN_TIME_MS,
	isSuperseded,
	isWokenInTime,
	LONGEST_DELAY_SECONDS,
	OVERDUE_MS,
} from "../../src/ledger/wake-up.ts";

/**
 * One lane, and time. All times are counted in ticks from now: what is over is negative. A step of a process takes no
 * time. A call of GitHub takes none or one tick. Whatever else takes time is bad luck, and counted.
 */
export interface World {
	/** What waits in the lane: deliveries in their order, and windows. */
	items: Item[];
	/** The lane's state row. */
	row: Row;
	/** The messages that no process has. */
	queue: Message[];
	/** How long the service still refuses the lease to others; 0 for a lease that is free. */
	lease: number;
	acceptors: Acceptor[];
	runs: Run[];
	left: Luck;
	/** By so much everything may be later, because of what has gone wrong. */
	excused: number;
	/** Whether the step that is said to fail still does. */
	outage: boolean;
	/** Whether a person has taken a message away. */
	robbed: boolean;
}

export interface Item {
	readonly name: string;
	readonly kind: "delivery" | "window";
	/** Its own time, apart from the lane's pause. */
	due: number;
	/** A window closes then at the latest. */
	latest: number | null;
	/** Since when it could have been done: it is acknowledged, and due. Null while it is not acknowledged. */
	since: number | null;
}

export interface Row {
	/** The highest number that was ever recorded, and when the recorded wake-up surfaces; null while none is recorded. */
	last: number;
	at: number | null;
	pause: number;
	/** The last call. */
	call: number;
}

export interface Message {
	n: number;
	/** Invisible for so long. */
	wait: number;
	/** The drain that can still take it back, and what it is to it; empty if there is none. */
	of: string;
}

/** How often a history may be unlucky. */
export interface Luck {
	/** Processes that die. */
	readonly crashes: number;
	/** Ticks that pass while something could be done at once. */
	readonly slow: number;
	/** Calls of GitHub after which the lane pauses, and calls after which the delivery steps aside. */
	readonly pauses: number;
	readonly asides: number;
	/** Messages that a person takes away. */
	readonly removals: number;
	/** Times that the instance whose clock is wrong is the one that acts. */
	readonly clocks: number;
}

export interface Acceptor {
	readonly entry: string;
	readonly kind: "delivery" | "window";
	readonly again: boolean;
	/** By how much its clock is ahead. */
	clock: number;
	at: "idle" | "written" | "inline" | "readRow" | "put" | "done";
	last: number | null;
}

/** A drain. It knows the state row as it has last read or written it. */
export interface Run {
	id: number;
	/** Its message's number; null within a request. */
	wake: number | null;
	/** Within a request: the delivery that the request waits for. */
	own: string | null;
	clock: number;
	at: "held" | "look" | "begin" | "work" | "call" | "clear" | "leave" | "record" | "takeBack" | "release";
	/** What comes after its successor was recorded, and its watchdog taken back. */
	afterwards: "look" | "release";
	hasLease: boolean;
	/** How long ago it has taken or renewed the lease. */
	leased: number;
	/** Whether the ETag that it knows is still that of the state row. */
	fresh: boolean;
	known: Row;
	/** What it has seen and is not gone, and what of it was not tried yet. */
	seen: string[];
	open: string[];
	hasRecorded: boolean;
	hasPut: boolean;
	/** Its watchdog's number and age. */
	watchdog: number | null;
	age: number;
	/** Whether it has done anything since it looked. */
	worked: boolean;
	/** The delivery that it calls GitHub for, and whether the call has lasted for a tick. */
	calling: string | null;
	lasts: boolean;
	throws: boolean;
}

export const TICK_MS = 15_000;
const ticks = (ms: number) => Math.ceil(ms / TICK_MS);
export const LEASE = ticks(LEASE_SECONDS * 1_000);
export const WATCHDOG = ticks(WATCHDOG_MS);
export const TERM = ticks(TERM_MS);
export const LONGEST_DELAY = ticks(LONGEST_DELAY_SECONDS * 1_000);
export const LONGEST_WAIT = ticks(LONGEST_WAIT_MS);
/** What surfaces so much later than something is due surfaces in time. */
export const IN_TIME = ticks(IN_TIME_MS);
/** A record of that time is overdue: its message was taken away. */
export const OVERDUE = -ticks(OVERDUE_MS);
/** A message that finds the lane held comes back then. */
export const BEHIND_THE_LEASE = ticks(BEHIND_THE_LEASE_SECONDS * 1_000);
/** The message of a drain that has failed comes back then, as host.json says; that of a killed host after ten minutes. */
export const THROWN = ticks(30_000);
export const HIDDEN = ticks(600_000);

/** The bridge's own rules, in ticks. */
export function relies(record: Pick<Row, "last" | "at">, due: number, now: number): boolean {
	return isWokenInTime(inMs(record), due * TICK_MS, now * TICK_MS);
}

export function superseded(wake: number, record: Row, now: number): boolean {
	return isSuperseded(wake, inMs(record), now * TICK_MS);
}

function inMs({ last, at }: Pick<Row, "last" | "at">) {
	return { last, at: at === null ? null : at * TICK_MS };
}
