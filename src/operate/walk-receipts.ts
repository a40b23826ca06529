import type { FoundReceipts } from "../ledger/list-receipts.ts";
import type { FoundReceipt, ReceiptQuery } from "../ledger/receipt-query.ts";

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

/** What one request has done, and how the next one goes on. */
export interface Walked<Outcome extends string> {
	readonly ended: readonly Ended<Outcome>[];
	/** Whether there may be more than one request takes: ask again, with `continue`. */
	readonly more: boolean;
	readonly continue?: string;
	/** What could not be read, and so not be looked at yet. */
	readonly problems?: readonly string[];
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
): Promise<Walked<Outcome>> {
	const endsAt = now() + MAX_MS;
	const query = queryOf(request);
	const ended: Ended<Outcome>[] = [];
	const problems = new Set<string>();
	let next = request.continue;
	do {
		const page = { limit: AT_ONCE - ended.length, ...(next === undefined ? {} : { continue: next }) };
		const found: FoundReceipts | undefined = await list({ ...query, ...page }, endsAt).catch((error: unknown) => {
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
	const unread = problems.size === 0 ? {} : { problems: [...problems] };
	return { ended, more: next !== undefined, ...(next === undefined ? {} : { continue: next }), ...unread };
}

function queryOf(request: ReceiptsRequest): Omit<ReceiptQuery, "limit"> {
	if ("key" in request) return { key: request.key };
	const { find, state } = request;
	return { states: state === undefined ? ["dead", "rejected"] : [state], ...(find === undefined ? {} : { find }) };
}
