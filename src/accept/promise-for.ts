import { byReference, toBlob } from "../dispatch/by-reference.ts";
import { toClientPayload } from "../dispatch/client-payload.ts";
import { toDispatchRequest } from "../dispatch/dispatch-request.ts";
import { laneOf } from "../dispatch/lane-of.ts";
import type { TokenConfig } from "../dispatch/open-tokens.ts";
import type { BridgeEvent } from "../event/bridge-event.ts";
import type { EventFacts, Promised, Request } from "../ledger/promise.ts";
import { groupOf } from "../route/group.ts";
import { promiseKey } from "../route/promise-key.ts";
import type { Match } from "../route/router.ts";

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
	const { route, to, coalesce } = match;
	const key = promiseKey(event, to);
	const promised = { key, lane: laneOf(options.tokenKind, to), event: factsOf(event), route, to };
	const token = to.token === undefined ? {} : { token: to.token };
	if (coalesce !== undefined) {
		const { id, type, source, subject, time, data } = event;
		const line = JSON.stringify({ id, type, source, subject, time, data: data ?? null });
		const { quietSeconds, maxSeconds, maxEvents } = coalesce;
		const limits = maxEvents === undefined ? {} : { maxEvents };
		const timing = { quietMs: quietSeconds * 1000, maxMs: maxSeconds * 1000, ...limits };
		const how = { group: groupOf(event, route, to, coalesce), ...timing, ...token, line };
		return { ok: true, promised: { ...promised, how } };
	}
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
	const proof = referring("x".repeat(MAX_URL));
	if (!proof.ok) return { ok: false, key, reason: proof.reason };
	const blob = `payloads/${key}-${sha256.slice(0, 16)}.json`;
	const built = referring(await options.keep(blob, content));
	if (!built.ok) return { ok: false, key, reason: built.reason };
	return { ok: true, promised: { ...promised, how: built.request satisfies Request, blobs: [blob] } };
}

const MAX_URL = 300;

function factsOf({ id, type, source, subject, time, data }: BridgeEvent): EventFacts {
	const run = (data as { runId?: unknown } | null | undefined)?.runId;
	return { id, type, source, subject, time, ...(typeof run === "string" ? { run } : {}) };
}
