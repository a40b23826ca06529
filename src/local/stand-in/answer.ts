import type { ServerResponse } from "node:http";
import { type Answer, githubError } from "./github-rules.ts";
import type { Allowance } from "./rate-limits.ts";
import type { Fault } from "./script.ts";

/** What a path is about: a repository (owner/name), and what of it. */
export function placeOf(path: string): { repository?: string; below?: string } {
	return /^\/(?:api\/v3\/)?repos\/(?<repository>[^/]+\/[^/]+)(?<below>\/.*)?$/.exec(path)?.groups ?? {};
}

/** Whether GitHub does what the request asks for, in spite of a scripted fault. */
export function isDoneDespite(fault: Fault | undefined): boolean {
	if (fault?.taken === true) return true;
	return fault?.status === undefined && fault?.hang !== true && fault?.cut !== "before";
}

/** The answer that a fault puts in place of the proper one; undefined where it leaves that. */
export function scriptedAnswer(fault: Fault | undefined): Answer | undefined {
	if (fault?.status === undefined) return undefined;
	return "body" in fault ? { status: fault.status, body: fault.body } : githubError(fault.status, "A scripted fault");
}

export function refuseByLimit({ exceeded, headers, retryAfterSeconds }: Allowance): Answer | undefined {
	if (exceeded === undefined) return undefined;
	if (exceeded === "primary") return { ...githubError(403, "API rate limit exceeded for this token."), headers };
	const message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
	return { ...githubError(403, message), headers: { ...headers, "retry-after": String(retryAfterSeconds) } };
}

/** Sends an answer: as JSON, unless it is a text with a content type of its own, such as a page. */
export function sendAnswer(response: ServerResponse, { status, headers = {}, body }: Answer): void {
	if (status === 204 || body === undefined) {
		response.writeHead(status, headers).end();
		return;
	}
	const types = Object.entries(headers).filter(([name]) => name.toLowerCase() === "content-type");
	const isText = typeof body === "string" && types.some(([, type]) => !/\bjson\b/i.test(type));
	response
		.writeHead(status, types.length > 0 ? headers : { "content-type": "application/json; charset=utf-8", ...headers })
		.end(isText ? body : JSON.stringify(body, null, "\t"));
}
