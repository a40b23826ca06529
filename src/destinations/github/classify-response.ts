import type { Classification } from "../../model.ts";
import { resetMs, retryAfterMs } from "../header-time.ts";
import { notFromApi as notFrom, rateLimited, type ServiceResponse, said, serverError } from "../service-response.ts";
import { type Asked, likelyCause } from "./likely-cause.ts";

const GITHUB = "GitHub";

/** What an answer of GitHub's means: also that the repository has moved, and the same request belongs there. */
export type Meaning = Classification | { readonly kind: "redirected"; readonly location: string };

/**
 * The meaning of an answer of GitHub's: of each one, whether it was asked for a dispatch, a token or a look. Pure.
 * Source: docs.github.com, "Rate limits for the REST API", "Best practices", "Troubleshooting the REST API".
 * @param now epoch milliseconds
 */
export function classifyResponse(response: ServiceResponse, now: number, asked?: Asked): Meaning {
	const { status, headers } = response;
	if (status >= 200 && status < 300) return isFromApi(response) ? { kind: "taken" } : notFromApi(response);
	if (isMoved(status) && headers["location"] !== undefined) {
		return { kind: "redirected", location: String(headers["location"]) };
	}
	if (asksToSlowDown(response)) {
		// Retry-After goes first, then the primary limit's reset.
		return rateLimited(GITHUB, response, retryAfterMs(headers, now) ?? resetMs(headers, now), now);
	}
	if (status >= 500 || status === 408) return serverError(GITHUB, response, now);
	// Of this request alone, whatever says so: a smaller one passes.
	if (status === 413) return { kind: "permanent", reason: said(GITHUB, response, "this request can never succeed") };
	if (!isFromApi(response)) return notFromApi(response);
	if (status === 401) {
		return {
			kind: "unauthorized",
			reason: said(GITHUB, response, "the token is wrong, revoked or expired; replace it with a valid one"),
		};
	}
	const repair = status === 422 || status === 403 ? asked?.repairOf?.(response.message) : undefined;
	if (repair !== undefined) {
		return { kind: repair.ofEvent ? "permanent" : "unavailable", reason: said(GITHUB, response, repair.means) };
	}
	if (status === 422) return { kind: "permanent", reason: said(GITHUB, response, "this request can never succeed") };
	const { means, wide } = likelyCause(response, asked);
	return { kind: "unavailable", ...(wide === undefined ? {} : { wide }), reason: said(GITHUB, response, means) };
}

/**
 * Whether an answer is one of GitHub's API. A wrong address, a proxy or an expired session answers with a page, a
 * redirect to one, or a 203; a 422 of the API always says in JSON what it is about.
 */
export function isFromApi({ status, body }: ServiceResponse): boolean {
	if (status === 203 || (status >= 300 && status < 400)) return false;
	return body !== "other" && !(body === "none" && status === 422);
}

const CHECK_ADDRESS = "check GITHUB_API_URL (Enterprise Server: https://HOST/api/v3; is /api/v3 missing?) and proxies";

/** An address that does not lead to GitHub's API. */
export function notFromApi(response: Pick<ServiceResponse, "status" | "headers">) {
	return notFrom(GITHUB, response, CHECK_ADDRESS);
}

function isMoved(status: number): boolean {
	return status === 301 || status === 302 || status === 307 || status === 308;
}

/** A 403 is either "not so fast" or "not you", a 422 "not so" or "not so many"; only these signs tell them apart. */
function asksToSlowDown({ status, headers, message }: ServiceResponse): boolean {
	// The value of an input is quoted, and may say anything.
	if (status === 422) return !/^provided value /i.test(message) && /endpoint has been spammed/i.test(message);
	if (status !== 403) return status === 429;
	return (
		headers["retry-after"] !== undefined ||
		String(headers["x-ratelimit-remaining"]).trim() === "0" ||
		/secondary rate limit|abuse detection|maximum number of login attempts|endpoint has been spammed/i.test(message)
	);
}
