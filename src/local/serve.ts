import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

/** A server on this machine's loopback, and only there. */
export interface Server {
	/** Without a slash at its end. */
	readonly url: string;
	readonly port: number;
	/** Ends it, with every connection that is still open. */
	close(): Promise<void>;
}

/**
 * Serves on 127.0.0.1; port 0 takes a free one. What a foreign web page may have sent is answered 403 and reaches no
 * listener (see `foreignReason`). Rejects as `listen` does, for one with EADDRINUSE.
 */
export async function serve(port: number, listener: RequestListener): Promise<Server> {
	const server = createServer((request, response) => {
		const reason = foreignReason(request.headers, request.socket.localPort ?? 0);
		if (reason === undefined) return listener(request, response);
		// Closed, since the body is not read.
		response.writeHead(403, { "content-type": "application/json; charset=utf-8", connection: "close" });
		response.end(JSON.stringify({ error: reason }));
	});
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject);
		server.listen(port, "127.0.0.1", resolve);
	});
	const { port: taken } = server.address() as AddressInfo;
	return {
		url: `http://127.0.0.1:${taken}`,
		port: taken,
		close: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}

/** A request's whole body. */
export async function readAll(request: IncomingMessage): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(chunk as Buffer);
	return Buffer.concat(chunks);
}

/** The names of this machine's loopback that a client may ask for. */
const OWN_NAMES = ["localhost", "127.0.0.1", "[::1]"];
/** Plain HTTP; a client leaves it out of `Host` and `Origin`. */
const DEFAULT_PORT = 80;

/**
 * Why a request must not be answered, because a foreign web page may have made a browser send it; undefined
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
		return `the header Host must be localhost:${port} or 127.0.0.1:${port}: this server answers only programs of this machine`;
	}
	const sameOrigin = origin === undefined || origin.toLowerCase() === `http://${host?.toLowerCase()}`;
	if (sameOrigin && (site === undefined || site === "same-origin" || site === "none")) return undefined;
	return "a page of another origin sent this request; this server answers only its own page";
}
