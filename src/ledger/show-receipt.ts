import type { Storage } from "../storage/storage.ts";
import { targetOf } from "./destination-column.ts";
import { fromColumns, type LaneState, NEW_LANE, waitingFor } from "./lane-state.ts";
import type { Receipt, WrittenState } from "./receipt.ts";
import { STATE_KEY } from "./row-keys.ts";

/** How far a delivery is, as it is shown. */
export type ReceiptState = WrittenState | "paused" | "parked";

/** A receipt as it is shown. */
export interface FoundReceipt extends Omit<Receipt, "state"> {
	readonly lane: string;
	readonly state: ReceiptState;
}

/** What waits is shown with what it waits for. */
export function showReceipt(receipt: Receipt, lane: string, state: LaneState, now: number): FoundReceipt {
	const { to } = receipt;
	if (receipt.state !== "accepted" || to === null) return { ...receipt, lane };
	const waits = waitingFor(state, { target: targetOf(to), notBefore: 0 }, now);
	if (waits === undefined) return { ...receipt, lane };
	return { ...receipt, lane, state: waits.state, reason: `${waits.reason}; ${nextOf(waits, now)}` };
}

function nextOf({ state, until }: NonNullable<ReturnType<typeof waitingFor>>, now: number): string {
	if (until <= now) return "the next try is due now";
	const time = isoOf(until) ?? "later";
	return state === "parked" ? `tried again at ${time}` : `until ${time}`;
}

/** A row may hold any number; not each is a time. */
export function isoOf(epochMs: number): string | null {
	const time = new Date(epochMs);
	return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

/** Whether one of the texts that a person knows it by holds this one, in any case. */
export function mentions({ key, event, to, window }: FoundReceipt, text: string): boolean {
	const wanted = text.toLowerCase();
	const places = [key, event.id, event.run, event.subject, to?.id, window];
	return places.some((place) => place?.toLowerCase().includes(wanted) === true);
}

/**
 * A lane's state as it is recorded now.
 * @param now epoch milliseconds
 */
export async function readLaneState(storage: Pick<Storage, "get">, lane: string, now: number): Promise<LaneState> {
	const row = await storage.get(lane, STATE_KEY);
	return row === undefined ? NEW_LANE : fromColumns(row.columns, now);
}
