import { setMaxListeners } from "node:events";
import { type DequeuedMessageItem, type QueueClient, QueueServiceClient, type RestError } from "@azure/storage-queue";
import { type MessageContext, processMessage, type RunMessage } from "./queue-message.ts";
import type { QueueSettings } from "./queue-settings.ts";
import { settledWithin, sleep, type Trigger } from "./stopping.ts";

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
	const { stopMs = STOP_MS } = options;
	const listener = new QueueListener(options);
	const listening = listener.listen();
	return {
		stop: async () => {
			listener.stopping.abort();
			await settledWithin(
				stopMs,
				listening.then(() => Promise.all(listener.running)),
			);
			listener.abandoning.abort();
		},
	};
}

class QueueListener {
	/** Takes nothing more. */
	readonly stopping = new AbortController();
	/** Gives up every call that is under way. */
	readonly abandoning = new AbortController();
	readonly running = new Set<Promise<void>>();
	private readonly queue: QueueClient;
	private readonly context: MessageContext;
	private readonly nextDelay: (hadWork: boolean) => number;
	private readonly options: QueueTriggerOptions;
	private isAway = false;

	constructor(options: QueueTriggerOptions) {
		this.options = options;
		const { storage, queueName, settings, run, onLog, random = Math.random } = options;
		const { signal } = this.abandoning;
		// Every call that is under way listens to it.
		setMaxListeners(0, signal);
		// Polling repeats calls by itself, so the client need not for long.
		const retryOptions = { maxTries: 2, retryDelayInMs: 200, maxRetryDelayInMs: 200 };
		const service = QueueServiceClient.fromConnectionString(storage, { retryOptions });
		this.queue = service.getQueueClient(queueName);
		const poison = queueName.endsWith("-poison") ? undefined : service.getQueueClient(`${queueName}-poison`);
		const onPoison = (id: string, reason: string) =>
			onLog("warning", `message ${id} of ${queueName} went to ${queueName}-poison: ${reason}`);
		this.context = { queue: this.queue, poison, settings, run, onPoison, signal };
		this.nextDelay = createPollDelay(settings.maxPollingIntervalMs, random);
	}

	async listen(): Promise<void> {
		let hadWork = false;
		while (!this.stopping.signal.aborted) {
			const messages = await this.receive();
			if (this.stopping.signal.aborted) return this.giveBack(messages);
			for (const message of messages) this.start(message);
			if (messages.length > 0) {
				hadWork = true;
				while (this.running.size > this.options.settings.newBatchThreshold) await Promise.race(this.running);
			} else {
				await sleep(this.nextDelay(hadWork), this.stopping.signal);
				hadWork = false;
			}
		}
	}

	private async receive(): Promise<readonly DequeuedMessageItem[]> {
		const { batchSize, lockMs } = this.options.settings;
		try {
			const received = await this.queue.receiveMessages({
				numberOfMessages: Math.min(batchSize, 32),
				visibilityTimeout: Math.ceil(lockMs / 1000),
				abortSignal: this.abandoning.signal,
			});
			this.back();
			return received.receivedMessageItems;
		} catch (error) {
			if ((error as RestError).statusCode === 404) this.back();
			else this.away(error);
			return [];
		}
	}

	private start(message: DequeuedMessageItem): void {
		const processing = processMessage(message, this.context)
			.catch((error: unknown) => this.away(error))
			.finally(() => this.running.delete(processing));
		this.running.add(processing);
	}

	/** What came after the stop is put back at once, instead of staying out of sight until its lock ends. */
	private async giveBack(messages: readonly DequeuedMessageItem[]): Promise<void> {
		const abortSignal = this.abandoning.signal;
		const calls = messages.map(({ messageId, popReceipt }) =>
			this.queue.updateMessage(messageId, popReceipt, undefined, 0, { abortSignal }),
		);
		await Promise.allSettled(calls);
	}

	private away(error: unknown): void {
		const { onLog, queueName } = this.options;
		if (!this.isAway && !this.abandoning.signal.aborted) {
			onLog("warning", `storage does not serve ${queueName}: ${(error as Error).message}; trying again`);
		}
		this.isAway = true;
	}

	private back(): void {
		const { onLog, queueName } = this.options;
		if (this.isAway) onLog("information", `storage serves ${queueName} again`);
		this.isAway = false;
	}
}

const MIN_MS = 100;
const SPREAD = 0.2;

/**
 * How long the queue listener waits before it looks again: 100 ms after work, then about twice as long each time, spread
 * at random so that instances do not look in step.
 * Source: Azure.WebJobs.Extensions.Storage, `RandomizedExponentialBackoffStrategy`.
 * @param random from 0 up to 1
 * @returns asks for the next delay, told whether there was work since the last
 */
export function createPollDelay(maxMs: number, random: () => number): (hadWork: boolean) => number {
	let exponent = 0;
	let delay = 0;

	return (hadWork) => {
		if (hadWork) {
			exponent = 1;
			delay = Math.min(MIN_MS, maxMs);
		} else if (delay < maxMs) {
			const spread = 1 - SPREAD + 2 * SPREAD * random();
			const more = exponent === 0 ? 0 : spread * 2 ** (exponent - 1) * MIN_MS;
			delay = Math.min(MIN_MS + more, maxMs);
			exponent += 1;
		}
		return delay;
	};
}
