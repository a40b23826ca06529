import { createPrivateKey } from "node:crypto";
import type { KeyVaultOptions } from "../../config/azure.ts";
import { openSecrets, type Sdks, type Secrets, TokenUnavailable } from "../../config/secrets.ts";
import { type CallOptions, createCall } from "./call-github.ts";
import type { InstallationTokens, TokenFor } from "./github-app.ts";

/** Where GitHub credentials come from. `calls` takes the times of the calls of GitHub that a token costs, for the pace. */
export interface TokenSource {
	/** The token, from a cache that lasts minutes. Rejects with TokenUnavailable. */
	get(wanted: TokenFor, calls?: number[]): Promise<string>;
	/**
	 * GitHub refused `stale` with a 401: the token read anew, or whatever has replaced it meanwhile. A source that
	 * cannot change while the process runs answers the same token again.
	 */
	refresh(stale: string, wanted: TokenFor, calls?: number[]): Promise<string>;
	/** As `get`, but asks GitHub first whether the credential behind the token still stands. Only for an app. */
	inspect?(wanted: TokenFor, calls?: number[]): Promise<string>;
	/**
	 * When GitHub made a token, epoch milliseconds: for some seconds not all of GitHub knows it. Undefined for one that
	 * was not made here.
	 */
	issuedAt?(token: string): number | undefined;
}

/** A token from the environment. */
export function fixedToken(token: string): TokenSource {
	return { get: async () => token, refresh: async () => token };
}

/** Tokens that are secrets of a vault: the one that a route names, else the default one. */
export function vaultTokens(secrets: Secrets, defaultName: string): TokenSource {
	return {
		get: ({ token = defaultName }) => secrets.get(token),
		refresh: (stale, { token = defaultName }) => secrets.refresh(stale, token),
	};
}

/** Where the configuration says that the token is. */
export type TokenConfig =
	| { readonly kind: "fixed"; readonly token: string }
	| { readonly kind: "key-vault"; readonly vault: KeyVaultOptions; readonly secretName: string }
	| { readonly kind: "app"; readonly vault: KeyVaultOptions; readonly appId: string; readonly keyName: string };

interface OpenTokensOptions extends CallOptions {
	readonly sleep: (ms: number) => Promise<void>;
	/** Left out, those of Azure. */
	readonly sdks?: Sdks;
}

/**
 * Opens the configured source of tokens. An SDK is loaded when the first token is asked for.
 * @param options how GitHub is reached, for an app to get its tokens from
 */
export function openTokens(config: TokenConfig, options: OpenTokensOptions): TokenSource {
	if (config.kind === "fixed") return fixedToken(config.token);
	const { now, sleep, sdks } = options;
	const secrets = openSecrets(config.vault, now, sleep, sdks);
	if (config.kind === "key-vault") return vaultTokens(secrets, config.secretName);
	const open = async (privateKey: string) => {
		const { createInstallationTokens } = await import("./github-app.ts");
		return createInstallationTokens({ appId: config.appId, privateKey, call: createCall(options), now });
	};
	return appTokens({ secrets, keyName: config.keyName, open });
}

interface AppTokenOptions {
	readonly secrets: Secrets;
	/** The name of the secret that holds the app's private key, as PEM. */
	readonly keyName: string;
	/** Makes the app's client for a key. */
	readonly open: (privateKey: string) => Promise<InstallationTokens>;
}

/** Installation tokens of a GitHub App; where a route names a secret, that one. A new key needs no restart. */
export function appTokens({ secrets, keyName, open }: AppTokenOptions): TokenSource {
	let app: { readonly pem: string; readonly opening: Promise<InstallationTokens> } | undefined;
	let opened: InstallationTokens | undefined;

	async function openWith(pem: string): Promise<InstallationTokens> {
		if (app?.pem !== pem) app = { pem, opening: open(readKey(pem, keyName)) };
		const { opening } = app;
		try {
			opened = await opening;
			return opened;
		} catch (error) {
			if (app?.opening === opening) app = undefined;
			throw new TokenUnavailable(
				{ kind: "transient", reason: `the GitHub App's client could not be loaded: ${(error as Error).message}` },
				{ cause: error },
			);
		}
	}

	/** A key that GitHub, or we, cannot use may have been replaced. */
	async function withApp<T>(work: (app: InstallationTokens) => Promise<T>): Promise<T> {
		const pem = await secrets.get(keyName);
		try {
			return await work(await openWith(pem));
		} catch (error) {
			if (!(error instanceof TokenUnavailable) || error.kind !== "unauthorized") throw error;
			const newer = await secrets.refresh(pem, keyName);
			if (newer === pem) throw error;
			return work(await openWith(newer));
		}
	}

	const tokenFor = (wanted: TokenFor, fresh: boolean, calls?: number[]) =>
		withApp((one) => one.token(wanted, fresh, calls));

	return {
		get: (wanted, calls) => (wanted.token === undefined ? tokenFor(wanted, false, calls) : secrets.get(wanted.token)),
		async refresh(stale, wanted, calls) {
			if (wanted.token !== undefined) return secrets.refresh(stale, wanted.token);
			const cached = await tokenFor(wanted, false, calls);
			return cached === stale ? tokenFor(wanted, true, calls) : cached;
		},
		async inspect(wanted, calls) {
			if (wanted.token !== undefined) return secrets.get(wanted.token);
			await withApp((one) => one.inspect(wanted, calls));
			return tokenFor(wanted, false, calls);
		},
		issuedAt: (token) => opened?.issuedAt(token),
	};
}

/** A key as GitHub hands it out, whatever a form or a shell has done to its line breaks, as PKCS#8. */
function readKey(secret: string, name: string): string {
	const [, form, body] = /-----BEGIN (RSA )?PRIVATE KEY-----(.+?)-----END/s.exec(secret) ?? [];
	try {
		const der = Buffer.from(String(body).replace(/\\[nr]/g, ""), "base64");
		const key = createPrivateKey({ key: der, format: "der", type: form === undefined ? "pkcs8" : "pkcs1" });
		if (key.asymmetricKeyType !== "rsa") throw new TypeError("the key is not RSA");
		return key.export({ type: "pkcs8", format: "pem" }).toString();
	} catch (cause) {
		const repair = "store the .pem file there that GitHub made for the app";
		const reason = `the secret "${name}" does not contain a private key; ${repair}`;
		throw new TokenUnavailable({ kind: "unauthorized", reason }, { cause });
	}
}
