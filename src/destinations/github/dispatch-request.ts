import { writeJson } from "../../event/json.ts";
import type { ClientPayload } from "./client-payload.ts";

/** One `POST /repos/{owner}/{repo}/dispatches`, its body already as it will be sent. */
export interface DispatchRequest {
	readonly owner: string;
	readonly repo: string;
	/** JSON, proved to be within GitHub's limits. */
	readonly body: string;
	/** The name of the secret that holds the token; left out, the default token. */
	readonly token?: string;
}

export type BuiltRequest =
	| { readonly ok: true; readonly request: DispatchRequest; readonly bytes: number }
	/** `tooLarge` says that less of the event would fit. */
	| { readonly ok: false; readonly tooLarge: boolean; readonly reason: string };

/** Source of the limits: REST API, "Create a repository dispatch event". */
export const LIMITS = { eventTypeCharacters: 100, payloadKeys: 10, bodyBytes: 64 * 1024 } as const;

/**
 * Builds a request and proves GitHub's limits on the very bytes that will be sent: for an event and for a window, when
 * they are accepted and when they are sent. The whole body must be under
 * 64 KB, whichever part of it GitHub counts. Nothing is ever cut to fit.
 */
export function toDispatchRequest(
	to: { readonly repository: string; readonly dispatchType: string; readonly token?: string },
	payload: ClientPayload,
): BuiltRequest {
	const length = [...to.dispatchType].length;
	if (to.dispatchType.trim() === "") return refuse("the event type leaves nothing for a dispatch type");
	if (length > LIMITS.eventTypeCharacters) {
		return refuse(
			`the dispatch type has ${length} characters, GitHub takes ${LIMITS.eventTypeCharacters}; give the route a dispatchType`,
		);
	}
	const body = toJson({ event_type: to.dispatchType, client_payload: payload });
	if (body === undefined) return refuse("data is nested too deeply to be written as JSON");
	const bytes = Buffer.byteLength(body);
	if (bytes >= LIMITS.bodyBytes) {
		return refuse(`the client payload would take ${bytes} bytes, GitHub takes less than ${LIMITS.bodyBytes}`, true);
	}
	const [owner = "", repo = ""] = to.repository.split("/");
	return { ok: true, request: { owner, repo, body, ...(to.token === undefined ? {} : { token: to.token }) }, bytes };
}

function refuse(reason: string, tooLarge = false): BuiltRequest {
	return { ok: false, tooLarge, reason };
}

/** Reading an event bounds its depth; what is built of it otherwise is a dead letter, and not an error. */
function toJson(value: unknown): string | undefined {
	try {
		return writeJson(value);
	} catch (error) {
		if (error instanceof RangeError) return undefined;
		throw error;
	}
}
