import type { Columns } from "./storage.ts";
import type { WakeRecord } from "./wake-up.ts";

/** What is known of a lane as a whole. Written by nobody but the drainer that holds the lane's lease. */
export interface LaneState {
	readonly wake: WakeRecord;
	/** Nothing is sent before `until`. */
	readonly pause: { readonly until: number; readonly reason: string } | null;
	/** How often in a row GitHub was in trouble, or has asked to slow down without saying for how long. */
	readonly troubles: number;
	readonly slowDowns: number;
	/** The token is refused: one entry probes now and then. */
	readonly parked: Gate | null;
	/** Destinations that are closed, by `owner/name` in lower case: one entry of each probes now and then. */
	readonly gates: Readonly<Record<string, Gate>>;
	/** The times of recent calls, epoch milliseconds, in order. */
	readonly calls: readonly number[];
	/** When GitHub says that the token ends, ISO 8601. */
	readonly tokenExpiresAt: string | null;
}

export interface Gate {
	/** Epoch milliseconds. */
	readonly since: number;
	readonly probeAt: number;
	readonly reason: string;
}

/** Of a lane that nobody has drained yet. */
export const NEW_LANE: LaneState = {
	wake: { last: 0, at: null },
	pause: null,
	troubles: 0,
	slowDowns: 0,
	parked: null,
	gates: {},
	calls: [],
	tokenExpiresAt: null,
};

/** What of an entry decides when it can be delivered. */
export interface Waiting {
	/** `owner/name` */
	readonly repository: string;
	/** It stands aside until then, epoch milliseconds; 0 if it does not. */
	readonly notBefore: number;
}

/** When an entry can be delivered at the earliest, apart from pace; epoch milliseconds, 0 for at once. */
export function dueAt(state: LaneState, { repository, notBefore }: Waiting): number {
	const gate = state.gates[repository.toLowerCase()];
	return Math.max(notBefore, laneDueAt(state), gate?.probeAt ?? 0);
}

/** A lane whose oldest entry has waited so long is behind, whatever holds it up. */
const BEHIND_MS = 10 * 60_000;

/** @param oldestAt when the oldest entry was accepted, epoch milliseconds as `now` is */
export function isBehind(oldestAt: number, now: number): boolean {
	return now - oldestAt >= BEHIND_MS;
}

/** When anything of a lane can be delivered at the earliest. */
export function laneDueAt({ pause, parked }: LaneState): number {
	return Math.max(pause?.until ?? 0, parked?.probeAt ?? 0);
}

/** Why an entry waits, if it does: what keeps it back, and in which state its receipt is. */
export function waitingFor(
	state: LaneState,
	{ repository, notBefore }: Waiting,
	now: number,
): { readonly state: "paused" | "parked"; readonly until: number; readonly reason: string } | undefined {
	const gate = state.parked ?? state.gates[repository.toLowerCase()];
	if (gate !== undefined) return { state: "parked", until: gate.probeAt, reason: gate.reason };
	if (state.pause !== null && state.pause.until > now) return { state: "paused", ...state.pause };
	if (notBefore > now)
		return { state: "paused", until: notBefore, reason: "GitHub fails at this one alone; it stands aside" };
	return undefined;
}

/** A time fits into six bytes until the year 10889. */
const TIME_BYTES = 6;

export function toColumns({ calls, ...state }: LaneState): Columns {
	const times = Buffer.alloc(calls.length * TIME_BYTES);
	for (const [index, time] of calls.entries()) times.writeUIntBE(time, index * TIME_BYTES, TIME_BYTES);
	return { state: JSON.stringify(state), calls: times };
}

export function fromColumns({ state, calls }: Columns): LaneState {
	const times = Buffer.from(calls as Uint8Array);
	const count = Math.floor(times.length / TIME_BYTES);
	return {
		...NEW_LANE,
		...(JSON.parse(String(state)) as Partial<LaneState>),
		calls: Array.from({ length: count }, (_, index) => times.readUIntBE(index * TIME_BYTES, TIME_BYTES)),
	};
}
