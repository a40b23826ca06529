import { discardDeadLetter } from "../ledger/discard-dead-letter.ts";
import type { FoundReceipt } from "../ledger/receipt-query.ts";
import { type Log, report } from "../log.ts";
import type { Storage } from "../storage/storage.ts";
import { type Ended, type ReceiptsRequest, type WalkOptions, walkReceipts } from "./walk-receipts.ts";

export type DiscardRequest = ReceiptsRequest;

/** What became of one dead letter. `discarded`: it is none any more. */
export type Discarded = Ended<"discarded">;

export interface DiscardAnswer {
	readonly discarded: readonly Discarded[];
	/** Whether there may be more than one request takes: ask again, with `continue`. */
	readonly more: boolean;
	readonly continue?: string;
	/** What could not be read, and so not be looked at yet. */
	readonly problems?: readonly string[];
}

export interface DiscardOptions extends WalkOptions {
	readonly storage: Storage;
	/** Never the same twice. */
	readonly newId: () => string;
}

/**
 * Discards dead letters, in bounded work: the answer says how it goes on. What broke off can be repeated. Rejects with
 * WrongContinue, and with the error of storage where nothing can be listed.
 */
export async function discard(request: DiscardRequest, log: Log, options: DiscardOptions): Promise<DiscardAnswer> {
	const end = (receipt: FoundReceipt) => discardReceipt(receipt, options);
	const { ended: discarded, ...rest } = await walkReceipts<"discarded">(request, end, options);
	for (const each of discarded) {
		const level = each.outcome === "discarded" ? "info" : "warn";
		report(log, level, { stage: "dead-letter", change: "discarded", ...each });
	}
	return { discarded, ...rest };
}

const NOT_KNOWN = "the bridge does not know whether it was discarded";

async function discardReceipt(
	{ lane, rowKey }: FoundReceipt,
	{ storage, now, newId }: DiscardOptions,
): Promise<Omit<Discarded, "key">> {
	const refused = (reason: string) => ({ outcome: "refused" as const, reason });
	try {
		const end = await discardDeadLetter(storage, lane, rowKey, { now: now(), by: newId() });
		switch (end.kind) {
			case "discarded":
				return { outcome: "discarded", reason: end.note };
			case "gone":
				return refused("its receipt no longer exists: a replay accepted it, or its retention time is over");
			case "changing":
				return refused("it changed several times in the meantime; discard it again");
			default:
				return refused(`it is ${end.state}, so it is not a dead letter`);
		}
	} catch (error) {
		return refused(`${NOT_KNOWN} (${(error as Error).message}); discard it again`);
	}
}
