import { createAppAuth } from "@octokit/auth-app";
import { TokenUnavailable } from "../../config/secrets.ts";
import { composeReason } from "../../log.ts";
import { type Answered, serverTimeOf } from "../service-response.ts";
import { beginTry, isCredential, NOT_KNOWN } from "../try-calls.ts";
import type { Call } from "./call-github.ts";

interface AppOptions {
	/** The app's id, or its client id. */
	readonly appId: string;
	/** PEM, PKCS#8. */
	readonly privateKey: string;
	readonly call: Call;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** What a token is wanted for: a repository, unless its route names a secret. */
export interface TokenFor {
	readonly owner: string;
	readonly repo: string;
	/** The name of a secret. */
	readonly token?: string | undefined;
}

/**
 * A GitHub App's installation tokens. All reject with TokenUnavailable; `calls` takes the times of the calls that were
 * made, for the pace.
 */
export interface InstallationTokens {
	/**
	 * The token of the installation that covers a repository.
	 * @param fresh a new one, whatever is cached
	 */
	token(wanted: TokenFor, fresh: boolean, calls?: number[]): Promise<string>;
	/** Asks whether the app is still installed, and not suspended. */
	inspect(wanted: TokenFor, calls?: number[]): Promise<void>;
	/** When a token was made, epoch milliseconds; undefined for one that was not made here. */
	issuedAt(token: string): number | undefined;
}

interface Issued {
	readonly token: string;
	readonly at: number;
	/** It is not used any more from then on. */
	readonly until: number;
}

/** Looking the installation up and creating a token are two calls; GitHub's dispatch comes after them. */
const CALL_TIMEOUT_MS = 3_000;
/** Installation tokens live one hour. Source: docs.github.com, "Generating an installation access token". */
const TOKEN_LIFE_MS = 3_600_000;
/** GitHub accepts clocks that differ by no more. */
const CLOCK_MARGIN_SECONDS = 20;
/** A token is not used in its last minute. */
const MARGIN_MS = 60_000;

/**
 * Installation tokens: the installation is looked up once per owner, its token is used until a minute before it ends.
 * In a file of its own, loaded only when an app is configured and the first event needs its token.
 * Source: docs.github.com, "Authenticating as a GitHub App installation".
 */
export function createInstallationTokens({ appId, privateKey, call, now }: AppOptions): InstallationTokens {
	const ask = createAsk({ appId, privateKey, call, now });
	/** By owner. */
	const installations = new Map<string, number>();
	/** By installation. */
	const issued = new Map<number, Issued>();
	/** Events that come together share one look-up of a repository, and one new token of an installation. */
	const underWay = new Map<string, Promise<unknown>>();

	function shared<T>(name: string, work: () => Promise<T>): Promise<T> {
		const begun = underWay.get(name) as Promise<T> | undefined;
		if (begun !== undefined) return begun;
		const promise = work().finally(() => underWay.delete(name));
		underWay.set(name, promise);
		return promise;
	}

	/** Another repository of the same owner may be covered where this one is not. */
	function lookUp({ owner, repo }: TokenFor, calls?: number[]): Promise<number> {
		const path = `/repos/${owner}/${repo}/installation`;
		return shared(path.toLowerCase(), async () => {
			const answered = await ask("GET", path, calls);
			const { id, suspended_at: suspendedAt } = (answered.json ?? {}) as { id?: unknown; suspended_at?: unknown };
			if (isNotFound(answered)) throw notInstalled({ owner, repo });
			if (answered.classification.kind !== "taken" || typeof id !== "number") throw unavailable(answered);
			if (typeof suspendedAt === "string") throw suspended(owner, suspendedAt);
			installations.set(owner.toLowerCase(), id);
			return id;
		});
	}

	function issue(id: number, wanted: TokenFor, calls?: number[]): Promise<Issued> {
		return shared(String(id), async () => {
			const answered = await ask("POST", `/app/installations/${id}/access_tokens`, calls);
			const { token, expires_at: expiresAt } = (answered.json ?? {}) as { token?: unknown; expires_at?: unknown };
			if (answered.classification.kind !== "taken" || typeof token !== "string" || !isCredential(token)) {
				// It may have been removed, and installed anew under another id.
				installations.delete(wanted.owner.toLowerCase());
				throw isNotFound(answered) ? notInstalled(wanted) : unavailable(answered);
			}
			const at = now();
			const entry = { token, at, until: endOf(expiresAt, at) - MARGIN_MS };
			issued.set(id, entry);
			return entry;
		});
	}

	return {
		async token(wanted, fresh, calls) {
			const id = installations.get(wanted.owner.toLowerCase()) ?? (await lookUp(wanted, calls));
			const cached = issued.get(id);
			if (!fresh && cached !== undefined && now() < cached.until) return cached.token;
			return (await issue(id, wanted, calls)).token;
		},
		async inspect(wanted, calls) {
			await lookUp(wanted, calls);
		},
		issuedAt: (token) => [...issued.values()].find((one) => one.token === token)?.at,
	};
}

/**
 * Makes calls as the app. The token that says so is valid for ten minutes by GitHub's clock. If this machine's clock is
 * wrong, GitHub's is used.
 */
function createAsk({ appId, privateKey, call, now }: AppOptions) {
	/** What has to be added to this machine's clock to get GitHub's, seconds. 0 until GitHub refuses the app. */
	let timeDifference = 0;

	return async (method: "GET" | "POST", path: string, calls?: number[]): Promise<Answered> => {
		const trying = beginTry(CALL_TIMEOUT_MS, now(), calls);
		async function askOnce(): Promise<Answered> {
			const { token } = await createAppAuth({ appId, privateKey, timeDifference })({ type: "app" });
			return call({ method, path, token }, trying);
		}
		const first = await askOnce();
		if (first.classification.kind !== "unauthorized") return first;
		const difference = differenceOf(first, now());
		if (Math.abs(difference - timeDifference) <= CLOCK_MARGIN_SECONDS) return first;
		timeDifference = difference;
		return askOnce();
	};
}

/** How far GitHub's clock is ahead of ours, seconds. */
function differenceOf({ response }: Answered, now: number): number {
	return Math.round(((serverTimeOf(response?.headers ?? {}, now) ?? now) - now) / 1_000);
}

/** By our own clock: an end that has passed already, or is further off than any, is that of another clock. */
function endOf(expiresAt: unknown, issuedAt: number): number {
	const end = Date.parse(String(expiresAt));
	const latest = issuedAt + TOKEN_LIFE_MS;
	return end > issuedAt + MARGIN_MS && end < latest ? end : latest;
}

function isNotFound({ response }: Answered): boolean {
	return response?.status === 404 && response.body === "json";
}

function notInstalled({ owner, repo }: TokenFor): TokenUnavailable {
	const repair = `install it for ${owner}, with this repository, and Contents: write (workflows of routes: Actions: write)`;
	return new TokenUnavailable({
		kind: "unavailable",
		reason: `the GitHub App is not installed for ${owner}/${repo}; ${repair}`,
	});
}

function suspended(owner: string, since: string): TokenUnavailable {
	const repair = "unsuspend it in the owner's settings, GitHub Apps";
	const reason = composeReason(`the GitHub App is suspended for ${owner}`, `since ${since}`, `; ${repair}`);
	return new TokenUnavailable({ kind: "unavailable", wide: true, reason });
}

/** Without its token nothing of a lane can be sent, and nothing was: the request itself is never to blame. */
function unavailable({ classification, response }: Answered): TokenUnavailable {
	const before = "no token for the GitHub App: ";
	switch (classification.kind) {
		case "unauthorized": {
			const repair = "check GITHUB_APP_ID, and whether the private key belongs to the app";
			const reason = composeReason("GitHub does not recognise the app", `401: ${response?.message}`, `; ${repair}`);
			return new TokenUnavailable({ kind: "unauthorized", reason });
		}
		case "rate-limited":
			return new TokenUnavailable(classification);
		case "transient":
		case "uncertain":
			return new TokenUnavailable({
				...classification,
				kind: "transient",
				// The call asked for a token. It cannot have started a run.
				reason: before + classification.reason.replace(NOT_KNOWN, "; nothing was dispatched"),
			});
		case "unavailable":
		case "permanent":
			return new TokenUnavailable({ kind: "unavailable", wide: true, reason: before + classification.reason });
		default:
			return new TokenUnavailable({ kind: "unavailable", wide: true, reason: `${before}${NO_TOKEN_IN_IT}` });
	}
}

const NO_TOKEN_IN_IT = "GitHub's answer contains no token; check GITHUB_API_URL, and any proxy on the way";
