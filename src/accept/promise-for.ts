import { byReference, toBlob } from "../dispatch/by-reference.ts";
import { toClientPayload } from "../dispatch/client-payload.ts";
import { toDispatchRequest } from "../dispatch/dispatch-request.ts";
import { laneOf } from "../dispatch/lane-of.ts";
import type { TokenConfig } from "../dispatch/open-tokens.ts";
import type { BridgeEvent } from "../event/bridge-event.ts";
import { writeJson } from "../json.ts";
import type { EventFacts, Promised, Request } from "../ledger/promise.ts";
import { groupOf } from "../route/group.ts";
import { promiseKey } from "../route/promise-key.ts";
import type { Coalesce } from "../route/route.ts";
import { destinationId, type Match } from "../route/router.ts";

export interface PromiseOptions {
	/** Of grid-dispatch. */
	readonly version: string;
	readonly tokenKind: TokenConfig["kind"];
	/** Keeps data that is too large to be sent. Answers its URL. */
	readonly keep: (blob: string, content: Buffer) => Promise<string>;
}

/** What to promise for an event at one destination, or why nothing can be. */
export type PromiseFor =
	| { readonly ok: true; readonly promised: Promised }
	| { readonly ok: false; readonly key: string; readonly reason: string };

/** Decides what to promise: the exact request, or the window to join. */
export async function promiseFor(event: BridgeEvent, match: Match, options: PromiseOptions): Promise<PromiseFor> {
	const { coalesce } = match;
	return coalesce === undefined ? promiseRequest(event, match, options) : promiseJoin(event, match, coalesce, options);
}

async function promiseRequest(event: BridgeEvent, match: Match, options: PromiseOptions): Promise<PromiseFor> {
	const { route, to } = match;
	const key = promiseKey(event, destinationId(to));
	const promised = promisedOf(event, match, key, options);
	const facts = { version: options.version, route, key };
	const whole = toDispatchRequest(to, toClientPayload(event, facts));
	if (whole.ok) return { ok: true, promised: { ...promised, how: whole.request } };
	if (!whole.tooLarge) return { ok: false, key, reason: whole.reason };
	const { content, sha256 } = toBlob(event.data);
	const referring = (url: string) => {
		const data = byReference(event.data, { url, sha256, bytes: content.length });
		return toDispatchRequest(to, toClientPayload({ ...event, data }, facts));
	};
	// What would not fit even so is not worth a blob.
	const proof = referring(LONGEST_URL);
	if (!proof.ok) return { ok: false, key, reason: proof.reason };
	const blob = `payloads/${key}-${sha256.slice(0, 16)}.json`;
	const built = referring(await options.keep(blob, content));
	if (!built.ok) return { ok: false, key, reason: built.reason };
	return { ok: true, promised: { ...promised, how: built.request satisfies Request, blobs: [blob] } };
}

function promiseJoin(event: BridgeEvent, match: Match, coalesce: Coalesce, options: PromiseOptions): PromiseFor {
	const { route, to } = match;
	const group = groupOf(event, route, to, coalesce);
	const key = promiseKey(event, group);
	// The window may be this event's alone, or begin with it: then its dispatch has this type.
	const facts = { version: options.version, route, key };
	const proof = toDispatchRequest(to, toClientPayload(leastWindow(event), facts));
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
		...(to.token === undefined ? {} : { token: to.token }),
		line,
	};
	return { ok: true, promised: { ...promisedOf(event, match, key, options), how } };
}

function promisedOf(event: BridgeEvent, { route, to }: Match, key: string, { tokenKind }: PromiseOptions) {
	return { key, lane: laneOf(tokenKind, to), event: factsOf(event), route, to };
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
