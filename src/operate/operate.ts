import type { Destinations } from "../destinations/list.ts";
import { type CountQuery, countReceipts, type ReceiptCounts } from "../ledger/count-receipts.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { listReceipts } from "../ledger/list-receipts.ts";
import type { ReceiptQuery } from "../ledger/receipt-query.ts";
import type { Log } from "../log.ts";
import type { Route } from "../route/route.ts";
import type { Storage } from "../storage/storage.ts";
import { checkHealth, type Health } from "./check-health.ts";
import { type DiscardAnswer, type DiscardRequest, discard } from "./discard.ts";
import { maintain, recordExpiry } from "./maintenance.ts";
import { createPoisoned, type Poisoned } from "./poisoned.ts";
import { type AcceptAgain, type ReplayAnswer, type ReplayRequest, replay } from "./replay.ts";
import { type ShownReceipt, showReceipts, withRequests } from "./show-receipts.ts";

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
	/** What judges an event: see `judgeOf`. */
	readonly judge: string;
	/** What to do about a lane of another address. */
	readonly repair: string;
	/** Never the same twice. */
	readonly newId: () => string;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** What people and the daily timer ask of a bridge. */
export interface Operate extends Poisoned {
	/** What became of events. */
	receipts(query: ReceiptQuery): Promise<ShownReceipts>;
	/** How many there are, minute by minute. */
	counts(query: CountQuery): Promise<ReceiptCounts>;
	/** @param accept takes an event that never had a destination */
	replay(request: ReplayRequest, log: Log, accept: AcceptAgain): Promise<ReplayAnswer>;
	/** Ends dead letters that no run is to start for. */
	discard(request: DiscardRequest, log: Log): Promise<DiscardAnswer>;
	health(): Promise<Health>;
	/** The daily maintenance. */
	upkeep(log: Log): Promise<void>;
}

export function createOperate(options: OperateOptions): Operate {
	const { storage, ledger, destinations, routes, now } = options;
	/** A destination of each lane that a route leads to. */
	const lanes = new Map(routes.map(({ to }) => [destinations.laneOf(to), to]));
	const list = (query: ReceiptQuery, endsAt?: number) => listReceipts(storage, query, { now, endsAt });
	return {
		...createPoisoned(storage, now),
		async receipts(query) {
			const found = await list(query);
			const next = found.continueAfter(found.receipts.length);
			const shown = await showReceipts(found, options);
			const asked = query.requests === true ? await withRequests(shown.receipts, options) : { ...shown, problems: [] };
			const { receipts, problems } = { ...asked, problems: [...shown.problems, ...asked.problems] };
			return { receipts, complete: next === undefined, ...(next && { continue: next }), problems };
		},
		counts: (query) => countReceipts(storage, query, { now }),
		replay: (request, log, accept) => replay(request, log, { ...options, list, accept }),
		discard: (request, log) => discard(request, log, { ...options, list }),
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
