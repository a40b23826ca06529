import { readInstant } from "./instant.ts";
import { MalformedEvent } from "./malformed-event.ts";

type Element = Readonly<Record<string, unknown>>;

/** A member that must be a string with something in it. */
export function requiredText(element: Element, name: string): string {
	const text = optionalText(element, name);
	if (text === "") throw new MalformedEvent(`${name} ${element[name] === undefined ? "is missing" : "is empty"}`);
	return text;
}

/** A member that may be left out or null, which reads as the empty string. */
export function optionalText(element: Element, name: string): string {
	const value = element[name];
	if (value === undefined || value === null) return "";
	if (typeof value !== "string") throw new MalformedEvent(`${name} must be a string`);
	// Half of a character would be read by each one as it likes.
	return value.toWellFormed();
}

/** Azure writes 33 at most. What is longer would not fit where times are kept. */
const MAX_TIME_CHARACTERS = 64;

/**
 * A point in time as RFC 3339, every digit kept. Azure prints 0 to 7 fraction digits, `Z` or an offset, and in one
 * published sample no zone at all: that one is read as UTC, as everything else that Event Grid sends is.
 */
export function toDateTime(text: string, name: string): string {
	if (text.length > MAX_TIME_CHARACTERS) {
		throw new MalformedEvent(`${name} has ${text.length} characters; a time may have ${MAX_TIME_CHARACTERS}`);
	}
	if (readInstant(text) === undefined) {
		throw new MalformedEvent(`${name} must be a date and time such as 2026-01-31T09:30:00Z`);
	}
	const upper = text.toUpperCase().replace(" ", "T");
	return /(?:Z|[+-]\d\d:?\d\d)$/.test(upper.slice("2026-01-31T".length)) ? upper : `${upper}Z`;
}

/**
 * The members that have no place of their own in a BridgeEvent, by lower-case name; and of those that have one the empty
 * ones, so that a filter can tell them from what the envelope leaves out.
 */
export function remainingAttributes(element: Element, placed: ReadonlySet<string>): Readonly<Record<string, unknown>> {
	const attributes = Object.entries(element).map(([key, value]) => [key.toLowerCase(), value] as const);
	return Object.freeze(Object.fromEntries(attributes.filter(([key, value]) => !placed.has(key) || value === "")));
}
