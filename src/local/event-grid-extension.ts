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

/**
 * `/runtime/webhooks/eventgrid`, by the rules of the real extension: it answers the handshakes itself, runs a batch's
 * events at the same time, and answers 500 for all when one fails.
 * Source: Microsoft.Azure.WebJobs.Extensions.EventGrid, `HttpRequestProcessor` and `EventGridExtensionConfigProvider`.
 */
export async function answerEventGridWebhook(call: WebhookCall, run: RunEvent): Promise<WebhookAnswer> {
	const { functionName, headers } = call;
	if (run === undefined) return { status: 404, body: `cannot find function: '${functionName}'` };
	if (call.method === "OPTIONS") {
		const origin = String(headers["webhook-request-origin"] ?? "").toLowerCase();
		const allowed = EVENT_GRID_ORIGINS.includes(origin) ? origin : "eventgrid.azure.net";
		return { status: 200, headers: { "Webhook-Allowed-Origin": allowed } };
	}
	if (call.method !== "POST") return { status: 400 };
	switch (String(headers["aeg-event-type"] ?? "").toLowerCase()) {
		case "subscriptionvalidation":
			return { status: 200, body: JSON.stringify({ validationResponse: validationCode(call.body) }) };
		case "notification":
			return notify(call, run);
		case "unsubscribe":
			return { status: 202 };
		default:
			return { status: 400 };
	}
}

async function notify({ body, functionName }: WebhookCall, run: NonNullable<RunEvent>): Promise<WebhookAnswer> {
	const events = elements(body);
	if (events === undefined) return { status: 500 };
	const ends = await Promise.allSettled(events.map((event) => run(event)));
	if (ends.every(({ status }) => status === "fulfilled")) return { status: 202 };
	return { status: 500, body: `Exception while executing function: ${functionName}` };
}

function elements(body: string): readonly unknown[] | undefined {
	try {
		const parsed: unknown = JSON.parse(body);
		return Array.isArray(parsed) ? parsed : [parsed];
	} catch {
		return undefined;
	}
}

function validationCode(body: string): unknown {
	const [event] = elements(body) ?? [];
	const data = (event as { data?: unknown } | undefined)?.data;
	const members = typeof data === "string" ? elements(data)?.[0] : data;
	return (members as { validationCode?: unknown } | undefined)?.validationCode;
}
