import { byReference, toBlob } from "../destinations/client-payload.ts";
import type { Destinations } from "../destinations/list.ts";
import type { BridgeEvent } from "../event/bridge-event.ts";
import { writeJson } from "../event/json.ts";
import type { Delivery, EventFacts } from "../model.ts";
import { groupOf } from "../route/group.ts";
import { idempotencyKey } from "../route/idempotency-key.ts";
import type { Coalesce } from "../route/route.ts";
import type { Match } from "../route/router.ts";

export interface PlanOptions {
	/** Of grid-dispatch. */
	readonly version: string;
	readonly destinations: Pick<Destinations, "build" | "laneOf">;
	/** Keeps data that is too large to be sent. Answers its URL. */
	readonly keep: (blob: string, content: Buffer) => Promise<string>;
}

/** What to promise for an event at one destination, or why nothing can be. */
export type PlannedDelivery =
	| { readonly ok: true; readonly delivery: Delivery }
	| { readonly ok: false; readonly key: string; readonly reason: string };

/** Decides what to promise: the exact request, or the window to join. */
export async function planDelivery(event: BridgeEvent, match: Match, options: PlanOptions): Promise<PlannedDelivery> {
	const { coalesce } = match;
	return coalesce === undefined ? planRequest(event, match, options) : planJoin(event, match, coalesce, options);
}

async function planRequest(event: BridgeEvent, match: Match, options: PlanOptions): Promise<PlannedDelivery> {
	const { route, to } = match;
	const key = idempotencyKey(event, to.id);
	const { destinations } = options;
	const delivery = deliveryFor(event, match, key, options);
	const facts = { version: options.version, route, key };
	const whole = destinations.build(to, event, facts);
	if (whole.ok) return { ok: true, delivery: { ...delivery, how: whole } };
	if (!whole.tooLarge) return { ok: false, key, reason: whole.reason };
	const { content, sha256 } = toBlob(event.data);
	const referring = (url: string) => {
		const data = byReference(event.data, { url, sha256, bytes: content.length });
		return destinations.build(to, { ...event, data }, facts);
	};
	// What would not fit even so is not worth a blob.
	const proof = referring(LONGEST_URL);
	if (!proof.ok) return { ok: false, key, reason: proof.reason };
	const blob = `payloads/${key}-${sha256.slice(0, 16)}.json`;
	const built = referring(await options.keep(blob, content));
	if (!built.ok) return { ok: false, key, reason: built.reason };
	return { ok: true, delivery: { ...delivery, how: built, blobs: [blob] } };
}

function planJoin(event: BridgeEvent, match: Match, coalesce: Coalesce, options: PlanOptions): PlannedDelivery {
	const { route, to } = match;
	const group = groupOf(event, route, to, coalesce);
	const key = idempotencyKey(event, group);
	// The window may be this event's alone, or begin with it: then its dispatch has this type.
	const facts = { version: options.version, route, key };
	const proof = options.destinations.build(to, leastWindow(event), facts);
	if (!proof.ok) return { ok: false, key, reason: proof.reason };
	const { id, type, source, subject, time, data = null, extensions } = event;
	const line = writeJson({
		id,
		type,
		source,
		subject,
		time,
		data,
		...(extensions === undefined ? {} : { extensions }),
	});
	const { quietSeconds, maxSeconds, maxEvents } = coalesce;
	const limits = maxEvents === undefined ? {} : { maxEvents };
	const how = {
		group,
		quietMs: quietSeconds * 1000,
		maxMs: maxSeconds * 1000,
		...limits,
		line,
	};
	return { ok: true, delivery: { ...deliveryFor(event, match, key, options), how } };
}

function deliveryFor(event: BridgeEvent, { route, to }: Match, key: string, { destinations }: PlanOptions) {
	return { key, lane: destinations.laneOf(to), event: factsOf(event), route, to };
}

/** A window's dispatch with all left out that can be, and the rest as long as it can become. */
function leastWindow({ type }: BridgeEvent): BridgeEvent {
	const most = Number.MAX_SAFE_INTEGER;
	const [firstTime, lastTime] = ["x".repeat(64), "x".repeat(64)];
	const manifest = { url: LONGEST_URL, sha256: "x".repeat(64), bytes: most, count: most };
	const data = { count: most, firstTime, lastTime, totalBytes: Number.MAX_VALUE, sample: [], manifest };
	return { id: "x".repeat(32), type, source: "", subject: "", time: lastTime, data, attributes: {} };
}

const LONGEST_URL = "x".repeat(300);

/** What of an event a receipt keeps. */
export function factsOf({ id, type, source, subject, time, data }: BridgeEvent): EventFacts {
	const run = (data as { runId?: unknown } | null | undefined)?.runId;
	return { id, type, source, subject, time, ...(typeof run === "string" ? { run: run.toWellFormed() } : {}) };
}
