import type { BridgeEvent, EventFacts } from "../model.ts";
import { MalformedEvent, readEnvelope } from "./envelopes.ts";
import { readInstant } from "./instant.ts";
import { isNestedDeeper, isObject, readJsonOrText, readPlainJson, writeJson } from "./json.ts";
import { VALIDATORS, type Violation } from "./validators.generated.js";

/** An event, or why there is none: the `id` is there when it could at least be read. */
type ReadEvent =
	| { readonly ok: true; readonly event: BridgeEvent }
	| { readonly ok: false; readonly id: string | null; readonly reason: string };

/** `JSON.stringify` gives up at some thousands, and a window or a payload puts an event some levels deeper. */
const MAX_LEVELS = 1_000;

/**
 * One element of a delivery, as it came out of `JSON.parse`, to a validated event. Decides the envelope by shape
 * alone: content types and batches mix freely. Never throws for bad input.
 */
export function readEvent(element: unknown): ReadEvent {
	try {
		refuseDeep(element);
		const envelope = readEnvelope(element);
		const data = normaliseData(envelope.type, envelope.data);
		// Data that arrived as a text of JSON is arrays and objects now.
		refuseDeep({ data });
		const event = Object.freeze({ ...envelope, data });
		const problem = validateEvent(event);
		return problem === undefined ? { ok: true, event } : { ok: false, id: idOf(element), reason: problem };
	} catch (error) {
		if (error instanceof MalformedEvent) return { ok: false, id: idOf(element), reason: error.message };
		throw error;
	}
}

function refuseDeep(value: unknown): void {
	if (!isNestedDeeper(value, MAX_LEVELS)) return;
	throw new MalformedEvent(`the event is nested too deeply: more than ${MAX_LEVELS} levels`);
}

/** The event's id where there is one to name, even in an element that is no event. */
export function idOf(element: unknown): string | null {
	return isObject(element) && typeof element["id"] === "string" ? element["id"] : null;
}

/** The details that can be read from an invalid event, so that a person can find it. */
export function factsOfElement(element: unknown): EventFacts {
	const members = isObject(element) ? element : {};
	const text = (...names: string[]) =>
		String(names.map((name) => members[name]).find((value) => typeof value === "string") ?? "");
	const time = text("time", "eventTime");
	return {
		id: text("id"),
		type: text("type", "eventType"),
		source: text("source", "topic"),
		subject: text("subject"),
		time: readInstant(time) === undefined ? "" : time,
	};
}

/**
 * Event data as workflows expect it. A string that holds a JSON object or array is parsed (some publishers encode
 * twice), and the top-level keys of Azure ML data, which arrive in Pascal or in camel case, become camelCase. Maps
 * below (tags, properties) belong to the user and stay as they are.
 */
function normaliseData(type: string, data: unknown): unknown {
	const parsed = typeof data === "string" && /^\s*[[{]/.test(data) ? readJsonOrText(data) : data;
	const isMachineLearning = type.toLowerCase().startsWith("microsoft.machinelearningservices.");
	return isMachineLearning && isObject(parsed) ? camelCaseKeys(parsed) : parsed;
}

/** Where both spellings are there, the camel-case one is kept. `fromEntries` keeps a key `__proto__` a plain key. */
function camelCaseKeys(data: Record<string, unknown>): Record<string, unknown> {
	const entries = Object.entries(data).map(([key, value]) => [camelCase(key), value] as const);
	const alreadyCamel = Object.entries(data).filter(([key]) => camelCase(key) === key);
	return Object.fromEntries([...entries, ...alreadyCamel]);
}

function camelCase(key: string): string {
	return key.charAt(0).toLowerCase() + key.slice(1);
}

/** Every event type that has a schema of its own, as published: `Microsoft.Storage.BlobCreated` and so on. */
export const KNOWN_EVENT_TYPES: readonly string[] = Object.freeze(Object.keys(VALIDATORS));

const byLowerCaseType = new Map(Object.entries(VALIDATORS).map(([type, validate]) => [type.toLowerCase(), validate]));

/**
 * Checks an event of a known type against its schema in `schemas/`; every other type passes.
 * @returns what is wrong, or undefined
 */
function validateEvent(event: BridgeEvent): string | undefined {
	const validate = byLowerCaseType.get(event.type.toLowerCase());
	// The schemas know only the numbers of JavaScript. Those are made only where an event does not fit as it is.
	if (validate === undefined || validate(event) || validate(readPlainJson(writeJson(event)))) return undefined;
	const [violation] = validate.errors ?? [];
	return `${event.type}: ${violation === undefined ? "does not fit its schema" : describe(violation)}`;
}

function describe({ instancePath, keyword, params, message }: Violation): string {
	const place = instancePath.slice(1).replaceAll("/", ".");
	if (keyword === "required") return `${[place, params["missingProperty"]].filter(Boolean).join(".")} is missing`;
	if (keyword === "pattern") return `${place} is empty`;
	return `${place} ${message}`;
}
