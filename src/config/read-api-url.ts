import { isLoopback } from "./is-loopback.ts";
import type { Settings } from "./settings.ts";

const GITHUB = "https://api.github.com";
const EXAMPLE = `${GITHUB}, https://HOST/api/v3 for Enterprise Server, or https://api.SUBDOMAIN.ghe.com`;

/**
 * GitHub's API, from `GITHUB_API_URL`. An address that certainly serves web pages, or nothing, is refused with the right
 * one; one that only may be wrong is a warning, since a gateway can stand in front of GitHub.
 * @returns without a slash at its end
 */
export function readApiUrl(settings: Settings): string {
	const text = settings.get("GITHUB_API_URL") ?? GITHUB;
	const url = settings.url("GITHUB_API_URL", text, EXAMPLE);
	if (url === undefined) return text.replace(/\/+$/, "");
	const path = url.pathname.replace(/\/+$/, "");
	const address = url.origin + path;
	if (isLoopback(url)) return address;
	const problem = findProblem(url, path);
	if (problem !== undefined) settings.refuse("GITHUB_API_URL", `"${address}" ${problem}`);
	else if (path !== "" && !path.endsWith("/api/v3")) {
		const usual = "the API of an Enterprise Server is at /api/v3";
		settings.warnings.push(`GITHUB_API_URL: "${address}" has another path than GitHub's: ${usual}`);
	}
	return address;
}

/** Source: docs.github.com, "Getting started with the REST API", and "About GitHub Enterprise Cloud with data residency". */
function findProblem({ hostname, host }: URL, path: string): string | undefined {
	if (/^(?:www\.)?github\.com$/.test(hostname)) return `is GitHub's web site; its API is ${GITHUB}`;
	if (hostname === "api.github.com")
		return path === "" ? undefined : `has a path that GitHub's API has not; write ${GITHUB}`;
	const [, residence] = /^(?:api\.)?([^.]+)\.ghe\.com$/.exec(hostname) ?? [];
	if (residence !== undefined) {
		const api = `https://api.${residence}.ghe.com`;
		if (!hostname.startsWith("api.")) return `is a web site; its API is ${api}`;
		return path === "" ? undefined : `has a path that the API has not; write ${api}`;
	}
	if (path === "" && !hostname.startsWith("api.")) {
		return `has no path, and would serve web pages; the API of an Enterprise Server is https://${host}/api/v3`;
	}
	return undefined;
}

/**
 * The address before a move, from `GITHUB_API_URL_BEFORE`: only compared with what lanes have recorded, so it is written
 * in the same form.
 * @returns undefined where it is not set
 */
export function readFormerApiUrl(settings: Settings): string | undefined {
	const text = settings.get("GITHUB_API_URL_BEFORE");
	const url = text === undefined ? undefined : settings.url("GITHUB_API_URL_BEFORE", text, EXAMPLE);
	return url && url.origin + url.pathname.replace(/\/+$/, "");
}
