import { isLoopback } from "../../config/settings.ts";
import { createAsk } from "../ask.ts";
import { keyOf, urlOf, webhookTokenOf } from "../bridge-options.ts";
import { readUrl } from "../bridge-url.ts";
import { CliError } from "../cli-error.ts";
import type { Io } from "../io.ts";
import type { Door } from "./deliveries.ts";
import type { SendFlags } from "./prepare-events.ts";
import { createWebhookDoor } from "./webhook-door.ts";

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
export function targetOf(
	flags: SendFlags,
	io: Io,
): { readonly url: URL; readonly key: string | undefined; readonly token?: string | undefined } {
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
