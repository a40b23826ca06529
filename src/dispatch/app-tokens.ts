import { createPrivateKey } from "node:crypto";
import type { InstallationToken } from "./github-app.ts";
import type { Secrets } from "./secrets.ts";
import { type TokenFor, type TokenSource, TokenUnavailable } from "./token-source.ts";

export interface AppTokenOptions {
	readonly secrets: Secrets;
	/** The name of the secret that holds the app's private key, as PEM. */
	readonly keyName: string;
	/** Makes the app's client for a key. */
	readonly open: (privateKey: string) => Promise<InstallationToken>;
}

/** Installation tokens of a GitHub App; where a route names a secret, that one. A new key needs no restart. */
export function appTokens({ secrets, keyName, open }: AppTokenOptions): TokenSource {
	let app: { readonly pem: string; readonly token: Promise<InstallationToken> } | undefined;

	async function tokenWith(pem: string, { owner, repo }: TokenFor, fresh: boolean): Promise<string> {
		if (app?.pem !== pem) app = { pem, token: open(readKey(pem, keyName)) };
		const token = await app.token.catch((error: unknown) => {
			app = undefined;
			throw error;
		});
		return token(owner, repo, fresh);
	}

	async function tokenFor(wanted: TokenFor, fresh: boolean): Promise<string> {
		const pem = await secrets.get(keyName);
		try {
			return await tokenWith(pem, wanted, fresh);
		} catch (error) {
			if ((error as { status?: number }).status !== 401) throw unavailable(error, wanted);
			const newer = await secrets.refresh(pem, keyName);
			if (newer === pem) throw unavailable(error, wanted);
			return tokenWith(newer, wanted, fresh).catch((again: unknown) => {
				throw unavailable(again, wanted);
			});
		}
	}

	return {
		get: (wanted) => (wanted.token === undefined ? tokenFor(wanted, false) : secrets.get(wanted.token)),
		async refresh(stale, wanted) {
			if (wanted.token !== undefined) return secrets.refresh(stale, wanted.token);
			const cached = await tokenFor(wanted, false);
			return cached === stale ? tokenFor(wanted, true) : cached;
		},
	};
}

/** A key as GitHub hands it out, whatever a form or a shell has done to its line breaks, as PKCS#8. */
function readKey(secret: string, name: string): string {
	const [, label, body = ""] = /-----BEGIN ([A-Z ]+)-----(.+?)-----END/s.exec(secret) ?? [];
	const lines = body.replace(/\\n|\s/g, "").match(/.{1,64}/g) ?? [];
	try {
		const pem = [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`].join("\n");
		return createPrivateKey(pem).export({ type: "pkcs8", format: "pem" }).toString();
	} catch (cause) {
		const repair = "put the .pem file that GitHub made for the app into it";
		throw new TokenUnavailable("bad-token", `the secret "${name}" does not hold a private key; ${repair}`, { cause });
	}
}

function unavailable(error: unknown, { owner, repo }: TokenFor): TokenUnavailable {
	if (error instanceof TokenUnavailable) return error;
	const { status, message } = error as { status?: number; message?: string };
	const response = (error as { response?: unknown }).response !== undefined;
	const cause = { cause: error };
	if (response && status === 401) {
		const repair = "check GITHUB_APP_ID, and that the private key is the app's";
		return new TokenUnavailable("bad-token", `GitHub does not recognise the app (401: ${message}); ${repair}`, cause);
	}
	if (response && status === 404) {
		const repair = `install it for ${owner}, with this repository and Contents: write`;
		return new TokenUnavailable("closed", `the GitHub App is not installed for ${owner}/${repo}; ${repair}`, cause);
	}
	return new TokenUnavailable("trouble", `no token for the GitHub App: ${message ?? String(error)}`, cause);
}
