import type { BridgeEvent, ReadEvent } from "./bridge-event.ts";
import { fromCloudEvent } from "./from-cloud-event.ts";
import { fromEventGridSchema } from "./from-event-grid-schema.ts";
import { isObject } from "./is-object.ts";
import { isNestedDeeper } from "./json.ts";
import { MalformedEvent } from "./malformed-event.ts";
import { normaliseData } from "./normalise-data.ts";
import { validateEvent } from "./validate-event.ts";

/**
 * One element of a delivery, as it came out of `JSON.parse`, to a validated event. Decides the envelope by shape
 * alone: content types and batches mix freely. Never throws for bad input.
 */
export function readEvent(element: unknown): ReadEvent {
	const id = idOf(element);
	try {
		if (isNestedDeeper(element, MAX_LEVELS)) {
			throw new MalformedEvent(`the event is nested too deeply: more than ${MAX_LEVELS} levels`);
		}
		const envelope = fromEnvelope(element);
		const event = Object.freeze({ ...envelope, data: normaliseData(envelope.type, envelope.data) });
		const problem = validateEvent(event);
		return problem === undefined ? { ok: true, event } : { ok: false, id, reason: problem };
	} catch (error) {
		if (error instanceof MalformedEvent) return { ok: false, id, reason: error.message };
		throw error;
	}
}

/** `JSON.stringify` gives up at some thousands, and a window or a payload puts an event some levels deeper. */
const MAX_LEVELS = 1_000;

/** The event's id where there is one to name, even in an element that is no event. */
export function idOf(element: unknown): string | null {
	return isObject(element) && typeof element["id"] === "string" ? element["id"] : null;
}

function fromEnvelope(element: unknown): BridgeEvent {
	if (!isObject(element)) throw new MalformedEvent("an event must be a JSON object");
	// Published CloudEvents samples spell it "specVersion" now and then.
	const specversion = Object.keys(element).find((key) => key.toLowerCase() === "specversion");
	if (specversion !== undefined) return fromCloudEvent(element, specversion);
	if ("eventType" in element) return fromEventGridSchema(element);
	throw new MalformedEvent(
		"neither envelope: an event has eventType (Event Grid schema) or specversion (CloudEvents 1.0)",
	);
}
