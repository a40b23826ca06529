/** An event of the catalogue, under CloudEvents' names. */
export interface SampleEvent {
	readonly id: string;
	/** As published, such as `Microsoft.Storage.BlobCreated`. */
	readonly type: string;
	readonly source: string;
	readonly subject: string;
	/** ISO 8601. */
	readonly time: string;
	readonly data: Readonly<Record<string, unknown>>;
}

/** The two forms in which Event Grid delivers an event. */
export const SCHEMAS = ["eventgrid", "cloudevents"] as const;

export type Schema = (typeof SCHEMAS)[number];

/** Puts an event into the envelope of a schema, as Event Grid delivers it. */
export function inEnvelope(event: SampleEvent, schema: Schema): Record<string, unknown> {
	return schema === "cloudevents" ? toCloudEvent(event) : toEventGridSchema(event);
}

export function toEventGridSchema(event: SampleEvent): Record<string, unknown> {
	const { id, type, source, subject, time, data } = event;
	return {
		topic: source,
		subject,
		eventType: type,
		id,
		data,
		dataVersion: "1",
		metadataVersion: "1",
		eventTime: time,
	};
}

export function toCloudEvent(event: SampleEvent): Record<string, unknown> {
	return { specversion: "1.0", ...event };
}

/** The schema of an event in its envelope. */
export function schemaOf(element: unknown): Schema {
	const keys = typeof element === "object" && element !== null ? Object.keys(element) : [];
	return keys.some((key) => key.toLowerCase() === "specversion") ? "cloudevents" : "eventgrid";
}
