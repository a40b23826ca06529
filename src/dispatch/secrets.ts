import { TokenUnavailable } from "./token-source.ts";

/** Long enough to spare the vault, short enough that a rotation without a 401 is noticed. */
const CACHE_MS = 5 * 60_000;

type ReadSecret = (name: string) => Promise<string>;

/** A vault's secrets by their names, as a TokenSource hands out tokens. */
export interface Secrets {
	get(name: string): Promise<string>;
	refresh(stale: string, name: string): Promise<string>;
}

/**
 * A key vault's secrets, each kept for some minutes.
 * @param read reads the latest version of a secret
 * @param now milliseconds
 */
export function cachedSecrets(read: ReadSecret, now: () => number): Secrets {
	const cache = new Map<string, { token: Promise<string>; at: number }>();

	/** Callers that arrive while a secret is being read share that one reading; a failed one is not kept. */
	function readAnew(name: string): Promise<string> {
		const token = readChecked(read, name);
		const entry = { token, at: now() };
		cache.set(name, entry);
		token.catch(() => {
			if (cache.get(name) === entry) cache.delete(name);
		});
		return token;
	}

	return {
		async get(name) {
			const entry = cache.get(name);
			return entry !== undefined && now() - entry.at < CACHE_MS ? entry.token : readAnew(name);
		},
		async refresh(stale, name) {
			const before = cache.get(name);
			const cached = await before?.token.catch(() => undefined);
			const entry = cache.get(name);
			// Whoever was refused first reads; the others share that reading.
			return entry !== undefined && (entry !== before || cached !== stale) ? entry.token : readAnew(name);
		},
	};
}

async function readChecked(read: ReadSecret, name: string): Promise<string> {
	const token = await read(name).catch((error: unknown) => {
		throw unreadable(name, error);
	});
	if (token === "") throw new TokenUnavailable("bad-token", `the secret "${name}" is empty; put a value into it`);
	return token;
}

/** 403 and 404 are for somebody to repair; everything else (429, 5xx, the network) may pass. */
function unreadable(name: string, error: unknown): TokenUnavailable {
	const { statusCode, message } = error as { statusCode?: number; message?: string };
	const cause = { cause: error };
	if (statusCode === 403) {
		const repair = "give the app's identity the role Key Vault Secrets User on it";
		return new TokenUnavailable(
			"bad-token",
			`the key vault does not let us read the secret "${name}"; ${repair}`,
			cause,
		);
	}
	if (statusCode === 404) {
		const repair =
			"create it, or correct its name (GITHUB_TOKEN_SECRET_NAME, GITHUB_APP_KEY_SECRET_NAME, or to.token of a route)";
		return new TokenUnavailable("bad-token", `the key vault has no secret "${name}"; ${repair}`, cause);
	}
	return new TokenUnavailable("trouble", `the secret "${name}" could not be read: ${message ?? String(error)}`, cause);
}
