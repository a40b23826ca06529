import type { EventGridFunctionOptions } from "@azure/functions";
import type { TheBridge } from "../bridge.ts";
import { toLog } from "./to-log.ts";

/**
 * The Event Grid trigger: one event an invocation, in either schema; the platform answers the handshake. A function
 * behind it cannot choose a status: returning acknowledges, throwing makes Event Grid deliver again. So only what is
 * `unavailable` throws; a rejected event would be no better the next time, and has been logged.
 */
export function eventGrid(theBridge: TheBridge): EventGridFunctionOptions<unknown> {
	return {
		async handler(event, context) {
			const bridge = await theBridge();
			const results = await bridge.accept(Array.isArray(event) ? event : [event], { log: toLog(context) });
			const unavailable = results.find(({ outcome }) => outcome === "unavailable");
			if (unavailable !== undefined) throw new Error(unavailable.reason ?? "unavailable");
		},
	};
}
