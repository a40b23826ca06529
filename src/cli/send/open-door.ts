import { isLoopback } from "../../config/settings.ts";
import { isObject, writeJson } from "../../event/json.ts";
import type { EventResult } from "../../model.ts";
import { type Ask, type Asked, createAsk, errorIn, GIVE_TOKEN, keyHeader, wantsToken } from "../ask.ts";
import { readUrl, shownUrl } from "../bridge-url.ts";
import { CliError } from "../cli-error.ts";
import type { Subscribed } from "../handshakes.ts";
import type { Io } from "../io.ts";
import { keyOf, urlOf, webhookTokenOf } from "../options.ts";
import type { Delivery, DeliveryEnd, Door } from "./deliveries.ts";
import type { SendFlags } from "./prepare-events.ts";

/** Event Grid waits so long for an answer. Source: learn.microsoft.com, "Event Grid message delivery and retry". */
const TIMEOUT_MS = 30_000;

const WEBHOOK = "/api/events";
const TRIGGER = "/runtime/webhooks/eventgrid?functionName=eventGrid";
/** The webhook, and the predecessor's name of it. */
const OF_THE_BRIDGE = /^\/(?:api\/(?:events|generic_triggers)\/?)?$/;

/** Where the flags say that events go. */
export async function openDoor(flags: SendFlags, io: Io): Promise<Door> {
	const { topic, to, trigger } = flags;
	if (topic === undefined) return createWebhookDoor(createAsk(io, TIMEOUT_MS), targetOf(flags, io));
	if (to !== undefined || trigger || flags.url !== undefined) {
		throw new CliError("give only one of --topic, --to, --url and --trigger", 2);
	}
	const endpoint = readUrl(topic, "--topic");
	if (endpoint.pathname === "/") endpoint.pathname = WEBHOOK;
	const { createTopicDoor } = await import("./topic-door.ts");
	return createTopicDoor({ endpoint, key: io.env["EVENT_GRID_TOPIC_KEY"]?.trim() || undefined });
}

/** The address of a webhook, and what opens it. */
interface Webhook extends Subscribed {
	readonly url: URL;
}

export function targetOf(flags: SendFlags, io: Io): Webhook {
	const { to, url, trigger, key } = flags;
	if (to !== undefined && url !== undefined) throw new CliError("give --url or --to, not both", 2);
	const named = to === undefined ? urlOf(flags, io) : { value: to, from: "--to" };
	const given = readUrl(named.value, named.from ?? "--url");
	if (trigger) {
		if (!isLoopback(given) || given.pathname !== "/") {
			throw new CliError("--trigger works only with a local host; in Azure a system key protects the trigger", 2);
		}
		return { url: new URL(TRIGGER, given), key: keyOf(flags, io).value };
	}
	// The key and the token of the environment are the bridge's, and of no other server.
	if (!OF_THE_BRIDGE.test(given.pathname)) return { url: given, key };
	const door = given.pathname === "/" ? new URL(`${WEBHOOK}${given.search}`, given) : given;
	return { url: door, key: keyOf(flags, io).value, token: webhookTokenOf(io) };
}

/** Delivers as Event Grid does to a webhook. */
function createWebhookDoor(ask: Ask, { url, key, token }: Webhook): Door {
	return {
		name: shownUrl(url),
		async deliver(delivery): Promise<DeliveryEnd> {
			const headers = { ...headersOf(delivery), ...keyHeader(key, token) };
			const asked = await ask(url, { method: "POST", headers, body: writeJson(bodyOf(delivery)) });
			const { status, json } = asked;
			if (status === 0) {
				const reason = `nothing answers at ${shownUrl(url)} (${asked.reason})`;
				return { status: null, results: undefined, reason };
			}
			const taken = status >= 200 && status < 300;
			return { status, results: resultsIn(json, delivery), reason: taken ? null : whyNot(asked) };
		},
	};
}

/**
 * What a bridge says of each event, at each destination of its own; undefined where the receiver is another one, whose
 * answer may be anything.
 */
function resultsIn(json: unknown, { elements }: Delivery): readonly EventResult[] | undefined {
	const { events } = isObject(json) ? json : {};
	return Array.isArray(events) && events.length >= elements.length && events.every(isResult) ? events : undefined;
}

function isResult(given: unknown): given is EventResult {
	if (!isObject(given)) return false;
	const { id, outcome, route, key, reason } = given;
	return (
		typeof outcome === "string" && [id, route, key, reason].every((one) => one === null || typeof one === "string")
	);
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

function whyNot(asked: Asked): string {
	const { status } = asked;
	const error = errorIn(asked);
	if (wantsToken(asked)) return `answered 401: ${error}. ${GIVE_TOKEN}`;
	if (error !== "") return `answered ${status}: ${error}`;
	if (status === 401) return "answered 401: give a function key in GRID_DISPATCH_KEY or with --key";
	if (status === 404) return "answered 404: this address has no webhook; check that it is a grid-dispatch app";
	return `answered ${status}`;
}
