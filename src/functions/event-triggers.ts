import type { EventGridFunctionOptions, InvocationContext, StorageQueueFunctionOptions } from "@azure/functions";
import type { TheBridge } from "../bridge.ts";
import { readJsonOrText } from "../event/json.ts";
import { toLog } from "../log.ts";
import { LEDGER_CONNECTION } from "../storage/storage.ts";

/** The Event Grid trigger: one event an invocation, in either schema; the platform answers the handshake. */
export function eventGrid(theBridge: TheBridge): EventGridFunctionOptions<unknown> {
	return { handler: (event, context) => acceptOrThrow(theBridge, event, context) };
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
	return {
		queueName,
		connection: LEDGER_CONNECTION,
		...AS_BYTES,
		handler: (message, context) => acceptOrThrow(theBridge, message, context),
	};
}

/**
 * What could not be accepted in all its tries. While the configuration is broken, the event is not at fault: it is put
 * back into its queue, to be accepted after the repair. Otherwise it is tried once more, and then it becomes a dead
 * letter, where it is seen. Where one of the two moves fails, the other is made, since in the poison queue it would
 * expire.
 */
export function eventQueuePoison(queueName: string, theBridge: TheBridge): StorageQueueFunctionOptions<unknown> {
	return {
		queueName: `${queueName}-poison`,
		connection: LEDGER_CONNECTION,
		...AS_BYTES,
		async handler(message, context) {
			const bridge = await theBridge();
			const log = toLog(context);
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
			await moveAll().catch(putBack);
		},
	};
}

/**
 * Accepts what a trigger hands over, one event or an array of them. A function behind a trigger cannot choose a status:
 * returning acknowledges, throwing makes the platform deliver again. So only what is `unavailable` throws; a rejected
 * event would be no better the next time, and becomes a dead letter.
 */
async function acceptOrThrow(theBridge: TheBridge, input: unknown, context: InvocationContext): Promise<void> {
	const bridge = await theBridge();
	const results = await bridge.accept(elementsOf(input), { log: toLog(context) });
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
