import { isObject } from "../../event/is-object.ts";
import type { EventResult } from "../../outcome.ts";
import { shownUrl } from "../bridge-url.ts";
import { reasonOf } from "../reason-of.ts";
import type { DeliveryEnd, Door } from "./door.ts";
import type { Delivery } from "./plan-deliveries.ts";

export interface WebhookDoorOptions {
	readonly url: URL;
	readonly key: string | undefined;
	readonly fetch: typeof globalThis.fetch;
}

/** Event Grid waits so long for an answer. Source: learn.microsoft.com, "Event Grid message delivery and retry". */
const TIMEOUT_MS = 30_000;

/** Delivers as Event Grid does to a webhook. */
export function createWebhookDoor({ url, key, fetch }: WebhookDoorOptions): Door {
	return {
		name: shownUrl(url),
		async deliver(delivery): Promise<DeliveryEnd> {
			try {
				const response = await fetch(url, {
					method: "POST",
					headers: { ...headersOf(delivery), ...keyHeader(key) },
					body: JSON.stringify(bodyOf(delivery)),
					// Event Grid follows no redirect either, and a key in a header would go along.
					redirect: "manual",
					signal: AbortSignal.timeout(TIMEOUT_MS),
				});
				const { status } = response;
				const answer = parsed(await response.text());
				const results = isObject(answer) && Array.isArray(answer["events"]) ? answer["events"] : undefined;
				return {
					status,
					results: results as readonly EventResult[] | undefined,
					reason: response.ok ? null : whyNot(status, answer),
				};
			} catch (error) {
				return { status: null, results: undefined, reason: `nothing answers at ${shownUrl(url)} (${reasonOf(error)})` };
			}
		},
	};
}

/**
 * The headers of a delivery. Sources: learn.microsoft.com, "Event Grid event schema", "CloudEvents v1.0 schema" and
 * "Receive events to an HTTP endpoint"; for a batch of CloudEvents the media type of that specification.
 */
function headersOf({ schema, elements }: Delivery): Readonly<Record<string, string>> {
	const ofEventGrid = {
		"aeg-event-type": "Notification",
		"aeg-subscription-name": "GRID-DISPATCH-SEND",
		"aeg-delivery-count": "0",
	};
	if (schema === "eventgrid") {
		const versions = { "aeg-data-version": "1", "aeg-metadata-version": "1" };
		return { ...ofEventGrid, ...versions, "content-type": "application/json; charset=utf-8" };
	}
	const type = elements.length === 1 ? "application/cloudevents+json" : "application/cloudevents-batch+json";
	return { ...ofEventGrid, "aeg-metadata-version": "1.0", "content-type": `${type}; charset=utf-8` };
}

/** Its own schema always comes as an array, a single CloudEvent as an object. */
function bodyOf({ schema, elements }: Delivery): unknown {
	return schema === "cloudevents" && elements.length === 1 ? elements[0] : elements;
}

/** A function key, as Azure Functions takes it. */
export function keyHeader(key: string | undefined): Readonly<Record<string, string>> {
	return key === undefined ? {} : { "x-functions-key": key };
}

function whyNot(status: number, answer: unknown): string {
	const error = isObject(answer) && typeof answer["error"] === "string" ? answer["error"] : undefined;
	if (error !== undefined) return `answered ${status}: ${error}`;
	if (status === 401) return "answered 401: give a function key with GRID_DISPATCH_KEY or --key";
	if (status === 404) return "answered 404: there is no such door; is it a grid-dispatch app?";
	return `answered ${status}`;
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
