import type { BridgeEvent } from "./bridge-event.ts";
import { MalformedEvent } from "./malformed-event.ts";
import { optionalText, remainingAttributes, requiredText, toDateTime } from "./read-member.ts";

const PLACED = new Set(["id", "eventtype", "topic", "subject", "eventtime", "data"]);

/**
 * An event in the Event Grid schema to CloudEvents' names (eventType → type, topic → source, eventTime → time).
 * `topic` may be missing, since publishers need not send it; Event Grid stamps it.
 * Source: learn.microsoft.com, "Azure Event Grid event schema".
 */
export function fromEventGridSchema(element: Readonly<Record<string, unknown>>): BridgeEvent {
	if (typeof element["subject"] !== "string") throw new MalformedEvent("subject must be a string (it may be empty)");
	return {
		id: requiredText(element, "id"),
		type: requiredText(element, "eventType"),
		source: optionalText(element, "topic"),
		subject: optionalText(element, "subject"),
		time: toDateTime(requiredText(element, "eventTime"), "eventTime"),
		data: element["data"],
		attributes: remainingAttributes(element, PLACED),
	};
}
