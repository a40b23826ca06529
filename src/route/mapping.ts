import { isNumberText, isObject, writeJson } from "../event/json.ts";
import type { BridgeEvent } from "../model.ts";
import { type FilteredEvent, keyReader, toFiltered } from "./filtered-event.ts";

/** What a request says of an event: names, each with what it stands for. `payload`, `inputs` and `parameters` are such. */
export type Mapping = Readonly<Record<string, Mapped>>;

/** A key in the filters' notation, such as `data.runId`; a literal; or a key with what stands for it where it is missing. */
export type Mapped = string | { readonly value: unknown } | { readonly key: string; readonly default?: unknown };

/** What a mapping can name under `bridge`; `BridgeFacts` of a client payload. */
type MappedFacts = Readonly<Record<"version" | "route" | "key", string>>;

/** Keys of a mapping that filters do not have: `event` is the whole event, `extensions` what a CloudEvent says beyond. */
export const MAPPING_KEYS = ["event", "extensions", "bridge.version", "bridge.route", "bridge.key"] as const;

type Read = (sources: Sources) => unknown;

interface Sources {
	/** As it is sent: data that is too large is a reference here. */
	readonly sent: FilteredEvent;
	/** The same with all of its data. */
	readonly whole: FilteredEvent;
	readonly facts: MappedFacts;
}

/** Mappings are parts of a routes table and live as long: no key is taken apart twice. */
const readers = new WeakMap<Mapping, readonly (readonly [string, Read])[]>();

/**
 * What a mapping makes of an event. A key that the event does not have, or has as null, gives its default; without one
 * the name is left out, so that the workflow's own default counts. Numbers keep their digits (`NumberText`).
 * @returns the values by name, in the mapping's order; with own members only
 */
export function applyMapping(mapping: Mapping, event: BridgeEvent, facts: MappedFacts): Record<string, unknown> {
	const all =
		readers.get(mapping) ?? Object.entries(mapping).map(([name, mapped]) => [name, readerOf(mapped)] as const);
	readers.set(mapping, all);
	const sent = toFiltered(event);
	const whole = event.wholeData === undefined ? sent : toFiltered({ ...event, data: event.wholeData });
	const values = all.map(([name, read]) => [name, read({ sent, whole, facts })] as const);
	return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

/** A window is stored with the mapping that its events were joined by; a text in storage has 1,000 characters. */
const MOST = { characters: 4_000, textCharacters: 1_000 } as const;

/** What is wrong with a mapping that its JSON Schema cannot say; undefined where nothing is. */
export function mappingProblem(mapping: Mapping): string | undefined {
	const { length } = JSON.stringify(mapping);
	if (length > MOST.characters) return `it has ${length} characters; a mapping may have at most ${MOST.characters}`;
	const name = Object.keys(mapping).find((one) => longestText(mapping[one]) > MOST.textCharacters);
	if (name === undefined) return undefined;
	return `"${name}" has a text of more than ${MOST.textCharacters} characters, which is what a literal may have`;
}

function longestText(value: unknown): number {
	if (typeof value === "string") return value.length;
	return Math.max(0, ...Object.values(value ?? {}).map(longestText));
}

/** A value as a text, for what takes texts only: arrays and objects as JSON, numbers with the digits that arrived. */
export function toText(value: unknown): string {
	if (typeof value === "string") return value;
	return isNumberText(value) ? String(value) : writeJson(value);
}

function readerOf(mapped: Mapped): Read {
	if (typeof mapped === "string") return keyed(mapped);
	// A stored one may be damaged.
	if (!isObject(mapped)) return () => undefined;
	if ("value" in mapped) return () => mapped.value;
	if (typeof mapped.key !== "string") return () => mapped.default;
	const read = keyed(mapped.key);
	return (sources) => read(sources) ?? mapped.default;
}

/** Undefined for what is missing or null. */
function keyed(key: string): Read {
	const name = key.toLowerCase();
	if (name === "event") return ({ sent }) => toWhole(sent.event);
	if (name === "extensions") return ({ sent }) => sent.event.extensions;
	const [, fact] = /^bridge\.(version|route|key)$/.exec(name) ?? [];
	if (fact !== undefined) return ({ facts }) => facts[fact as keyof MappedFacts];
	const read = keyReader(key);
	if (name === "data") return ({ sent }) => read(sent).value ?? undefined;
	// Only `data.reference` is in the sent data but not in the whole data.
	return ({ sent, whole }) => read(whole).value ?? read(sent).value ?? undefined;
}

/** An event in CloudEvents' names. */
function toWhole({ id, type, source, subject, time, data, extensions, traceparent }: BridgeEvent): object {
	return {
		id,
		type,
		source,
		subject,
		time,
		data: data ?? null,
		...(extensions === undefined ? {} : { extensions }),
		...(traceparent === undefined ? {} : { traceparent }),
	};
}
