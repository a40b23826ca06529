import { isObject } from "../../event/is-object.ts";
import { reasonOf } from "../reason-of.ts";
import type { WebhookDoorOptions } from "./webhook-door.ts";
import { keyHeader } from "./webhook-door.ts";

/** How a handshake ended. */
export interface Handshake {
	readonly form: "Event Grid schema" | "CloudEvents";
	readonly ok: boolean;
	/** Null where nothing answered. */
	readonly status: number | null;
	readonly answer: string;
}

export interface HandshakeOptions extends WebhookDoorOptions {
	/** What is wanted back. */
	readonly code: string;
	/** The topic that subscribes, as its ARM id. */
	readonly topic: string;
	/** ISO 8601. */
	readonly time: string;
}

/** Event Grid's, in the public cloud. */
const ORIGIN = "eventgrid.azure.net";
const TIMEOUT_MS = 30_000;

/**
 * Plays both handshakes of a subscription: the code that has to come back with exactly 200, and the origin that has to be
 * allowed. Sources: learn.microsoft.com, "Endpoint validation with Event Grid event schema"; CloudEvents, "HTTP 1.1 Web
 * Hooks for Event Delivery".
 */
export async function playHandshakes(options: HandshakeOptions): Promise<readonly Handshake[]> {
	return [await playValidation(options), await playOptions(options)];
}

async function playValidation(options: HandshakeOptions): Promise<Handshake> {
	const { code, topic, time } = options;
	const form = "Event Grid schema";
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
		"aeg-subscription-name": "GRID-DISPATCH-SEND",
		"aeg-delivery-count": "0",
	};
	return ask(form, options, { method: "POST", headers, body: JSON.stringify([event]) }, async (response) => {
		const body = parsed(await response.text());
		const said = isObject(body) ? body : {};
		const ok = response.status === 200 && said["validationResponse"] === code;
		if (ok) return { ok, answer: "it sent the code back" };
		const why = typeof said["error"] === "string" ? `: ${said["error"]}` : "";
		const answer = response.status === 200 ? "it answered without the code" : `it has to answer 200${why}`;
		return { ok, answer };
	});
}

async function playOptions(options: HandshakeOptions): Promise<Handshake> {
	const headers = { "webhook-request-origin": ORIGIN, "webhook-request-rate": "120" };
	return ask("CloudEvents", options, { method: "OPTIONS", headers }, async (response) => {
		const allowed = response.headers.get("webhook-allowed-origin");
		const ok = response.status === 200 && (allowed === ORIGIN || allowed === "*");
		if (ok) return { ok, answer: `it lets ${allowed === "*" ? "every origin" : ORIGIN} send` };
		const said = parsed(await response.text());
		const why = isObject(said) && typeof said["error"] === "string" ? `: ${said["error"]}` : "";
		return { ok, answer: `it does not let ${ORIGIN} send${why}` };
	});
}

async function ask(
	form: Handshake["form"],
	{ url, key, fetch }: WebhookDoorOptions,
	init: RequestInit,
	judge: (response: Response) => Promise<Pick<Handshake, "ok" | "answer">>,
): Promise<Handshake> {
	try {
		const headers = { ...init.headers, ...keyHeader(key) };
		const response = await fetch(url, {
			...init,
			headers,
			redirect: "manual",
			signal: AbortSignal.timeout(TIMEOUT_MS),
		});
		const judged = await judge(response);
		const wantsKey = response.status === 401 && key === undefined;
		const answer = wantsKey ? "it asks for a key: give it in GRID_DISPATCH_KEY or with --key" : judged.answer;
		return { form, status: response.status, ok: judged.ok, answer };
	} catch (error) {
		return { form, status: null, ok: false, answer: `nothing answers (${reasonOf(error)})` };
	}
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
