/** In place of test/helpers/file-storage.ts where mutants need Azurite: one for all of them, which the command starts. */
import { openStorage } from "../../src/storage/azure-storage.ts";
import type { LedgerNames, Storage } from "../../src/storage/storage.ts";
import { newNames } from "./file-storage.ts";

export { newNames };

export async function fileStorage(): Promise<string> {
	return process.env["MUTATION_AZURITE"] ?? "";
}

export async function openFileStorage(names: LedgerNames = newNames()): Promise<Storage> {
	return openStorage({ kind: "connection-string", connectionString: await fileStorage() }, names);
}
