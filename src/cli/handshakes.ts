import { plain } from "../log.ts";
import { type Ask, type Asked, errorIn, GIVE_TOKEN, keyHeader, wantsToken } from "./ask.ts";
import { shownUrl } from "./bridge-url.ts";
import type { Io } from "./io.ts";
import { colour } from "./print.ts";

/** A door that an event subscription leads to. */
export interface Subscribed {
	readonly url: string | URL;
	readonly key: string | undefined;
	/** A bearer token, for a webhook that Microsoft Entra protects. */
	readonly token?: string | undefined;
}

/** How a handshake was answered. */
interface HandshakeAnswer extends Asked {
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

/** How a handshake ended. */
interface Handshake {
	readonly form: "Event Grid schema" | "CloudEvents";
	readonly ok: boolean;
	/** Null where nothing answered. */
	readonly status: number | null;
	readonly answer: string;
}

interface HandshakeOptions extends Subscribed {
	/** What is wanted back. */
	readonly code: string;
	/** The topic that subscribes, as its ARM id. */
	readonly topic: string;
	/** ISO 8601. */
	readonly time: string;
}

/** Event Grid's, in the public cloud. */
const ORIGIN = "eventgrid.azure.net";

/** Plays both handshakes of a subscription, and says what came of them. */
export async function playHandshakes(ask: Ask, options: HandshakeOptions): Promise<readonly Handshake[]> {
	const code = await askForCode(ask, options, options);
	const origin = await askForOrigin(ask, options, ORIGIN);
	const noCode =
		code.status === 200 ? "the answer does not contain the code" : `the status must be 200${because(code)}`;
	const allowed = origin.headers.get("webhook-allowed-origin") === "*" ? "every origin" : ORIGIN;
	const noOrigin = `it does not accept events from ${ORIGIN}${because(origin)}`;
	return [
		played("Event Grid schema", options, code, code.taken ? "it returned the code" : noCode),
		played("CloudEvents", options, origin, origin.taken ? `it accepts events from ${allowed}` : noOrigin),
	];
}

function played(form: Handshake["form"], { key }: Subscribed, asked: HandshakeAnswer, answer: string): Handshake {
	const { status, taken: ok, reason } = asked;
	if (status === 0) return { form, ok, status: null, answer: `nothing answers (${reason})` };
	if (wantsToken(asked)) return { form, ok, status, answer: `${errorIn(asked)}. ${GIVE_TOKEN}` };
	const wantsKey = status === 401 && key === undefined;
	return {
		form,
		ok,
		status,
		answer: wantsKey ? "it needs a function key: give the key in GRID_DISPATCH_KEY or with --key" : answer,
	};
}

function because(answer: HandshakeAnswer): string {
	const error = errorIn(answer);
	return error === "" ? "" : `: ${error}`;
}

/** Prints how the handshakes of a webhook ended. */
export function printHandshakes(io: Io, url: URL, played: readonly Handshake[]): void {
	const paint = colour(io.stdout, io.env);
	io.stdout.write(`${shownUrl(url)}\n`);
	for (const { form, ok, status, answer } of played) {
		const classification = ok ? paint("green", "accepted") : paint("red", "refused ");
		io.stdout.write(`  ${classification}  ${form.padEnd(17)}  ${status ?? "-"}  ${plain(answer)}\n`);
	}
}
