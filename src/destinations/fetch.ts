/** Most answers that the bridge reads have a few kilobytes; a page or a stream of something else may have gigabytes. */
export const ANSWER_BYTES = 64 * 1024;

/**
 * A `fetch` whose answers have a body of so many bytes at most, already read: what comes after that is not waited for,
 * and the connection is given up.
 */
export function boundedFetch(fetch: typeof globalThis.fetch, most = ANSWER_BYTES): typeof globalThis.fetch {
	return async (url, init) => {
		const response = await fetch(url, init);
		const { status, statusText, headers } = response;
		const body = await readStart(response, most);
		return new Response(body, { status, statusText, headers });
	};
}

async function readStart(response: Response, most: number): Promise<Uint8Array | null> {
	const reader = response.body?.getReader();
	if (reader === undefined) return null;
	const chunks: Uint8Array[] = [];
	let bytes = 0;
	try {
		while (bytes < most) {
			const { done, value } = await reader.read();
			if (done) return Buffer.concat(chunks);
			chunks.push(value);
			bytes += value.byteLength;
		}
	} catch (error) {
		// A refusal is one, even if its words are cut off; whether a success was meant is not known.
		if (response.ok) throw error;
	}
	reader.cancel().catch(() => {});
	return Buffer.concat(chunks).subarray(0, most);
}

/** Errors before any byte of the request is sent: names, addresses, connections. */
const CODES = new Set([
	"ENOTFOUND",
	"EAI_AGAIN",
	"EAI_FAIL",
	"EAI_NODATA",
	"EAI_NONAME",
	"ECONNREFUSED",
	"EHOSTUNREACH",
	"EHOSTDOWN",
	"ENETUNREACH",
	"ENETDOWN",
	"EADDRNOTAVAIL",
	"UND_ERR_CONNECT_TIMEOUT",
]);
/** TLS: the certificate is not trusted, or the handshake fails. Source: Node.js, "TLS/SSL", X509 certificate error codes. */
const TLS_CODES =
	/^(?:CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_CERT|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|ERR_TLS_|ERR_SSL_(?:WRONG_VERSION_NUMBER|UNSUPPORTED_PROTOCOL|NO_|PACKET_LENGTH_TOO_LONG|.*HANDSHAKE|.*PROTOCOL_VERSION|.*UNRECOGNIZED_NAME))/;
const BEFORE_SENDING = new Set(["getaddrinfo", "connect"]);

interface NodeError {
	readonly code?: unknown;
	readonly syscall?: unknown;
	readonly message?: unknown;
	readonly cause?: unknown;
	readonly errors?: unknown;
}

/**
 * Whether a call that got no answer certainly never reached the other side: its name was not found, its connection was
 * not made, or its TLS handshake failed. A reset, a broken pipe or a closed socket may come after it was taken.
 * @param error of fetch, whose causes say what happened
 */
export function wasNeverSent(error: unknown): boolean {
	if (typeof error !== "object" || error === null) return false;
	const { code, syscall, message, cause, errors } = error as NodeError;
	if (CODES.has(String(code)) || TLS_CODES.test(String(code)) || BEFORE_SENDING.has(String(syscall))) return true;
	if (code === "ECONNRESET" && /before secure TLS connection/.test(String(message))) return true;
	return wasNeverSent(cause) || (Array.isArray(errors) && errors.length > 0 && errors.every(wasNeverSent));
}
