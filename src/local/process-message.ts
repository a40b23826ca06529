import type { DequeuedMessageItem, QueueClient } from "@azure/storage-queue";
import { lockMessage } from "./message-lock.ts";
import type { QueueSettings } from "./queue-settings.ts";

/** Runs the function with a message and its metadata, both in the host's wire form; rejects as the function does. */
export type RunMessage = (
	input: { readonly string: string },
	metadata: Readonly<Record<string, unknown>>,
) => Promise<unknown>;

export interface MessageContext {
	readonly queue: QueueClient;
	/** Where messages go that keep failing; undefined for a queue that is such a place itself. */
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

	async function bury(reason: string): Promise<void> {
		// As the real host does: a failure here is not repeated before the lock ends, or the message would spin.
		if (poison === undefined) return lock.abandon();
		await poison.createIfNotExists({ abortSignal: signal });
		await poison.sendMessage(message.messageText, { abortSignal: signal });
		onPoison(message.messageId, reason);
		await lock.remove();
	}

	try {
		const text = settings.messageEncoding === "none" ? message.messageText : decode(message.messageText);
		if (text === undefined) return await bury("it is not base64");
		const isLast = message.dequeueCount >= settings.maxDequeueCount;
		if (message.dequeueCount > settings.maxDequeueCount)
			return await bury(`it was taken ${message.dequeueCount} times`);
		const succeeded = await run({ string: text }, metadataOf(message, text)).then(
			() => true,
			() => false,
		);
		if (succeeded) return await lock.remove();
		if (isLast || poison === undefined) return await bury(`it has failed ${message.dequeueCount} times`);
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
