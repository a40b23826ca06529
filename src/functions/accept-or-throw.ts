import type { InvocationContext } from "@azure/functions";
import type { TheBridge } from "../bridge.ts";
import { readJson } from "../event/json.ts";
import { toLog } from "./to-log.ts";

/**
 * Accepts what a trigger hands over, one event or an array of them. A function behind a trigger cannot choose a status:
 * returning acknowledges, throwing makes the platform deliver again. So only what is `unavailable` throws; a rejected
 * event would be no better the next time, and is kept as a dead letter.
 */
export async function acceptOrThrow(theBridge: TheBridge, input: unknown, context: InvocationContext): Promise<void> {
	const bridge = await theBridge();
	const results = await bridge.accept(elementsOf(input), { log: toLog(context) });
	const unavailable = results.find(({ outcome }) => outcome === "unavailable");
	if (unavailable !== undefined) throw new Error(unavailable.reason ?? "unavailable");
}

/**
 * What a trigger hands over as elements: bytes are read here. Of anything else the library has made JSON, and rounded
 * what no double can hold; it leaves a text where that failed, be it for a byte-order mark alone.
 */
export function elementsOf(input: unknown): readonly unknown[] {
	const text = input instanceof Uint8Array ? new TextDecoder().decode(input) : input;
	const given = typeof text === "string" ? parsed(text) : text;
	return Array.isArray(given) ? given : [given];
}

function parsed(text: string): unknown {
	try {
		return readJson(text);
	} catch {
		return text;
	}
}
