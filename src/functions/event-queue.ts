import type { StorageQueueFunctionOptions } from "@azure/functions";
import type { TheBridge } from "../bridge.ts";
import { LEDGER_CONNECTION } from "../ledger/names.ts";
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

/** What could not be accepted in all its tries: tried once more, and else kept as a dead letter, where it is seen. */
export function eventQueuePoison(queueName: string, theBridge: TheBridge): StorageQueueFunctionOptions<unknown> {
	return {
		queueName: `${queueName}-poison`,
		connection: LEDGER_CONNECTION,
		async handler(message, context) {
			const bridge = await theBridge();
			const log = toLog(context);
			const elements = elementsOf(message);
			const results = await bridge.accept(elements, { log });
			const unavailable = results.find(({ outcome }) => outcome === "unavailable");
			if (unavailable === undefined) return;
			await bridge.bury(elements, `it could not be accepted in all its tries: ${unavailable.reason}`, log);
		},
	};
}
