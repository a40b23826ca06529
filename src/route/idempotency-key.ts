import { createHash } from "node:crypto";
import type { BridgeEvent } from "../event/bridge-event.ts";
import { readInstant } from "../event/instant.ts";

/**
 * The identity of a delivery: this event, at this destination. The same whenever the event is delivered again, in
 * whatever spelling (the Event Grid trigger writes times anew, and Event Grid names of resources), so a workflow can name
 * its job after it. Publishers reuse ids, so that another type, subject or instant is another event.
 * @param destination its id, or that of the group that the event joins
 * @returns 32 hexadecimal digits
 */
export function idempotencyKey({ id, type, source, subject, time }: BridgeEvent, destination: string): string {
	const instant = readInstant(time)?.text ?? time;
	const identity = JSON.stringify([destination, source.toLowerCase(), type.toLowerCase(), id, subject, instant]);
	return createHash("sha256").update(identity).digest("hex").slice(0, 32);
}
