import type { Identity, KeyVaultOptions } from "../../config/azure.ts";
import { once } from "../../config/once.ts";
import { openSecrets, SDKS, type Sdks, TokenUnavailable } from "../../config/secrets.ts";
import { abortable, isCredential } from "../try-calls.ts";

/** What a request is sent with. */
export interface Token {
	readonly value: string;
	/** Personal access tokens go as the password of Basic, tokens of Entra as Bearer. */
	readonly scheme: "Basic" | "Bearer";
}

/** Where the configuration says that the token is. `vault` is for the secrets that routes name. */
export type TokenConfig =
	| { readonly kind: "fixed"; readonly token: string; readonly vault?: KeyVaultOptions }
	| { readonly kind: "key-vault"; readonly vault: KeyVaultOptions; readonly secretName: string }
	| { readonly kind: "identity"; readonly identity: Identity; readonly vault?: KeyVaultOptions };

/** Where tokens for Azure DevOps come from. */
export interface TokenSource {
	/**
	 * The token, from a cache where it can. Rejects with TokenUnavailable.
	 * @param secretName what the route names; the default one where it names none
	 */
	get(secretName: string | undefined): Promise<Token>;
	/** Azure DevOps refused `stale`: the token read anew, which may be the same. */
	refresh(stale: Token, secretName: string | undefined): Promise<Token>;
}

/** Azure DevOps in every Entra tenant. Source: learn.microsoft.com, "Use Microsoft Entra tokens", Azure DevOps. */
const SCOPE = "499b84ac-1321-427f-aa17-267ca6975798/.default";
/** One token in all, the SDK's retries included: Azure DevOps is called within the same ten seconds. */
const TOKEN_TIMEOUT_MS = 6_000;

/** Opens the configured source of tokens. An SDK is loaded when the first token is asked for. */
export function openTokens(
	config: TokenConfig,
	now: () => number,
	sleep: (ms: number) => Promise<void>,
	sdks: Sdks = SDKS,
): TokenSource {
	const secrets = config.vault === undefined ? undefined : openSecrets(config.vault, now, sleep, sdks);
	const usualName = config.kind === "key-vault" ? config.secretName : undefined;
	const identity = config.kind === "identity" ? entraTokens(config.identity, sdks) : undefined;

	async function usual(): Promise<Token> {
		return config.kind === "fixed" ? toToken(config.token) : (identity as () => Promise<Token>)();
	}

	async function read(name = usualName, stale?: Token): Promise<Token> {
		if (name === undefined || secrets === undefined) return usual();
		return toToken(await (stale === undefined ? secrets.get(name) : secrets.refresh(stale.value, name)));
	}

	return { get: (secretName) => read(secretName), refresh: (stale, secretName) => read(secretName, stale) };
}

/** A token of Entra is a JWT, wherever it was put; `az account get-access-token` prints one. */
function toToken(value: string): Token {
	return { value, scheme: /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/.test(value) ? "Bearer" : "Basic" };
}

/** The SDK caches the identity's token until shortly before its end. */
function entraTokens(identity: Identity, sdks: Sdks): () => Promise<Token> {
	const load = once(async () => (await sdks.credential()).createCredential(identity));
	return async () => {
		try {
			const abortSignal = AbortSignal.timeout(TOKEN_TIMEOUT_MS);
			const asking = (await load()).getToken(SCOPE, { abortSignal });
			const value = (await abortable(asking, abortSignal))?.token;
			if (value === undefined || !isCredential(value)) throw new Error("the answer contains no token");
			return { value, scheme: "Bearer" };
		} catch (error) {
			throw new TokenUnavailable(whyNone(error, identity), { cause: error });
		}
	};
}

/**
 * A 400 says that there is no such identity; everything else (429, 5xx, the network) may pass. The SDK gives the status to
 * the error's cause alone; a number in its words may count anything.
 */
function whyNone(error: unknown, { managedIdentity, clientId }: Identity) {
	const { message, cause } = error as { message: string; cause?: { status?: unknown } };
	if (!managedIdentity) {
		const repair = "run az login, or set AZURE_DEVOPS_TOKEN";
		return { kind: "unauthorized", reason: `no token for Azure DevOps: ${repair} (${message})` } as const;
	}
	if (cause?.status === 400) {
		const which = clientId === undefined ? "a managed identity" : `the managed identity ${clientId}`;
		const repair = `give the app ${which} (AZURE_CLIENT_ID), or set AZURE_DEVOPS_TOKEN_SECRET_NAME`;
		return { kind: "unauthorized", reason: `no token for Azure DevOps: ${repair} (${message})` } as const;
	}
	return { kind: "transient", reason: `the identity got no token for Azure DevOps: ${message}` } as const;
}
