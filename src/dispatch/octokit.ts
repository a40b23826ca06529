import { Octokit } from "@octokit/rest";

/** Sends one request; the answer's status is never thrown, only the lack of an answer is. */
export type Post = (url: string, body: string, token: string, signal: AbortSignal) => Promise<RawResponse>;

export interface RawResponse {
	readonly status: number;
	readonly headers: Readonly<Record<string, string | number | undefined>>;
	readonly data: unknown;
}

/** The version of GitHub's REST API that we speak; Enterprise Server knows it too. */
const API_VERSION = "2022-11-28";

/**
 * Octokit, as far as a dispatch needs it. In a file of its own, since it is ten times the size of all the rest and is
 * loaded only when the first event needs it. It does not retry or throttle: waiting belongs to who calls.
 */
export function createPost(options: { apiUrl: string; userAgent: string; fetch: typeof globalThis.fetch }): Post {
	const silent = () => {};
	const octokit = new Octokit({
		baseUrl: options.apiUrl,
		userAgent: options.userAgent,
		log: { debug: silent, info: silent, warn: silent, error: silent },
		// A redirect is ours to follow: fetch would turn a redirected POST into a GET.
		request: { fetch: options.fetch, redirect: "manual" },
	});
	return async (url, body, token, signal) => {
		try {
			return await octokit.request(`POST ${url}`, {
				headers: {
					accept: "application/vnd.github+json",
					authorization: `Bearer ${token}`,
					"x-github-api-version": API_VERSION,
				},
				// A string goes out as it is: these are the bytes that were proved to fit.
				data: body,
				request: { signal },
			});
		} catch (error) {
			// Octokit throws for statuses from 400 on, and calls a failed connection a 500; only the former has a response.
			const response = (error as { response?: RawResponse }).response;
			if (response !== undefined) return response;
			throw error;
		}
	};
}
