import { createHash } from "node:crypto";
import { isNumberText, writeJson } from "../event/json.ts";
import type { BridgeEvent } from "../model.ts";
import { applyMapping, type Mapping, toText } from "../route/mapping.ts";

/** GitHub's limit for a body. Azure DevOps documents none: large data goes by reference to every destination alike. */
export const BODY_BYTES = 64 * 1024;

/** What a workflow reads under `github.event.client_payload`. Published as `docs/client-payload.schema.json`. */
export interface ClientPayload {
	readonly id: string;
	readonly type: string;
	readonly source: string;
	readonly subject: string;
	readonly time: string;
	readonly data: unknown;
	/** The predecessor's key: the second part of the event type, `Storage` of `Microsoft.Storage.BlobCreated`. */
	readonly event_source: string;
	/** What else a CloudEvent says of itself; left out where there is nothing. */
	readonly extensions?: Readonly<Record<string, unknown>>;
	readonly traceparent?: string;
	readonly bridge: BridgeFacts;
}

/** What the bridge itself adds. */
export interface BridgeFacts {
	/** The version of grid-dispatch. */
	readonly version: string;
	/** The name of the route that took the event. */
	readonly route: string;
	/** The same for every delivery of this event to this destination: name a job after it, and a repeat finds the job. */
	readonly key: string;
}

/** An event as a client payload: at most the ten top-level keys that GitHub allows. */
export function toClientPayload(event: BridgeEvent, bridge: BridgeFacts): ClientPayload {
	const { id, type, source, subject, time, data, extensions, traceparent } = event;
	const event_source = type.split(".")[1] ?? "";
	return {
		id,
		type,
		source,
		subject,
		time,
		data: data ?? null,
		event_source,
		...(extensions === undefined ? {} : { extensions }),
		...(traceparent === undefined ? {} : { traceparent }),
		bridge,
	};
}

/** What a mapping makes of an event, each value as a text. */
export function toTexts(mapping: Mapping, event: BridgeEvent, facts: BridgeFacts): Readonly<Record<string, string>> {
	const values = Object.entries(applyMapping(mapping, event, facts));
	return Object.fromEntries(values.map(([name, value]) => [name, toText(value)]));
}

/** Where data that is too large for a client payload lies instead: JSON, exactly as it would have been sent. */
export interface Reference {
	readonly url: string;
	/** Of the blob's bytes, in hexadecimal digits. */
	readonly sha256: string;
	readonly bytes: number;
}

/** Members that are kept beside a reference, so that `data.runId` and its like can be read as always. */
const MAX_MEMBER_CHARACTERS = 500;
const MAX_MEMBERS = 40;

/** The data of an event as a blob holds it. */
export function toBlob(data: unknown): { readonly content: Buffer; readonly sha256: string } {
	const content = Buffer.from(writeJson(data ?? null));
	return { content, sha256: createHash("sha256").update(content).digest("hex") };
}

/** Data by reference: its short members, which are the ones that workflows read, and where the whole lies. */
export function byReference(data: unknown, reference: Reference): Readonly<Record<string, unknown>> {
	const members = typeof data === "object" && data !== null && !Array.isArray(data) ? Object.entries(data) : [];
	const short = members.filter(([key, value]) => isShort(key) && isShort(value)).slice(0, MAX_MEMBERS);
	return { ...Object.fromEntries(short), reference };
}

function isShort(value: unknown): boolean {
	if (typeof value === "string" || isNumberText(value)) return String(value).length <= MAX_MEMBER_CHARACTERS;
	return typeof value === "number" || typeof value === "boolean";
}
