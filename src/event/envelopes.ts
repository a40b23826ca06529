import type { BridgeEvent } from "../model.ts";
import { readInstant } from "./instant.ts";
import { isObject } from "./json.ts";

type Element = Readonly<Record<string, unknown>>;

/** The envelope does not have what its schema demands; the message names the member and what it should be. */
export class MalformedEvent extends Error {
	override readonly name = "MalformedEvent";
}

/**
 * An element of a delivery to CloudEvents' names. The members alone decide which envelope it is.
 * @throws MalformedEvent
 */
export function readEnvelope(element: unknown): BridgeEvent {
	if (!isObject(element)) throw new MalformedEvent("an event must be a JSON object");
	// Published CloudEvents samples spell it "specVersion" now and then.
	const specversion = Object.keys(element).find((key) => key.toLowerCase() === "specversion");
	if (specversion !== undefined) return fromCloudEvent(element, specversion);
	if ("eventType" in element) return fromEventGridSchema(element);
	throw new MalformedEvent(
		"not an event: it has neither eventType (Event Grid schema) nor specversion (CloudEvents 1.0)",
	);
}

/** Whether an element is meant to be an event: it has the mark of one of the two envelopes, whatever else is wrong. */
export function isMeantAsEvent(element: unknown): boolean {
	return isObject(element) && Object.keys(element).some((key) => /^(?:eventtype|specversion)$/i.test(key));
}

const IN_EVENT_GRID = new Set(["id", "eventtype", "topic", "subject", "eventtime", "data"]);

/**
 * An event in the Event Grid schema: eventType → type, topic → source, eventTime → time. `topic` may be missing, since
 * publishers need not send it; Event Grid stamps it.
 * Source: learn.microsoft.com, "Azure Event Grid event schema".
 */
function fromEventGridSchema(element: Element): BridgeEvent {
	if (typeof element["subject"] !== "string") throw new MalformedEvent("subject must be a string (it may be empty)");
	return {
		id: requiredText(element, "id"),
		type: requiredText(element, "eventType"),
		source: optionalText(element, "topic"),
		subject: optionalText(element, "subject"),
		time: toDateTime(requiredText(element, "eventTime"), "eventTime"),
		data: element["data"],
		attributes: remainingAttributes(element, IN_EVENT_GRID),
	};
}

const IN_CLOUD_EVENT = new Set(["id", "type", "source", "subject", "time", "data", "data_base64"]);

/** Whether a content type says that the data is JSON. */
export function isJsonType(contentType: string): boolean {
	return /^[^;]*[/+]json\s*(;|$)/i.test(contentType);
}

/**
 * A CloudEvent 1.0 in structured JSON mode.
 * @param specversion how this event spells the member that CloudEvents calls `specversion`
 * Source: github.com/cloudevents/spec, JSON format 1.0.
 */
function fromCloudEvent(element: Element, specversion: string): BridgeEvent {
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
		attributes: remainingAttributes(element, IN_CLOUD_EVENT),
	};
}

/**
 * The attributes that have no place of their own. An attribute that is null is not there (JSON format 1.0, section 2.2),
 * and that the data is JSON needs no saying.
 */
function extensionsOf(element: Element, specversion: string): Element {
	const rest = Object.entries(element).filter(([name, value]) => {
		if (IN_CLOUD_EVENT.has(name) || name === specversion || value === null || value === undefined) return false;
		if (name === "traceparent") return typeof value !== "string";
		return !(name === "datacontenttype" && typeof value === "string" && isJsonType(value));
	});
	return Object.freeze(Object.fromEntries(rest));
}

/** Bytes have no place in a JSON payload: text stays text (and is parsed later if it is JSON), the rest stays base64. */
function fromBase64(element: Element): string {
	if (element["data"] !== undefined) throw new MalformedEvent("an event must not have both data and data_base64");
	const encoded = requiredText(element, "data_base64");
	try {
		return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(encoded, "base64"));
	} catch {
		return encoded;
	}
}

/** A member that must be a string with something in it. */
function requiredText(element: Element, name: string): string {
	const text = optionalText(element, name);
	if (text === "") throw new MalformedEvent(`${name} ${element[name] === undefined ? "is missing" : "is empty"}`);
	return text;
}

/** A member that may be left out or null, which reads as the empty string. */
function optionalText(element: Element, name: string): string {
	const value = element[name];
	if (value === undefined || value === null) return "";
	if (typeof value !== "string") throw new MalformedEvent(`${name} must be a string`);
	// Readers do not agree on half of a character.
	return value.toWellFormed();
}

/** Azure writes 33 at most. What is longer would not fit where times are stored. */
const MAX_TIME_CHARACTERS = 64;

/**
 * A point in time as RFC 3339, every digit kept. Azure prints 0 to 7 fraction digits, `Z` or an offset, and in one
 * published sample no zone at all: that one is read as UTC, as everything else that Event Grid sends is.
 */
function toDateTime(text: string, name: string): string {
	if (text.length > MAX_TIME_CHARACTERS) {
		throw new MalformedEvent(`${name} has ${text.length} characters; a time may have at most ${MAX_TIME_CHARACTERS}`);
	}
	if (readInstant(text) === undefined) {
		throw new MalformedEvent(`${name} must be a date and time such as 2026-01-31T09:30:00Z`);
	}
	const upper = text.toUpperCase().replace(" ", "T");
	return /(?:Z|[+-]\d\d:?\d\d)$/.test(upper) ? upper : `${upper}Z`;
}

/**
 * The members that have no place of their own in a BridgeEvent, by lower-case name; and of those that have one the empty
 * ones, so that a filter can tell them from what the envelope leaves out.
 */
function remainingAttributes(element: Element, placed: ReadonlySet<string>): Element {
	const attributes = Object.entries(element).map(([key, value]) => [key.toLowerCase(), value] as const);
	return Object.freeze(Object.fromEntries(attributes.filter(([key, value]) => !placed.has(key) || value === "")));
}
