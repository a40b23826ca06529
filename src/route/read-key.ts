import type { BridgeEvent } from "../event/bridge-event.ts";

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
export function keyReader(key: string): (event: BridgeEvent) => KeyValue {
	const [first = "", ...rest] = key.split(".");
	const name = first.toLowerCase();
	const placed = ENVELOPE_KEYS.get(name);
	if (placed !== undefined) return (event) => ({ value: descend(placedValue(event, placed), rest), extension: false });
	if (name === "data") return (event) => ({ value: descend(event.data, rest), extension: false });
	return (event) => ({ value: descend(member(event.attributes, name), rest), extension: true });
}

/** An empty text stands for an attribute that was left out, unless the envelope really had it empty. */
function placedValue(event: BridgeEvent, name: Placed): unknown {
	return event[name] === "" ? event.attributes[name] : event[name];
}

function descend(from: unknown, path: readonly string[]): unknown {
	return path.reduce(member, from);
}

function member(value: unknown, name: string): unknown {
	if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
	if (Object.hasOwn(value, name)) return (value as Record<string, unknown>)[name];
	const lower = name.toLowerCase();
	return Object.entries(value).find(([key]) => key.toLowerCase() === lower)?.[1];
}
