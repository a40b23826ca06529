import type { DequeuedMessageItem, QueueClient, RestError } from "@azure/storage-queue";
import { sleep } from "./sleep.ts";

/** A message that was taken from a queue, kept out of sight while it is worked on. */
export interface MessageLock {
	/** Removes it from the queue. */
	remove(): Promise<void>;
	/** Lets others take it, after that time. */
	release(afterMs: number): Promise<void>;
	/** Renews no more: others can take it when the lock ends. */
	abandon(): Promise<void>;
}

/**
 * Keeps a message out of sight, renewing that after half of the time, as the queue listener does. Should the lock be
 * lost nevertheless, the message belongs to somebody else, and is left to them.
 * @param signal ends the renewal and all calls
 */
export function lockMessage(
	queue: QueueClient,
	{ messageId, popReceipt }: DequeuedMessageItem,
	lockMs: number,
	signal: AbortSignal,
): MessageLock {
	const done = new AbortController();
	let receipt = popReceipt;
	const renewing = renew();

	async function renew(): Promise<void> {
		let waitMs = lockMs / 2;
		while (await sleep(waitMs, AbortSignal.any([done.signal, signal]))) {
			try {
				const renewed = await queue.updateMessage(messageId, receipt, undefined, seconds(lockMs), {
					abortSignal: signal,
				});
				receipt = renewed.popReceipt ?? receipt;
				waitMs = lockMs / 2;
			} catch (error) {
				if (isLost(error)) return;
				waitMs = lockMs / 10;
			}
		}
	}

	/** Each renewal gives a new receipt, so the last has to be through. */
	async function conclude(call: () => Promise<unknown>): Promise<void> {
		done.abort();
		await renewing;
		await call().catch((error: unknown) => {
			if (!isLost(error)) throw error;
		});
	}

	return {
		remove: () => conclude(() => queue.deleteMessage(messageId, receipt, { abortSignal: signal })),
		release: (afterMs) =>
			conclude(() => queue.updateMessage(messageId, receipt, undefined, seconds(afterMs), { abortSignal: signal })),
		abandon: () => conclude(async () => {}),
	};
}

/** Source: learn.microsoft.com, "Queue Storage error codes". */
function isLost(error: unknown): boolean {
	const { statusCode, code } = error as RestError;
	return statusCode === 404 || code === "PopReceiptMismatch";
}

/** The service counts in seconds. */
function seconds(ms: number): number {
	return Math.ceil(ms / 1000);
}
