import type { StorageConfig } from "../config/storage-config.ts";
import { LEDGER, type LedgerNames } from "./names.ts";
import type { Storage } from "./storage.ts";

/** Opens the ledger's storage; the SDKs are loaded now. */
export async function openStorage(config: StorageConfig, names: LedgerNames = LEDGER): Promise<Storage> {
	const { openAzureStorage } = await import("./azure-storage.ts");
	if (config.kind === "connection-string") return openAzureStorage(config, undefined, names);
	const { createCredential } = await import("../config/credential.ts");
	return openAzureStorage(config, createCredential(config.identity), names);
}
