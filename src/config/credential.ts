import { AzureCliCredential, ManagedIdentityCredential, type TokenCredential } from "@azure/identity";
import type { Identity } from "./azure.ts";

/** What Azure's SDKs ask for tokens. */
export type Credential = TokenCredential;

/**
 * The credential of an identity: the managed one or, on a desk, that of `az login`. The root of a bundle of its own,
 * loaded when a service that asks for one is first called.
 */
export function createCredential({ clientId, managedIdentity }: Identity): Credential {
	if (!managedIdentity) return new AzureCliCredential();
	return clientId === undefined ? new ManagedIdentityCredential() : new ManagedIdentityCredential({ clientId });
}
