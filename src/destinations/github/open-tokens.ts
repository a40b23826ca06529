import type { KeyVaultOptions } from "../../config/azure.ts";
import { cachedSecrets } from "../../config/secrets.ts";
import { appTokens } from "./app-tokens.ts";
import { type CallOptions, createCall } from "./call-github.ts";
import { fixedToken, type TokenSource } from "./token-source.ts";
import { vaultTokens } from "./vault-tokens.ts";

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
	const secrets = cachedSecrets(secretReader(config.vault), now, sleep);
	if (config.kind === "key-vault") return vaultTokens(secrets, config.secretName);
	const open = async (privateKey: string) => {
		const { createInstallationTokens } = await import("./github-app.ts");
		return createInstallationTokens({ appId: config.appId, privateKey, call: createCall(options), now });
	};
	return appTokens({ secrets, keyName: config.keyName, open });
}

function secretReader(vault: KeyVaultOptions): (name: string) => Promise<string> {
	let reader: Promise<(name: string) => Promise<string>> | undefined;
	const load = async () => {
		const { createSecretReader } = await import("../../config/key-vault.ts");
		const { createCredential } = await import("../../config/credential.ts");
		return createSecretReader(vault, createCredential(vault));
	};
	return async (name) => {
		reader ??= load();
		return (await reader)(name);
	};
}
