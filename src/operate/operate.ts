import type { Destinations } from "../destinations/list.ts";
import { recordExpiry } from "../ledger/lane-lease.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { listReceipts } from "../ledger/list-receipts.ts";
import type { FoundReceipt } from "../ledger/receipt.ts";
import type { ReceiptQuery } from "../ledger/receipt-query.ts";
import type { Log } from "../log.ts";
import type { EventResult } from "../model.ts";
import type { Route } from "../route/route.ts";
import type { Storage } from "../storage/storage.ts";
import { checkHealth, type Health } from "./check-health.ts";
import { maintain } from "./maintenance.ts";
import { createPoisoned, type Poisoned } from "./poisoned.ts";
import { type ReplayAnswer, type ReplayRequest, replay } from "./replay.ts";

/** A receipt, with the page where the runs of its destination are seen; null where there is none. */
export interface ShownReceipt extends FoundReceipt {
	readonly page: string | null;
}

export interface ShownReceipts {
	/** The newest event first. */
	readonly receipts: readonly ShownReceipt[];
	/** False where there may be more; then `continue` is what the next question goes on with. */
	readonly complete: boolean;
	readonly continue?: string;
	/** What could not be read. */
	readonly problems: readonly string[];
}

export interface OperateOptions {
	readonly storage: Storage;
	readonly ledger: Pick<Ledger, "take">;
	/** Makes sure that a lane is looked at. */
	readonly wake: (lane: string) => Promise<void>;
	readonly destinations: Destinations;
	readonly routes: readonly Route[];
	readonly warnings: readonly string[];
	/** So long after its end a receipt is stored. */
	readonly retentionMs: number;
	/** Makes sure that what a lane has delivered is followed. */
	readonly wakeFollower: (lane: string) => Promise<void>;
	/** What to do about a lane of another address. */
	readonly repair: string;
	/** Never the same twice. */
	readonly newId: () => string;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** What people and the daily timer ask of a bridge. */
export interface Operate extends Poisoned {
	receipts(query: ReceiptQuery): Promise<ShownReceipts>;
	/** @param accept takes an event that never had a destination, as if it had just arrived */
	replay(
		request: ReplayRequest,
		log: Log,
		accept: (elements: readonly unknown[]) => Promise<readonly EventResult[]>,
	): Promise<ReplayAnswer>;
	health(): Promise<Health>;
	/** The daily maintenance. */
	upkeep(log: Log): Promise<void>;
}

export function createOperate(options: OperateOptions): Operate {
	const { storage, ledger, destinations, routes, now } = options;
	/** A destination of each lane that a route leads to. */
	const lanes = new Map(routes.map(({ to }) => [destinations.laneOf(to), to]));
	return {
		...createPoisoned(storage, now),
		async receipts(query) {
			const { receipts, continueAfter, problems } = await listReceipts(storage, query, { now });
			const next = continueAfter(receipts.length);
			const shown = receipts.map((receipt) => ({ ...receipt, page: receipt.to && destinations.pageOf(receipt.to) }));
			return { receipts: shown, complete: next === undefined, ...(next && { continue: next }), problems };
		},
		replay: (request, log, accept) =>
			replay(request, log, {
				...options,
				list: (query, endsAt) => listReceipts(storage, query, { now, endsAt }),
				accept,
			}),
		health: () => checkHealth({ ...options, lanes }),
		upkeep: (log) =>
			maintain(log, {
				...options,
				lanes,
				checkToken: destinations.checkToken,
				recordExpiry: (lane, expiresAt) => recordExpiry(ledger.take, lane, expiresAt),
			}),
	};
}
