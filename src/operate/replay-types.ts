import type { FoundReceipts } from "../ledger/list-receipts.ts";
import type { ReceiptQuery } from "../ledger/receipt-query.ts";
import type { EventResult } from "../model.ts";
import type { Storage } from "../storage/storage.ts";

/** What became of one dead letter. */
export interface Replayed {
	/** A receipt's key, or a blob's name. */
	readonly key: string;
	/** `accepted`: it is in its lane again. `kept`: it stays a dead letter, for the reason. */
	readonly outcome: "accepted" | "kept";
	readonly reason: string | null;
}

export interface ReplayAnswer {
	readonly replayed: readonly Replayed[];
	/** Whether there may be more than one request takes: ask again, with `continue`. */
	readonly more: boolean;
	readonly continue?: string;
	/** What could not be read, and so not be looked at yet. */
	readonly problems?: readonly string[];
}

export interface ReplayOptions {
	readonly storage: Storage;
	/** No further page is begun after `endsAt`, epoch milliseconds. */
	readonly list: (query: ReceiptQuery, endsAt: number) => Promise<FoundReceipts>;
	readonly accept: (elements: readonly unknown[]) => Promise<readonly EventResult[]>;
	/** Makes sure that a lane is looked at, at once. */
	readonly wake: (lane: string) => Promise<void>;
	/** Never the same twice. */
	readonly newId: () => string;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** One request takes so many, and so long. */
export const AT_ONCE = 200;
export const MAX_MS = 20_000;

/** What no route takes is kept, too: it is fed back in order to start something. */
export function isRefused({ outcome }: EventResult): boolean {
	return outcome === "rejected" || outcome === "unavailable" || outcome === "ignored";
}
