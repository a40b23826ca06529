import { createAppAuth } from "@octokit/auth-app";
import { Octokit } from "@octokit/rest";

export interface AppOptions {
	/** The app's id, or its client id. */
	readonly appId: string;
	/** PEM, PKCS#8. */
	readonly privateKey: string;
	readonly apiUrl: string;
	readonly userAgent: string;
	readonly fetch: typeof globalThis.fetch;
}

/**
 * The token of the installation that covers a repository; rejects with Octokit's RequestError, which has a `status`.
 * @param fresh a new one, whatever is cached
 */
export type InstallationToken = (owner: string, repo: string, fresh: boolean) => Promise<string>;

/** Looking the installation up and creating a token are two calls; GitHub's dispatch comes after them. */
const CALL_TIMEOUT_MS = 3_000;

/**
 * A GitHub App's installation tokens: the installation is looked up once per owner, its token is kept until a minute
 * before it ends. In a file of its own, loaded only when an app is configured and the first event needs its token.
 * Source: docs.github.com, "Authenticating as a GitHub App installation".
 */
export function createInstallationTokens(options: AppOptions): InstallationToken {
	const silent = () => {};
	const log = { debug: silent, info: silent, warn: silent, error: silent };
	const fetch: typeof globalThis.fetch = (url, init) =>
		options.fetch(url, { ...init, signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
	const { request } = new Octokit({ baseUrl: options.apiUrl, userAgent: options.userAgent, log, request: { fetch } });
	const auth = createAppAuth({ appId: options.appId, privateKey: options.privateKey, request, log });
	/** By owner. Events that come together share one look-up. */
	const installations = new Map<string, Promise<number>>();

	async function lookUp(owner: string, repo: string): Promise<number> {
		const { token } = await auth({ type: "app" });
		const headers = { authorization: `Bearer ${token}` };
		const { data } = await request("GET /repos/{owner}/{repo}/installation", { owner, repo, headers });
		return data.id;
	}

	return async (owner, repo, fresh) => {
		const key = owner.toLowerCase();
		const installation = installations.get(key) ?? lookUp(owner, repo);
		installations.set(key, installation);
		try {
			return (await auth({ type: "installation", installationId: await installation, refresh: fresh })).token;
		} catch (error) {
			// Not found this time; or removed and installed anew meanwhile, under another id.
			if (installations.get(key) === installation) installations.delete(key);
			throw error;
		}
	};
}
