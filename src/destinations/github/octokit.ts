import { Octokit } from "@octokit/rest";
import { boundedFetch, type RawResponse } from "../../config/bounded-fetch.ts";

/** One request of GitHub's API. */
export interface GitHubRequest {
	readonly method: "GET" | "POST";
	readonly url: string;
	/** A token, or the JWT of an app. */
	readonly token: string;
	/** The bytes to send. */
	readonly body?: string;
	/** It only reads: it is not counted for the pace of writes, and its answer may be large. */
	readonly reads?: true;
	/** Of an earlier answer: an unchanged one is answered with a 304. */
	readonly etag?: string | undefined;
}

/**
 * Sends one request. The body of the answer is read to a limit of 64 KiB, one that was asked for to `READ_BYTES`. A status
 * is never thrown, only the lack of an answer is.
 */
export type Send = (request: GitHubRequest, signal: AbortSignal) => Promise<RawResponse>;

/** A run has up to 20 KB, and a list has a hundred runs. */
const READ_BYTES = 8 * 1024 * 1024;

/** The version of GitHub's REST API that we speak; Enterprise Server knows it too. */
const API_VERSION = "2022-11-28";

/**
 * Octokit, as far as the bridge needs it. In a file of its own, since it is ten times the size of all the rest and is
 * loaded only when the first event needs it. It does not retry or throttle: waiting belongs to the caller.
 */
export function createSend(options: { apiUrl: string; userAgent: string; fetch: typeof globalThis.fetch }): Send {
	const silent = () => {};
	const octokit = new Octokit({
		baseUrl: options.apiUrl,
		userAgent: options.userAgent,
		log: { debug: silent, info: silent, warn: silent, error: silent },
		// A redirect is ours to follow: fetch would turn a redirected POST into a GET.
		request: { redirect: "manual" },
	});
	const [fetch, fetchLarge] = [boundedFetch(options.fetch), boundedFetch(options.fetch, READ_BYTES)];
	return ({ method, url, token, body, reads, etag }, signal) =>
		new Promise((resolve, reject) => {
			/** Octokit throws for each refusal, and may fail in wording its error: it gets nothing of the answer. */
			async function answer(...request: Parameters<typeof fetch>): Promise<Response> {
				resolve(await (reads === true ? fetchLarge : fetch)(...request));
				return new Response();
			}

			const headers = {
				accept: "application/vnd.github+json",
				authorization: `Bearer ${token}`,
				"x-github-api-version": API_VERSION,
				"if-none-match": etag,
			};
			// A string is sent unchanged: these are the bytes whose size was checked.
			const options = { headers, data: body, request: { signal, fetch: answer } };
			octokit.request(`${method} ${url}`, options).catch(reject);
		});
}
