import pMap from "p-map";
import { createBatcher } from "./batcher.ts";
import { fromColumns, type LaneState, NEW_LANE } from "./lane-state.ts";
import { type Planned, planRows } from "./plan-rows.ts";
import type { Promised } from "./promise.ts";
import { type Receipt, readReceipt } from "./receipt.ts";
import { STATE_KEY } from "./row-keys.ts";
import { isStorageError, type Storage, StorageError } from "./storage.ts";
import { isWokenInTime, writeWakeUp } from "./wake-up.ts";

/** How accepting ended. */
export type Accepted =
	/** It is durable now. */
	| { readonly kind: "written"; readonly entry: string }
	/** It was promised before. */
	| { readonly kind: "known"; readonly receipt: Receipt };

/** Writes promises into one lane. */
export interface Acceptor {
	/** Makes a promise durable, or finds that it is. */
	accept(promised: Promised): Promise<Accepted>;
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
	/** False: one transaction and one message for each promise, to see what grouping is worth. */
	readonly grouping: boolean;
}

/** A transaction holds 100 rows and 4 MiB; each promise is two rows, and a third where it joins a window. */
const ROWS = 100;
const BYTES = 3 * 1024 * 1024;
const ROW_OVERHEAD_BYTES = 2_500;
const SINGLES_AT_ONCE = 4;

/** The protocol, and why it loses nothing: docs/delivery.md. */
export function createAcceptor({ storage, lane, instance, now, grouping }: AcceptorOptions): Acceptor {
	let sequence = 0;

	async function commit(group: readonly Planned[]): Promise<readonly Accepted[]> {
		// The same event twice at the same time: the first one writes, the other finds it written.
		const first = new Map<string, Planned>();
		for (const planned of group) if (!first.has(planned.receipt)) first.set(planned.receipt, planned);
		const unique = [...first.values()];
		const ends = new Map<Planned, Accepted>();
		const written = await tryCommit(unique);
		if (written) for (const planned of unique) ends.set(planned, { kind: "written", entry: planned.place });
		else if (unique.length === 1) ends.set(...(await settleConflict(unique[0] as Planned)));
		else {
			// One that is known already must not spoil its neighbours.
			const single = async (planned: Planned): Promise<[Planned, Accepted]> =>
				(await tryCommit([planned])) ? [planned, { kind: "written", entry: planned.place }] : settleConflict(planned);
			for (const [planned, end] of await pMap(unique, single, { concurrency: SINGLES_AT_ONCE })) ends.set(planned, end);
		}
		return Promise.all(
			group.map(async (planned) => ends.get(planned) ?? { kind: "known" as const, receipt: await read(planned) }),
		);
	}

	/** Whether all rows were written; false where at least one of them was there. */
	async function tryCommit(group: readonly Planned[]): Promise<boolean> {
		const shared = new Map(
			group.flatMap((planned) => (planned.shared ? [[planned.shared.rowKey, planned.shared]] : [])),
		);
		try {
			await storage.commit(lane, [...group.flatMap(({ writes }) => writes), ...shared.values()]);
			return true;
		} catch (error) {
			if (isStorageError(error) && error.status === 409) return false;
			throw error;
		}
	}

	/** A row of our own, written before the answer got lost, counts as written. */
	async function settleConflict(planned: Planned): Promise<[Planned, Accepted]> {
		const receipt = await read(planned);
		const ours = receipt.by === planned.by;
		return [planned, ours ? { kind: "written", entry: planned.place } : { kind: "known", receipt }];
	}

	async function read({ receipt }: Planned): Promise<Receipt> {
		const row = await storage.get(lane, receipt);
		// Removed by upkeep between two calls: whoever delivers the event again finds the way clear.
		if (row === undefined) throw new StorageError("the receipt has just been removed", undefined);
		return readReceipt(row);
	}

	const weigh = ({ writes, shared, bytes }: Planned) =>
		Math.max(writes.length + (shared ? 1 : 0), ((bytes + writes.length * ROW_OVERHEAD_BYTES) / BYTES) * ROWS);
	const inGroups = createBatcher({ flush: commit, groups: 2, weigh, capacity: ROWS });

	async function readState(): Promise<LaneState> {
		const row = await storage.get(lane, STATE_KEY);
		return row === undefined ? NEW_LANE : fromColumns(row.columns, now());
	}

	/** One look, and at most one message, for all that were written before it. */
	async function wakeAll(dueAts: readonly ((state: LaneState) => number)[]): Promise<readonly LaneState[]> {
		const state = await readState();
		const inTime = dueAts.every((dueAt) => isWokenInTime(state.wake, dueAt(state), now()));
		if (!inTime || !grouping) await storage.put(writeWakeUp({ lane, wake: state.wake.last }), 0);
		return dueAts.map(() => state);
	}

	const wakeTogether = createBatcher({ flush: wakeAll, groups: 1 });

	return {
		async accept(promised) {
			sequence += 1;
			const written = { acceptedAt: now(), sequence, by: `${instance}-${sequence}` };
			const planned = await planRows(storage, promised, written);
			return grouping ? inGroups(planned) : ((await commit([planned]))[0] as Accepted);
		},
		async wake(dueAt) {
			return grouping ? wakeTogether(dueAt) : ((await wakeAll([dueAt]))[0] as LaneState);
		},
	};
}
