import { clipLine } from "../../log.ts";
import type { ServiceResponse } from "../service-response.ts";

/** Why a destination is closed, with the repair. */
export interface Cause {
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
export function likelyCause(response: ServiceResponse, { permission, what }: Asked = REPOSITORY_DISPATCH): Cause {
	const { status, headers, message } = response;
	const wanted = headers["x-accepted-github-permissions"];
	const asked = wanted === undefined ? permission : `${clipLine(String(wanted), HEADER_CHARACTERS)}, as GitHub asks`;
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
function signOnAddress(header: string | number | undefined): string | undefined {
	return /\burl=(https:\/\/[^\s;,"<>]+)/.exec(String(header))?.[1];
}
