import { EVENT_GRID_ORIGINS } from "../../functions/handshake.ts";
import { type Ask, type Asked, errorIn, wantsToken } from "../ask.ts";
import { askForCode, askForOrigin } from "../handshakes.ts";
import { type Check, checksOf } from "./check.ts";
import type { Target } from "./find-target.ts";

const PLAYED = { code: "grid-dispatch-doctor", time: "2026-01-01T00:00:00Z" };
const GIVE_KEY = "give a function key with --key or GRID_DISPATCH_KEY, or name the app with --app";

/** Plays Event Grid's handshakes, in both forms, with the webhook; and the one of Event Grid's own door. */
export async function checkDoors(target: Target, ask: Ask): Promise<readonly Check[]> {
	return [await checkTrigger(target, ask), await checkValidation(target, ask), await checkOptions(target, ask)];
}

function webhookOf({ bridgeUrl, key, webhookToken: token }: Target) {
	return { url: `${bridgeUrl}/api/events`, key, token };
}

/** Only Event Grid has its token, so that whether the bridge takes that one is seen by events that arrive. */
function protectedBy({ webhookToken }: Target, asked: Asked): [finding: string, repair: string] {
	const protects = "Microsoft Entra protects the webhook";
	if (webhookToken !== undefined)
		return [`${protects}, and refuses GRID_DISPATCH_TOKEN: ${errorIn(asked)}`, "give a token that holds the role"];
	const repair = "look whether events of the subscription arrive; or set GRID_DISPATCH_TOKEN to a token with the role";
	return [`${protects}: it answers 401 to what has no token, as it should`, repair];
}

/** Event Grid's own form: it posts a code, and wants it back with exactly 200. */
async function checkValidation(target: Target, ask: Ask): Promise<Check> {
	const { ok, error, cannotTell } = checksOf("handshake", "Event Grid schema");
	const webhook = webhookOf(target);
	const asked = await askForCode(ask, webhook, { ...PLAYED, topic: target.topic });
	const said = errorIn(asked);
	if (asked.taken) return ok("the webhook answers the validation event");
	if (wantsToken(asked)) return cannotTell(...protectedBy(target, asked));
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
	const webhook = webhookOf(target);
	let last: Asked | undefined;
	for (const origin of EVENT_GRID_ORIGINS) {
		const asked = await askForOrigin(ask, webhook, origin);
		if (asked.taken) return ok(`the webhook lets ${origin} send`);
		last = asked;
		if (wantsToken(last)) return cannotTell(...protectedBy(target, last));
		if (last.status === 401) return cannotTell("the webhook wants a key", GIVE_KEY);
		if (last.status !== 405) break;
	}
	const repair = `add Event Grid's origin to HANDSHAKE_ORIGINS (${EVENT_GRID_ORIGINS[0]} in the public cloud), or leave it out`;
	const why = last?.status === 405 ? errorIn(last) : described(last);
	return error(`the webhook lets no origin of Event Grid send: ${why}`, repair);
}

/** The extension of the Functions host answers for the trigger `eventGrid`. */
async function checkTrigger(target: Target, ask: Ask): Promise<Check> {
	const { ok, error, cannotTell } = checksOf("event grid", "eventGrid");
	const url = `${target.bridgeUrl}/runtime/webhooks/eventgrid?functionName=eventGrid`;
	const asked = await askForCode(ask, { url, key: target.eventGridKey }, { ...PLAYED, topic: target.topic });
	if (asked.taken) return ok('the trigger for delivery "function" is there');
	if (asked.status === 401 || asked.status === 403) {
		const repair = "name the app with --app and --resource-group, so that az can ask for the system key";
		return cannotTell("the platform guards this door with a key of its own", repair);
	}
	const repair = 'deploy the code; with delivery "function" run node infra/subscribe.mjs after it';
	return error(`the trigger eventGrid does not answer: ${described(asked)}`, repair);
}

function described(asked: Asked | undefined): string {
	if (asked === undefined || asked.status === 0) return asked?.reason ?? "no answer";
	return [String(asked.status), errorIn(asked)].filter((text) => text !== "").join(", ");
}
