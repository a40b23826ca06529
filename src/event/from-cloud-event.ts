import type { BridgeEvent } from "./bridge-event.ts";
import { MalformedEvent } from "./malformed-event.ts";
import { optionalText, remainingAttributes, requiredText, toDateTime } from "./read-member.ts";

const PLACED = new Set(["id", "type", "source", "subject", "time", "data", "data_base64"]);

/**
 * A CloudEvent 1.0 in structured JSON mode.
 * @param specversion how this event spells the member that CloudEvents calls `specversion`
 * Source: github.com/cloudevents/spec, JSON format 1.0.
 */
export function fromCloudEvent(element: Readonly<Record<string, unknown>>, specversion: string): BridgeEvent {
	if (element[specversion] !== "1.0") throw new MalformedEvent(`${specversion} must be "1.0"`);
	const time = optionalText(element, "time");
	const traceparent = element["traceparent"];
	return {
		id: requiredText(element, "id"),
		type: requiredText(element, "type"),
		source: requiredText(element, "source"),
		subject: optionalText(element, "subject"),
		time: time === "" ? "" : toDateTime(time, "time"),
		data: "data_base64" in element ? fromBase64(element) : element["data"],
		...(typeof traceparent === "string" ? { traceparent } : {}),
		attributes: remainingAttributes(element, PLACED),
	};
}

/** Bytes have no place in a JSON payload: text is handed on as text (and parsed later if it is JSON), the rest as base64. */
function fromBase64(element: Readonly<Record<string, unknown>>): string {
	if (element["data"] !== undefined) throw new MalformedEvent("data and data_base64 must not both be there");
	const encoded = requiredText(element, "data_base64");
	const bytes = Buffer.from(encoded, "base64");
	try {
		return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
	} catch {
		return encoded;
	}
}
