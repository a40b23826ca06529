import { isObject, writeJson } from "../../event/json.ts";
import type { BridgeEvent, Destination } from "../../model.ts";
import { applyMapping, type Mapping, mappingProblem } from "../../route/mapping.ts";
import { type RouteTo, toDispatchType } from "../../route/route.ts";
import { BODY_BYTES, type BridgeFacts, toClientPayload } from "../client-payload.ts";
import { type Built, refuse, tooLarge } from "../destination.ts";

/** GitHub's `POST /repos/{owner}/{repo}/dispatches`, as `to.repository.schema.json` describes it, with nothing left open. */
export interface RepositoryDispatch extends Destination {
	/** `owner/name` */
	readonly repository: string;
	/** GitHub's `event_type`. */
	readonly dispatchType: string;
	/** What the client payload holds beside `bridge`; left out, the whole event. Not part of the id. */
	readonly payload?: Mapping | undefined;
}

/** Source of the limits: REST API, "Create a repository dispatch event". */
export const LIMITS = { eventTypeCharacters: 100, payloadKeys: 10, bodyBytes: BODY_BYTES } as const;

/** Below the API's address. */
export function dispatchPath({ repository }: RouteTo): string {
	return `/repos/${repository}/dispatches`;
}

/** GitHub's repository names do not distinguish case, its event types do. */
export function resolveDispatch(
	{ repository = "", dispatchType, payload, token }: RouteTo,
	eventType: string,
): RepositoryDispatch {
	const type = typeof dispatchType === "string" ? dispatchType : toDispatchType(eventType);
	const id = `${repository.toLowerCase()}#${type}`;
	return {
		id,
		repository,
		dispatchType: type,
		payload: payload as Mapping | undefined,
		token,
	};
}

/** `bridge` is in every client payload: workflows name their runs after `bridge.key`. */
const MAPPED_KEYS = LIMITS.payloadKeys - 1;

/** What is wrong with a route's `payload` that its JSON Schema cannot say; undefined where nothing is. */
export function payloadProblem({ payload }: RouteTo): string | undefined {
	if (payload === undefined) return undefined;
	if (!isObject(payload)) return "is not a mapping";
	const names = Object.keys(payload);
	if (names.includes("bridge")) return '"bridge" is the bridge\'s own key, which is always sent; choose another name';
	if (names.length > MAPPED_KEYS) {
		const taken = `GitHub accepts ${LIMITS.payloadKeys} keys, and "bridge" is always one of them`;
		return `has ${names.length} names; ${taken}: map at most ${MAPPED_KEYS}, or put some into data`;
	}
	return mappingProblem(payload as Mapping);
}

/**
 * Builds a request and proves GitHub's limits on the very bytes that will be sent. The whole body must be under 64 KB,
 * whichever part of it GitHub counts.
 */
export function buildDispatch(to: RepositoryDispatch, event: BridgeEvent, facts: BridgeFacts): Built {
	// A stored one may be damaged.
	const dispatchType = typeof to.dispatchType === "string" ? to.dispatchType : "";
	const length = [...dispatchType].length;
	const body = writeJson({ event_type: dispatchType, client_payload: payloadOf(to, event, facts) });
	if (dispatchType.trim() === "")
		return refuse("no dispatch type can be made from the event type; give the route a dispatchType", body);
	if (length > LIMITS.eventTypeCharacters) {
		const most = LIMITS.eventTypeCharacters;
		return refuse(
			`the dispatch type has ${length} characters, but GitHub accepts at most ${most}; give the route a dispatchType`,
			body,
		);
	}
	if (to.payload !== undefined && !isObject(to.payload)) return refuse("its row in storage is damaged: payload", body);
	const bytes = Buffer.byteLength(body);
	if (bytes < LIMITS.bodyBytes) return { ok: true, body };
	const reason = `the client payload would have ${bytes} bytes, but GitHub accepts less than ${LIMITS.bodyBytes}`;
	return tooLarge(reason, body);
}

function payloadOf({ payload }: RepositoryDispatch, event: BridgeEvent, facts: BridgeFacts): object {
	if (!isObject(payload)) return toClientPayload(event, facts);
	return { ...applyMapping(payload, event, facts), bridge: facts };
}
