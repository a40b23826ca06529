import { AzureCliCredential, ManagedIdentityCredential, type TokenCredential } from "@azure/identity";
import { SecretClient } from "@azure/keyvault-secrets";
import { isLoopback } from "../is-loopback.ts";

export interface KeyVaultOptions {
	readonly vaultUrl: string;
	/** The client id of a user-assigned identity; left out, the system-assigned one. */
	readonly clientId?: string;
	/** Whether this runs where Azure hands out managed identities (it sets IDENTITY_ENDPOINT there). */
	readonly managedIdentity: boolean;
}

/** One reading in all, the SDK's retries included: Event Grid waits 30 seconds, and GitHub comes after this. */
const READ_TIMEOUT_MS = 6_000;

/**
 * Reads secrets from Azure Key Vault as the managed identity or, on a desk, as whoever has run `az login`.
 * In a file of its own, loaded only when the first event needs a token.
 */
export function createSecretReader(options: KeyVaultOptions): (name: string) => Promise<string> {
	const client = new SecretClient(options.vaultUrl, credentialFor(options), {
		retryOptions: { maxRetries: 2, retryDelayInMs: 200, maxRetryDelayInMs: 1_000 },
		// A vault on loopback is a test's; its name cannot match the domain that tokens are issued for.
		disableChallengeResourceVerification: isLoopback(new URL(options.vaultUrl)),
	});
	return async (name) => {
		const { value = "" } = await client.getSecret(name, { abortSignal: AbortSignal.timeout(READ_TIMEOUT_MS) });
		return value.trim();
	};
}

function credentialFor({ clientId, managedIdentity }: KeyVaultOptions): TokenCredential {
	if (!managedIdentity) return new AzureCliCredential();
	return clientId === undefined ? new ManagedIdentityCredential() : new ManagedIdentityCredential({ clientId });
}
