import type { HttpResponseInit } from "@azure/functions";

/** Whom the bridge lets subscribe it. Empty: each caller that has the key. Compared without regard to case. */
export interface HandshakeRules {
	/** Topics' ARM ids. */
	readonly topics: readonly string[];
	/** Names of event subscriptions. */
	readonly subscriptions: readonly string[];
	/** Origins of the CloudEvents handshake. */
	readonly origins: readonly string[];
}

/** Event Grid's own origins, public and sovereign clouds. Source: the Event Grid extension of Azure Functions. */
export const EVENT_GRID_ORIGINS: readonly string[] = [
	"eventgrid.azure.net",
	"eventgrid.azure.us",
	"eventgrid.azure.cn",
	"eventgrid.azure.eaglex.ic.gov",
	"eventgrid.azure.microsoft.scloud",
];

/** Comma-separated lists; they cannot be wrong, so that a handshake succeeds while the rest is still being set up. */
export function readHandshakeRules(env: Readonly<Record<string, string | undefined>>): HandshakeRules {
	const list = (name: string) =>
		(env[name] ?? "")
			.split(",")
			.map((item) => item.trim().toLowerCase())
			.filter((item) => item !== "");
	const origins = list("HANDSHAKE_ORIGINS");
	return {
		topics: list("HANDSHAKE_TOPICS"),
		subscriptions: list("HANDSHAKE_SUBSCRIPTIONS"),
		origins: origins.length > 0 ? origins : EVENT_GRID_ORIGINS,
	};
}

/**
 * Answers the CloudEvents handshake: `OPTIONS`, with the origin that asks to be allowed to send.
 * Source: CloudEvents, "HTTP 1.1 Web Hooks for Event Delivery", section 4. Its callback URL is never called.
 */
export function answerOptions(headers: Headers, rules: HandshakeRules): HttpResponseInit {
	const allow = { Allow: "POST, OPTIONS" };
	const origin = headers.get("webhook-request-origin") ?? "";
	if (origin === "" || !(rules.origins.includes(origin.toLowerCase()) || rules.origins.includes("*"))) {
		// Without consent, 405 is what that page recommends.
		const error = origin === "" ? "WebHook-Request-Origin is missing" : `${origin} is not in HANDSHAKE_ORIGINS`;
		return { status: 405, headers: allow, jsonBody: { error } };
	}
	return { status: 200, headers: { ...allow, "WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*" } };
}

/**
 * Answers what Event Grid posts about the subscription itself, in either envelope; undefined for a delivery of events.
 * The validation must be answered with exactly 200; any other status refuses it. `validationUrl` is never fetched.
 * Source: learn.microsoft.com, "Endpoint validation with Event Grid event schema".
 */
export function answerHandshake(
	headers: Headers,
	elements: readonly unknown[],
	rules: HandshakeRules,
): HttpResponseInit | undefined {
	const kind = headers.get("aeg-event-type")?.toLowerCase();
	const event = elements.length === 1 ? readSubscriptionEvent(elements[0]) : undefined;
	if (kind === "subscriptiondeletion" || kind === "unsubscribe" || event?.type === DELETED) {
		return { status: 200, jsonBody: {} };
	}
	if (kind !== "subscriptionvalidation" && event?.type !== VALIDATION) return undefined;
	if (event?.validationCode === undefined) {
		return { status: 400, jsonBody: { error: "the validation event has no data.validationCode" } };
	}
	const subscription = headers.get("aeg-subscription-name") ?? "";
	if (!allowed(event.topic, rules.topics)) return refuse(`the topic "${event.topic}" is not in HANDSHAKE_TOPICS`);
	if (!allowed(subscription, rules.subscriptions)) {
		return refuse(`the subscription "${subscription}" is not in HANDSHAKE_SUBSCRIPTIONS`);
	}
	return { status: 200, jsonBody: { validationResponse: event.validationCode } };
}

const VALIDATION = "microsoft.eventgrid.subscriptionvalidationevent";
const DELETED = "microsoft.eventgrid.subscriptiondeletedevent";

interface SubscriptionEvent {
	/** In lower case. */
	readonly type: string;
	readonly topic: string;
	readonly validationCode: string | undefined;
}

/** Reads loosely what may be one of Event Grid's own events; in CloudEvents its data has been seen as a JSON string. */
function readSubscriptionEvent(element: unknown): SubscriptionEvent {
	const event = membersOf(element);
	const data = membersOf(event["data"]);
	return {
		type: textOf(event["eventType"] ?? event["type"]).toLowerCase(),
		topic: textOf(event["topic"] ?? event["source"]),
		validationCode: textOf(data["validationCode"]) || undefined,
	};
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
	if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
	if (typeof value !== "string") return {};
	try {
		return membersOf(JSON.parse(value) as object);
	} catch {
		return {};
	}
}

function textOf(value: unknown): string {
	return typeof value === "string" ? value : "";
}

function allowed(name: string, list: readonly string[]): boolean {
	return list.length === 0 || list.includes(name.toLowerCase());
}

function refuse(error: string): HttpResponseInit {
	return { status: 403, jsonBody: { error } };
}
