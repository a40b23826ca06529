import type { DequeuedMessageItem, QueueClient, RestError } from "@azure/storage-queue";
import type { QueueSettings } from "./queue-settings.ts";
import { sleep } from "./stopping.ts";

/** Runs the function with a message and its metadata, both in the host's wire form; rejects as the function does. */
export type RunMessage = (
	input: { readonly string: string },
	metadata: Readonly<Record<string, unknown>>,
) => Promise<unknown>;

export interface MessageContext {
	readonly queue: QueueClient;
	/** Where a message goes that fails again and again; undefined for a queue that is a poison queue itself. */
	readonly poison: QueueClient | undefined;
	readonly settings: QueueSettings;
	readonly run: RunMessage;
	/** Told of a message that was put into the poison queue, and why. */
	readonly onPoison: (messageId: string, reason: string) => void;
	/** Gives up what is under way. */
	readonly signal: AbortSignal;
}

/**
 * Takes a message to its end as the queue listener does: gone when the function succeeds; seen again later when it
 * fails; in the poison queue when it has failed too often, or cannot be read.
 * Source: Azure.WebJobs.Extensions.Storage.Queues, `QueueProcessor`.
 */
export async function processMessage(message: DequeuedMessageItem, context: MessageContext): Promise<void> {
	const { queue, poison, settings, run, onPoison, signal } = context;
	const lock = lockMessage(queue, message, settings.lockMs, signal);

	async function toPoison(reason: string): Promise<void> {
		// As the real host does: a failure here is not repeated before the lock ends, or the message would spin.
		if (poison === undefined) return lock.abandon();
		await poison.createIfNotExists({ abortSignal: signal });
		await poison.sendMessage(message.messageText, { abortSignal: signal });
		onPoison(message.messageId, reason);
		await lock.remove();
	}

	try {
		const text = settings.messageEncoding === "none" ? message.messageText : decode(message.messageText);
		if (text === undefined) return await toPoison("it is not base64");
		const isLast = message.dequeueCount >= settings.maxDequeueCount;
		if (message.dequeueCount > settings.maxDequeueCount)
			return await toPoison(`it was taken ${message.dequeueCount} times`);
		const succeeded = await run({ string: text }, metadataOf(message, text)).then(
			() => true,
			() => false,
		);
		if (succeeded) return await lock.remove();
		if (isLast || poison === undefined) return await toPoison(`it has failed ${message.dequeueCount} times`);
		await lock.release(settings.visibilityTimeoutMs);
	} finally {
		await lock.abandon();
	}
}

function decode(text: string): string | undefined {
	const isBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text);
	return isBase64 ? Buffer.from(text, "base64").toString("utf8") : undefined;
}

/** Source: learn.microsoft.com, "Azure Queue storage trigger", message metadata. */
function metadataOf(message: DequeuedMessageItem, text: string): Readonly<Record<string, unknown>> {
	return {
		QueueTrigger: { string: text },
		Id: { string: message.messageId },
		PopReceipt: { string: message.popReceipt },
		DequeueCount: { int: message.dequeueCount },
		InsertionTime: { json: JSON.stringify(offsetTime(message.insertedOn)) },
		ExpirationTime: { json: JSON.stringify(offsetTime(message.expiresOn)) },
		NextVisibleTime: { json: JSON.stringify(offsetTime(message.nextVisibleOn)) },
	};
}

/** As .NET writes a DateTimeOffset. */
function offsetTime(time: Date): string {
	return time.toISOString().replace(/(?:\.\d+)?Z$/, "+00:00");
}

/** A message that was taken from a queue, out of sight while it is worked on. */
export interface MessageLock {
	/** Removes it from the queue. */
	remove(): Promise<void>;
	/** Lets others take it, after that time. */
	release(afterMs: number): Promise<void>;
	/** Renews no more: others can take it when the lock ends. */
	abandon(): Promise<void>;
}

/**
 * Renews a message's lock after half of its time, as the queue listener does. A message whose lock was lost belongs to
 * another reader, and is left alone.
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
