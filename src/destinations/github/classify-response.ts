import { clipLine } from "../../log.ts";
import type { Classification } from "../../model.ts";
import {
	notFromApi as notFrom,
	rateLimited,
	resetMs,
	retryAfterMs,
	type ServiceResponse,
	said,
	serverError,
} from "../service-response.ts";

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
		return { kind: "redirected", location: headers["location"] };
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
	return { kind: "unavailable", wide, reason: said(GITHUB, response, means) };
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
		headers["x-ratelimit-remaining"]?.trim() === "0" ||
		/secondary rate limit|abuse detection|maximum number of login attempts|endpoint has been spammed/i.test(message)
	);
}

/** Why a destination is closed, with the repair. */
interface Cause {
	readonly means: string;
	/** The account or the token as a whole is meant: nothing that is sent with it would fare better. */
	readonly wide?: true;
}

/** What a request asks for, so far as its refusals need it. */
export interface Asked {
	/** As GitHub's settings name it, such as `Actions: read`. */
	readonly permission: string;
	/** What a 404 means is missing. */
	readonly what: string;
	/** What GitHub's words mean where they are about this kind of request alone; undefined where they are not. */
	readonly repairOf?: (message: string) => Repair | undefined;
}

/** The meaning of a refusal, with the repair. `ofEvent`: only this event causes it. */
export interface Repair {
	readonly means: string;
	readonly ofEvent?: true;
}

const REPOSITORY_DISPATCH: Asked = { permission: "Contents: write", what: "such repository" };

/** What is quoted of a header. */
const HEADER_CHARACTERS = 120;

/**
 * The causes of a 403 by GitHub's own words, the first that fits. Source: docs.github.com, "Troubleshooting the REST
 * API", "Managing allowed IP addresses", "Setting a personal access token policy"; messages seen in public reports.
 */
const FORBIDDEN: readonly (readonly [said: RegExp, cause: (asked: string) => Cause])[] = [
	[/IP allow list/i, () => ({ means: "an IP allow list blocks the bridge; add the app's outbound addresses to it" })],
	[/archived/i, () => ({ means: "the repository is archived; unarchive it, or route to another one" })],
	[
		/installation (?:has been|is|was) suspended/i,
		() => ({ means: "the GitHub App is suspended; unsuspend it in the owner's settings, GitHub Apps", wide: true }),
	],
	[
		/suspended/i,
		() => ({
			means: "the account of the token is suspended; use a token of another account, or ask GitHub's support",
			wide: true,
		}),
	],
	[
		/SAML|single sign-on|\bSSO\b/i,
		() => ({ means: "the token needs single sign-on; authorise it for the organisation in the token's settings" }),
	],
	[
		/forbids access via .*\(classic\)/i,
		() => ({ means: "the organisation does not accept classic tokens; use a fine-grained token, or a GitHub App" }),
	],
	[
		/lifetime/i,
		() => ({
			means: "the organisation does not accept tokens that are valid for so long; create one that expires earlier",
		}),
	],
	[
		/not accessible by personal access token/i,
		(asked) => ({ means: `the token lacks a permission (${asked}), or its organisation has not approved it yet` }),
	],
	[
		/not accessible by integration/i,
		(asked) => ({ means: `the GitHub App lacks a permission (${asked}), or its owner has not accepted it yet` }),
	],
	[/access blocked/i, () => ({ means: "GitHub has blocked the repository; ask its support, or route to another one" })],
];

/** Why a destination is parked, as far as GitHub's answer says. */
function likelyCause(response: ServiceResponse, { permission, what }: Asked = REPOSITORY_DISPATCH): Cause {
	const { status, headers, message } = response;
	const wanted = headers["x-accepted-github-permissions"];
	const asked = wanted === undefined ? permission : `${clipLine(wanted, HEADER_CHARACTERS)}, as GitHub asks`;
	switch (status) {
		case 400:
			if (/not a supported version/i.test(message)) {
				return {
					means: "this GitHub does not support the bridge's API version; update GitHub or the bridge",
					wide: true,
				};
			}
			return { means: "GitHub does not understand the request; check whether a proxy changes it" };
		case 403: {
			const address = signOnAddress(headers["x-github-sso"]);
			if (address !== undefined) return { means: `the token needs single sign-on; authorise it at ${address}` };
			const cause = FORBIDDEN.find(([said]) => said.test(message))?.[1];
			return cause?.(asked) ?? { means: forbidden(asked) };
		}
		case 404:
			return { means: `there is no ${what}, or the token cannot see it (private: it needs ${asked})` };
		case 410:
			return { means: "the repository no longer exists, or Actions are off in it" };
		default:
			return { means: "GitHub does not document this answer for a dispatch; the bridge tries again later" };
	}
}

function forbidden(asked: string): string {
	return `the token lacks a permission (${asked}), is not approved by the organisation yet, or needs single sign-on`;
}

/** Of `required; url=https://github.com/orgs/…/sso?…`. Source: docs.github.com, "Authenticating with SAML SSO". */
function signOnAddress(header = ""): string | undefined {
	return /\burl=(https:\/\/[^\s;,"<>]+)/.exec(header)?.[1];
}
