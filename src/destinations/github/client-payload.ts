import type { BridgeEvent } from "../../event/bridge-event.ts";

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
