import type { Secrets } from "../../config/secrets.ts";
import type { TokenSource } from "./token-source.ts";

/** Tokens that are secrets of a vault: the one that a route names, else the default one. */
export function vaultTokens(secrets: Secrets, defaultName: string): TokenSource {
	return {
		get: ({ token = defaultName }) => secrets.get(token),
		refresh: (stale, { token = defaultName }) => secrets.refresh(stale, token),
	};
}
