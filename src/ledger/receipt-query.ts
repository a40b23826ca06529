import { ROWS, receiptOrder } from "./row-keys.ts";
import { type FoundReceipt, mentions, type ReceiptState } from "./show-receipt.ts";

export interface ReceiptQuery {
	readonly limit: number;
	readonly states?: readonly ReceiptState[];
	/** An event's id, a subject, a run's id, a repository, a key: the whole of it, or a part. */
	readonly find?: string;
	/** The one with this key. */
	readonly key?: string;
	/** The event's time is not before, and not after; epoch milliseconds. */
	readonly since?: number;
	readonly until?: number;
	/** What an earlier answer to the same question has as `continue`. */
	readonly continue?: string;
}

/** A question in the terms of storage. */
export interface Conditions {
	/** What the service checks. */
	readonly where?: string;
	/** What is checked here; then a page is no smaller for a small limit. */
	readonly isWanted?: (receipt: FoundReceipt) => boolean;
}

/** What the service compares must fit into an address, six times. */
const MAX_EXACT = 300;
/** No fact of a receipt is longer. */
const MAX_FACT = 1_500;
/** Columns that a text is looked for in. */
const FOUND_IN = ["key", "id", "run", "subject", "window"] as const;

/** Whether there is a text that the service itself can look for. */
export function canBeExact({ find }: ReceiptQuery): boolean {
	return find !== undefined && find.length <= MAX_EXACT;
}

/** @param exact whether the service itself looks for the whole of a text; else parts are looked for here */
export function conditionsOf({ states, find, key }: ReceiptQuery, exact: boolean): Conditions {
	const text = find?.slice(0, MAX_FACT);
	const written =
		states && new Set(states.map((state) => (state === "paused" || state === "parked" ? "accepted" : state)));
	const conditions = [
		...(key === undefined ? [] : [equal(["key"], key)]),
		...(text === undefined || !exact ? [] : [equal(FOUND_IN, text)]),
		...(written === undefined ? [] : [[...written].map((state) => `state eq '${state}'`).join(" or ")]),
	];
	const checks: ((receipt: FoundReceipt) => boolean)[] = [];
	// Whether it waits for its turn, is paused or parked is known here alone.
	if (states !== undefined && written?.has("accepted")) checks.push(({ state }) => states.includes(state));
	if (text !== undefined && !exact) checks.push((receipt) => mentions(receipt, text));
	return {
		...(conditions.length === 0 ? {} : { where: conditions.map((one) => `(${one})`).join(" and ") }),
		...(checks.length === 0 ? {} : { isWanted: (receipt) => checks.every((check) => check(receipt)) }),
	};
}

function equal(columns: readonly string[], text: string): string {
	return columns.map((column) => `${column} eq '${text.replaceAll("'", "''")}'`).join(" or ");
}

/** The range of keys that belongs to a range of times. A receipt's key begins with its event's time, counted backwards. */
export function rangeOf({ since, until }: ReceiptQuery): { readonly from: string; readonly to: string } {
	const { from, to } = ROWS.receipts;
	return {
		from: until === undefined ? from : `${from}${receiptOrder(until)}`,
		to: since === undefined ? to : `${from}${receiptOrder(since - 1)}`,
	};
}

/** What is asked, as one text. */
export function questionOf({ states, find, key, since, until }: ReceiptQuery): string {
	return JSON.stringify([states, find, key, since, until]);
}
