/** What a token is wanted for: a repository, unless its route names a secret. A DispatchRequest is one. */
export interface TokenFor {
	readonly owner: string;
	readonly repo: string;
	/** The name of a secret. */
	readonly token?: string;
}

/** Where GitHub credentials come from. */
export interface TokenSource {
	/** The token, from a cache that lasts minutes. Rejects with TokenUnavailable. */
	get(wanted: TokenFor): Promise<string>;
	/**
	 * GitHub refused `stale` with a 401: the token read anew, or whatever has replaced it meanwhile. A source that
	 * cannot change while the process runs answers the same token again.
	 */
	refresh(stale: string, wanted: TokenFor): Promise<string>;
}

/** There is no token to send; the message says why and what to do. */
export class TokenUnavailable extends Error {
	override readonly name = "TokenUnavailable";
	/** What it means for the request, in the words of a Verdict. */
	readonly kind: "bad-token" | "closed" | "trouble";

	constructor(kind: TokenUnavailable["kind"], message: string, options?: ErrorOptions) {
		super(message, options);
		this.kind = kind;
	}
}

/** A token from the environment. */
export function fixedToken(token: string): TokenSource {
	return { get: async () => token, refresh: async () => token };
}
