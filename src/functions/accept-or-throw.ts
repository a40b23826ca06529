import type { InvocationContext } from "@azure/functions";
import type { TheBridge } from "../bridge.ts";
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

export function elementsOf(input: unknown): readonly unknown[] {
	return Array.isArray(input) ? input : [input];
}
