import type { Destinations } from "../destinations/list.ts";
import { writeJson } from "../event/json.ts";
import { factsOfElement } from "../event/read-event.ts";
import { type CountQuery, countReceipts, type ReceiptCounts } from "../ledger/count-receipts.ts";
import { createRecordRejected } from "../ledger/dead-letters.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { listReceipts } from "../ledger/list-receipts.ts";
import type { ReceiptQuery } from "../ledger/receipt-query.ts";
import { type Log, report } from "../log.ts";
import type { Route } from "../route/route.ts";
import type { Storage } from "../storage/storage.ts";
import { checkHealth, type Health } from "./check-health.ts";
import { type DiscardAnswer, discard, type ReceiptsRequest } from "./dead-letters.ts";
import { maintain, recordExpiry } from "./maintenance.ts";
import { type AcceptAgain, type ReplayAnswer, type ReplayRequest, replay } from "./replay.ts";
import { type Shown, showReceipts, withRequests } from "./show-receipts.ts";

/** The newest event first. */
interface ShownReceipts extends Shown {
	/** False where there may be more; then `continue` is what the next question goes on with. */
	readonly complete: boolean;
	readonly continue?: string | undefined;
}

interface OperateOptions {
	readonly storage: Storage;
	readonly ledger: Pick<Ledger, "acquire">;
	/** Makes sure that a lane is looked at. */
	readonly wakeLane: (lane: string) => Promise<void>;
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
	discard(request: ReceiptsRequest, log: Log): Promise<DiscardAnswer>;
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
			const { receipts, problems } = query.requests === true ? await withRequests(shown, options) : shown;
			return { receipts, complete: next === undefined, continue: next, problems };
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
				recordExpiry: (lane, expiresAt) => recordExpiry(ledger.acquire, lane, expiresAt),
			}),
	};
}

/**
 * What becomes of a message of a poison queue. The platform copies a message there with its default lifetime, and
 * removes it after seven days; so it is moved to where nothing expires. Storage is enough for that: it works while
 * the rest of the configuration is broken.
 * Source: Azure.WebJobs.Extensions.Storage.Queues, `QueueProcessor`; learn.microsoft.com, "Put Message", `messagettl`.
 */
export interface Poisoned {
	/**
	 * Puts a message back into its queue, where it never expires and is seen again after some time.
	 * @param queue left out, that of the wake-ups
	 */
	putBack(message: unknown, log: Log, queue?: string): Promise<void>;
	/** Records what could not be accepted as dead letters. */
	deadLetter(elements: readonly unknown[], reason: string, log: Log): Promise<void>;
}

/**
 * It is then tried a hundred times, half a minute apart, before it is poisoned again: often enough to be soon after a
 * repair, seldom enough to cost nothing until then.
 */
const PUT_BACK_SECONDS = 30;

/** @param now epoch milliseconds */
export function createPoisoned(storage: Storage, now: () => number): Poisoned {
	const recordRejected = createRecordRejected({ storage, now });
	return {
		async putBack(message, log, queue) {
			await storage.put(textOf(message), PUT_BACK_SECONDS, queue);
			const reason = "all tries of this message failed; the bridge puts it back and tries again";
			report(log, "error", { stage: "wake-up", change: "put back", queue, reason });
		},
		async deadLetter(elements, reason, log) {
			for (const element of elements) {
				const event = factsOfElement(element);
				const key = await recordRejected({ element, event, route: null, to: null, reason });
				report(log, "error", { stage: "dead-letter", change: "poisoned", id: event.id, key, reason });
			}
		},
	};
}

/** What is read as the same message again: its bytes, or JSON, since a trigger reads a text that is JSON as such. */
function textOf(message: unknown): string {
	return message instanceof Uint8Array ? new TextDecoder().decode(message) : writeJson(message);
}
