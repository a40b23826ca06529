import type { StorageQueueFunctionOptions } from "@azure/functions";
import type { TheBridge } from "../bridge.ts";
import { LEDGER_CONNECTION } from "../storage/storage.ts";
import { acceptOrThrow, elementsOf } from "./accept-or-throw.ts";
import { toLog } from "./to-log.ts";

/**
 * Asks the host for a message's bytes: of a text the library makes JSON before we see it, and rounds what no double can
 * hold. Where the host does not listen, it hands over what it always does, which is read, too.
 * Source: azure-functions-nodejs-library issue 72, "Support changing dataType for a binding".
 */
const AS_BYTES = { dataType: "binary" } as const;

/**
 * The third door, for networks that Event Grid cannot reach: it delivers to a storage queue, one event a message, and
 * the platform takes it from there.
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
			const deadLetter = (reason: string | null) =>
				bridge.deadLetter(elements, `it could not be accepted in all its tries: ${reason}`, log);
			if (bridge.problems.length > 0) return putBack().catch((error: Error) => deadLetter(error.message));
			const results = await bridge.accept(elements, { log });
			const unavailable = results.find(({ outcome }) => outcome === "unavailable");
			if (unavailable !== undefined) await deadLetter(unavailable.reason).catch(putBack);
		},
	};
}
