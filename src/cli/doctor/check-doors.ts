import { EVENT_GRID_ORIGINS } from "../../functions/handshake.ts";
import type { Ask, Asked } from "../ask.ts";
import { type Check, checksOf } from "./check.ts";
import type { Target } from "./find-target.ts";

const CODE = "grid-dispatch-doctor";
const GIVE_KEY = "give a function key with --key or GRID_DISPATCH_KEY, or name the app with --app";

/** Plays Event Grid's handshakes, in both forms, with the webhook; and the one of Event Grid's own door. */
export async function checkDoors(target: Target, ask: Ask): Promise<readonly Check[]> {
	return [await checkTrigger(target, ask), await checkValidation(target, ask), await checkOptions(target, ask)];
}

/** Event Grid's own form: it posts a code, and wants it back with exactly 200. */
async function checkValidation(target: Target, ask: Ask): Promise<Check> {
	const { ok, error, cannotTell } = checksOf("handshake", "Event Grid schema");
	const asked = await ask(`${target.bridgeUrl}/api/events`, validation(target, target.key));
	const said = errorOf(asked);
	if (asked.status === 200 && codeOf(asked) === CODE) return ok("the webhook answers the validation event");
	if (asked.status === 401) return cannotTell("the webhook wants a key", GIVE_KEY);
	if (asked.status === 403 && said.includes("HANDSHAKE_TOPICS")) {
		return cannotTell("HANDSHAKE_TOPICS lets other topics subscribe only", "name yours with --topic, as its ARM id");
	}
	if (asked.status === 403 && said.includes("HANDSHAKE_SUBSCRIPTIONS")) {
		return cannotTell(
			"HANDSHAKE_SUBSCRIPTIONS names the event subscriptions that may",
			"check that yours is among them",
		);
	}
	return error(
		`the webhook refuses the validation event: ${described(asked)}`,
		"no webhook can be subscribed; look at the app's log",
	);
}

/** CloudEvents' form: an origin asks whether it may send. */
async function checkOptions(target: Target, ask: Ask): Promise<Check> {
	const { ok, error, cannotTell } = checksOf("handshake", "CloudEvents");
	let last: Asked | undefined;
	for (const origin of EVENT_GRID_ORIGINS) {
		last = await ask(`${target.bridgeUrl}/api/events`, {
			method: "OPTIONS",
			headers: { "webhook-request-origin": origin, ...keyHeader(target.key) },
		});
		const allowed = last.headers.get("webhook-allowed-origin");
		if (last.status === 200 && (allowed === origin || allowed === "*")) return ok(`the webhook lets ${origin} send`);
		if (last.status === 401) return cannotTell("the webhook wants a key", GIVE_KEY);
		if (last.status !== 405) break;
	}
	const repair = `add Event Grid's origin to HANDSHAKE_ORIGINS (${EVENT_GRID_ORIGINS[0]} in the public cloud), or leave it out`;
	const why = last?.status === 405 ? errorOf(last) : described(last);
	return error(`the webhook lets no origin of Event Grid send: ${why}`, repair);
}

/** The extension of the Functions host answers for the trigger `eventGrid`. */
async function checkTrigger(target: Target, ask: Ask): Promise<Check> {
	const { ok, error, cannotTell } = checksOf("event grid", "eventGrid");
	const url = `${target.bridgeUrl}/runtime/webhooks/eventgrid?functionName=eventGrid`;
	const asked = await ask(url, validation(target, target.eventGridKey));
	if (asked.status === 200 && codeOf(asked) === CODE) return ok("the trigger that event subscriptions name is there");
	if (asked.status === 401 || asked.status === 403) {
		const repair = "name the app with --app and --resource-group, so that az can ask for the system key";
		return cannotTell("the platform guards this door with a key of its own", repair);
	}
	const repair = "deploy the code, and let the platform list its functions: node infra/subscribe.mjs does";
	return error(`the trigger eventGrid does not answer: ${described(asked)}`, repair);
}

function validation({ topic }: Target, key: string | undefined): RequestInit {
	const event = {
		id: CODE,
		topic,
		subject: "",
		eventType: "Microsoft.EventGrid.SubscriptionValidationEvent",
		eventTime: "2026-01-01T00:00:00Z",
		dataVersion: "2",
		metadataVersion: "1",
		data: { validationCode: CODE },
	};
	const headers = { "content-type": "application/json", "aeg-event-type": "SubscriptionValidation", ...keyHeader(key) };
	return { method: "POST", headers, body: JSON.stringify([event]) };
}

function keyHeader(key: string | undefined): Record<string, string> {
	return key === undefined ? {} : { "x-functions-key": key };
}

function codeOf({ json }: Asked): unknown {
	return (json as { validationResponse?: unknown } | null | undefined)?.validationResponse;
}

function errorOf({ json }: Asked): string {
	const { error } = (json ?? {}) as { error?: unknown };
	return typeof error === "string" ? error : "";
}

function described(asked: Asked | undefined): string {
	if (asked === undefined || asked.status === 0) return asked?.reason ?? "no answer";
	return [String(asked.status), errorOf(asked)].filter((text) => text !== "").join(", ");
}
