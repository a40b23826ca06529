import { type Ask, type Asked, keyHeader } from "./ask.ts";

/** A door that an event subscription leads to. */
export interface Subscribed {
	readonly url: string | URL;
	readonly key: string | undefined;
	/** A bearer token, for a webhook that Microsoft Entra protects. */
	readonly token?: string | undefined;
}

/** How a handshake was answered. */
export interface HandshakeAnswer extends Asked {
	/** Whether Event Grid would be content. */
	readonly taken: boolean;
}

/**
 * The handshake of Event Grid's own schema: a code is posted, and has to come back with exactly 200.
 * Source: learn.microsoft.com, "Endpoint validation with Event Grid event schema".
 * @param topic the topic that subscribes, as its ARM id
 * @param time ISO 8601
 */
export async function askForCode(
	ask: Ask,
	{ url, key, token }: Subscribed,
	{ code, topic, time }: { readonly code: string; readonly topic: string; readonly time: string },
): Promise<HandshakeAnswer> {
	const event = {
		id: code,
		topic,
		subject: "",
		eventType: "Microsoft.EventGrid.SubscriptionValidationEvent",
		eventTime: time,
		dataVersion: "2",
		metadataVersion: "1",
		data: { validationCode: code },
	};
	const headers = {
		"content-type": "application/json; charset=utf-8",
		"aeg-event-type": "SubscriptionValidation",
		"aeg-subscription-name": "GRID-DISPATCH",
		"aeg-delivery-count": "0",
		...keyHeader(key, token),
	};
	const asked = await ask(url, { method: "POST", headers, body: JSON.stringify([event]) });
	const { validationResponse } = (asked.json ?? {}) as { validationResponse?: unknown };
	return { ...asked, taken: asked.status === 200 && validationResponse === code };
}

/**
 * The handshake of CloudEvents: an origin asks whether it may send.
 * Source: CloudEvents, "HTTP 1.1 Web Hooks for Event Delivery".
 */
export async function askForOrigin(
	ask: Ask,
	{ url, key, token }: Subscribed,
	origin: string,
): Promise<HandshakeAnswer> {
	const headers = { "webhook-request-origin": origin, "webhook-request-rate": "120", ...keyHeader(key, token) };
	const asked = await ask(url, { method: "OPTIONS", headers });
	const allowed = asked.headers.get("webhook-allowed-origin");
	return { ...asked, taken: asked.status === 200 && (allowed === origin || allowed === "*") };
}
