import type { BridgeEvent } from "./bridge-event.ts";
import { MalformedEvent } from "./malformed-event.ts";
import { optionalText, remainingAttributes, requiredText, toDateTime } from "./read-member.ts";

const PLACED = new Set(["id", "type", "source", "subject", "time", "data", "data_base64"]);
const JSON_TYPE = /^[^;]*[/+]json\s*(;|$)/i;

/**
 * A CloudEvent 1.0 in structured JSON mode.
 * @param specversion how this event spells the member that CloudEvents calls `specversion`
 * Source: github.com/cloudevents/spec, JSON format 1.0.
 */
export function fromCloudEvent(element: Readonly<Record<string, unknown>>, specversion: string): BridgeEvent {
	if (element[specversion] !== "1.0") throw new MalformedEvent(`${specversion} must be "1.0"`);
	const time = optionalText(element, "time");
	const traceparent = element["traceparent"];
	const extensions = extensionsOf(element, specversion);
	return {
		id: requiredText(element, "id"),
		type: requiredText(element, "type"),
		source: requiredText(element, "source"),
		subject: optionalText(element, "subject"),
		time: time === "" ? "" : toDateTime(time, "time"),
		data: "data_base64" in element ? fromBase64(element) : element["data"],
		...(typeof traceparent === "string" ? { traceparent } : {}),
		...(Object.keys(extensions).length === 0 ? {} : { extensions }),
		attributes: remainingAttributes(element, PLACED),
	};
}

/**
 * What has no place of its own. An attribute that is null is not there (JSON format 1.0, section 2.2), and that the data
 * is JSON needs no saying.
 */
function extensionsOf(
	element: Readonly<Record<string, unknown>>,
	specversion: string,
): Readonly<Record<string, unknown>> {
	const rest = Object.entries(element).filter(([name, value]) => {
		if (PLACED.has(name) || name === specversion || value === null || value === undefined) return false;
		if (name === "traceparent") return typeof value !== "string";
		return !(name === "datacontenttype" && typeof value === "string" && JSON_TYPE.test(value));
	});
	return Object.freeze(Object.fromEntries(rest));
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
