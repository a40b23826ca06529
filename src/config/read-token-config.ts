import type { TokenConfig } from "../destinations/github/open-tokens.ts";
import { readIdentity } from "./identity.ts";
import type { KeyVaultOptions } from "./key-vault.ts";
import type { Settings } from "./settings.ts";

/**
 * Where the token is: a GitHub App goes first, then a token in Key Vault, then GITHUB_TOKEN, then the predecessor's
 * PAT_TOKEN.
 */
export function readTokenConfig(settings: Settings): TokenConfig {
	const vault = readVault(settings);
	const appId = settings.get("GITHUB_APP_ID");
	if (appId !== undefined) return readApp(settings, appId, vault);
	if (vault !== undefined) {
		return { kind: "key-vault", vault, secretName: secretName(settings, "GITHUB_TOKEN_SECRET_NAME", "github-token") };
	}
	const [token, patToken] = [settings.get("GITHUB_TOKEN"), settings.get("PAT_TOKEN")];
	if (token !== undefined) return fixed(settings, "GITHUB_TOKEN", token);
	if (patToken !== undefined) {
		const better = "call it GITHUB_TOKEN, or better keep the token in a key vault (KEY_VAULT_URL)";
		settings.warnings.push(`PAT_TOKEN is the predecessor's name; ${better}`);
		return fixed(settings, "PAT_TOKEN", patToken);
	}
	if (!settings.isUnresolved("GITHUB_APP_ID", "KEY_VAULT_URL", "GITHUB_TOKEN", "PAT_TOKEN")) {
		settings.refuse("GITHUB_TOKEN", "is not set, and neither is KEY_VAULT_URL: there is no token to dispatch with");
	}
	return { kind: "fixed", token: "" };
}

function fixed(settings: Settings, name: string, token: string): TokenConfig {
	if (/\s/.test(token)) settings.refuse(name, "has white space inside; paste the token alone");
	return { kind: "fixed", token };
}

function readApp(settings: Settings, appId: string, vault: KeyVaultOptions | undefined): TokenConfig {
	if (!/^(?:\d+|Iv[\w.]+)$/.test(appId)) {
		settings.refuse("GITHUB_APP_ID", `"${appId}" is neither an app id nor a client id`);
	}
	const keyName = secretName(settings, "GITHUB_APP_KEY_SECRET_NAME", "github-app-key");
	if (vault !== undefined) return { kind: "app", appId, keyName, vault };
	settings.refuse("KEY_VAULT_URL", "is not set, but GITHUB_APP_ID is: the app's private key is read from a key vault");
	return { kind: "fixed", token: "" };
}

function readVault(settings: Settings): KeyVaultOptions | undefined {
	const vaultUrl = settings.get("KEY_VAULT_URL");
	if (vaultUrl === undefined) return undefined;
	const url = settings.url("KEY_VAULT_URL", vaultUrl, "https://NAME.vault.azure.net");
	if (url?.protocol === "http:") settings.refuse("KEY_VAULT_URL", `"${vaultUrl}" must be https`);
	return { vaultUrl, ...readIdentity(settings, "AZURE_CLIENT_ID") };
}

function secretName(settings: Settings, name: string, usual: string): string {
	const given = settings.get(name) ?? usual;
	if (!/^[0-9a-zA-Z-]{1,127}$/.test(given)) {
		settings.refuse(name, `"${given}" is not the name of a secret (letters, digits and dashes)`);
	}
	return given;
}
