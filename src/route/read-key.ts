import type { BridgeEvent } from "../event/bridge-event.ts";
import type { FilteredEvent } from "./filtered-event.ts";

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

/** An empty text stands for an attribute that was left out, unless the envelope really had it empty. */
function placedValue(event: BridgeEvent, name: Placed): unknown {
	return event[name] === "" ? event.attributes[name] : event[name];
}
