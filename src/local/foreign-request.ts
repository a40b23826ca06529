import type { IncomingHttpHeaders } from "node:http";

/** The names of this machine's loopback that a client may ask for. */
const OWN_NAMES = ["localhost", "127.0.0.1", "[::1]"];
/** Plain HTTP; a client leaves it out of `Host` and `Origin`. */
const DEFAULT_PORT = 80;

/**
 * Why a request must not be answered, because a web page of somebody else may have made a browser send it; undefined
 * where it comes from a program of this machine or from our own page. Every server on this machine asks this of every
 * request, since a page that a developer visits can post to 127.0.0.1, and by rebinding a name of its own to 127.0.0.1
 * it can read the answers, too.
 *
 * - `Host` names this machine and the port: a rebound name fails here.
 * - `Origin`, which browsers send with everything but a plain GET, is this server's own.
 * - `Sec-Fetch-Site`, which browsers send with every request to this machine, is `same-origin`, or `none` for what was
 *   typed into the address bar. Programs such as curl send neither.
 *
 * Source: W3C, "Fetch Metadata Request Headers"; Fetch Standard, "Origin header".
 */
export function foreignReason(headers: IncomingHttpHeaders, port: number): string | undefined {
	const { host, origin, "sec-fetch-site": site } = headers;
	const own = OWN_NAMES.flatMap((name) => [`${name}:${port}`, ...(port === DEFAULT_PORT ? [name] : [])]);
	if (!own.includes(host?.toLowerCase() ?? "")) {
		return `the header Host is not localhost:${port} or 127.0.0.1:${port}; only this machine is answered`;
	}
	const sameOrigin = origin === undefined || origin.toLowerCase() === `http://${host?.toLowerCase()}`;
	if (sameOrigin && (site === undefined || site === "same-origin" || site === "none")) return undefined;
	return "a page of another origin has sent this request; only the page of this server may";
}
