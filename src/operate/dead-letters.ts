import { discardDeadLetter } from "../ledger/discard-dead-letter.ts";
import type { FoundReceipts } from "../ledger/list-receipts.ts";
import type { FoundReceipt, ReceiptQuery } from "../ledger/receipt-query.ts";
import { type Log, report } from "../log.ts";
import type { Storage } from "../storage/storage.ts";

/** Which dead letters of the ledger: one, those that a text is found in, or all. */
export type ReceiptsRequest =
	| { readonly key: string; readonly continue?: string }
	| { readonly find?: string; readonly state?: "dead" | "rejected"; readonly continue?: string };

/** What became of one dead letter. */
export interface Ended<Outcome extends string> {
	/** A receipt's key, or a blob's name. */
	readonly key: string;
	/** `refused`: it stays what it is, for the reason. */
	readonly outcome: Outcome | "refused";
	readonly reason: string | null;
}

/** How the next request goes on. */
export interface Progress {
	/** Whether there may be more than one request takes: ask again, with `continue`. */
	readonly more: boolean;
	readonly continue?: string | undefined;
	/** What could not be read, and so not be looked at yet. */
	readonly problems?: readonly string[] | undefined;
}

export interface WalkOptions {
	/** No further page is begun after `endsAt`, epoch milliseconds. */
	readonly list: (query: ReceiptQuery, endsAt: number) => Promise<FoundReceipts>;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** One request takes so many, and so long. */
export const AT_ONCE = 200;
export const MAX_MS = 20_000;

/**
 * Does something to dead letters of the ledger, one after the other, in bounded work: the answer says how it goes on. What
 * becomes of one is nothing to the others. Rejects with WrongContinue, and with the error of storage where nothing can be
 * listed.
 * @param end never rejects
 */
export async function walkReceipts<Outcome extends string>(
	request: ReceiptsRequest,
	end: (receipt: FoundReceipt) => Promise<Omit<Ended<Outcome>, "key">>,
	{ list, now }: WalkOptions,
): Promise<Progress & { readonly ended: readonly Ended<Outcome>[] }> {
	const endsAt = now() + MAX_MS;
	const query = queryOf(request);
	const ended: Ended<Outcome>[] = [];
	const problems = new Set<string>();
	let next = request.continue;
	do {
		const page = { ...query, limit: AT_ONCE - ended.length, continue: next };
		const found: FoundReceipts | undefined = await list(page, endsAt).catch((error: unknown) => {
			// What was done already must be told.
			if (ended.length === 0) throw error;
			return undefined;
		});
		if (found === undefined) break;
		for (const problem of found.problems) problems.add(problem);
		let done = 0;
		for (const receipt of found.receipts) {
			// One at least, so that each request comes further.
			if (done > 0 && now() > endsAt) break;
			ended.push({ key: receipt.key, ...(await end(receipt)) });
			done += 1;
		}
		next = found.continueAfter(done);
	} while (next !== undefined && ended.length < AT_ONCE && now() <= endsAt);
	const unread = problems.size === 0 ? undefined : [...problems];
	return { ended, more: next !== undefined, continue: next, problems: unread };
}

function queryOf(request: ReceiptsRequest): Omit<ReceiptQuery, "limit"> {
	if ("key" in request) return { key: request.key };
	const { find, state } = request;
	return { states: state === undefined ? ["dead", "rejected"] : [state], find };
}

/** One line for each dead letter that a request was for. */
export function reportEnded(log: Log, change: "discarded" | "replayed", ended: readonly Ended<string>[]): void {
	for (const each of ended)
		report(log, each.outcome === "refused" ? "warn" : "info", { stage: "dead-letter", change, ...each });
}

/** What became of one dead letter. `discarded`: it is none any more. */
export type Discarded = Ended<"discarded">;

export interface DiscardAnswer extends Progress {
	readonly discarded: readonly Discarded[];
}

interface DiscardOptions extends WalkOptions {
	readonly storage: Storage;
	/** Never the same twice. */
	readonly newId: () => string;
}

/** Discards dead letters, as `walkReceipts` walks over them. What broke off can be repeated. */
export async function discard(request: ReceiptsRequest, log: Log, options: DiscardOptions): Promise<DiscardAnswer> {
	const end = (receipt: FoundReceipt) => discardReceipt(receipt, options);
	const { ended: discarded, ...progress } = await walkReceipts<"discarded">(request, end, options);
	reportEnded(log, "discarded", discarded);
	return { discarded, ...progress };
}

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
		return refused(`the bridge does not know whether it was discarded (${(error as Error).message}); discard it again`);
	}
}
