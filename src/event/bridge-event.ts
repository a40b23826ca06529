/**
 * What happened, under CloudEvents' names, whichever envelope it arrived in. Frozen.
 * An attribute that the envelope leaves out is the empty string, as an empty subject already is in the
 * Event Grid schema.
 */
export interface BridgeEvent {
	readonly id: string;
	/** As published, for example `Microsoft.Storage.BlobCreated`; compared without regard to case. */
	readonly type: string;
	/** The resource that raised it: the topic of the Event Grid schema, usually an ARM id. */
	readonly source: string;
	readonly subject: string;
	/** RFC 3339, always with a zone, as precise as it arrived. */
	readonly time: string;
	/** Numbers that a double cannot hold are `NumberText`. */
	readonly data: unknown;
	/** All of the data, where `data` holds a reference to it, since it is too large to be sent. */
	readonly wholeData?: unknown;
	/**
	 * What else a CloudEvent says of itself, by its own name: extension attributes, `dataschema`, and `datacontenttype`
	 * where it is not JSON. Left out where there is nothing.
	 */
	readonly extensions?: Readonly<Record<string, unknown>>;
	/** W3C trace context, where the publisher sent one. */
	readonly traceparent?: string;
	/** Everything else in the envelope (`dataversion`, `specversion`, extensions), by lower-case name: for filters alone. */
	readonly attributes: Readonly<Record<string, unknown>>;
}
