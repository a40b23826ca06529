import type { EventGridFunctionOptions } from "@azure/functions";
import type { TheBridge } from "../bridge.ts";
import { acceptOrThrow } from "./accept-or-throw.ts";

/** The Event Grid trigger: one event an invocation, in either schema; the platform answers the handshake. */
export function eventGrid(theBridge: TheBridge): EventGridFunctionOptions<unknown> {
	return { handler: (event, context) => acceptOrThrow(theBridge, event, context) };
}
