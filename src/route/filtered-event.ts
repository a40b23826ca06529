import { isNumberText } from "../event/json.ts";
import type { BridgeEvent } from "../model.ts";

/**
 * An event as filters ask of it. Case does not matter to them, and a hundred routes ask for the same few texts: each is
 * put into lower case once, and so are the names in each object and the elements of each array.
 */
export interface FilteredEvent {
	readonly event: BridgeEvent;
	lower(text: string): string;
	/** The member of an object by its name: exact, or else in any case. Undefined where there is none. */
	member(object: unknown, name: string): unknown;
	/** The elements of an array that count for a type; texts in lower case. */
	elements(array: readonly unknown[], type: ValueType): readonly unknown[];
}

export type ValueType = "number" | "boolean" | "string";

/** @param lowerCase to be counted in a test */
export function toFiltered(event: BridgeEvent, lowerCase = (text: string) => text.toLowerCase()): FilteredEvent {
	const lower = once(lowerCase);
	const names = once((object: object) => {
		const entries = Object.entries(object).map(([name, value]) => [lowerCase(name), value as unknown] as const);
		// Of two names that differ in nothing but case the first one counts.
		return new Map(entries.reverse());
	});
	const byType = {
		number: once((array: readonly unknown[]) => array.map(asNumber).filter((value) => typeof value === "number")),
		// A value that is no boolean equals no boolean.
		boolean: (array: readonly unknown[]) => array,
		string: once((array: readonly unknown[]) => array.filter((value) => typeof value === "string").map(lower)),
	};
	return {
		event,
		lower,
		member(object, name) {
			if (typeof object !== "object" || object === null || Array.isArray(object)) return undefined;
			if (Object.hasOwn(object, name)) return (object as Record<string, unknown>)[name];
			return names(object).get(name.toLowerCase());
		},
		elements: (array, type) => byType[type](array),
	};
}

type Placed = "id" | "type" | "source" | "subject" | "time";

/** Both vocabularies, for either envelope: a filter may have been written for the other one. */
const ENVELOPE_KEYS = new Map<string, Placed>([
	["id", "id"],
	["type", "type"],
	["eventtype", "type"],
	["source", "source"],
	["topic", "source"],
	["subject", "subject"],
	["time", "time"],
	["eventtime", "time"],
]);

/** What a filter's key names in an event. `extension` says that it is a CloudEvents context attribute. */
export interface KeyValue {
	readonly value: unknown;
	readonly extension: boolean;
}

/**
 * Builds the reader for a key such as `subject`, `data.api` or `Data.ModelTags.stage`, so that nothing is taken apart
 * per event. Case does not matter, since Azure re-cases names in transit; an exact match goes first.
 */
export function keyReader(key: string): (event: FilteredEvent) => KeyValue {
	const [first = "", ...rest] = key.split(".");
	const name = first.toLowerCase();
	const placed = ENVELOPE_KEYS.get(name);
	const descend = (from: unknown, { member }: FilteredEvent) => rest.reduce(member, from);
	if (placed !== undefined) {
		return (filtered) => ({ value: descend(placedValue(filtered.event, placed), filtered), extension: false });
	}
	if (name === "data") return (filtered) => ({ value: descend(filtered.event.data, filtered), extension: false });
	return (filtered) => ({
		value: descend(filtered.member(filtered.event.attributes, name), filtered),
		extension: true,
	});
}

/** An empty text means that the attribute was left out, unless the envelope really had it empty. */
function placedValue(event: BridgeEvent, name: Placed): unknown {
	return event[name] === "" ? event.attributes[name] : event[name];
}

/** A number that no double can hold is compared as the nearest that one can. */
export function asNumber(value: unknown): unknown {
	return isNumberText(value) ? Number(value) : value;
}

function once<From, To>(make: (from: From) => To): (from: From) => To {
	const made = new Map<From, To>();
	return (from) => {
		const known = made.get(from);
		if (known !== undefined) return known;
		const fresh = make(from);
		made.set(from, fresh);
		return fresh;
	};
}
