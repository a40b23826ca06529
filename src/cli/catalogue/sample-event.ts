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

/** What a type of event is about: the rest of the event is the same for all. */
export interface Matter {
	readonly subject: string;
	readonly data: Readonly<Record<string, unknown>>;
}
