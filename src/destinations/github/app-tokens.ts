import { createPrivateKey } from "node:crypto";
import type { Secrets } from "../../config/secrets.ts";
import { TokenUnavailable } from "../../config/secrets.ts";
import type { InstallationTokens } from "./github-app.ts";
import type { TokenFor, TokenSource } from "./tokens.ts";

export interface AppTokenOptions {
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
	const [, label, body = ""] = /-----BEGIN ([A-Z ]+)-----(.+?)-----END/s.exec(secret) ?? [];
	const lines = body.replace(/\\n|\s/g, "").match(/.{1,64}/g) ?? [];
	try {
		const pem = [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`].join("\n");
		const key = createPrivateKey(pem);
		if (key.asymmetricKeyType !== "rsa") throw new TypeError(`a key of the kind ${key.asymmetricKeyType}`);
		return key.export({ type: "pkcs8", format: "pem" }).toString();
	} catch (cause) {
		const repair = "put the .pem file that GitHub made for the app into it";
		const reason = `the secret "${name}" does not hold a private key; ${repair}`;
		throw new TokenUnavailable({ kind: "unauthorized", reason }, { cause });
	}
}
