import { clipLine, REASON_CHARACTERS } from "../log.ts";
import type { Classification } from "../model.ts";
import type { Identity, KeyVaultOptions } from "./azure.ts";
import type { Credential } from "./credential.ts";
import { once } from "./once.ts";

/** What the lack of a token means for the request, as an answer would say it. */
type NoToken = Extract<
	Classification,
	{ readonly kind: "unauthorized" | "unavailable" | "transient" | "rate-limited" }
>;

/** The bridge has no token to send. The message says why, and names the repair. */
export class TokenUnavailable extends Error {
	override readonly name = "TokenUnavailable";
	readonly classification: NoToken;

	constructor(classification: NoToken, options?: ErrorOptions) {
		const reason = clipLine(classification.reason, REASON_CHARACTERS);
		super(reason, options);
		this.classification = { ...classification, reason };
	}

	get kind(): NoToken["kind"] {
		return this.classification.kind;
	}
}

/** Long enough to spare the vault, short enough that a rotation without a 401 is noticed. */
const CACHE_MS = 5 * 60_000;
/** A vault that does not answer is asked again after so long, while its last value is used. */
const ASK_AGAIN_MS = 60_000;
/** A caller that has a known secret waits no longer for a vault that hangs: the destination is called within the same ten seconds. */
const PATIENCE_MS = 2_000;

type ReadSecret = (name: string) => Promise<string>;

/** Loads the SDKs of key vaults and of identities. Each is a bundle of its own. */
export interface Sdks {
	readonly keyVault: () => Promise<{ createSecretReader(vault: KeyVaultOptions, credential: Credential): ReadSecret }>;
	readonly credential: () => Promise<{ createCredential(identity: Identity): Credential }>;
}

export const SDKS: Sdks = {
	keyVault: () => import("./key-vault.ts"),
	credential: () => import("./credential.ts"),
};

/** The secrets of a key vault. The SDKs are loaded when the first one is asked for. */
export function openSecrets(
	vault: KeyVaultOptions,
	now: () => number,
	sleep: (ms: number) => Promise<void>,
	sdks: Sdks = SDKS,
): Secrets {
	const load = once(async () => {
		const { createSecretReader } = await sdks.keyVault();
		const { createCredential } = await sdks.credential();
		return createSecretReader(vault, createCredential(vault));
	});
	return cachedSecrets(async (name) => (await load())(name), now, sleep);
}

/** A vault's secrets by their names, as a TokenSource hands out tokens. */
export interface Secrets {
	get(name: string): Promise<string>;
	refresh(stale: string, name: string): Promise<string>;
}

interface Entry {
	/** The reading that was begun last. */
	readonly reading: Promise<string>;
	/** When it began, milliseconds. */
	readonly at: number;
	/** What an earlier reading gave; undefined where there was none, or GitHub refused it. */
	readonly known: string | undefined;
	/** What this reading gave; undefined while it is under way. */
	value?: string;
}

/**
 * A key vault's secrets, each cached for some minutes, and longer while the vault does not answer. An answer counts,
 * whatever it is: a secret that was removed, disabled or closed to us is not used any more.
 * @param read reads the latest version of a secret
 * @param now milliseconds
 * @param sleep waits so many milliseconds
 */
export function cachedSecrets(read: ReadSecret, now: () => number, sleep: (ms: number) => Promise<void>): Secrets {
	const cache = new Map<string, Entry>();

	/** Callers that arrive while a secret is being read share that one reading. */
	function readAnew(name: string, known?: string): Entry {
		const reading = readChecked(read, name);
		const entry: Entry = { reading, at: now(), known };
		cache.set(name, entry);
		const fill = (value: string) => {
			entry.value = value;
		};
		reading.then(fill, (error: unknown) => {
			if (cache.get(name) !== entry) return;
			// A failure is not cached. While the vault does not answer, the last known secret is used.
			if (known === undefined || !isAway(error)) cache.delete(name);
			else cache.set(name, { reading: Promise.resolve(known), at: now() - CACHE_MS + ASK_AGAIN_MS, known });
		});
		return entry;
	}

	/** The new value, or the known one where the vault is away or hangs. */
	async function newest({ reading, known }: Entry): Promise<string> {
		if (known === undefined) return reading;
		const answer = reading.catch((error: unknown) => {
			if (isAway(error)) return known;
			throw error;
		});
		return Promise.race([answer, sleep(PATIENCE_MS).then(() => known)]);
	}

	return {
		async get(name) {
			const entry = cache.get(name);
			if (entry === undefined) return readAnew(name).reading;
			if (now() - entry.at < CACHE_MS) return newest(entry);
			return newest(readAnew(name, entry.value ?? entry.known));
		},
		async refresh(stale, name) {
			const before = cache.get(name);
			const cached = await before?.reading.catch(() => undefined);
			const entry = cache.get(name);
			// The first caller that was refused reads; the others share that reading. What was known before the vault went
			// away is not newer.
			const isNewer = entry !== undefined && (entry === before ? cached !== stale : entry.known !== stale);
			return (isNewer ? entry : readAnew(name)).reading;
		},
	};
}

function isAway(error: unknown): boolean {
	return !(error instanceof TokenUnavailable) || error.kind === "transient";
}

async function readChecked(read: ReadSecret, name: string): Promise<string> {
	const token = await read(name).catch((error: unknown) => {
		throw new TokenUnavailable(whyUnreadable(name, error), { cause: error });
	});
	if (token !== "") return token;
	throw new TokenUnavailable({ kind: "unauthorized", reason: `the secret "${name}" is empty; put a value into it` });
}

/** 403 and 404 are for a person to repair; everything else (429, 5xx, the network) may pass. */
function whyUnreadable(name: string, error: unknown): NoToken {
	const { statusCode, message } = error as { statusCode?: number; message?: string };
	if (statusCode === 403) return { kind: "unauthorized", reason: whyForbidden(name, message ?? "") };
	if (statusCode === 404) {
		const settings = "GITHUB_TOKEN_SECRET_NAME, GITHUB_APP_KEY_SECRET_NAME, AZURE_DEVOPS_TOKEN_SECRET_NAME";
		const repair = `create it, or correct its name (${settings}, or to.token of a route)`;
		return { kind: "unauthorized", reason: `the key vault has no secret "${name}"; ${repair}` };
	}
	return { kind: "transient", reason: `the secret "${name}" could not be read: ${message ?? String(error)}` };
}

/** Source: learn.microsoft.com, "Azure Key Vault REST API error codes", HTTP 403. */
function whyForbidden(name: string, message: string): string {
	if (/disabled/i.test(message))
		return `the secret "${name}" is disabled in the key vault; enable it, or write a new version`;
	if (/client address is not authorized|public network access/i.test(message)) {
		return `the key vault's network rules block the bridge, so it cannot read the secret "${name}"; see docs/networks.md`;
	}
	const repair = "give the app's identity the role Key Vault Secrets User on it";
	return `the key vault does not let the bridge read the secret "${name}"; ${repair}`;
}
