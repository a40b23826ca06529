import { createHash } from "node:crypto";
import type { BridgeEvent } from "../event/bridge-event.ts";
import type { Destination } from "../model.ts";
import type { Coalesce } from "./route.ts";

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
