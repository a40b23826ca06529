import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Fault } from "./script.ts";

/** An answer of the stand-in's. */
export interface Answer {
	readonly status: number;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: unknown;
}

/** Whether the service does what the request asks for, in spite of a scripted fault. */
export function isDoneDespite(fault: Fault | undefined): boolean {
	if (fault?.taken === true) return true;
	return fault?.status === undefined && fault?.refuse === undefined && fault?.hang !== true && fault?.cut !== "before";
}

/**
 * The answer that a fault puts in place of the proper one; undefined where it leaves that.
 * @param inOwnForm the service's own error of that status
 */
export function scriptedAnswer(fault: Fault | undefined, inOwnForm: (status: number) => Answer): Answer | undefined {
	if (fault?.status === undefined) return undefined;
	return "body" in fault ? { status: fault.status, body: fault.body } : inOwnForm(fault.status);
}

/** A page of a list, by `per_page` (30, at most 100) and `page` as GitHub documents them. */
export function pageOf<T>(all: readonly T[], query: URLSearchParams): readonly T[] {
	const size = Math.min(Math.max(Math.trunc(Number(query.get("per_page") ?? 30)) || 30, 1), 100);
	const page = Math.max(Math.trunc(Number(query.get("page") ?? 1)) || 1, 1);
	return all.slice((page - 1) * size, page * size);
}

/** An answer with a tag of its content, by which a caller that has it already is answered 304. */
export function tagged(answer: Answer): Answer {
	const hash = createHash("sha256").update(JSON.stringify(answer.body)).digest("hex");
	return { ...answer, headers: { etag: `W/"${hash}"`, ...answer.headers } };
}

/** Whether a caller has that answer already. Tags are compared weakly (RFC 9110, §13.1.2). */
export function isKnown({ headers }: Answer, ifNoneMatch: string | undefined): boolean {
	const bare = (tag: string) => tag.trim().replace(/^W\//, "");
	const tag = headers?.["etag"];
	if (tag === undefined || ifNoneMatch === undefined) return false;
	return ifNoneMatch.trim() === "*" || ifNoneMatch.split(",").some((one) => bare(one) === bare(tag));
}

/** Sends an answer: as JSON, unless it is a text with a content type of its own, such as a page. */
export function sendAnswer(response: ServerResponse, { status, headers = {}, body }: Answer): void {
	if (status === 204 || status === 304 || body === undefined) {
		response.writeHead(status, headers).end();
		return;
	}
	const types = Object.entries(headers).filter(([name]) => name.toLowerCase() === "content-type");
	const isText = typeof body === "string" && types.some(([, type]) => !/\bjson\b/i.test(type));
	response
		.writeHead(status, types.length > 0 ? headers : { "content-type": "application/json; charset=utf-8", ...headers })
		.end(isText ? body : JSON.stringify(body, null, "\t"));
}
