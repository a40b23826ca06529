import type { BridgeEvent } from "./bridge-event.ts";
import { readPlainJson, writeJson } from "./json.ts";
import { VALIDATORS, type Violation } from "./validators.generated.js";

/** Every event type that has a schema of its own, as published: `Microsoft.Storage.BlobCreated` and so on. */
export const KNOWN_EVENT_TYPES: readonly string[] = Object.freeze(Object.keys(VALIDATORS));

const byLowerCaseType = new Map(Object.entries(VALIDATORS).map(([type, validate]) => [type.toLowerCase(), validate]));

/**
 * Holds an event of a known type against its schema in `schemas/`; every other type passes.
 * @returns what is wrong, or undefined
 */
export function validateEvent(event: BridgeEvent): string | undefined {
	const validate = byLowerCaseType.get(event.type.toLowerCase());
	if (validate === undefined || validate(event) || validate(inPlainNumbers(event))) return undefined;
	const [violation] = validate.errors ?? [];
	return `${event.type}: ${violation === undefined ? "does not fit its schema" : describe(violation)}`;
}

/** The schemas know only numbers that are JavaScript's. Asked for only where an event does not fit as it is. */
function inPlainNumbers(event: BridgeEvent): unknown {
	return readPlainJson(writeJson(event));
}

function describe({ instancePath, keyword, params, message }: Violation): string {
	const place = instancePath.slice(1).replaceAll("/", ".");
	if (keyword === "required") return `${[place, params["missingProperty"]].filter(Boolean).join(".")} is missing`;
	if (keyword === "pattern") return `${place} is empty`;
	return `${place} ${message}`;
}
