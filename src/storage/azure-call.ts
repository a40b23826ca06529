import { StorageError } from "./storage.ts";

/** One call in all, the SDK's retries included. Accepting is several calls, and Event Grid waits 30 seconds. */
const CALL_TIMEOUT_MS = 5_000;
/** The manifest of a hundred thousand events is some 70 MB; a drainer writes and reads it, and no request waits for it. */
export const TRANSFER_TIMEOUT_MS = 20_000;

/** The error codes of a 404 if what a call needs was not created yet, such as the table or the container. */
const NOT_MADE_YET = new Set(["TableNotFound", "QueueNotFound", "ContainerNotFound", "BlobNotFound"]);

/** Statuses that state a fact about a row or a blob: gone, there already, changed. Callers act on it. */
const FACTS = new Set([404, 409, 412]);

type Call<T> = (abortSignal: AbortSignal) => Promise<T>;

/**
 * Makes one call within its time, and once more after `make` where the table, queue or container is not there yet: so
 * that nothing is asked at start, and nothing a second time. Each of the three has its time. Rejects with StorageError.
 */
export async function called<T>(
	call: Call<T>,
	{ make, timeoutMs = CALL_TIMEOUT_MS }: { readonly make?: Call<unknown>; readonly timeoutMs?: number } = {},
): Promise<T> {
	try {
		return await call(AbortSignal.timeout(timeoutMs));
	} catch (error) {
		if (make === undefined || !NOT_MADE_YET.has(codeOf(error))) throw toStorageError(error);
	}
	try {
		await make(AbortSignal.timeout(timeoutMs));
		return await call(AbortSignal.timeout(timeoutMs));
	} catch (error) {
		throw toStorageError(error);
	}
}

/** For errors of `called`: answers undefined if the row or blob does not exist. */
export function unlessMissing(error: unknown): undefined {
	if (error instanceof StorageError && error.status === 404) return undefined;
	throw error;
}

/** For errors of `called`: answers whether the row or blob is removed. False if another version exists. */
export function unlessChanged(error: unknown): boolean {
	if (error instanceof StorageError && (error.status === 404 || error.status === 412)) return error.status === 404;
	throw error;
}

/**
 * An answer that is not one to what was asked: the SDKs take an empty body for an empty page, and a transaction's answer
 * that names none of its writes for success. What storage has done is not known then, so that the call is repeated.
 */
export class UnclearAnswer extends Error {
	override readonly name = "UnclearAnswer";
	/** The status of one write of a transaction, where it is what was unexpected. */
	readonly innerStatus: number | undefined;

	constructor(message: string, innerStatus?: number) {
		super(message);
		this.innerStatus = innerStatus;
	}
}

/** A text that an answer must have, such as the id of a lease. */
export function expectText(text: string | undefined, name: string): string {
	if (typeof text !== "string" || text === "") throw new UnclearAnswer(`the answer has no ${name}`);
	return text;
}

interface AnswerError {
	readonly statusCode?: number;
	readonly message?: string;
	readonly innerStatus?: number | undefined;
	readonly code?: string;
	readonly details?: { readonly errorCode?: string; readonly odataError?: { readonly code?: string } };
}

/** The service's own error code. Empty if the answer is not from the service. */
function codeOf(error: unknown): string {
	const { code, details, message = "" } = error as AnswerError;
	const known = code ?? details?.errorCode ?? details?.odataError?.code ?? "";
	// The error of a transaction names its code in the text alone.
	return [...NOT_MADE_YET].find((name) => known === name || message.includes(name)) ?? known;
}

/**
 * The status is storage's refusal, or none. An answer below 400 that could not be read says nothing about what was done,
 * and a page of a proxy that says "404" says nothing about a row.
 */
function toStorageError(error: unknown): StorageError {
	if (error instanceof StorageError) return error;
	const { statusCode = 0, message = String(error), innerStatus } = error as AnswerError;
	const [firstLine = ""] = message.split("\n");
	const isHeard = statusCode >= 400 && !(FACTS.has(statusCode) && codeOf(error) === "");
	return new StorageError(firstLine, innerStatus ?? (isHeard ? statusCode : undefined), { cause: error });
}
