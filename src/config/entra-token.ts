import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { readJsonOrText } from "../event/json.ts";
import { cleanText } from "../log.ts";
import { boundedFetch } from "./bounded-fetch.ts";
import { type EntraConfig, readEntra } from "./entra-settings.ts";
import { type Env, Settings } from "./settings.ts";

/** Whether a request may come in. 503: this cannot be known now, and the sender should try again. */
export type Verdict =
	| { readonly ok: true }
	| { readonly ok: false; readonly status: 401 | 503; readonly reason: string };

/** Judges the value of the header `Authorization`; null: there is none. Never rejects. */
export type SenderCheck = (authorization: string | null) => Promise<Verdict>;

export interface Surroundings {
	readonly fetch: typeof globalThis.fetch;
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** Milliseconds of a clock that is never set. */
	readonly monotonic: () => number;
}

/**
 * Event Grid's application in Entra: in the public cloud, and in Azure Government.
 * Source: learn.microsoft.com, "Secure WebHook delivery with Microsoft Entra Application in Azure Event Grid".
 */
const EVENT_GRID = ["4962773b-9cdb-44cf-a8bf-237846a00ab7", "54316b56-3481-47f9-8f30-0300f5542a7b"];
/** The role that Microsoft's instructions let an application define, and give to Event Grid. Source: the same page. */
const ROLE = "AzureEventGridSecureWebhookSubscriber";
/** Entra's tokens have some 2,000 characters; nothing longer is decoded. */
const MOST_CHARACTERS = 12_288;
/** How far our clock and Entra's may be apart. */
const CLOCK_TOLERANCE_SECONDS = 60;
/** A JWS in its compact form has three parts; a second value of the header would follow a comma. */
const BEARER = /^Bearer +([\w-]+\.[\w-]+\.[\w-]*)$/i;

/**
 * Creates the check of the webhook's senders. The root of a bundle of its own, loaded with the first request.
 * Broken settings let no one in, and Event Grid tries again.
 */
export function createSenderCheck(env: Env, surroundings: Surroundings): SenderCheck {
	const settings = new Settings(env);
	const config = readEntra(settings);
	if (config === undefined) {
		const names = [...new Set(settings.problems().map(({ setting }) => setting))].join(", ");
		const reason = `the configuration is broken (${names}); GET /api/health says how to repair it`;
		return async () => ({ ok: false, status: 503, reason });
	}
	const keys = createTenantKeys(config.keysUrl, surroundings);
	return async (authorization) => {
		if (authorization === null) return refused("it has no token: the header Authorization is missing");
		if (authorization.length > MOST_CHARACTERS) return refused("the header Authorization is too long");
		const [, token] = BEARER.exec(authorization.trim()) ?? [];
		if (token === undefined) return refused("the header Authorization must contain exactly one bearer token");
		try {
			const { payload } = await jwtVerify(token, keys, {
				algorithms: ["RS256"],
				issuer: Object.values(config.issuers),
				requiredClaims: ["exp"],
				clockTolerance: CLOCK_TOLERANCE_SECONDS,
				currentDate: new Date(surroundings.now()),
			});
			const problem = problemOf(payload, config);
			return problem === undefined ? { ok: true } : refused(problem);
		} catch (error) {
			return judged(error);
		}
	};
}

/**
 * What is wrong with a genuine token of the tenant. It may be meant for another application, or belong to another one:
 * each application of a tenant can get a token for each other. Only access tokens name the application that they belong to.
 * Source: learn.microsoft.com, "Access token claims reference".
 */
function problemOf(payload: JWTPayload, { tenantId, audiences, applications, issuers }: EntraConfig) {
	const { iss, aud, tid, roles } = payload;
	if (typeof aud !== "string" || !audiences.includes(aud))
		return `the token's audience ${shown(aud)} is not ENTRA_AUDIENCE`;
	if (tid !== tenantId) return `the token's tenant ${shown(tid)} is not ENTRA_TENANT_ID`;
	const claim = iss === issuers.v2 ? "azp" : "appid";
	const application = payload[claim];
	if (typeof application !== "string") return `the token does not name its application: ${claim} is missing`;
	if ((applications ?? EVENT_GRID).includes(application.toLowerCase())) return undefined;
	if (applications !== undefined) return `the application ${shown(application)} is not in ENTRA_APPLICATIONS`;
	if (Array.isArray(roles) && roles.includes(ROLE)) return undefined;
	return `the application ${shown(application)} is not Event Grid's, and does not have the role ${ROLE}`;
}

/** The result of the verification. It repeats no text from a token that is not genuine. */
function judged(error: unknown): Verdict {
	if (error instanceof UnknownKey) return refused(`the token's key is unknown: ${error.message}`);
	if (error instanceof errors.JWTExpired) return refused("the token has expired");
	if (error instanceof errors.JWTClaimValidationFailed) return refused(claimProblem(error));
	if (error instanceof errors.JWSSignatureVerificationFailed) return refused("the token's signature is wrong");
	if (error instanceof errors.JOSEAlgNotAllowed) return refused("the token is not signed with RS256");
	if (error instanceof errors.JOSEError) return refused("the token is not a JWT that can be read");
	// All else is not the token's fault: there are no keys, or the one it names cannot be used.
	const why = error instanceof KeysUnavailable ? error.message : "the key that the token names cannot be used";
	return { ok: false, status: 503, reason: `the signing keys of ENTRA_TENANT_ID could not be read: ${why}` };
}

function claimProblem({ claim, payload }: errors.JWTClaimValidationFailed): string {
	if (claim === "iss") return `the token's issuer ${shown(payload.iss)} is not the tenant of ENTRA_TENANT_ID`;
	if (claim === "nbf" && typeof payload.nbf === "number") return "the token is not valid yet";
	return `the token's claim ${claim} is missing or wrong`;
}

function refused(reason: string): Verdict {
	return { ok: false, status: 401, reason };
}

/** A value of a genuine token. */
function shown(value: unknown): string {
	return typeof value === "string" ? `"${cleanText(value, 100)}"` : "(which is no text)";
}

/** The bridge cannot know whether a token is genuine, because it could not read the tenant's keys. */
class KeysUnavailable extends Error {
	override readonly name = "KeysUnavailable";
}

/** No key of the tenant has signed the token. */
class UnknownKey extends Error {
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
function createTenantKeys(url: string, { fetch, monotonic }: Surroundings): KeySet {
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
