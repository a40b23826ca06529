import { writeJson } from "../event/json.ts";
import { factsOfElement } from "../event/read-event.ts";
import { createRecordRejected } from "../ledger/dead-letters.ts";
import { type Log, report } from "../log.ts";
import type { Storage } from "../storage/storage.ts";

/**
 * What becomes of a message of a poison queue. The platform copies a message there with its default lifetime, and
 * removes it after seven days; so it is moved to where nothing expires. Storage is enough for that: it works while
 * the rest of the configuration is broken.
 * Source: Azure.WebJobs.Extensions.Storage.Queues, `QueueProcessor`; learn.microsoft.com, "Put Message", `messagettl`.
 */
export interface Poisoned {
	/**
	 * Puts a message back into its queue, where it never expires and is seen again after some time.
	 * @param queue left out, that of the wake-ups
	 */
	putBack(message: unknown, log: Log, queue?: string): Promise<void>;
	/** Records what could not be accepted as dead letters. */
	deadLetter(elements: readonly unknown[], reason: string, log: Log): Promise<void>;
}

/**
 * It is then tried a hundred times, half a minute apart, before it is poisoned again: often enough to be soon after a
 * repair, seldom enough to cost nothing until then.
 */
const PUT_BACK_SECONDS = 30;

/** @param now epoch milliseconds */
export function createPoisoned(storage: Storage, now: () => number): Poisoned {
	const recordRejected = createRecordRejected({ storage, now });
	return {
		async putBack(message, log, queue) {
			await storage.put(textOf(message), PUT_BACK_SECONDS, queue);
			const reason = "all tries of this message failed; the bridge puts it back and tries again";
			report(log, "error", { stage: "wake-up", change: "put back", queue, reason });
		},
		async deadLetter(elements, reason, log) {
			for (const element of elements) {
				const event = factsOfElement(element);
				const key = await recordRejected({ element, event, route: null, to: null, reason });
				report(log, "error", { stage: "dead-letter", change: "poisoned", id: event.id, key, reason });
			}
		},
	};
}

/** What is read as the same message again: its bytes, or JSON, since a trigger reads a text that is JSON as such. */
function textOf(message: unknown): string {
	return message instanceof Uint8Array ? new TextDecoder().decode(message) : writeJson(message);
}
