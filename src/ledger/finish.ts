import type { Entry } from "./entry.ts";
import type { AttemptRecord } from "./promise.ts";
import { appendAttempt } from "./receipt.ts";
import { movedBody } from "./row-body.ts";
import { deadLetterKey } from "./row-keys.ts";
import type { Fate } from "./settle.ts";
import type { Columns, Write } from "./storage.ts";

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
export function finishWrites(entry: Entry, fate: Fate, attempt: EndedAttempt | undefined, now: number): Write[] {
	const reason = fate.kind === "dispatched" ? null : fate.reason;
	const attempts = attempt === undefined ? entry.attempts : appendAttempt(entry.attempts, toRecord(attempt, reason));
	const tried = { attempts: JSON.stringify(attempts) };
	if (fate.kind === "kept") {
		const times = {
			...(fate.notBefore === 0 ? {} : { notBefore: new Date(fate.notBefore).toISOString() }),
			...(fate.failingSince === undefined ? {} : { failingSince: new Date(fate.failingSince).toISOString() }),
		};
		return [
			{ kind: "merge", rowKey: entry.receipt, columns: { ...tried, reason: clip(fate.reason) } },
			{ kind: "merge", rowKey: entry.rowKey, columns: { ...tried, ...times, troubles: fate.troubles } },
		];
	}
	const finished: Columns = { ...tried, finishedAt: new Date(now).toISOString(), reason: clip(reason ?? "") };
	const deadLetter: Write[] =
		fate.kind === "dead"
			? [{ kind: "upsert", rowKey: deadLetterKey(entry.receipt), columns: { ...deadLetterOf(entry), ...tried } }]
			: [];
	return [
		{ kind: "merge", rowKey: entry.receipt, columns: { ...finished, state: fate.kind } },
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
