import type { Disposition } from "../deliver/settle.ts";
import { movedBody } from "../storage/rows.ts";
import type { Columns, Write } from "../storage/storage.ts";
import type { Entry } from "./entry.ts";
import type { AttemptRecord } from "./promise.ts";
import { appendAttempt } from "./receipt.ts";
import { deadLetterKey } from "./row-keys.ts";

/** A call of GitHub that has ended, as far as a receipt tells of it. */
export interface EndedAttempt {
	/** Epoch milliseconds: when it began. */
	readonly at: number;
	readonly status?: number;
	readonly ms: number;
	readonly requestId?: string;
}

/**
 * The rows that say what became of an entry: its receipt, the entry itself, and what is kept of a dead one.
 * @param attempt the call that decided it; none where no call was made
 * @param now epoch milliseconds
 */
export function finishWrites(
	entry: Entry,
	disposition: Disposition,
	attempt: EndedAttempt | undefined,
	now: number,
): Write[] {
	const reason = disposition.kind === "dispatched" ? null : disposition.reason;
	const attempts = attempt === undefined ? entry.attempts : appendAttempt(entry.attempts, toRecord(attempt, reason));
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
function deadLetterOf({ key, receipt, repository, dispatchType, route, token, closing, ...entry }: Entry): Columns {
	return {
		key,
		receipt,
		repository,
		dispatchType,
		route,
		...(token === undefined ? {} : { token }),
		...(closing === undefined ? {} : { closing }),
		...movedBody(entry),
	};
}

function toRecord({ at, status, ms, requestId }: EndedAttempt, reason: string | null): AttemptRecord {
	return { at: new Date(at).toISOString(), status: status ?? null, ms, requestId: requestId ?? null, reason };
}

/** A reason may quote GitHub, who may quote us. */
function clip(text: string): string {
	return text.slice(0, 1_500);
}
