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
	return value;
}

const DATE_TIME = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|z|[+-]\d\d:?\d\d)?$/;

/**
 * A point in time as RFC 3339, every digit kept. Azure prints 0 to 7 fraction digits, `Z` or an offset, and in one
 * published sample no zone at all: that one is read as UTC, as everything else that Event Grid sends is.
 */
export function toDateTime(text: string, name: string): string {
	const [, date, time, zone = "Z"] = DATE_TIME.exec(text) ?? [];
	const dateTime = `${date}T${time}${zone.toUpperCase()}`;
	if (time === undefined || Number.isNaN(Date.parse(dateTime))) {
		throw new MalformedEvent(`${name} must be a date and time such as 2026-01-31T09:30:00Z`);
	}
	return dateTime;
}

/**
 * The members that have no place of their own in a BridgeEvent, by lower-case name; and of those that have one the empty
 * ones, so that a filter can tell them from what the envelope leaves out.
 */
export function remainingAttributes(element: Element, placed: ReadonlySet<string>): Readonly<Record<string, unknown>> {
	const attributes = Object.entries(element).map(([key, value]) => [key.toLowerCase(), value] as const);
	return Object.freeze(Object.fromEntries(attributes.filter(([key, value]) => !placed.has(key) || value === "")));
}
