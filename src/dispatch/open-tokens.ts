import { appTokens } from "./app-tokens.ts";
import type { AppOptions } from "./github-app.ts";
import type { KeyVaultOptions } from "./key-vault.ts";
import { cachedSecrets } from "./secrets.ts";
import { fixedToken, type TokenSource } from "./token-source.ts";
import { vaultTokens } from "./vault-tokens.ts";

/** Where the configuration says that the token is. */
export type TokenConfig =
	| { readonly kind: "fixed"; readonly token: string }
	| { readonly kind: "key-vault"; readonly vault: KeyVaultOptions; readonly secretName: string }
	| { readonly kind: "app"; readonly vault: KeyVaultOptions; readonly appId: string; readonly keyName: string };

/**
 * Opens the configured source of tokens. An SDK is loaded when the first token is asked for.
 * @param github how GitHub is reached, for an app to get its tokens from
 * @param now epoch milliseconds
 */
export function openTokens(
	config: TokenConfig,
	github: Pick<AppOptions, "apiUrl" | "userAgent" | "fetch">,
	now: () => number,
): TokenSource {
	if (config.kind === "fixed") return fixedToken(config.token);
	const secrets = cachedSecrets(secretReader(config.vault), now);
	if (config.kind === "key-vault") return vaultTokens(secrets, config.secretName);
	const open = async (privateKey: string) => {
		const { createInstallationTokens } = await import("./github-app.ts");
		return createInstallationTokens({ ...github, appId: config.appId, privateKey });
	};
	return appTokens({ secrets, keyName: config.keyName, open });
}

function secretReader(vault: KeyVaultOptions): (name: string) => Promise<string> {
	let reader: Promise<(name: string) => Promise<string>> | undefined;
	const load = async () => {
		const { createSecretReader } = await import("./key-vault.ts");
		const { createCredential } = await import("../credential.ts");
		return createSecretReader(vault, createCredential(vault));
	};
	return async (name) => {
		reader ??= load();
		return (await reader)(name);
	};
}
