import type { LaneLease } from "../ledger/lane-lease.ts";
import type { LaneState } from "../ledger/lane-state.ts";
import { LeaseLost } from "../ledger/leased-row.ts";
import type { Entry } from "../ledger/outbox.ts";
import { type FollowWrites, finishWrites } from "../ledger/outbox.ts";
import { routeColumns } from "../ledger/receipt.ts";
import type { Attempt, Disposition } from "../model.ts";
import { isRefusal, isStorageError, persist, type Storage, type Write } from "../storage/storage.ts";

/** A 2xx is a fact: it is written even if storage fails for a while. */
const FACT_MS = 60_000;
const RESULT_MS = 5_000;

/** What became of a delivery. */
export interface Outcome {
	readonly entry: Entry;
	readonly disposition: Disposition;
	/** The call that decided it; none where no call was made. */
	readonly attempt?: Attempt;
	/** What is written of its runs; only of one that was taken. */
	readonly follow?: FollowWrites | undefined;
}

/**
 * Writes what became of a delivery, together with its lane's state. A row of it that is gone or refused stops neither the
 * delivery nor the lane. Rejects with LeaseLost, or with StorageError while storage fails.
 */
export async function writeOutcome(
	{ storage, now }: { readonly storage: Storage; readonly now: () => number },
	lease: LaneLease,
	state: LaneState,
	outcome: Outcome,
): Promise<void> {
	const { entry, disposition, attempt, follow } = outcome;
	const isFact = disposition.kind === "dispatched";
	const writes = finishWrites(entry, disposition, attempt, now(), follow);
	const forMs = isFact ? FACT_MS : RESULT_MS;
	try {
		await lease.commit(state, writes, forMs);
	} catch (error) {
		if (error instanceof LeaseLost && isFact) await writeFact(storage, lease.lane, writes);
		if (!isRefusal(error)) throw error;
		// A row of this one delivery was removed, or takes no more. That must not stop the lane.
		await lease.commit(state, await withoutRefused(storage, lease.lane, entry, writes), forMs);
	}
}

/** The writes that storage takes: of rows that are there. A dead letter whose receipt is gone gets a new one. */
async function withoutRefused(storage: Storage, lane: string, entry: Entry, writes: readonly Write[]) {
	const taken: Write[] = [];
	for (const write of writes) {
		const isThere = write.kind === "upsert" || (await storage.get(lane, write.rowKey)) !== undefined;
		if (isThere) taken.push(write);
		else if (write.kind === "merge" && write.columns["state"] === "dead") {
			const { key, route, to } = entry;
			const acceptedAt = new Date(entry.acceptedAt).toISOString();
			const columns = { ...write.columns, key, ...routeColumns(route, to), acceptedAt };
			taken.push({ kind: "upsert", rowKey: write.rowKey, columns });
		}
	}
	// All are there, and one takes no more: the receipt alone grows.
	return taken.length < writes.length ? taken : taken.filter(({ kind }) => kind !== "merge");
}

/** The lane is another drainer's by now; what GitHub has taken is a fact all the same. */
async function writeFact(storage: Storage, lane: string, writes: readonly Write[]): Promise<void> {
	for (const each of [writes, writes.filter(({ kind }) => kind !== "delete")]) {
		try {
			return void (await persist(() => storage.commit(lane, each), { forMs: RESULT_MS }));
		} catch (error) {
			// Its row is gone: another drainer has finished it.
			if (!(isStorageError(error) && error.status === 404)) throw error;
		}
	}
}
