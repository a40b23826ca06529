import type { LaneLease } from "../ledger/lane-lease.ts";
import type { LaneState } from "../ledger/lane-state.ts";
import { isSuperseded, isWokenInTime } from "../ledger/wake-up.ts";
import { isRefusal, persist, type Write } from "../storage/storage.ts";
import { inTransactions } from "../storage/transactions.ts";

/**
 * The wake-ups that one run of a drain puts: its watchdog, before it works, and the one that it leaves behind. The
 * protocol, and why it loses nothing: docs/delivery.md.
 */
export interface RunWakeUps {
	/** Whether the run's own wake-up may end, since a later one is recorded that surfaces soon. */
	isSuperseded(): boolean;
	/** Puts a watchdog, before the run works: if its process dies, the watchdog surfaces. A run within a request needs none. */
	begin(): Promise<void>;
	/** Whether this run has put a wake-up, which takes the place of its own. */
	hasSuccessor(): boolean;
	/**
	 * Nothing is left: the record is cleared. Answers whether the run may end; otherwise the lane has to be read once more,
	 * since an acceptor that relied on the record has written before it was cleared.
	 */
	endEmpty(): Promise<boolean>;
	/**
	 * Leaves a wake-up that surfaces in time for what is left. Answers whether the run may end; otherwise an acceptor may
	 * have relied on an earlier one, and the lane has to be read once more.
	 */
	leaveTo(left: Left): Promise<boolean>;
}

/** What a run leaves behind. */
export interface Left {
	/** When the next thing can be done, epoch milliseconds. */
	readonly at: number;
	/** What is worth remembering, in rows that may be written apart, and of the lane's state. */
	readonly writes: readonly Write[];
	readonly toState: (state: LaneState) => LaneState;
}

/** It surfaces when a term of its drainer, and a call, are over. */
export const TERM_MS = 30_000;
export const WATCHDOG_MS = 45_000;

/**
 * @param wake the number of the run's own wake-up; undefined within a request, whose event is not acknowledged yet
 * @param now epoch milliseconds
 */
export function createRunWakeUps(lease: LaneLease, wake: number | undefined, now: () => number): RunWakeUps {
	let watchdog:
		| { readonly wake: number; readonly termEndsAt: number; readonly takeBack: () => Promise<void> }
		| undefined;
	let hasPut = false;
	let hasBegun = false;
	/** The number of the wake-up that was left last. It need not be higher than the run's own, which may be any number. */
	let left: number | undefined;

	async function put(at: number): Promise<() => Promise<void>> {
		const takeBack = await persist(() => lease.putWakeUp(at));
		hasPut = true;
		return takeBack;
	}

	/** Only after a write, against the ETag, that has cleared its record or replaced it. */
	async function takeWatchdogBack(): Promise<void> {
		await watchdog?.takeBack();
		watchdog = undefined;
	}

	return {
		isSuperseded: () => wake !== undefined && !hasBegun && isSuperseded(wake, lease.state().wake, now()),
		hasSuccessor: () => hasPut,
		async begin() {
			if (wake === undefined) return;
			hasBegun = true;
			const { last, at } = lease.state().wake;
			if (watchdog?.wake === last && at !== null && now() < watchdog.termEndsAt) return;
			// The one before stays, and will find itself superseded: as long as it is recorded, others may rely on it.
			const takeBack = await put(now() + WATCHDOG_MS);
			watchdog = { wake: lease.state().wake.last, termEndsAt: now() + TERM_MS, takeBack };
		},
		async endEmpty() {
			const state = lease.state();
			if (wake !== undefined && state.wake.at !== null) {
				await lease.commit({ ...state, wake: { ...state.wake, at: null } }, []);
				return false;
			}
			await takeWatchdogBack();
			return true;
		},
		async leaveTo({ at, writes, toState }) {
			const record = lease.state().wake;
			const another = record.last === left || (record.last > (wake ?? -1) && watchdog?.wake !== record.last);
			if (another && isWokenInTime(record, at, now())) return true;
			const takeBack = await put(Math.max(at, now()));
			try {
				await commitApart(lease, toState(lease.state()), writes);
			} catch (error) {
				// What is certainly not recorded is relied on by nothing. The watchdog is the one message that is left.
				const isUnwritten = isRefusal(error) && !lease.isRecorded();
				if (isUnwritten && watchdog !== undefined) await takeBack();
				throw error;
			}
			left = lease.state().wake.last;
			await takeWatchdogBack();
			// Whatever the lane waits for, a window may have been opened meanwhile. Where none was recorded, nothing relied on it.
			return record.at === null || isWokenInTime(lease.state().wake, now(), now());
		},
	};
}

/** Writes the lane's state with rows that need not be written together. */
export async function commitApart(lease: LaneLease, state: LaneState, writes: readonly Write[]): Promise<void> {
	const transactions = inTransactions(
		writes.map((write) => [write]),
		{ withState: true },
	);
	// The state is written, even if there is nothing else to write.
	for (const each of transactions.length > 0 ? transactions : [[]]) await commitAsFarAsTaken(lease, state, each);
}

/** What is worth remembering of a window is worth nothing when its row is gone; the state is written all the same. */
async function commitAsFarAsTaken(lease: LaneLease, state: LaneState, writes: readonly Write[]): Promise<void> {
	try {
		await lease.commit(state, writes);
	} catch (error) {
		if (!isRefusal(error)) throw error;
		await lease.commit(state, []);
	}
}
