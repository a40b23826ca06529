import { createHash } from "node:crypto";
import { readInstant } from "../event/instant.ts";
import type { BridgeEvent, Destination } from "../model.ts";

/** One row of the routes table, as `routes.schema.json` describes it. */
export interface Route {
	readonly name: string;
	readonly source?: string;
	readonly filter?: SubscriptionFilter;
	readonly onlyCompletedWrites?: boolean;
	readonly to: RouteTo;
	readonly coalesce?: Coalesce;
	/** Whether a delivery is sent once more, with the same key, where no run comes. */
	readonly redispatchWhenNone?: boolean;
}

/**
 * Where a route leads: a union of what the folders of destinations/ describe in `to.*.schema.json`, told apart by its keys.
 * Only the folder that owns it looks into it.
 */
export interface RouteTo {
	/** `owner/name`, for what is GitHub's. */
	readonly repository?: string;
	/** The name of another secret in the same key vault. */
	readonly token?: string | undefined;
	readonly [member: string]: unknown;
}

export interface Coalesce {
	readonly quietSeconds: number;
	readonly maxSeconds: number;
	/** How many events one dispatch stands for at most; left out, 100,000. */
	readonly maxEvents?: number;
	readonly by?: "route" | "source" | "container" | "directory";
}

/** The filter of an Event Grid subscription. Source: learn.microsoft.com, "Understand event filtering". */
export interface SubscriptionFilter {
	readonly includedEventTypes?: readonly string[] | null;
	readonly subjectBeginsWith?: string | null;
	readonly subjectEndsWith?: string | null;
	readonly isSubjectCaseSensitive?: boolean | null;
	readonly enableAdvancedFilteringOnArrays?: boolean | null;
	readonly advancedFilters?: readonly AdvancedFilter[] | null;
}

export interface AdvancedFilter {
	readonly operatorType: string;
	readonly key: string;
	readonly value?: number | boolean;
	readonly values?: readonly (number | string | readonly [number, number])[];
}

/**
 * What tells one routes table from another: the same for the same table, however it is written. The first 16 digits of the
 * SHA-256 of its JSON with all keys in order.
 */
export function digestOfRoutes(routes: readonly Route[]): string {
	return createHash("sha256").update(JSON.stringify(routes, inOrder)).digest("hex").slice(0, 16);
}

function inOrder(_: string, value: unknown): unknown {
	if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
	return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}

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
export function groupId(event: BridgeEvent, route: string, to: Destination, { by = "route" }: Coalesce): string {
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
