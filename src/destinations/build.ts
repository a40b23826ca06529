import type { BridgeEvent } from "../model.ts";
import { applyMapping, type Mapping, toText } from "../route/mapping.ts";
import type { BridgeFacts } from "./client-payload.ts";
import type { Built } from "./destination.ts";

/** GitHub's limit for a body. Azure DevOps documents none: large data goes by reference to every destination alike. */
export const BODY_BYTES = 64 * 1024;

/** A request that cannot be sent. @param body where it could be built */
export function refuse(reason: string, body?: string): Built {
	return { ok: false, tooLarge: false, reason, ...(body === undefined ? {} : { body }) };
}

export function tooLarge(reason: string, body: string): Built {
	return { ok: false, tooLarge: true, reason, body };
}

export const TOO_DEEP = "data is nested too deeply to be written as JSON";

/** Reading an event limits its depth. A request that is nested deeper all the same is a dead letter, not an error. */
export function unlessTooDeep<T>(write: () => T): T | undefined {
	try {
		return write();
	} catch (error) {
		if (error instanceof RangeError) return undefined;
		throw error;
	}
}

/** What a mapping makes of an event, each value as a text. */
export function toTexts(mapping: Mapping, event: BridgeEvent, facts: BridgeFacts): Readonly<Record<string, string>> {
	const values = Object.entries(applyMapping(mapping, event, facts));
	return Object.fromEntries(values.map(([name, value]) => [name, toText(value)]));
}
