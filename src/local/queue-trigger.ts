import { setMaxListeners } from "node:events";
import { type DequeuedMessageItem, QueueServiceClient, type RestError } from "@azure/storage-queue";
import { createPollDelay } from "./poll-delay.ts";
import { processMessage, type RunMessage } from "./process-message.ts";
import type { QueueSettings } from "./queue-settings.ts";
import { settledWithin, sleep } from "./sleep.ts";

/** What runs a function by itself. */
export interface Trigger {
	/** Starts nothing any more, and waits for what runs, but not for ever. */
	stop(): Promise<void>;
}

export interface QueueTriggerOptions {
	/** A connection string. */
	readonly storage: string;
	readonly queueName: string;
	readonly settings: QueueSettings;
	readonly run: RunMessage;
	readonly onLog: (level: string, message: string) => void;
	/** How long `stop` waits for what runs; the messages of the rest come back when their locks end. */
	readonly stopMs?: number;
	/** From 0 up to 1. */
	readonly random?: () => number;
}

const STOP_MS = 5_000;

/**
 * Runs a function with every message of a queue, as the real host's queue listener does, so that what works here works
 * there. A queue that is not there yet, and a storage that does not answer, are waited for.
 * Source: Azure.WebJobs.Extensions.Storage.Queues, `QueueListener`.
 */
export function startQueueTrigger(options: QueueTriggerOptions): Trigger {
	const { storage, queueName, settings, run, onLog, stopMs = STOP_MS, random = Math.random } = options;
	const stopping = new AbortController();
	const abandoning = new AbortController();
	const { signal } = abandoning;
	// Every call that is under way listens to it.
	setMaxListeners(0, signal);
	// Polling repeats calls by itself, so the client need not for long.
	const retryOptions = { maxTries: 2, retryDelayInMs: 200, maxRetryDelayInMs: 200 };
	const service = QueueServiceClient.fromConnectionString(storage, { retryOptions });
	const queue = service.getQueueClient(queueName);
	const poison = queueName.endsWith("-poison") ? undefined : service.getQueueClient(`${queueName}-poison`);
	const onPoison = (id: string, reason: string) =>
		onLog("warning", `message ${id} of ${queueName} went to ${queueName}-poison: ${reason}`);
	const nextDelay = createPollDelay(settings.maxPollingIntervalMs, random);
	const running = new Set<Promise<void>>();
	let isAway = false;

	async function poll(): Promise<void> {
		let hadWork = false;
		while (!stopping.signal.aborted) {
			const messages = await receive();
			if (stopping.signal.aborted) return giveBack(messages);
			for (const message of messages) start(message);
			if (messages.length > 0) {
				hadWork = true;
				while (running.size > settings.newBatchThreshold) await Promise.race(running);
			} else {
				await sleep(nextDelay(hadWork), stopping.signal);
				hadWork = false;
			}
		}
	}

	async function receive(): Promise<readonly DequeuedMessageItem[]> {
		try {
			const numberOfMessages = Math.min(settings.batchSize, 32);
			const visibilityTimeout = Math.ceil(settings.lockMs / 1000);
			const received = await queue.receiveMessages({ numberOfMessages, visibilityTimeout, abortSignal: signal });
			back();
			return received.receivedMessageItems;
		} catch (error) {
			if ((error as RestError).statusCode === 404) back();
			else away(error);
			return [];
		}
	}

	function start(message: DequeuedMessageItem): void {
		const processing = processMessage(message, { queue, poison, settings, run, onPoison, signal })
			.catch(away)
			.finally(() => running.delete(processing));
		running.add(processing);
	}

	/** What came after the stop is put back at once, instead of staying out of sight until its lock ends. */
	async function giveBack(messages: readonly DequeuedMessageItem[]): Promise<void> {
		const calls = messages.map(({ messageId, popReceipt }) =>
			queue.updateMessage(messageId, popReceipt, undefined, 0, { abortSignal: signal }),
		);
		await Promise.allSettled(calls);
	}

	function away(error: unknown): void {
		if (!isAway && !signal.aborted) {
			onLog("warning", `storage does not serve ${queueName}: ${(error as Error).message}; trying again`);
		}
		isAway = true;
	}

	function back(): void {
		if (isAway) onLog("information", `storage serves ${queueName} again`);
		isAway = false;
	}

	const polling = poll();
	return {
		stop: async () => {
			stopping.abort();
			await settledWithin(
				stopMs,
				polling.then(() => Promise.all(running)),
			);
			abandoning.abort();
		},
	};
}
