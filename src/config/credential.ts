import { AzureCliCredential, ManagedIdentityCredential, type TokenCredential } from "@azure/identity";
import type { Identity } from "./identity.ts";

/** What Azure's SDKs ask for tokens. */
export type Credential = TokenCredential;

/**
 * The credential of an identity: the managed one or, on a desk, that of whoever has run `az login`. In a file of its own, loaded only when a service is first called that asks for one.
 */
export function createCredential({ clientId, managedIdentity }: Identity): Credential {
	if (!managedIdentity) return new AzureCliCredential();
	return clientId === undefined ? new ManagedIdentityCredential() : new ManagedIdentityCredential({ clientId });
}
