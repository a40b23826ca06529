import { createHash } from "node:crypto";
import { readJson, writeDeepJson } from "../event/json.ts";
import { clipText } from "../log.ts";
import type { Destination, EventFacts } from "../model.ts";
import { createGroupWriter, type RowGroup } from "../storage/batcher.ts";
import { readBody, storeBody } from "../storage/rows.ts";
import { type Columns, isStorageError, type Storage, type StorageError } from "../storage/storage.ts";
import { type Arrived, eventColumns, type Receipt, readReceipt, reasonColumn, routeColumns } from "./receipt.ts";
import { deadLetterKey, entryKey, NO_LANE, plainWrite, receiptKey, writeTime } from "./rows.ts";

/** An element of a delivery that never had a destination, or whose request could never be sent. */
export interface Rejected {
	/** As it arrived. */
	readonly element: unknown;
	readonly event: EventFacts;
	readonly route: string | null;
	readonly to: Destination | null;
	readonly reason: string;
	/** How it arrived, where that is known: all of it, or what an earlier receipt shows. */
	readonly arrived?: string | Arrived | undefined;
	/** When it was accepted first, ISO 8601; left out where that is now. */
	readonly acceptedAt?: string | undefined;
}

/**
 * Records what was rejected as a dead letter, once, however often it is delivered. Answers its key. Rejects with
 * StorageError.
 */
export type RecordRejected = (rejected: Rejected) => Promise<string>;

export interface RecordOptions {
	readonly storage: Storage;
	/** What tells the version and the routes table that reject an event from others; left out where neither has. */
	readonly judge?: string;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** Dead letters that come at the same time share transactions, as accepted events do. */
export function createRecordRejected({ storage, judge, now }: RecordOptions): RecordRejected {
	/** What storage refuses is stored with plain facts: the event itself is bytes, and those are never refused. */
	async function settle({ writes }: RowGroup, refusal: StorageError | undefined): Promise<void> {
		if (refusal !== undefined) await storage.commit(NO_LANE, writes.map(plainWrite));
	}
	const write = createGroupWriter(storage, NO_LANE, settle);

	return async (rejected) => {
		const text = writeDeepJson(rejected.element);
		const identity = JSON.stringify([text, rejected.to?.id ?? null]);
		const key = createHash("sha256").update(identity).digest("hex").slice(0, 32);
		const id = receiptKey(rejected.event.time, key);
		const stored = await storeBody(storage, "event", key, text);
		const at = writeTime(now());
		const columns = { ...receiptOf(rejected, text, at), key, judge: judge ?? "", blobs: stored.blobs.join(" ") };
		// The key follows from the content: a dead letter that is there is the same.
		await write({
			id,
			writes: [
				{ kind: "upsert", rowKey: id, columns },
				{ kind: "upsert", rowKey: deadLetterKey(id), columns: { key, receipt: id, ...stored.columns } },
			],
		});
		return key;
	};
}

/** What the receipt says of an event, and of its end at that time. */
function receiptOf(rejected: Rejected, text: string, at: string): Columns {
	const { event, route, to, reason, arrived = text, acceptedAt } = rejected;
	return {
		state: "rejected",
		...eventColumns(event),
		...routeColumns(route, to),
		acceptedAt: acceptedAt ?? at,
		replayedAt: acceptedAt === undefined ? undefined : at,
		finishedAt: at,
		reason: reasonColumn(reason),
		...arrivedColumns(arrived),
	};
}

/** What is shown of an event that was rejected. */
const MAX_ARRIVED = 4_000;

function arrivedColumns(arrived: string | Arrived): Columns {
	if (typeof arrived !== "string") return { arrived: arrived.text, arrivedBytes: arrived.bytes };
	return { arrived: clipText(arrived, MAX_ARRIVED), arrivedBytes: Buffer.byteLength(arrived) };
}

/** An event that was rejected. */
export interface RejectedLetter {
	/** As it arrived. */
	readonly element: unknown;
	/** The blob that it lies in, if it is a large one. */
	readonly blob: string | undefined;
}

/** Undefined where it is gone. */
export async function readRejected(storage: Storage, receipt: string): Promise<RejectedLetter | undefined> {
	const row = await storage.get(NO_LANE, deadLetterKey(receipt));
	if (row === undefined) return undefined;
	const text = await readBody(storage, "event", row.columns);
	const { eventBlob } = row.columns;
	return text === undefined
		? undefined
		: { element: readJson(text), blob: eventBlob === undefined ? undefined : String(eventBlob) };
}

/**
 * Removes a rejected event that was accepted after all: its new receipt stands for it from now on. The rows go first,
 * together: as long as they are there, the event can be read, and a replay that broke off is repeated.
 */
export async function forgetRejected(storage: Storage, receipt: string, { blob }: RejectedLetter): Promise<void> {
	const rows = [receipt, deadLetterKey(receipt)];
	if (!(await removeRows(storage, rows))) for (const row of rows) await removeRows(storage, [row]);
	if (blob !== undefined) await storage.remove(blob);
}

/** Answers false where one of them is gone already. */
async function removeRows(storage: Storage, rows: readonly string[]): Promise<boolean> {
	try {
		await storage.commit(
			NO_LANE,
			rows.map((rowKey) => ({ kind: "delete", rowKey })),
		);
		return true;
	} catch (error) {
		if (isStorageError(error) && error.status === 404) return false;
		throw error;
	}
}

/**
 * The request that a replay of a dead letter would send; undefined where it is gone. Rejects with StorageError.
 * @param receipt the key of its receipt's row
 */
export async function readDeadRequest(storage: Storage, lane: string, receipt: string): Promise<string | undefined> {
	const row = await storage.get(lane, deadLetterKey(receipt));
	return row && readBody(storage, "body", row.columns);
}

/** What a replay has made of a dead letter. */
export type ReplayedDead =
	/** It is in its lane again. */
	| { readonly kind: "moved" }
	/** Another replay was faster, or what it needs is gone. The receipt as it is now; undefined where it is gone, too. */
	| { readonly kind: "not moved"; readonly receipt: Receipt | undefined };

export interface ReplayDeadOptions {
	/** Epoch milliseconds. */
	readonly now: number;
	/** A mark that no other replay has: a row that carries it was written by us, even if the answer got lost. */
	readonly by: string;
}

/**
 * Puts a dead letter back into its lane, for the same receipt; from there it is sent as any delivery is. One transaction
 * moves it, so that of several replays one alone does, and none once retention has taken it. The receipt keeps the time
 * of its acceptance; in the lane it waits from now on.
 * @param receipt the key of its receipt's row
 */
export async function replayDead(
	storage: Storage,
	lane: string,
	receipt: string,
	{ now, by }: ReplayDeadOptions,
): Promise<ReplayedDead> {
	const deadLetter = await storage.get(lane, deadLetterKey(receipt));
	if (deadLetter === undefined) return notMoved();
	const place = entryKey(now, 0, String(deadLetter.columns["key"]));
	const acceptedAt = writeTime(now);
	const replayed = { replayedAt: acceptedAt, finishedAt: "", reason: "", notBefore: "" };
	try {
		await storage.commit(lane, [
			{ kind: "delete", rowKey: deadLetter.rowKey },
			{ kind: "insert", rowKey: place, columns: { ...deadLetter.columns, acceptedAt } },
			{ kind: "merge", rowKey: receipt, columns: { state: "accepted", place, by, ...replayed } },
		]);
		return { kind: "moved" };
	} catch (error) {
		const found = await notMoved();
		if (found.receipt?.by === by) return { kind: "moved" };
		// Another replay has moved it, or retention has taken it.
		if (isStorageError(error) && error.conflict) return found;
		throw error;
	}

	async function notMoved(): Promise<Extract<ReplayedDead, { kind: "not moved" }>> {
		const row = await storage.get(lane, receipt);
		return { kind: "not moved", receipt: row && readReceipt(row) };
	}
}
