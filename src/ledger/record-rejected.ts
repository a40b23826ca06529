import { createHash } from "node:crypto";
import pMap from "p-map";
import { writeDeepJson } from "../event/json.ts";
import type { Destination, EventFacts } from "../model.ts";
import { createBatcher } from "../storage/batcher.ts";
import { storeBody } from "../storage/rows.ts";
import { type Columns, isStorageError, type Storage, type StorageError, type Write } from "../storage/storage.ts";
import { bytesOf } from "../storage/transactions.ts";
import { eventColumns, plainColumns, reasonColumn, routeColumns } from "./receipt.ts";
import { deadLetterKey, NO_LANE, receiptKey } from "./row-keys.ts";

/** An element of a delivery that never had a destination, or whose request could never be sent. */
export interface Rejected {
	/** As it arrived. */
	readonly element: unknown;
	readonly event: EventFacts;
	readonly route: string | null;
	readonly to: Destination | null;
	readonly reason: string;
}

/**
 * Keeps what was rejected as a dead letter, once, however often it is delivered. Answers its key. Rejects with
 * StorageError.
 */
export type RecordRejected = (rejected: Rejected) => Promise<string>;

export interface RecordOptions {
	readonly storage: Storage;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** A dead letter with the rows that it becomes: its receipt, and what a replay needs. */
interface Letter {
	readonly receipt: string;
	readonly columns: Columns;
	readonly kept: Columns;
}

/** A transaction holds 100 rows and 4 MiB; a dead letter is two rows. */
const ROWS = 100;
const BYTES = 3 * 1024 * 1024;
const SINGLES_AT_ONCE = 4;

/** Dead letters that come at the same time share transactions, as accepted events do. */
export function createRecordRejected({ storage, now }: RecordOptions): RecordRejected {
	async function commit(group: readonly Letter[]): Promise<readonly Promise<void>[]> {
		const unique = [...new Map(group.map((letter) => [letter.receipt, letter])).values()];
		const ends = await commitAll(unique);
		return group.map(({ receipt }) => ends.get(receipt) ?? Promise.resolve());
	}

	/** Writes new ones in one call. Answers those that were written singly, with how that ended. */
	async function commitAll(letters: readonly Letter[]): Promise<ReadonlyMap<string, Promise<void>>> {
		const ends = new Map<string, Promise<void>>();
		let refusal = await tryCommit(letters, "insert");
		// A dead letter's key follows from its content: one that is there is the same.
		if (refusal?.status === 409 && letters.length > 1) refusal = await tryCommit(letters, "upsert");
		if (refusal === undefined || refusal.status === 409) return ends;
		const single = async (letter: Letter) => {
			const end = commitSingle(letter);
			ends.set(letter.receipt, end);
			await end.catch(() => {});
		};
		await pMap(letters, single, { concurrency: SINGLES_AT_ONCE });
		return ends;
	}

	/** What storage refuses is kept with plain facts: the event itself is bytes, and those are never refused. */
	async function commitSingle(letter: Letter): Promise<void> {
		if ((await tryCommit([letter], "upsert")) === undefined) return;
		await storage.commit(NO_LANE, writesOf({ ...letter, columns: plainColumns(letter.columns) }, "upsert"));
	}

	/** Undefined when all rows were written; else what was refused about them, rather than about the service. */
	async function tryCommit(letters: readonly Letter[], kind: "insert" | "upsert"): Promise<StorageError | undefined> {
		try {
			await storage.commit(
				NO_LANE,
				letters.flatMap((letter) => writesOf(letter, kind)),
			);
			return undefined;
		} catch (error) {
			if (isStorageError(error) && (error.status === 409 || error.refusesContent)) return error;
			throw error;
		}
	}

	const weigh = (letter: Letter) => {
		const writes = writesOf(letter, "insert");
		return Math.max(writes.length, (writes.reduce((sum, write) => sum + bytesOf(write), 0) / BYTES) * ROWS);
	};
	const inGroups = createBatcher({ flush: commit, groups: 2, weigh, capacity: ROWS });

	return async (rejected) => {
		const { key, letter } = await planLetter(storage, rejected, now());
		await inGroups(letter);
		return key;
	};
}

async function planLetter(storage: Storage, rejected: Rejected, now: number): Promise<{ key: string; letter: Letter }> {
	const { element, event, route, to, reason } = rejected;
	const text = writeDeepJson(element);
	const key = createHash("sha256")
		.update(JSON.stringify([text, to?.id ?? null]))
		.digest("hex")
		.slice(0, 32);
	const receipt = receiptKey(event.time, key);
	const stored = await storeBody(storage, "event", key, text);
	const at = new Date(now).toISOString();
	const columns: Columns = {
		key,
		state: "rejected",
		...eventColumns(event),
		...routeColumns(route, to),
		acceptedAt: at,
		finishedAt: at,
		reason: reasonColumn(reason),
		...(stored.blobs.length === 0 ? {} : { blobs: stored.blobs.join(" ") }),
	};
	return { key, letter: { receipt, columns, kept: { key, receipt, ...stored.columns } } };
}

function writesOf({ receipt, columns, kept }: Letter, kind: "insert" | "upsert"): readonly Write[] {
	return [
		{ kind, rowKey: receipt, columns },
		{ kind, rowKey: deadLetterKey(receipt), columns: kept },
	];
}
