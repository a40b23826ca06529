import type { TokenFor } from "../../src/destinations/github/github-app.ts";

/** What a token is asked for: a repository of Contoso's, by the secret that its route names, if any. */
export function asked(token?: string): TokenFor {
	return { owner: "contoso", repo: "fraud-model", ...(token === undefined ? {} : { token }) };
}
