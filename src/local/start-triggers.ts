import { type LoadedApp, type OnLog, type RegisteredFunction, runLogged, triggerOf } from "./functions-app.ts";
import type { RunMessage } from "./queue-message.ts";
import type { QueueSettings } from "./queue-settings.ts";
import { startQueueTrigger } from "./queue-trigger.ts";
import type { Trigger } from "./stopping.ts";
import { startTimerTrigger } from "./timer-trigger.ts";

export interface TriggersOptions {
	/** A connection string; every queue is looked for there. */
	readonly storage: string;
	readonly queues: QueueSettings;
	readonly onLog: OnLog;
	/** What `%NAME%` in a queue's name or a schedule stands for. */
	readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Starts the queue and timer triggers of an app.
 * @throws Error when a binding cannot be understood; nothing runs then
 */
export async function startTriggers(app: LoadedApp, options: TriggersOptions): Promise<Trigger> {
	const started: Trigger[] = [];
	const stop = async () => void (await Promise.all(started.map((trigger) => trigger.stop())));
	try {
		for (const called of app.functions) {
			const trigger = startTrigger(app, called, options);
			if (trigger !== undefined) started.push(trigger);
		}
	} catch (error) {
		await stop();
		throw error;
	}
	return { stop };
}

function startTrigger(app: LoadedApp, called: RegisteredFunction, options: TriggersOptions): Trigger | undefined {
	const { storage, queues, onLog, env } = options;
	const run = runLogged(app, called, onLog);
	const queue = triggerOf(called, "queueTrigger");
	if (queue !== undefined) {
		const queueName = resolve(queue.queueName ?? "", env).toLowerCase();
		const log = (level: string, message: string) => onLog(level, message, called.name);
		const runMessage: RunMessage = (input, metadata) =>
			run(queue.dataType === "binary" ? { bytes: Buffer.from(input.string) } : input, metadata);
		return startQueueTrigger({ storage, queueName, settings: queues, run: runMessage, onLog: log });
	}
	const timer = triggerOf(called, "timerTrigger");
	if (timer !== undefined) return startTimerTrigger({ ...timer, schedule: resolve(timer.schedule ?? "", env), run });
	return undefined;
}

/** Source: learn.microsoft.com, "Azure Functions binding expression patterns", app settings. */
function resolve(text: string, env: TriggersOptions["env"]): string {
	return text.replace(/%([^%]+)%/g, (expression, name: string) => {
		const value = env[name];
		if (!value) throw new Error(`'${expression}' does not resolve to a value.`);
		return value;
	});
}
