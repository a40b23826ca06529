import { EVENT_GRID_ORIGINS } from "../../functions/handshake.ts";
import { type Ask, type Asked, errorIn, wantsToken } from "../ask.ts";
import { askForCode, askForOrigin } from "../handshakes.ts";
import { type Check, checksOf } from "./check.ts";
import type { Target } from "./find-target.ts";

const PLAYED = { code: "grid-dispatch-doctor", time: "2026-01-01T00:00:00Z" };
const GIVE_KEY = "give the function key in GRID_DISPATCH_KEY or with --key, or name the app with --app";

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
		return [
			`${protects}, and refuses the token in GRID_DISPATCH_TOKEN: ${errorIn(asked)}`,
			"set it to a token with the role",
		];
	const repair = "check that events of the subscription arrive; or set GRID_DISPATCH_TOKEN to a token with the role";
	return [`${protects}: it answers 401 to a request without a token, as it should`, repair];
}

/** Event Grid's own form: it posts a code, and wants it back with exactly 200. */
async function checkValidation(target: Target, ask: Ask): Promise<Check> {
	const { ok, error, cannotTell } = checksOf("handshake", "Event Grid schema");
	const webhook = webhookOf(target);
	const asked = await askForCode(ask, webhook, { ...PLAYED, topic: target.topic });
	const said = errorIn(asked);
	if (asked.taken) return ok("the webhook answers the validation event");
	if (wantsToken(asked)) return cannotTell(...protectedBy(target, asked));
	if (asked.status === 401) return cannotTell("the webhook needs a function key", GIVE_KEY);
	if (asked.status === 403 && said.includes("HANDSHAKE_TOPICS")) {
		return cannotTell(
			"HANDSHAKE_TOPICS does not contain the topic of this test",
			"give the ARM id of your topic with --topic",
		);
	}
	if (asked.status === 403 && said.includes("HANDSHAKE_SUBSCRIPTIONS")) {
		return cannotTell(
			"HANDSHAKE_SUBSCRIPTIONS does not contain the subscription of this test",
			"check that it contains your event subscription",
		);
	}
	return error(
		`the webhook refuses the validation event: ${described(asked)}`,
		"look at the app's log; until this is repaired, no webhook subscription can be made",
	);
}

/** CloudEvents' form: an origin asks whether it may send. */
async function checkOptions(target: Target, ask: Ask): Promise<Check> {
	const { ok, error, cannotTell } = checksOf("handshake", "CloudEvents");
	const webhook = webhookOf(target);
	let last: Asked | undefined;
	for (const origin of EVENT_GRID_ORIGINS) {
		const asked = await askForOrigin(ask, webhook, origin);
		if (asked.taken) return ok(`the webhook accepts events from ${origin}`);
		last = asked;
		if (wantsToken(last)) return cannotTell(...protectedBy(target, last));
		if (last.status === 401) return cannotTell("the webhook needs a function key", GIVE_KEY);
		if (last.status !== 405) break;
	}
	const repair = `add Event Grid's origin to HANDSHAKE_ORIGINS (${EVENT_GRID_ORIGINS[0]} in the public cloud), or remove that setting`;
	const why = last?.status === 405 ? errorIn(last) : described(last);
	return error(`the webhook accepts events from no origin of Event Grid: ${why}`, repair);
}

/** The extension of the Functions host answers for the trigger `eventGrid`. */
async function checkTrigger(target: Target, ask: Ask): Promise<Check> {
	const { ok, error, cannotTell } = checksOf("event grid", "eventGrid");
	const url = `${target.bridgeUrl}/runtime/webhooks/eventgrid?functionName=eventGrid`;
	const asked = await askForCode(ask, { url, key: target.eventGridKey }, { ...PLAYED, topic: target.topic });
	if (asked.taken) return ok('the trigger for delivery "function" exists');
	if (asked.status === 401 || asked.status === 403) {
		const repair = "name the app with --app and --resource-group; az then reads the system key";
		return cannotTell("Azure protects this trigger with a system key", repair);
	}
	const repair = 'deploy the code; with delivery "function", then run: node infra/subscribe.mjs';
	return error(`the trigger eventGrid does not answer: ${described(asked)}`, repair);
}

function described(asked: Asked | undefined): string {
	if (asked === undefined || asked.status === 0) return asked?.reason ?? "no answer";
	return [String(asked.status), errorIn(asked)].filter((text) => text !== "").join(", ");
}
