import manifest from "../../../package.json" with { type: "json" };
import { planDelivery } from "../../accept/plan.ts";
import { windowBody } from "../../coalesce/close-window.ts";
import { summarise } from "../../coalesce/manifest.ts";
import { Settings } from "../../config/settings.ts";
import { openDestinations, SERVICES } from "../../destinations/list.ts";
import type { BridgeEvent } from "../../model.ts";
import { type Delivery, isJoin } from "../../model.ts";
import type { Match } from "../../route/router.ts";

const { version } = manifest;

/** The request that a delivery would send; or why it would be rejected. */
export type ShownRequest =
	| {
			readonly method: string;
			readonly url: string;
			/** JSON, exactly as it would be sent. */
			readonly body: string;
	  }
	| { readonly rejected: string };

/** All destinations as they are where nothing is set. Nothing is sent. */
export const destinations = openDestinations(
	SERVICES.map((service) => service.configure(new Settings({}), [])),
	{
		version,
		fetch: () => Promise.reject(new Error("nothing is sent")),
		now: Date.now,
		sleep: async () => {},
		timeoutMs: 1,
	},
);

const STORAGE = "https://ACCOUNT.blob.core.windows.net/grid-dispatch-payloads";

/**
 * The request for an event at a destination, as accepting plans it. Of an event that is gathered: that of a window which
 * holds this event alone, under the event's own key. Where a blob would be written, its account is called ACCOUNT.
 */
export async function requestFor(event: BridgeEvent, match: Match): Promise<ShownRequest> {
	const store = async (blob: string) => `${STORAGE}/${blob}`;
	const planned = await planDelivery(event, match, { version, destinations, store });
	if ("refusal" in planned) return { rejected: planned.refusal };
	const { body, refused } = bodyOf(planned.delivery);
	if (refused !== undefined) return { rejected: refused };
	const [method = "", url = ""] = destinations.requestLine(match.to).split(" ");
	return { method, url, body };
}

function bodyOf({ key, route, to, how }: Delivery): { readonly body: string; readonly refused?: string } {
	if (!isJoin(how)) return how;
	const lines = [how.line];
	const blob = { url: `${STORAGE}/manifests/${key}.jsonl`, sha256: "0".repeat(64), bytes: how.line.length, count: 1 };
	return windowBody({ key, route, to, summary: summarise(lines), lines, manifest: blob }, { version, destinations });
}
