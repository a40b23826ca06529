import { type Delivery, isJoin } from "../model.ts";
import { createBatcher, createGroupWriter, type RowGroup } from "../storage/batcher.ts";
import { storeBody } from "../storage/rows.ts";
import { type Columns, isStorageError, type Storage, StorageError, type Write } from "../storage/storage.ts";
import { acquireLane, type LaneLease, type Passed } from "./lane-lease.ts";
import { type Addresses, type LaneState, readLaneState } from "./lane-state.ts";
import { newEntry } from "./outbox.ts";
import { eventColumns, type Receipt, readReceipt, routeColumns } from "./receipt.ts";
import { entryKey, memberKey, receiptKey, writeTime } from "./rows.ts";
import { isWokenInTime, writeWakeUp } from "./wake-up.ts";
import { ensureWindow } from "./window.ts";

/** Deliveries and what became of them, lane by lane. The protocol, and why it loses nothing: docs/delivery.md. */
export interface Ledger {
	/** Makes a delivery durable, or finds that it is. Rejects with StorageError. */
	accept(delivery: Delivery): Promise<Accepted>;
	/**
	 * Makes sure that a lane is looked at in time. To be called after an entry was written, and before it is acknowledged.
	 * Answers the lane's state.
	 * @param dueAt when the entry can be delivered at the earliest, epoch milliseconds
	 */
	ensureWakeUp(lane: string, dueAt: (state: LaneState) => number): Promise<LaneState>;
	/** Acquires a lane to drain it; undefined while another drainer has it. */
	acquire(lane: string): Promise<LaneLease | undefined>;
}

/** How accepting ended. */
export type Accepted =
	/** It is durable now. */
	| { readonly kind: "written"; readonly entry: string }
	/** It was durable before. */
	| { readonly kind: "known"; readonly receipt: Receipt }
	/** Storage takes no such rows, however often it is asked. */
	| { readonly kind: "refused"; readonly reason: string };

export interface LedgerOptions {
	readonly storage: Storage;
	/** What this app is configured for, and was before it was moved: for each lane. */
	readonly addressesOf: (lane: string) => Addresses;
	/** Tells this process from others. */
	readonly instance: string;
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** Milliseconds of a clock that is never set. */
	readonly monotonic: () => number;
}

export function createLedger(options: LedgerOptions): Ledger {
	const acceptors = new Map<string, Pick<Ledger, "accept"> & { readonly ensureWakeUp: EnsureWakeUp }>();
	const passed = new Map<string, Passed>();

	function acceptorOf(lane: string) {
		const known = acceptors.get(lane) ?? createAcceptor(lane, options);
		acceptors.set(lane, known);
		return known;
	}

	return {
		accept: (delivery) => acceptorOf(delivery.lane).accept(delivery),
		ensureWakeUp: (lane, dueAt) => acceptorOf(lane).ensureWakeUp(dueAt),
		acquire: (lane) => acquireLane({ ...options, ...options.addressesOf(lane), lane, passed }),
	};
}

type EnsureWakeUp = (dueAt: (state: LaneState) => number) => Promise<LaneState>;

/** Writes deliveries into one lane. */
function createAcceptor(lane: string, { storage, instance, now }: LedgerOptions) {
	let sequence = 0;

	/** A row of our own, written before the answer got lost, counts as written. */
	async function toAccepted(planned: Planned, refusal: StorageError | undefined, isFirst: boolean): Promise<Accepted> {
		if (refusal === undefined && isFirst) return { kind: "written", entry: planned.place };
		if (refusal?.refusesContent) return { kind: "refused", reason: refusal.message };
		const row = await storage.get(lane, planned.id);
		// Removed by retention between two calls: with the next try the way is clear.
		if (row === undefined) throw new StorageError("the receipt has just been removed", undefined);
		const receipt = readReceipt(row);
		return receipt.by === planned.by ? { kind: "written", entry: planned.place } : { kind: "known", receipt };
	}

	const write = createGroupWriter<Planned, Accepted>(storage, lane, toAccepted);

	/** One look, and at most one message, for all that were written before it. */
	async function wakeAll(dueAts: readonly ((state: LaneState) => number)[]): Promise<readonly LaneState[]> {
		const state = await readLaneState(storage, lane, now());
		const inTime = dueAts.every((dueAt) => isWokenInTime(state.wake, dueAt(state), now()));
		if (!inTime) await storage.put(writeWakeUp({ lane, wake: state.wake.last }), 0);
		return dueAts.map(() => state);
	}

	return {
		ensureWakeUp: createBatcher({ flush: wakeAll, groups: 1 }) satisfies EnsureWakeUp,
		async accept(delivery: Delivery): Promise<Accepted> {
			sequence += 1;
			const acceptance = { acceptedAt: now(), sequence, by: `${instance}-${sequence}` };
			try {
				return await write(await planRows(storage, delivery, acceptance));
			} catch (error) {
				// A blob that is refused is as bad as a row.
				if (isStorageError(error) && error.refusesContent) return { kind: "refused", reason: error.message };
				throw error;
			}
		},
	};
}

/** A delivery with the rows that it becomes. Its `id` is the key of its receipt's row. */
interface Planned extends RowGroup {
	/** Who writes it, by a mark of its own. */
	readonly by: string;
	/** The key of its entry, or of its member row. */
	readonly place: string;
}

interface Acceptance {
	/** Epoch milliseconds. */
	readonly acceptedAt: number;
	/** Tells what is accepted in one millisecond apart, in its order. */
	readonly sequence: number;
	readonly by: string;
}

/** A delivery to the rows that it becomes, written together or not at all: its receipt, and what waits in the lane. */
async function planRows(storage: Storage, delivery: Delivery, acceptance: Acceptance): Promise<Planned> {
	const { key, event, route, to, how, blobs = [] } = delivery;
	const { acceptedAt, sequence, by } = acceptance;
	const receipt = receiptKey(event.time, key);
	const { place, columns, stored } = isJoin(how)
		? {
				place: memberKey(how.group, acceptedAt, key, sequence),
				columns: { key, receipt, bytes: Buffer.byteLength(how.line) },
				stored: await storeBody(storage, "line", key, how.line),
			}
		: {
				place: entryKey(acceptedAt, sequence, key),
				columns: newEntry({ ...delivery, receipt, acceptedAt }),
				stored: await storeBody(storage, "body", key, how.body),
			};
	const shown = { ...delivery, blobs: [...blobs, ...stored.blobs] };
	const writes: Write[] = [
		{ kind: "insert", rowKey: receipt, columns: newReceipt(shown, { at: writeTime(acceptedAt), by, place }) },
		{ kind: "insert", rowKey: place, columns: { ...columns, ...stored.columns } },
		// The window's row is the same for all that join it together.
		...(isJoin(how) ? [ensureWindow({ ...how, route, to })] : []),
	];
	return { id: receipt, by, place, writes };
}

/** A new receipt's columns. */
export function newReceipt(
	delivery: Pick<Delivery, "key" | "event" | "route" | "to" | "blobs" | "how" | "acceptedAt">,
	written: { readonly at: string; readonly by: string; readonly place: string },
): Columns {
	const { key, event, route, to, blobs = [], how, acceptedAt } = delivery;
	return {
		key,
		state: isJoin(how) ? "coalescing" : "accepted",
		...eventColumns(event),
		...routeColumns(route, to),
		acceptedAt: acceptedAt ?? written.at,
		replayedAt: acceptedAt === undefined ? undefined : written.at,
		by: written.by,
		place: written.place,
		blobs: blobs.join(" ") || undefined,
	};
}
