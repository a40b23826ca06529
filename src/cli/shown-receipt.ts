import { isObject } from "../event/json.ts";
import type { ReceiptJson } from "../functions/receipts.ts";
import type { Following, Run } from "../model.ts";

/** A receipt as `GET /api/receipts` shows it. A bridge of an older version tells less, and its `runs` is a page. */
export type ShownReceipt = Omit<ReceiptJson, keyof ToldRuns | keyof ToldDeadLetter> & ToldRuns & ToldDeadLetter;

interface ToldRuns {
	readonly runs?: readonly Run[] | string | null | undefined;
	readonly following?: Following | null | undefined;
	readonly followingReason?: string | null | undefined;
	readonly page?: string | null | undefined;
}

/** What a dead letter tells besides. Source: docs/receipts.md. */
interface ToldDeadLetter {
	/** What a replay would do now. */
	readonly replay?: { readonly wouldRepeat: boolean; readonly why: string | null } | null | undefined;
	/** ISO 8601: when a replay has last fed it back. */
	readonly replayedAt?: string | null | undefined;
	/** Of a rejected event what arrived: its beginning as text, and how many bytes there are in all. */
	readonly arrived?: { readonly text: string; readonly bytes: number; readonly whole: boolean } | null | undefined;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * A receipt as a bridge of any version answers it. What that does not tell, or tells in a form that is not known here,
 * counts as not told; all else stays as it is.
 */
export function readReceipt(given: Json): ShownReceipt {
	const { event, to, acceptedAt, attempts, runs, replay, arrived } = given;
	const read = {
		...given,
		event: ofEach(isObject(event) ? event : {}, EVENT, text),
		to: isPlace(to) ? to : null,
		acceptedAt: text(acceptedAt),
		...ofEach(given, ["route", "finishedAt", "reason", "window"], textOrNull),
		attempts: listOf(attempts, isAttempt),
		runs: Array.isArray(runs) ? listOf(runs, isRun) : textOrNull(runs),
		...ofEach(given, ["following", "followingReason", "page", "replayedAt"], textOrUndefined),
		replay: isObject(replay) ? replay : null,
		arrived: isObject(arrived) && typeof arrived["text"] === "string" ? arrived : null,
	};
	return read as unknown as ShownReceipt;
}

const EVENT = ["id", "type", "source", "subject", "time"] as const;

function ofEach<T>(given: Json, names: readonly string[], read: (value: unknown) => T): Record<string, T> {
	return Object.fromEntries(names.map((name) => [name, read(given[name])]));
}

function text(value: unknown): string {
	return typeof value === "string" ? value : "";
}

function textOrNull(value: unknown): string | null {
	return typeof value === "string" ? value : null;
}

function textOrUndefined(value: unknown): string | null | undefined {
	return value === undefined ? undefined : textOrNull(value);
}

function listOf(value: unknown, isOne: (one: Json) => boolean): readonly Json[] {
	return Array.isArray(value) ? value.filter((one) => isObject(one) && isOne(one)) : [];
}

/** A bridge of version 0.1.0 tells no id. */
function isPlace(to: unknown): boolean {
	return isObject(to) && (typeof to["id"] === "string" || typeof to["repository"] === "string");
}

function isAttempt({ at, ms }: Json): boolean {
	return typeof at === "string" && (typeof ms === "number" || typeof ms === "string");
}

function isRun({ id, status, ...run }: Json): boolean {
	const names = ["url", "workflow", "conclusion"].map((name) => run[name]);
	return typeof id === "string" && typeof status === "string" && names.every((one) => textOrNull(one) === one);
}
