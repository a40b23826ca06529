import { StorageError } from "./storage.ts";

/** One call in all, the SDK's retries included. Accepting is several calls, and Event Grid waits 30 seconds. */
const CALL_TIMEOUT_MS = 5_000;

/** What a 404 says when it is not a row or a blob that is missing, but what holds it. */
const NOT_MADE_YET = new Set(["TableNotFound", "QueueNotFound", "ContainerNotFound", "BlobNotFound"]);

/** Statuses that state a fact about a row or a blob: gone, there already, changed. Callers act on it. */
const FACTS = new Set([404, 409, 412]);

/**
 * Makes one call within its time, and once more after `make` where the table, queue or container is not there yet: so
 * that nothing is asked at start, and nothing a second time. Each of the three has its time. Rejects with StorageError.
 */
export async function called<T>(
	make: ((signal: AbortSignal) => Promise<unknown>) | undefined,
	call: (signal: AbortSignal) => Promise<T>,
	timeoutMs = CALL_TIMEOUT_MS,
): Promise<T> {
	try {
		return await call(AbortSignal.timeout(timeoutMs));
	} catch (error) {
		if (make === undefined || !NOT_MADE_YET.has(codeOf(error))) throw toStorageError(error);
		try {
			await make(AbortSignal.timeout(timeoutMs));
			return await call(AbortSignal.timeout(timeoutMs));
		} catch (again) {
			throw toStorageError(again);
		}
	}
}

/** The service's own name for what is wrong; empty where the answer is not the service's. */
function codeOf(error: unknown): string {
	const {
		code,
		details,
		message = "",
	} = error as {
		code?: string;
		message?: string;
		details?: { errorCode?: string; odataError?: { code?: string } };
	};
	const known = code ?? details?.errorCode ?? details?.odataError?.code ?? "";
	// The error of a transaction names its code in the text alone.
	return [...NOT_MADE_YET].find((name) => known === name || message.includes(name)) ?? known;
}

/**
 * The status is storage's refusal, or none. An answer below 400 that could not be read says nothing about what was done,
 * and a page of a proxy that says "404" says nothing about a row.
 */
function toStorageError(error: unknown): StorageError {
	const { statusCode = 0, message = String(error), innerStatus } = error as AnswerError;
	const [firstLine = ""] = message.split("\n");
	const isHeard = statusCode >= 400 && !(FACTS.has(statusCode) && codeOf(error) === "");
	return new StorageError(firstLine, innerStatus ?? (isHeard ? statusCode : undefined), { cause: error });
}

interface AnswerError {
	readonly statusCode?: number;
	readonly message?: string;
	/** The status of one write of a transaction. */
	readonly innerStatus?: number | undefined;
}

export function unlessMissing(error: unknown): undefined {
	if (error instanceof StorageError && error.status === 404) return undefined;
	throw error;
}

/** Whether what was to be removed is gone: false where another version is there. */
export function unlessChanged(error: unknown): boolean {
	if (error instanceof StorageError && (error.status === 404 || error.status === 412)) return error.status === 404;
	throw error;
}

export function unlessConflict(error: unknown): void {
	const status = (error as { statusCode?: number }).statusCode;
	// 409 BlobAlreadyExists; 412 while it is leased.
	if (status !== 409 && status !== 412) throw error;
}
