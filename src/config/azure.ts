import { tokenForName } from "../log.ts";
import { LEDGER_CONNECTION, type ServiceUrls } from "../storage/storage.ts";
import type { Settings } from "./settings.ts";

/** As whom Azure's services are called. */
export interface Identity {
	/** The client id of a user-assigned identity; left out, the system-assigned one. */
	readonly clientId?: string | undefined;
	/** Whether this runs where Azure hands out managed identities; elsewhere it is the one of `az login`. */
	readonly managedIdentity: boolean;
}

/** @param clientIdSetting the setting that holds the client id of a user-assigned identity */
export function readIdentity(settings: Settings, clientIdSetting: string): Identity {
	const clientId = settings.get(clientIdSetting);
	// Azure sets IDENTITY_ENDPOINT wherever it hands out managed identities.
	const managedIdentity = settings.get("IDENTITY_ENDPOINT") !== undefined;
	return { managedIdentity, clientId };
}

/** Where the ledger is: the function app's own storage account. */
export type StorageConfig =
	| { readonly kind: "connection-string"; readonly connectionString: string }
	| ({ readonly kind: "identity"; readonly identity: Identity } & ServiceUrls);

const SETTING = LEDGER_CONNECTION;
const SERVICES = ["blob", "queue", "table"] as const;

/**
 * Reads the settings that the Functions host itself connects with: a connection string, or an account and an identity
 * (`AzureWebJobsStorage__accountName`, or one URL for each service).
 * Source: learn.microsoft.com, "App settings reference for Azure Functions" and "Connecting to host storage with an
 * identity".
 */
export function readStorageConfig(settings: Settings): StorageConfig {
	const connectionString = settings.get(SETTING);
	if (connectionString !== undefined) {
		if (!/^UseDevelopmentStorage=true|AccountName=|BlobEndpoint=/i.test(connectionString)) {
			settings.refuse(SETTING, "is not the connection string of a storage account (AccountName=…;AccountKey=…)");
		}
		return { kind: "connection-string", connectionString };
	}
	const account = settings.get(`${SETTING}__accountName`);
	const urls = SERVICES.map((service) => serviceUrl(settings, service, account));
	const missing = SERVICES.filter((_, index) => urls[index] === undefined);
	if (missing.length === SERVICES.length) {
		const repair = `give it the connection string of the app's storage account, or set ${SETTING}__accountName and use an identity`;
		if (!settings.isUnresolved(SETTING, `${SETTING}__accountName`))
			settings.refuse(SETTING, `is not set, and the bridge stores accepted events in that account; ${repair}`);
	} else {
		for (const service of missing)
			settings.refuse(
				`${SETTING}__${service}ServiceUri`,
				"is not set, but another service has its address; set all three",
			);
	}
	const [blobUrl = "", queueUrl = "", tableUrl = ""] = urls;
	const identity = readIdentity(settings, `${SETTING}__clientId`);
	return { kind: "identity", blobUrl, queueUrl, tableUrl, identity };
}

function serviceUrl(settings: Settings, service: string, account: string | undefined): string | undefined {
	const name = `${SETTING}__${service}ServiceUri`;
	const text = settings.get(name);
	if (text === undefined) return account && `https://${account}.${service}.core.windows.net`;
	settings.url(name, text, `https://ACCOUNT.${service}.core.windows.net`);
	return text.replace(/\/+$/, "");
}

/** A key vault, and as whom it is read. */
export interface KeyVaultOptions extends Identity {
	readonly vaultUrl: string;
}

/** The key vault that holds the secrets; undefined where `KEY_VAULT_URL` is not set. */
export function readVault(settings: Settings): KeyVaultOptions | undefined {
	const vaultUrl = settings.get("KEY_VAULT_URL");
	if (vaultUrl === undefined) return undefined;
	const url = settings.url("KEY_VAULT_URL", vaultUrl, "https://NAME.vault.azure.net");
	if (url?.protocol === "http:") settings.refuse("KEY_VAULT_URL", `"${vaultUrl}" must be https`);
	return { vaultUrl, ...readIdentity(settings, "AZURE_CLIENT_ID") };
}

/** The name of a secret, from a setting; undefined where it is not set. */
export function readSecretName(settings: Settings, setting: string): string | undefined {
	const given = settings.get(setting);
	if (given === undefined) return undefined;
	if (!/^[0-9a-zA-Z-]{1,127}$/.test(given)) {
		settings.refuse(setting, `"${given}" is not the name of a secret (letters, digits and dashes, at most 127)`);
	}
	const problem = tokenForName(given);
	if (problem !== undefined) settings.refuse(setting, problem);
	return given;
}
