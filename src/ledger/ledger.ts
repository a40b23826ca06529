import pMap from "p-map";
import type { Delivery } from "../model.ts";
import { createBatcher } from "../storage/batcher.ts";
import type { Storage } from "../storage/storage.ts";
import { isStorageError, StorageError } from "../storage/storage.ts";
import { bytesOf } from "../storage/transactions.ts";
import { acquireLane, type LaneLease } from "./lane-lease.ts";
import type { Addresses, LaneState } from "./lane-state.ts";
import { fromColumns, NEW_LANE } from "./lane-state.ts";
import { type Planned, planRows } from "./plan-rows.ts";
import type { Passed } from "./read-lane.ts";
import { type Receipt, readReceipt } from "./receipt.ts";
import { STATE_KEY } from "./rows.ts";
import { isWokenInTime, writeWakeUp } from "./wake-up.ts";

/** What we promised, lane by lane. */
export interface Ledger {
	/** Makes a promise durable, or finds that it is. Rejects with StorageError. */
	accept(delivery: Delivery): Promise<Accepted>;
	/** Makes sure that somebody will look at the lane in time: see Acceptor. */
	wake(lane: string, dueAt: (state: LaneState) => number): Promise<LaneState>;
	/** Takes a lane to drain it; undefined while somebody else does. */
	take(lane: string): Promise<LaneLease | undefined>;
}

export interface LedgerOptions {
	readonly storage: Storage;
	/** What this app is configured for, and was before it was moved: for each lane. */
	readonly addressesOf: (lane: string) => Addresses;
	/** Tells this process from others. */
	readonly instance: string;
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** Milliseconds of a clock that nobody sets. */
	readonly monotonic: () => number;
}

export function createLedger(options: LedgerOptions): Ledger {
	const acceptors = new Map<string, Acceptor>();
	const passed = new Map<string, Passed>();

	function acceptorOf(lane: string): Acceptor {
		const known = acceptors.get(lane) ?? createAcceptor({ ...options, lane });
		acceptors.set(lane, known);
		return known;
	}

	return {
		accept: (delivery) => acceptorOf(delivery.lane).accept(delivery),
		wake: (lane, due) => acceptorOf(lane).wake(due),
		take: (lane) => acquireLane({ ...options, ...options.addressesOf(lane), lane, passed }),
	};
}

/** How accepting ended. */
export type Accepted =
	/** It is durable now. */
	| { readonly kind: "written"; readonly entry: string }
	/** It was promised before. */
	| { readonly kind: "known"; readonly receipt: Receipt }
	/** Storage takes no such rows, however often it is asked. */
	| { readonly kind: "refused"; readonly reason: string };

/** Writes promises into one lane. */
export interface Acceptor {
	/** Makes a promise durable, or finds that it is. */
	accept(delivery: Delivery): Promise<Accepted>;
	/**
	 * Makes sure that somebody will look at the lane in time. To be called after an entry was written, and before it is
	 * acknowledged. Answers the lane's state.
	 * @param dueAt when the entry can be delivered at the earliest, in epoch milliseconds
	 */
	wake(dueAt: (state: LaneState) => number): Promise<LaneState>;
}

export interface AcceptorOptions {
	readonly storage: Storage;
	readonly lane: string;
	/** Tells this process from others. */
	readonly instance: string;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** A transaction holds 100 rows and 4 MiB; each promise is two rows, and a third where it joins a window. */
const ROWS = 100;
const BYTES = 3 * 1024 * 1024;
const SINGLES_AT_ONCE = 4;

/** The protocol, and why it loses nothing: docs/delivery.md. */
export function createAcceptor({ storage, lane, instance, now }: AcceptorOptions): Acceptor {
	let sequence = 0;

	/** Writes a group, and each of it alone where one of them is in the way: that one must not harm its neighbours. */
	async function commit(group: readonly Planned[]): Promise<readonly Promise<Accepted>[]> {
		// The same event twice at the same time: the first one writes, the other finds it written.
		const first = new Map<string, Planned>();
		for (const planned of group) if (!first.has(planned.receipt)) first.set(planned.receipt, planned);
		const unique = [...first.values()];
		const refusal = await tryCommit(unique);
		const isSettled = refusal === undefined || unique.length === 1;
		const ends = new Map<string, Promise<Accepted>>();
		const settle = async (planned: Planned) => {
			const end = conclude(planned, isSettled ? Promise.resolve(refusal) : tryCommit([planned]));
			ends.set(planned.receipt, end);
			await end.catch(() => {});
		};
		await pMap(unique, settle, { concurrency: SINGLES_AT_ONCE });
		return group.map(async (planned): Promise<Accepted> => {
			const end = await (ends.get(planned.receipt) as Promise<Accepted>);
			const isFirst = first.get(planned.receipt) === planned;
			return isFirst || end.kind !== "written" ? end : { kind: "known", receipt: await read(planned) };
		});
	}

	/** Undefined when all rows were written; else what was refused about them, rather than about the service. */
	async function tryCommit(group: readonly Planned[]): Promise<StorageError | undefined> {
		const shared = new Map(
			group.flatMap((planned) => (planned.shared ? [[planned.shared.rowKey, planned.shared]] : [])),
		);
		try {
			await storage.commit(lane, [...group.flatMap(({ writes }) => writes), ...shared.values()]);
			return undefined;
		} catch (error) {
			if (isStorageError(error) && (error.status === 409 || error.refusesContent)) return error;
			throw error;
		}
	}

	async function conclude(planned: Planned, tried: Promise<StorageError | undefined>): Promise<Accepted> {
		const refusal = await tried;
		if (refusal === undefined) return { kind: "written", entry: planned.place };
		if (refusal.refusesContent) return { kind: "refused", reason: refusal.message };
		return settleConflict(planned);
	}

	/** A row of our own, written before the answer got lost, counts as written. */
	async function settleConflict(planned: Planned): Promise<Accepted> {
		const receipt = await read(planned);
		const ours = receipt.by === planned.by;
		return ours ? { kind: "written", entry: planned.place } : { kind: "known", receipt };
	}

	async function read({ receipt }: Planned): Promise<Receipt> {
		const row = await storage.get(lane, receipt);
		// Removed by upkeep between two calls: whoever delivers the event again finds the way clear.
		if (row === undefined) throw new StorageError("the receipt has just been removed", undefined);
		return readReceipt(row);
	}

	const weigh = ({ writes, shared }: Planned) => {
		const all = shared === undefined ? writes : [...writes, shared];
		return Math.max(all.length, (all.reduce((sum, write) => sum + bytesOf(write), 0) / BYTES) * ROWS);
	};
	const inGroups = createBatcher({ flush: commit, groups: 2, weigh, capacity: ROWS });

	async function readState(): Promise<LaneState> {
		const row = await storage.get(lane, STATE_KEY);
		return row === undefined ? NEW_LANE : fromColumns(row.columns, now());
	}

	/** One look, and at most one message, for all that were written before it. */
	async function wakeAll(dueAts: readonly ((state: LaneState) => number)[]): Promise<readonly LaneState[]> {
		const state = await readState();
		const inTime = dueAts.every((dueAt) => isWokenInTime(state.wake, dueAt(state), now()));
		if (!inTime) await storage.put(writeWakeUp({ lane, wake: state.wake.last }), 0);
		return dueAts.map(() => state);
	}

	return {
		async accept(delivery) {
			sequence += 1;
			const written = { acceptedAt: now(), sequence, by: `${instance}-${sequence}` };
			try {
				const planned = await planRows(storage, delivery, written);
				return await inGroups(planned);
			} catch (error) {
				// A blob that is refused is as bad as a row.
				if (isStorageError(error) && error.refusesContent) return { kind: "refused", reason: error.message };
				throw error;
			}
		},
		wake: createBatcher({ flush: wakeAll, groups: 1 }),
	};
}
