import type { Answer, Destination, Following, Run } from "../model.ts";
import { movedBody, readRows } from "../storage/rows.ts";
import type { Columns, Row, Storage } from "../storage/storage.ts";
import type { Entry, FollowWrites } from "./outbox.ts";
import { readRuns, soundRun } from "./receipt.ts";
import {
	DESTINATION_COLUMNS,
	destinationColumn,
	followKey,
	isReceiptKey,
	MAX_SKEW_MS,
	ROWS,
	readDestination,
	readServiceTime,
	readTimeUntil,
	receiptOfFollow,
	timeInKey,
	writeTime,
} from "./rows.ts";

/** A delivery that was taken and whose runs are followed, as a row of its lane. */
export interface FollowRow {
	readonly rowKey: string;
	readonly etag: string;
	readonly key: string;
	/** The key of its receipt's row. */
	readonly receipt: string;
	/** Undefined where the row does not say it. */
	readonly to: Destination | undefined;
	readonly route: string;
	/** When the service took it, by the service's clock; epoch milliseconds. */
	readonly takenAt: number;
	/** The same by our clock. */
	readonly finishedAt: number;
	/** No run of it is older, by the service's clock; epoch milliseconds. */
	readonly from: number;
	readonly following: "looking" | "running";
	readonly runs: readonly Run[];
	/** When its run was last read alone, epoch milliseconds; 0 where it was not. */
	readonly readAt: number;
	/** Whether it is sent once more where no run comes. */
	readonly resends: boolean;
	/** Whether it was sent a second time, since no run came. */
	readonly resent: boolean;
	/** The key of the entry that it went back into the outbox as. */
	readonly again: string | undefined;
}

/** How deliveries are followed that are taken from now on. */
export interface FollowPolicy {
	/** Whether runs are followed at all. */
	readonly isOn: boolean;
	/** Whether a delivery of this route is sent once more where no run comes. */
	readonly resends: (route: string) => boolean;
}

/** A call takes no longer, whatever the clocks say that it took. */
const MAX_CALL_MS = 60_000;

/** When the service answered, by its clock; ours where it does not say. */
export function soundServerTime(serverTime: number | undefined, now: number): number {
	return readServiceTime(serverTime, now) ?? now;
}

/**
 * What is written of the runs of a delivery that was taken, in the transaction that finishes it.
 * @param entry with its body, where it is to be sent once more
 * @param now epoch milliseconds
 */
export function followWrites(entry: Entry, answer: Answer, policy: FollowPolicy, now: number): FollowWrites {
	const { key, receipt, to, route, resent } = entry;
	const runs = answer.run === undefined ? [] : [soundRun(answer.run)];
	const isFollowed = policy.isOn && to !== undefined;
	const following = isFollowed ? (runs.length > 0 ? "running" : "looking") : "off";
	const written = followColumns(runs, following, resent ? RESENT : null);
	if (!isFollowed) return { receipt: written, rows: [] };
	const takenAt = soundServerTime(answer.serverTime, now);
	const resends = policy.resends(route) && !resent && runs.length === 0;
	const columns: Columns = {
		key,
		receipt,
		...destinationColumn(to),
		route,
		takenAt: writeTime(takenAt),
		finishedAt: writeTime(now),
		from: writeTime(firstRunAt(entry, answer, takenAt)),
		following,
		runs: written["runs"],
		resent,
		...(resends ? { resends, ...movedBody(entry) } : {}),
	};
	return { receipt: written, rows: [{ kind: "upsert", rowKey: followKey(takenAt, receipt), columns }] };
}

/** What the receipt of a delivery says that was sent twice. */
export const RESENT = "it was sent a second time, because no run of the first dispatch came in time";

/**
 * The beginning of the first call that may have started a run: a service may have taken one that it answered 5xx or not at
 * all. Services tell times in whole seconds.
 */
function firstRunAt({ doubt }: Entry, { ms }: Answer, takenAt: number): number {
	const began = takenAt - Math.min(Math.max(ms, 0), MAX_CALL_MS);
	return Math.floor(Math.min(doubt?.since ?? began, began) / 1_000) * 1_000;
}

/** Everything but what is sent. */
const COLUMNS = [
	"key",
	"receipt",
	...DESTINATION_COLUMNS,
	"route",
	"takenAt",
	"finishedAt",
	"from",
	"following",
	"runs",
	"readAt",
	"resends",
	"resent",
	"again",
];

/** Of one lane; what comes later is looked at when those before it have ended. */
const MOST_ROWS = 20_000;

/** All that is followed in a lane, in the order of the dispatches. */
export async function readFollowRows(
	storage: Pick<Storage, "list">,
	lane: string,
	now: number,
	most = MOST_ROWS,
): Promise<readonly FollowRow[]> {
	const { rows } = await readRows(storage, lane, { ...ROWS.follows, select: COLUMNS }, most);
	return rows.map((row) => readFollowRow(row, now));
}

/** Reads a row. What cannot be read in it counts as not there, so that a bad one ends as any other does. */
function readFollowRow({ rowKey, etag, columns }: Row, now: number): FollowRow {
	const text = (name: string) => String(columns[name] ?? "");
	// A time that is further ahead than a clock can be wrong would never come.
	const time = (name: string) => readTimeUntil(text(name), now + MAX_SKEW_MS);
	const takenAt = time("takenAt") ?? readTimeUntil(timeInKey(rowKey), now + MAX_SKEW_MS) ?? now;
	return {
		rowKey,
		etag,
		key: text("key"),
		receipt: isReceiptKey(text("receipt")) ? text("receipt") : receiptOfFollow(rowKey),
		to: readDestination(columns),
		route: text("route"),
		takenAt,
		finishedAt: time("finishedAt") ?? takenAt,
		from: time("from") ?? takenAt,
		following: text("following") === "running" ? "running" : "looking",
		runs: readRuns(columns["runs"]),
		readAt: time("readAt") ?? 0,
		resends: columns["resends"] === true,
		resent: columns["resent"] === true,
		again: text("again") || undefined,
	};
}

/** What a receipt says of its runs. */
export function followColumns(runs: readonly Run[], following: Following, reason: string | null): Columns {
	return { runs: JSON.stringify(runs), following, followingReason: reason ?? "" };
}
