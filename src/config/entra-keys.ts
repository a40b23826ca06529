import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { boundedFetch } from "../destinations/service-response.ts";
import { readJsonOrText } from "../event/json.ts";

export interface Surroundings {
	readonly fetch: typeof globalThis.fetch;
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** Milliseconds of a clock that is never set. */
	readonly monotonic: () => number;
}

/** The bridge cannot know whether a token is genuine, because it could not read the tenant's keys. */
export class KeysUnavailable extends Error {
	override readonly name = "KeysUnavailable";
}

/** No key of the tenant has signed the token. */
export class UnknownKey extends Error {
	override readonly name = "UnknownKey";
}

/** The keys are read again after so long. Entra publishes a key long before it signs with it. */
const FRESH_MS = 60 * 60_000;
/** While Entra does not answer, known keys are used for so long. */
const USABLE_MS = 24 * 60 * 60_000;
/** A token with an unknown key makes the keys be read again, but not more often than this: anyone can send one. */
const AGAIN_MS = 60_000;
/** Without any keys Entra is asked again sooner, since nothing can come in until it answers. */
const RETRY_MS = 5_000;
/** Event Grid waits 30 seconds in all, and accepting takes up to 20. */
const TIMEOUT_MS = 5_000;

type KeySet = (...header: Parameters<JWTVerifyGetKey>) => ReturnType<ReturnType<typeof createLocalJWKSet>>;

/**
 * A tenant's signing keys, cached. Callers that arrive while they are being read share that one reading.
 * Source: learn.microsoft.com, "Signing key rollover in the Microsoft identity platform".
 * @returns finds the key that a token's header names. Rejects with KeysUnavailable or UnknownKey.
 */
export function createTenantKeys(url: string, { fetch, monotonic }: Omit<Surroundings, "now">): KeySet {
	let known: { readonly keys: KeySet; readonly at: number } | undefined;
	let failure: string | undefined;
	let triedAt = Number.NEGATIVE_INFINITY;
	let reading: Promise<void> | undefined;

	async function read(): Promise<void> {
		try {
			known = { keys: await fetchKeys(url, fetch), at: monotonic() };
			failure = undefined;
		} catch (error) {
			failure = (error as Error).message;
		}
	}

	/** @param pauseMs how long ago the last reading must be, if it did not fail */
	async function refresh(pauseMs: number): Promise<void> {
		const pause = failure === undefined ? pauseMs : known === undefined ? RETRY_MS : AGAIN_MS;
		if (reading === undefined && monotonic() - triedAt >= pause) {
			triedAt = monotonic();
			reading = read().finally(() => {
				reading = undefined;
			});
		}
		await reading;
	}

	const isOlder = (ms: number) => known === undefined || monotonic() - known.at >= ms;

	return async (header, token) => {
		if (typeof header.kid !== "string" || header.kid === "") throw new UnknownKey("the token names no key");
		if (isOlder(FRESH_MS)) await refresh(0);
		if (known === undefined || isOlder(USABLE_MS)) throw new KeysUnavailable(failure);
		const key = await find(known.keys, header, token);
		if (key !== undefined) return key;
		await refresh(AGAIN_MS);
		const renewed = await find(known.keys, header, token);
		if (renewed !== undefined) return renewed;
		throw failure === undefined ? new UnknownKey("the tenant has no such key") : new KeysUnavailable(failure);
	};
}

async function find(keys: KeySet, ...header: Parameters<KeySet>) {
	try {
		return await keys(...header);
	} catch (error) {
		if (error instanceof errors.JWKSNoMatchingKey) return undefined;
		throw new KeysUnavailable(`one of the keys cannot be used: ${(error as Error).message}`);
	}
}

/** Only a set of RSA keys counts as Entra's answer. A proxy's page, a redirect or half a text does not. */
async function fetchKeys(url: string, fetch: typeof globalThis.fetch): Promise<KeySet> {
	const init = { redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) } as const;
	const response = await boundedFetch(fetch)(url, init).catch(({ cause, message }: Error) => {
		throw new Error(`no answer (${cause instanceof Error ? cause.message || cause.name : message})`);
	});
	if (response.status !== 200) throw new Error(`the answer was ${response.status}`);
	const { keys } = (readJsonOrText(response.text) ?? {}) as { readonly keys?: unknown };
	const usable = Array.isArray(keys) ? keys.filter((key) => key?.kty === "RSA" && typeof key.kid === "string") : [];
	if (usable.length === 0) throw new Error("the answer contains no signing keys");
	return createLocalJWKSet({ keys: usable } as JSONWebKeySet);
}
