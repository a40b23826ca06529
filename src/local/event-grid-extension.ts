import { isObject } from "../event/json.ts";
import { EVENT_GRID_ORIGINS } from "../functions/handshake.ts";

/** A webhook call of the Event Grid extension, and what it answers. */
export interface WebhookCall {
	readonly method: string;
	readonly functionName: string;
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
	readonly body: string;
}

export interface WebhookAnswer {
	readonly status: number;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: string;
}

/** Runs a function with one event; rejects as the function does. Undefined where there is no function of that name. */
export type RunEvent = ((event: unknown) => Promise<void>) | undefined;

/** What the extension throws an exception for; the host answers it 500, without a word. */
class Unreadable extends Error {}

/**
 * `/runtime/webhooks/eventgrid`, by the rules of the real extension: it answers the handshakes itself, runs a batch's
 * events at the same time, and answers 500 for all when one fails.
 * Source: Microsoft.Azure.WebJobs.Extensions.EventGrid, `HttpRequestProcessor` and `EventGridExtensionConfigProvider`;
 * the answers were compared with those of version 3.3.0.
 */
export async function answerEventGridWebhook(call: WebhookCall, run: RunEvent): Promise<WebhookAnswer> {
	const { functionName, headers, method } = call;
	if (run === undefined) return { status: 404, body: `cannot find function: '${functionName}'` };
	if (method === "OPTIONS") {
		const origin = String(headers["webhook-request-origin"] ?? "").toLowerCase();
		const allowed = EVENT_GRID_ORIGINS.includes(origin) ? origin : "eventgrid.azure.net";
		return { status: 200, headers: { "Webhook-Allowed-Origin": allowed } };
	}
	try {
		switch (String(headers["aeg-event-type"] ?? "").toLowerCase()) {
			case "subscriptionvalidation":
				return { status: 200, body: JSON.stringify({ validationResponse: validationCode(call.body) }) };
			case "notification":
				return await notify(call, run);
			case "unsubscribe":
				return { status: 202 };
			default:
				return { status: 400 };
		}
	} catch (error) {
		if (error instanceof Unreadable) return { status: 500 };
		throw error;
	}
}

async function notify({ body, functionName }: WebhookCall, run: NonNullable<RunEvent>): Promise<WebhookAnswer> {
	const given = elements(body);
	// What stands before an element that is no object has been started when the extension finds it.
	const end = given.findIndex((element) => !isObject(element));
	const events = end < 0 ? given : given.slice(0, end);
	const ends = await Promise.allSettled(events.map((event) => run(event)));
	if (end >= 0) throw new Unreadable();
	if (ends.every(({ status }) => status === "fulfilled")) return { status: 202 };
	return { status: 500, body: `Exception while executing function: ${functionName}` };
}

/** The elements of an array, or an object alone. */
function elements(body: string): readonly unknown[] {
	const parsed = parse(body);
	if (Array.isArray(parsed)) return parsed;
	if (isObject(parsed)) return [parsed];
	throw new Unreadable();
}

/** The code of the first event, as a text; an empty one stands for `null`. In CloudEvents the data is a text of JSON. */
function validationCode(body: string): string {
	const [event] = elements(body);
	const data = isObject(event) ? event["data"] : undefined;
	const members = typeof data === "string" ? parse(data) : data;
	if (!isObject(members) || !("validationCode" in members)) throw new Unreadable();
	return String(members["validationCode"] ?? "");
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		throw new Unreadable();
	}
}
