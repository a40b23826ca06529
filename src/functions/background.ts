import type { StorageQueueFunctionOptions, TimerFunctionOptions } from "@azure/functions";
import type { TheBridge } from "../bridge.ts";
import { toLog } from "../log.ts";
import { LEDGER, LEDGER_CONNECTION } from "../storage/storage.ts";

/**
 * Delivers what could not be delivered at once: the queue is the schedule. Throwing makes the platform hand the message
 * out again, which is right for bugs and storage outages, and for nothing that GitHub does.
 */
export function deliver(theBridge: TheBridge): StorageQueueFunctionOptions<unknown> {
	return {
		queueName: LEDGER.queue,
		connection: LEDGER_CONNECTION,
		async handler(message, context) {
			await (await theBridge()).wake(message, toLog(context));
		},
	};
}

/**
 * A wake-up that has failed in all its tries (a broken configuration, a long outage of storage, or a bug) is put back
 * into its queue: in the poison queue it would expire.
 */
export function deliverPoison(theBridge: TheBridge): StorageQueueFunctionOptions<unknown> {
	return {
		queueName: `${LEDGER.queue}-poison`,
		connection: LEDGER_CONNECTION,
		async handler(message, context) {
			await (await theBridge()).putBack(message, toLog(context));
		},
	};
}

/** Follows what was taken to the end of its runs. Throwing makes the platform hand the message out again. */
export function follow(theBridge: TheBridge): StorageQueueFunctionOptions<unknown> {
	return {
		queueName: LEDGER.follow,
		connection: LEDGER_CONNECTION,
		async handler(message, context) {
			await (await theBridge()).follow(message, toLog(context));
		},
	};
}

/** As `deliverPoison` does for the wake-ups of lanes. */
export function followPoison(theBridge: TheBridge): StorageQueueFunctionOptions<unknown> {
	return {
		queueName: `${LEDGER.follow}-poison`,
		connection: LEDGER_CONNECTION,
		async handler(message, context) {
			await (await theBridge()).putBack(message, toLog(context), LEDGER.follow);
		},
	};
}

/** Once a day, at an hour when little else happens; UTC, seconds first. */
const DAILY = "0 17 3 * * *";

/** The daily maintenance. */
export function upkeep(theBridge: TheBridge): TimerFunctionOptions {
	return {
		schedule: DAILY,
		async handler(_timer, context) {
			await (await theBridge()).upkeep(toLog(context));
		},
	};
}
