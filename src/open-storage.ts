import { LEDGER, type LedgerNames } from "./ledger/names.ts";
import type { Storage } from "./ledger/storage.ts";
import type { StorageConfig } from "./ledger/storage-config.ts";

/** Opens the ledger's storage; the SDKs are loaded now. */
export async function openStorage(config: StorageConfig, names: LedgerNames = LEDGER): Promise<Storage> {
	const { openAzureStorage } = await import("./ledger/azure-storage.ts");
	if (config.kind === "connection-string") return openAzureStorage(config, undefined, names);
	const { createCredential } = await import("./credential.ts");
	return openAzureStorage(config, createCredential(config.identity), names);
}
