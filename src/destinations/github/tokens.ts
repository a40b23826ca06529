import type { KeyVaultOptions } from "../../config/azure.ts";
import { openSecrets, type Secrets } from "../../config/secrets.ts";
import { appTokens } from "./app-tokens.ts";
import { type CallOptions, createCall } from "./call-github.ts";

/** What a token is wanted for: a repository, unless its route names a secret. */
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

/** A token from the environment. */
export function fixedToken(token: string): TokenSource {
	return { get: async () => token, refresh: async () => token };
}

/** Tokens that are secrets of a vault: the one that a route names, else the default one. */
export function vaultTokens(secrets: Secrets, defaultName: string): TokenSource {
	return {
		get: ({ token = defaultName }) => secrets.get(token),
		refresh: (stale, { token = defaultName }) => secrets.refresh(stale, token),
	};
}

/** Where the configuration says that the token is. */
export type TokenConfig =
	| { readonly kind: "fixed"; readonly token: string }
	| { readonly kind: "key-vault"; readonly vault: KeyVaultOptions; readonly secretName: string }
	| { readonly kind: "app"; readonly vault: KeyVaultOptions; readonly appId: string; readonly keyName: string };

export interface OpenTokensOptions extends CallOptions {
	readonly sleep: (ms: number) => Promise<void>;
}

/**
 * Opens the configured source of tokens. An SDK is loaded when the first token is asked for.
 * @param options how GitHub is reached, for an app to get its tokens from
 */
export function openTokens(config: TokenConfig, options: OpenTokensOptions): TokenSource {
	if (config.kind === "fixed") return fixedToken(config.token);
	const { now, sleep } = options;
	const secrets = openSecrets(config.vault, now, sleep);
	if (config.kind === "key-vault") return vaultTokens(secrets, config.secretName);
	const open = async (privateKey: string) => {
		const { createInstallationTokens } = await import("./github-app.ts");
		return createInstallationTokens({ appId: config.appId, privateKey, call: createCall(options), now });
	};
	return appTokens({ secrets, keyName: config.keyName, open });
}
