import { createHash } from "node:crypto";
import { readInstant } from "../event/instant.ts";
import type { BridgeEvent, Destination } from "../model.ts";
import type { Coalesce } from "./route.ts";

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

/**
 * The identity of the group whose window an event joins: the route, the destination, and what the route gathers by.
 * 32 hexadecimal digits.
 */
export function groupOf(event: BridgeEvent, route: string, to: Destination, { by = "route" }: Coalesce): string {
	const identity = JSON.stringify([route, to.id, ...sharedBy(event, by)]);
	return createHash("sha256").update(identity).digest("hex").slice(0, 32);
}

/** What the events of one group have in common. Event Grid sends ARM ids in several casings; blob names have their own. */
function sharedBy({ source, subject }: BridgeEvent, by: NonNullable<Coalesce["by"]>): readonly string[] {
	if (by === "route") return [];
	if (by === "source") return [source.toLowerCase()];
	const container = /^\/?blobServices\/default\/containers\/([^/]+)/i.exec(subject)?.[1] ?? "";
	if (by === "container") return [source.toLowerCase(), container];
	return [source.toLowerCase(), subject.slice(0, subject.lastIndexOf("/") + 1)];
}

/**
 * An event type as GitHub workflows listen to it: without `Microsoft.`, in lower case, with `-` for `.`:
 * `Microsoft.Storage.BlobCreated` → `storage-blobcreated`. Another publisher's name is kept whole.
 * The names are those of `Azure/aml-function`, which public workflows listen to.
 */
export function toDispatchType(eventType: string): string {
	return eventType
		.replace(/^microsoft\./i, "")
		.toLowerCase()
		.replaceAll(".", "-");
}
