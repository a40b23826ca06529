import type { KeyVaultOptions } from "./key-vault.ts";
import { fixedToken, type TokenSource, vaultTokens } from "./token-source.ts";

/** Where the configuration says that the token is. */
export type TokenConfig =
	| { readonly kind: "fixed"; readonly token: string }
	| { readonly kind: "key-vault"; readonly vault: KeyVaultOptions; readonly secretName: string };

/**
 * Opens the configured source of tokens. The vault's SDK is loaded when the first token is asked for.
 * @param now epoch milliseconds
 */
export function openTokens(config: TokenConfig, now: () => number): TokenSource {
	if (config.kind === "fixed") return fixedToken(config.token);
	let reader: Promise<(name: string) => Promise<string>> | undefined;
	const load = async () => {
		const { createSecretReader } = await import("./key-vault.ts");
		return createSecretReader(config.vault);
	};
	const read = async (name: string) => {
		reader ??= load();
		return (await reader)(name);
	};
	return vaultTokens({ read, defaultName: config.secretName, now });
}
