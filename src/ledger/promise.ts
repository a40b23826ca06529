/** What is promised for one event at one destination, before it is written down. */
export interface Delivery {
	/** The promise's identity: the same whenever the event is delivered again. */
	readonly key: string;
	readonly lane: string;
	readonly event: EventFacts;
	/** The name of the route. */
	readonly route: string;
	readonly to: { readonly repository: string; readonly dispatchType: string };
	/** Blobs that were written for it. */
	readonly blobs?: readonly string[];
	readonly how: Request | Join;
}

/** What of an event a receipt keeps. */
export interface EventFacts {
	readonly id: string;
	readonly type: string;
	readonly source: string;
	readonly subject: string;
	readonly time: string;
	/** The Azure ML run that it is about. */
	readonly run?: string;
}

/** The exact request to send: a later change of the routes cannot change a promise. */
export interface Request {
	readonly owner: string;
	readonly repo: string;
	/** JSON, as it will be sent. */
	readonly body: string;
	/** The name of the secret that holds the token; left out, the default token. */
	readonly token?: string;
}

/** The event joins the window of a group, and is dispatched with all that join it. */
export interface Join {
	/** The group's identity, in hexadecimal digits. */
	readonly group: string;
	readonly quietMs: number;
	readonly maxMs: number;
	/** How many events one dispatch stands for at most; left out, the ledger's own limit. */
	readonly maxEvents?: number;
	readonly token?: string;
	/** The event as a line of the manifest, JSON. */
	readonly line: string;
}

export function isJoin(how: Request | Join): how is Join {
	return "group" in how;
}

/** A call of GitHub, as a receipt lists it. */
export interface AttemptRecord {
	/** ISO 8601 */
	readonly at: string;
	/** The HTTP status; null where no answer came. */
	readonly status: number | null;
	readonly ms: number;
	/** GitHub's id of the request, which its support asks for. */
	readonly requestId: string | null;
	readonly reason: string | null;
}
