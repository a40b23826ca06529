import type { Settings } from "./settings.ts";

/** As whom Azure's services are called. */
export interface Identity {
	/** The client id of a user-assigned identity; left out, the system-assigned one. */
	readonly clientId?: string;
	/** Whether this runs where Azure hands out managed identities; elsewhere it is whoever has run `az login`. */
	readonly managedIdentity: boolean;
}

/** @param clientIdSetting the setting that holds the client id of a user-assigned identity */
export function readIdentity(settings: Settings, clientIdSetting: string): Identity {
	const clientId = settings.get(clientIdSetting);
	// Azure sets IDENTITY_ENDPOINT wherever it hands out managed identities.
	const managedIdentity = settings.get("IDENTITY_ENDPOINT") !== undefined;
	return { managedIdentity, ...(clientId === undefined ? {} : { clientId }) };
}

/** Where secrets are. */
export interface Vault extends Identity {
	readonly vaultUrl: string;
}

/** The key vault of `KEY_VAULT_URL`; undefined where there is none. */
export function readVault(settings: Settings): Vault | undefined {
	const vaultUrl = settings.get("KEY_VAULT_URL");
	if (vaultUrl === undefined) return undefined;
	const url = settings.url("KEY_VAULT_URL", vaultUrl, "https://NAME.vault.azure.net");
	if (url?.protocol === "http:") settings.refuse("KEY_VAULT_URL", `"${vaultUrl}" must be https`);
	return { vaultUrl, ...readIdentity(settings, "AZURE_CLIENT_ID") };
}

/** The name of a secret, from a setting. */
export function readSecretName(settings: Settings, setting: string, usual: string): string {
	const given = settings.get(setting) ?? usual;
	if (!/^[0-9a-zA-Z-]{1,127}$/.test(given)) {
		settings.refuse(setting, `"${given}" is not the name of a secret (letters, digits and dashes)`);
	}
	return given;
}
