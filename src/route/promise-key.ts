import { createHash } from "node:crypto";
import type { BridgeEvent } from "../event/bridge-event.ts";
import type { Destination } from "./route.ts";
import { destinationId } from "./router.ts";

/**
 * The identity of what we promise: this event, to this destination. The same whenever the event is delivered again
 * (CloudEvents: source and id identify an event), so a workflow can name its job after it.
 * 32 hexadecimal digits.
 */
export function promiseKey(event: BridgeEvent, to: Destination): string {
	const identity = JSON.stringify([destinationId(to), event.source.toLowerCase(), event.id]);
	return createHash("sha256").update(identity).digest("hex").slice(0, 32);
}
