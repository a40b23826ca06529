import type { IncomingHttpHeaders } from "node:http";
import { type DispatchBody, tokenOf } from "./github-rules.ts";
import type { Fault } from "./script.ts";

/** A dispatch that the stand-in has taken, as `GET /_received` lists it. */
export interface Received extends DispatchBody {
	/** ISO 8601. */
	readonly at: string;
	/** owner/name */
	readonly repository: string;
	/** Of the request, without the credentials. */
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * A call of the API, as a judge of a storm needs it: a dispatch that was taken twice under one key is excused by a call
 * with that key that has no status, or that was `taken` though it was answered otherwise.
 */
export interface ApiCall {
	/** Epoch milliseconds of its arrival. */
	readonly at: number;
	readonly path: string;
	readonly token: string | undefined;
	/** `bridge.key` of its client payload. */
	readonly key?: string;
	/** The scripted fault in place of the proper answer; a number is its status. */
	readonly fault?: "hang" | "cut before" | "cut after" | number;
	/** The fault said that the dispatch is taken all the same. */
	readonly taken?: true;
	/** The status that was sent; null without one: under way, hanging, cut off, or given up by the caller. */
	readonly status: number | null;
}

/** Writes a call down as it arrives. */
export function noteCall(
	at: number,
	path: string,
	headers: IncomingHttpHeaders,
	body: Buffer,
	fault: Fault | undefined,
): ApiCall & { status: number | null } {
	const [key, note] = [keyIn(body), noteOf(fault)];
	return {
		at,
		path,
		token: tokenOf(headers),
		...(key === undefined ? {} : { key }),
		...(note === undefined ? {} : { fault: note }),
		...(fault?.taken === true ? { taken: true } : {}),
		status: null,
	};
}

function keyIn(body: Buffer): string | undefined {
	try {
		const key: unknown = JSON.parse(body.toString("utf8")).client_payload.bridge.key;
		return typeof key === "string" ? key : undefined;
	} catch {
		return undefined;
	}
}

function noteOf(fault: Fault | undefined): ApiCall["fault"] {
	if (fault?.hang === true) return "hang";
	return fault?.cut === undefined ? fault?.status : `cut ${fault.cut}`;
}
