import type { Classification } from "./classify-response.ts";
import { clip, REASON_CHARACTERS, withoutSecrets } from "./reason.ts";

/** What a token is wanted for: a repository, unless its route names a secret. A DispatchRequest is one. */
export interface TokenFor {
	readonly owner: string;
	readonly repo: string;
	/** The name of a secret. */
	readonly token?: string;
}

/** Where GitHub credentials come from. `calls` takes the times of the calls of GitHub that a token costs, for the pace. */
export interface TokenSource {
	/** The token, from a cache that lasts minutes. Rejects with TokenUnavailable. */
	get(wanted: TokenFor, calls?: number[]): Promise<string>;
	/**
	 * GitHub refused `stale` with a 401: the token read anew, or whatever has replaced it meanwhile. A source that
	 * cannot change while the process runs answers the same token again.
	 */
	refresh(stale: string, wanted: TokenFor, calls?: number[]): Promise<string>;
	/** As `get`, but asks GitHub first whether the credential behind the token still stands. Only for an app. */
	inspect?(wanted: TokenFor, calls?: number[]): Promise<string>;
	/**
	 * When GitHub made a token, epoch milliseconds: for some seconds not all of GitHub knows it. Undefined for one that
	 * was not made here.
	 */
	issuedAt?(token: string): number | undefined;
}

/** What the lack of a token means for the request, as a Verdict says it. */
export type NoToken = Extract<
	Classification,
	{ readonly kind: "unauthorized" | "unavailable" | "transient" | "rate-limited" }
>;

/** There is no token to send; the message says why and what to do. */
export class TokenUnavailable extends Error {
	override readonly name = "TokenUnavailable";
	readonly classification: NoToken;

	constructor(classification: NoToken, options?: ErrorOptions) {
		const reason = clip(withoutSecrets(classification.reason, []), REASON_CHARACTERS);
		super(reason, options);
		this.classification = { ...classification, reason };
	}

	get kind(): NoToken["kind"] {
		return this.classification.kind;
	}
}

/** A token from the environment. */
export function fixedToken(token: string): TokenSource {
	return { get: async () => token, refresh: async () => token };
}
