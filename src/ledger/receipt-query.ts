import { createHash } from "node:crypto";
import { clipText } from "../log.ts";
import { type Row, type Storage, WRITTEN_AT } from "../storage/storage.ts";
import { type LaneState, readLaneState, waitingFor } from "./lane-state.ts";
import { MAX_FACT, type Receipt, type ReceiptState, readReceipt } from "./receipt.ts";
import { LONGEST_WAIT_MS, ROWS, receiptOrder, targetOf, writeTime } from "./rows.ts";

/** A receipt as it is shown. */
export interface FoundReceipt extends Omit<Receipt, "state"> {
	readonly lane: string;
	readonly state: ReceiptState;
}

/** What waits is shown with what it waits for. */
export function showReceipt(receipt: Receipt, lane: string, state: LaneState, now: number): FoundReceipt {
	if (receipt.state !== "accepted") return { ...receipt, lane };
	// As a delivery's row is read: what is more than a day ahead counts as not there.
	const notBefore = receipt.notBefore > now + LONGEST_WAIT_MS ? 0 : receipt.notBefore;
	const waiting = { target: targetOf(receipt.to), notBefore, reason: receipt.reason };
	const waits = waitingFor(state, waiting, now);
	if (waits === undefined) return { ...receipt, lane };
	return { ...receipt, lane, state: waits.state, reason: `${waits.reason}; ${nextOf(waits, now)}` };
}

/** Shows the receipts of a lane. The lane's state is read once, and only where something waits. */
export function receiptsOf(
	storage: Pick<Storage, "get">,
	lane: string,
	now: () => number,
): (row: Row) => Promise<FoundReceipt> {
	let state: Promise<LaneState> | undefined;
	return async (row) => {
		const receipt = readReceipt(row);
		if (receipt.state !== "accepted") return { ...receipt, lane };
		state ??= readLaneState(storage, lane, now());
		return showReceipt(receipt, lane, await state, now());
	};
}

function nextOf({ state, until }: NonNullable<ReturnType<typeof waitingFor>>, now: number): string {
	if (until <= now) return "the next try is due now";
	const time = writeTime(until);
	return state === "parked" ? `tried again at ${time}` : `until ${time}`;
}

/** Whether one of the texts that a person knows it by holds this one, in any case. */
export function mentions({ key, event, to, window, runs }: FoundReceipt, text: string): boolean {
	const wanted = text.toLowerCase();
	const places = [key, event.id, event.run, event.subject, to?.id, window, ...runs.flatMap(({ id, url }) => [id, url])];
	return places.some((place) => place?.toLowerCase().includes(wanted) === true);
}

export interface ReceiptQuery {
	readonly limit: number;
	readonly states?: readonly ReceiptState[] | undefined;
	/** An event's id, a subject, a run's id, a repository, a key: the whole of it, or a part. */
	readonly find?: string | undefined;
	/** The one with this key. */
	readonly key?: string;
	/** The event's time is not before, and not after; epoch milliseconds. */
	readonly since?: number | undefined;
	readonly until?: number | undefined;
	/** Its row was written then or later, epoch milliseconds of the service's clock. */
	readonly changedSince?: number | undefined;
	/** What an earlier answer to the same question has as `continue`. */
	readonly continue?: string | undefined;
	/** Answer with what dead letters would send. */
	readonly requests?: boolean | undefined;
}

/** A question in the terms of storage. */
export interface Conditions {
	/** What the service checks. */
	readonly where: string | undefined;
	/** What is checked here; then a page is no smaller for a small limit. */
	readonly isWanted: ((receipt: FoundReceipt) => boolean) | undefined;
}

/** What the service compares must fit into an address, six times. */
const MAX_EXACT = 300;
/** Columns that a text is looked for in. */
const FOUND_IN = ["key", "id", "run", "subject", "window"] as const;

/** Whether there is a text that the service itself can look for. */
export function canBeExact({ find }: ReceiptQuery): boolean {
	return find !== undefined && find.length <= MAX_EXACT;
}

/**
 * @param exact whether the service itself looks for the whole of a text; else parts are looked for here. A whole text that is
 * there in any state is not looked for as a part, so what else is asked is checked here.
 */
export function conditionsOf({ states, find, key, changedSince }: ReceiptQuery, exact: boolean): Conditions {
	const text = find === undefined ? undefined : clipText(find, MAX_FACT);
	const [whole, part] = exact ? [text, undefined] : [undefined, text];
	const conditions = key === undefined ? [] : [equal(["key"], key)];
	const checks: ((receipt: FoundReceipt) => boolean)[] = [];
	if (whole !== undefined) conditions.push(equal(FOUND_IN, whole));
	if (states !== undefined) {
		const written = new Set(states.map((state) => (state === "paused" || state === "parked" ? "accepted" : state)));
		if (whole === undefined) conditions.push([...written].map((state) => `state eq '${state}'`).join(" or "));
		// Whether it waits for its turn, is paused or parked is known here alone.
		if (whole !== undefined || written.has("accepted")) checks.push(({ state }) => states.includes(state));
	}
	if (changedSince !== undefined) {
		if (whole === undefined) conditions.push(`${WRITTEN_AT} ge datetime'${toDateTime(changedSince)}'`);
		else checks.push(({ changedAt }) => Date.parse(String(changedAt)) >= changedSince);
	}
	if (part !== undefined) checks.push((receipt) => mentions(receipt, part));
	return {
		where: conditions.map((one) => `(${one})`).join(" and ") || undefined,
		isWanted: checks.length === 0 ? undefined : (receipt) => checks.every((check) => check(receipt)),
	};
}

/** The last millisecond of the year 9999. */
const LAST_TIME = 253_402_300_799_999;

/** A time as storage takes one: its year has four digits. No row was written before 1970, nor is after the year 9999. */
function toDateTime(epochMs: number): string {
	return new Date(Math.min(Math.max(epochMs, 0), LAST_TIME)).toISOString();
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

/** A `continue` that is none, or belongs to another question. */
export class WrongContinue extends Error {
	override readonly name = "WrongContinue";

	constructor() {
		super("continue: this is no answer's continue, or belongs to another question; ask exactly as before, and add it");
	}
}

const SUM_LENGTH = 12;

/**
 * Where a piece of work goes on, as a text without characters that a URL would escape.
 * @param place JSON
 * @param question what was asked: the text is good for nothing else
 */
export function writeContinue(place: unknown, question: string): string {
	return tokenOf(JSON.stringify(place), question);
}

/** The place again. Throws WrongContinue for what was not written for this question. */
export function readContinue(token: string, question: string): unknown {
	const text = Buffer.from(token.slice(SUM_LENGTH), "base64url").toString("utf8");
	// Base64 has several spellings of one text: only the token that was written is right.
	if (token !== tokenOf(text, question)) throw new WrongContinue();
	return JSON.parse(text);
}

/** By its name, as everywhere: parts of the bundle may have their own copy of the class. */
export function isWrongContinue(error: unknown): error is WrongContinue {
	return error instanceof Error && error.name === "WrongContinue";
}

/** Its sum is not a secret: it only finds out what was cut, mixed up or made up. */
function tokenOf(text: string, question: string): string {
	const sum = createHash("sha256")
		.update(JSON.stringify([text, question]))
		.digest("hex");
	return `${sum.slice(0, SUM_LENGTH)}${Buffer.from(text).toString("base64url")}`;
}
