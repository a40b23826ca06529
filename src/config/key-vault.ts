import { SecretClient } from "@azure/keyvault-secrets";
import type { KeyVaultOptions } from "./azure.ts";
import type { Credential } from "./credential.ts";
import { isLoopback } from "./settings.ts";

/** One reading in all, the SDK's retries included: Event Grid waits 30 seconds, and GitHub comes after this. */
const READ_TIMEOUT_MS = 6_000;

/**
 * Reads secrets from Azure Key Vault.
 * In a file of its own, loaded only when the first event needs a token.
 */
export function createSecretReader(
	options: KeyVaultOptions,
	credential: Credential,
): (name: string) => Promise<string> {
	const client = new SecretClient(options.vaultUrl, credential, {
		retryOptions: { maxRetries: 2, retryDelayInMs: 200, maxRetryDelayInMs: 1_000 },
		// A vault on loopback is a test's; its name cannot match the domain that tokens are issued for.
		disableChallengeResourceVerification: isLoopback(new URL(options.vaultUrl)),
	});
	return async (name) => {
		const { value = "" } = await client.getSecret(name, { abortSignal: AbortSignal.timeout(READ_TIMEOUT_MS) });
		return value.trim();
	};
}
