import { cleanText } from "../log.ts";
import type { Columns, Storage } from "../storage/storage.ts";
import { membersOf, readCount, readMembers, readWait, STATE_KEY, stateText } from "./rows.ts";
import { type RecordedWakeUp, readRecordedWakeUp } from "./wake-up.ts";

/** What is known of a lane as a whole. Only the drainer that has the lane's lease writes it. */
export interface LaneState {
	readonly wake: RecordedWakeUp;
	/** The address of the service that this lane's deliveries are for; null where no drainer has been here yet. */
	readonly address: string | null;
	/** Nothing is sent before `until`. */
	readonly pause: { readonly until: number; readonly reason: string } | null;
	/** How many transient or uncertain answers came in a row, and how many rate limits. */
	readonly failures: number;
	readonly rateLimits: number;
	/** The breaker of the lane as a whole: one delivery probes now and then. */
	readonly parked: Breaker | null;
	/** The breakers of single destinations, by their targets: one delivery of each probes now and then. */
	readonly breakers: Readonly<Record<string, Breaker>>;
	/** The times of recent calls, epoch milliseconds, in order. */
	readonly calls: readonly number[];
	/** When the service says that the token ends, ISO 8601. */
	readonly tokenExpiresAt: string | null;
}

/** A circuit breaker that is open. */
export interface Breaker {
	/** Its first failure, epoch milliseconds. */
	readonly since: number;
	readonly probeAt: number;
	readonly reason: string;
	/** Whether the service refuses the token. */
	readonly unauthorized?: true;
}

/** Of a lane that no drainer has read yet. */
export const NEW_LANE: LaneState = {
	wake: { last: 0, at: null },
	address: null,
	pause: null,
	failures: 0,
	rateLimits: 0,
	parked: null,
	breakers: {},
	calls: [],
	tokenExpiresAt: null,
};

export interface Addresses {
	/** The address of the service that this app is configured for. */
	readonly address: string;
	/** The one before the app was moved: lanes of this address are taken over. */
	readonly formerAddress?: string | undefined;
}

/** The address that a lane belongs to, where it is none of this app's: then its deliveries are not this app's to send. */
export function foreignAddress(
	{ address: recorded }: Pick<LaneState, "address">,
	{ address, formerAddress }: Addresses,
): string | undefined {
	return recorded === null || recorded === address || recorded === formerAddress ? undefined : recorded;
}

/** What of a delivery decides when it can be sent. */
export interface Waiting {
	/** What its circuit breaker is for, such as a repository. */
	readonly target: string;
	/** It steps aside until then, epoch milliseconds; 0 if it does not. */
	readonly notBefore: number;
	/** Why it steps aside, where that is known. */
	readonly reason?: string | null;
}

/** When a delivery can be sent at the earliest, apart from pace; epoch milliseconds, 0 for at once. */
export function dueAt(state: LaneState, { target, notBefore }: Waiting): number {
	const breaker = state.breakers[target];
	return Math.max(notBefore, laneDueAt(state), breaker?.probeAt ?? 0);
}

/** A lane whose oldest delivery has waited so long is behind, whatever the cause is. */
const BEHIND_MS = 10 * 60_000;

/** @param oldestAt when the oldest delivery was accepted, epoch milliseconds as `now` is */
export function isBehind(oldestAt: number, now: number): boolean {
	return now - oldestAt >= BEHIND_MS;
}

/** When anything of a lane can be sent at the earliest. */
export function laneDueAt({ pause, parked }: LaneState): number {
	return Math.max(pause?.until ?? 0, parked?.probeAt ?? 0);
}

/** An uncertain answer is what most deliveries step aside for. */
const ASIDE = "the service may have taken it, and a repeat may start a second run: it is repeated after a longer pause";

/** Why a delivery waits, if it does: the reason, and in which state its receipt is. */
export function waitingFor(
	state: LaneState,
	{ target, notBefore, reason }: Waiting,
	now: number,
): { readonly state: "paused" | "parked"; readonly until: number; readonly reason: string } | undefined {
	const breaker = state.parked ?? state.breakers[target];
	if (breaker !== undefined) return { state: "parked", until: breaker.probeAt, reason: breaker.reason };
	const { pause } = state;
	if (notBefore > Math.max(now, pause?.until ?? 0))
		return { state: "paused", until: notBefore, reason: reason || ASIDE };
	if (pause !== null && pause.until > now) return { state: "paused", ...pause };
	return undefined;
}

/** A state without the breakers of destinations for which nothing waits: it describes the present. */
export function withoutIdleBreakers(state: LaneState, targets: ReadonlySet<string>): LaneState {
	const breakers = Object.entries(state.breakers).filter(([target]) => targets.has(target));
	const parked = targets.size === 0 ? null : state.parked;
	const isSame = breakers.length === Object.keys(state.breakers).length && parked === state.parked;
	return isSame ? state : { ...state, parked, breakers: Object.fromEntries(breakers) };
}

/** A time fits into six bytes until the year 10889. */
const TIME_BYTES = 6;

/** A state as its row holds it. Of very many breakers the oldest are left out: each is found again at the next try. */
export function toColumns({ calls, ...state }: LaneState): Columns {
	const times = Buffer.alloc(calls.length * TIME_BYTES);
	for (const [index, time] of calls.entries()) times.writeUIntBE(time, index * TIME_BYTES, TIME_BYTES);
	return { state: stateText(state, "breakers"), calls: times };
}

/**
 * Reads a state row. Whatever it holds becomes a sound state: a wait is at most a day ahead, a call is not in the future
 * (another instance's clock may be), and what cannot be read counts as not there. So a bad row heals with the next write.
 * @param now epoch milliseconds
 */
export function fromColumns({ state, calls }: Columns, now: number): LaneState {
	const read = readMembers(state);
	const breakers = Object.entries(membersOf(read["breakers"] ?? read["gates"])).flatMap(([target, value]) => {
		const breaker = toBreaker(value, now);
		return breaker === null ? [] : [[target, breaker] as const];
	});
	return {
		wake: readRecordedWakeUp(read["wake"], now),
		address: textOf(read["address"]),
		pause: toPause(read["pause"], now),
		failures: readCount(read["failures"] ?? read["troubles"]),
		rateLimits: readCount(read["rateLimits"] ?? read["slowDowns"]),
		parked: toBreaker(read["parked"], now),
		breakers: Object.fromEntries(breakers),
		calls: toCalls(calls, now),
		tokenExpiresAt: textOf(read["tokenExpiresAt"]),
	};
}

/**
 * A lane's state as it is recorded now.
 * @param now epoch milliseconds
 */
export async function readLaneState(storage: Pick<Storage, "get">, lane: string, now: number): Promise<LaneState> {
	const row = await storage.get(lane, STATE_KEY);
	return row === undefined ? NEW_LANE : fromColumns(row.columns, now);
}

function textOf(value: unknown): string | null {
	return typeof value === "string" ? value : null;
}

const MAX_REASON = 300;

function toPause(value: unknown, now: number): LaneState["pause"] {
	const { until, reason } = membersOf(value);
	const end = readWait(until, now);
	return end === undefined ? null : { until: end, reason: cleanText(String(reason ?? ""), MAX_REASON) };
}

function toBreaker(value: unknown, now: number): Breaker | null {
	const { since, probeAt, reason, unauthorized } = membersOf(value);
	const next = readWait(probeAt, now);
	if (next === undefined) return null;
	return {
		since: Math.min(readWait(since, now) ?? now, now),
		probeAt: next,
		reason: cleanText(String(reason ?? ""), MAX_REASON),
		...(unauthorized === true ? { unauthorized } : {}),
	};
}

function toCalls(value: unknown, now: number): readonly number[] {
	if (!(value instanceof Uint8Array)) return [];
	const times = Buffer.from(value);
	const length = Math.floor(times.length / TIME_BYTES);
	const calls = Array.from({ length }, (_, index) => times.readUIntBE(index * TIME_BYTES, TIME_BYTES));
	return calls.map((time) => Math.min(time, now)).sort((one, other) => one - other);
}
