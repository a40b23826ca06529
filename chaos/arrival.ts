import { keyOf, type Received } from "../src/local/stand-in/received.ts";
import { originalName } from "./routes.ts";

/** What a destination has taken: the same of each of the three kinds. */
export interface Arrival {
	/** ISO 8601 */
	readonly at: string;
	/** The destination's id, as receipts have it; written down a second time, so that no change goes unseen. */
	readonly to: string;
	/** `bridge.key` */
	readonly key: string;
	readonly event: ArrivedEvent;
}

/** The event or the window in it, as far as it is compared. */
export interface ArrivedEvent {
	readonly id?: unknown;
	readonly type?: unknown;
	readonly source?: unknown;
	readonly subject?: unknown;
	readonly time?: unknown;
	readonly data?: unknown;
}

/** Reads what a destination has taken: a client payload is the event, and an input or a parameter `event` has its text. */
export function readArrival(taken: Received): Arrival {
	const { at, client_payload, inputs, templateParameters } = taken;
	const text = inputs?.["event"] ?? templateParameters?.["event"];
	const event = client_payload ?? (typeof text === "string" ? (JSON.parse(text) as ArrivedEvent) : {});
	return { at, to: destinationOf(taken), key: keyOf(taken) ?? "", event };
}

function destinationOf({
	repository = "",
	event_type,
	workflow,
	organization,
	project,
	pipeline,
	ref,
}: Received): string {
	if (pipeline !== undefined) return `dev.azure.com/${organization}/${project}/${pipeline}`.toLowerCase();
	const name = originalName(repository).toLowerCase();
	if (workflow === undefined) return `${name}#${event_type}`;
	// A ref that the route does not name is the default branch, which the bridge puts in as it sends.
	return workflow === "scan.yml" ? `${name}/${workflow}#${ref}` : `${name}/${workflow}`;
}
