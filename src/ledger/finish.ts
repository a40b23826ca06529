import type { Attempt, Disposition } from "../model.ts";
import { movedBody } from "../storage/rows.ts";
import type { Columns, Write } from "../storage/storage.ts";
import { destinationColumn } from "./destination-column.ts";
import type { Entry } from "./entry.ts";
import { appendAttempt } from "./receipt.ts";
import { deadLetterKey } from "./row-keys.ts";

/**
 * The rows that say what became of an entry: its receipt, the entry itself, and what is kept of a dead one.
 * @param attempt the call that decided it; none where no call was made
 * @param now epoch milliseconds
 */
export function finishWrites(
	entry: Entry,
	disposition: Disposition,
	attempt: Attempt | undefined,
	now: number,
): Write[] {
	const reason = disposition.kind === "dispatched" ? null : disposition.reason;
	const attempts = attempt === undefined ? entry.attempts : appendAttempt(entry.attempts, attempt);
	const tried = { attempts: JSON.stringify(attempts) };
	if (disposition.kind === "deferred") {
		const times = {
			...(disposition.notBefore === 0 ? {} : { notBefore: new Date(disposition.notBefore).toISOString() }),
			...(disposition.failingSince === undefined
				? {}
				: { failingSince: new Date(disposition.failingSince).toISOString() }),
		};
		return [
			{ kind: "merge", rowKey: entry.receipt, columns: { ...tried, reason: clip(disposition.reason) } },
			{ kind: "merge", rowKey: entry.rowKey, columns: { ...tried, ...times, failures: disposition.failures } },
		];
	}
	const finished: Columns = { ...tried, finishedAt: new Date(now).toISOString(), reason: clip(reason ?? "") };
	const deadLetter: Write[] =
		disposition.kind === "dead-lettered"
			? [{ kind: "upsert", rowKey: deadLetterKey(entry.receipt), columns: { ...deadLetterOf(entry), ...tried } }]
			: [];
	return [
		{
			kind: "merge",
			rowKey: entry.receipt,
			columns: { ...finished, state: disposition.kind === "dead-lettered" ? "dead" : disposition.kind },
		},
		{ kind: "delete", rowKey: entry.rowKey },
		...deadLetter,
	];
}

/** What a replay needs. A window's members that are not completed yet are completed after it, too. */
function deadLetterOf({ key, receipt, to, route, closing, ...entry }: Entry): Columns {
	return {
		key,
		receipt,
		...destinationColumn(to ?? null),
		route,
		...(closing === undefined ? {} : { closing }),
		...movedBody(entry),
	};
}

/** A reason may quote GitHub, who may quote us. */
function clip(text: string): string {
	return text.slice(0, 1_500);
}
