import type { EventGridFunctionOptions, StorageQueueFunctionOptions, TimerFunctionOptions } from "@azure/functions";
import type { Bridge, TheBridge } from "../bridge.ts";
import { readJsonOrText } from "../event/json.ts";
import { type Log, toLog } from "../log.ts";
import { LEDGER, LEDGER_CONNECTION } from "../storage/storage.ts";

/** The Event Grid trigger: one event an invocation, in either schema; the platform answers the handshake. */
export function eventGrid(theBridge: TheBridge): EventGridFunctionOptions<unknown> {
	return { handler: async (event, context) => acceptOrThrow(await theBridge(), event, toLog(context)) };
}

/**
 * Asks the host for a message's bytes: of a text the library makes JSON before we see it, and rounds what no double can
 * hold. A host that does not know this hands over what it always does, which is read, too.
 * Source: azure-functions-nodejs-library issue 72, "Support changing dataType for a binding".
 */
const AS_BYTES = { dataType: "binary" } as const;

/**
 * The template's default door: Event Grid delivers to a storage queue, one event a message, and the platform takes it
 * from there. Nothing has to be reachable, or to run, when an event comes.
 */
export function eventQueue(queueName: string, theBridge: TheBridge): StorageQueueFunctionOptions<unknown> {
	return { ...onQueue(queueName, theBridge, acceptOrThrow), ...AS_BYTES };
}

/**
 * What could not be accepted in all its tries. While the configuration is broken, the event is not at fault: it is put
 * back into its queue, to be accepted after the repair. Otherwise it is tried once more, and then it becomes a dead
 * letter, where it is seen. Where one of the two moves fails, the other is made, since in the poison queue it would
 * expire.
 */
export function eventQueuePoison(queueName: string, theBridge: TheBridge): StorageQueueFunctionOptions<unknown> {
	const move = (bridge: Bridge, message: unknown, log: Log): Promise<void> => {
		const elements = elementsOf(message);
		const putBack = () => bridge.putBack(message, log, queueName);
		const deadLetter = (some: readonly unknown[], reason: string | null) =>
			bridge.deadLetter(some, `all tries to accept the message failed: ${reason}`, log);
		if (bridge.problems.length > 0) return putBack().catch((error: Error) => deadLetter(elements, error.message));
		const moveAll = async () => {
			// Each alone: what can be accepted of an array is no dead letter.
			const results = await Promise.all(elements.map((element) => bridge.accept([element], { log })));
			for (const [index, ofElement] of results.entries()) {
				const unavailable = ofElement.find(({ outcome }) => outcome === "unavailable");
				if (unavailable !== undefined) await deadLetter([elements[index]], unavailable.reason);
			}
		};
		return moveAll().catch(putBack);
	};
	return { ...onQueue(`${queueName}-poison`, theBridge, move), ...AS_BYTES };
}

/**
 * Delivers what could not be delivered at once: the queue is the schedule. It throws for bugs and storage outages, and
 * for nothing that GitHub does.
 */
export function deliver(theBridge: TheBridge): StorageQueueFunctionOptions<unknown> {
	return onQueue(LEDGER.queue, theBridge, (bridge, message, log) => bridge.wake(message, log));
}

/**
 * A wake-up that has failed in all its tries (a broken configuration, a long outage of storage, or a bug) is put back
 * into its queue: in the poison queue it would expire.
 */
export function deliverPoison(theBridge: TheBridge): StorageQueueFunctionOptions<unknown> {
	return onQueue(`${LEDGER.queue}-poison`, theBridge, (bridge, message, log) => bridge.putBack(message, log));
}

/** Follows what was taken to the end of its runs. */
export function follow(theBridge: TheBridge): StorageQueueFunctionOptions<unknown> {
	return onQueue(LEDGER.follow, theBridge, (bridge, message, log) => bridge.follow(message, log));
}

/** As `deliverPoison` does for the wake-ups of lanes. */
export function followPoison(theBridge: TheBridge): StorageQueueFunctionOptions<unknown> {
	const putBack = (bridge: Bridge, message: unknown, log: Log) => bridge.putBack(message, log, LEDGER.follow);
	return onQueue(`${LEDGER.follow}-poison`, theBridge, putBack);
}

/** Once a day, at an hour when little else happens; UTC, seconds first. */
const DAILY = "0 17 3 * * *";

/** The daily maintenance. */
export function upkeep(theBridge: TheBridge): TimerFunctionOptions {
	return {
		schedule: DAILY,
		handler: async (_timer, context) => (await theBridge()).upkeep(toLog(context)),
	};
}

/** A function behind a queue of the app's storage account. Where it throws, the platform hands the message out again. */
function onQueue(
	queueName: string,
	theBridge: TheBridge,
	take: (bridge: Bridge, message: unknown, log: Log) => Promise<void>,
): StorageQueueFunctionOptions<unknown> {
	return {
		queueName,
		connection: LEDGER_CONNECTION,
		handler: async (message, context) => take(await theBridge(), message, toLog(context)),
	};
}

/**
 * Accepts what a trigger hands over, one event or an array of them. A function behind a trigger cannot choose a status:
 * returning acknowledges, throwing makes the platform deliver again. So only what is `unavailable` throws; a rejected
 * event would be no better the next time, and becomes a dead letter.
 */
async function acceptOrThrow(bridge: Bridge, input: unknown, log: Log): Promise<void> {
	const results = await bridge.accept(elementsOf(input), { log });
	const unavailable = results.find(({ outcome }) => outcome === "unavailable");
	if (unavailable !== undefined) throw new Error(unavailable.reason ?? "unavailable");
}

/**
 * What a trigger hands over as elements: bytes are read here. Of anything else the library has made JSON, and rounded
 * what no double can hold; it leaves a text where that failed, be it for a byte-order mark alone.
 */
function elementsOf(input: unknown): readonly unknown[] {
	const text = input instanceof Uint8Array ? new TextDecoder().decode(input) : input;
	const given = typeof text === "string" ? readJsonOrText(text) : text;
	return Array.isArray(given) ? given : [given];
}
