import { describe, expect, it } from "@jest/globals";
import { boundedFetch, wasNeverSent } from "../../src/destinations/fetch.ts";

describe("a call that got no answer", () => {
	it.each([
		...["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "EAI_NODATA", "EAI_NONAME"],
		...["ECONNREFUSED", "EHOSTUNREACH", "EHOSTDOWN", "ENETUNREACH", "ENETDOWN", "EADDRNOTAVAIL"],
		...["UND_ERR_CONNECT_TIMEOUT", "CERT_HAS_EXPIRED", "CRL_HAS_EXPIRED", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
		...["DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN", "HOSTNAME_MISMATCH", "INVALID_CA"],
		...["INVALID_PURPOSE", "PATH_LENGTH_EXCEEDED", "ERR_TLS_CERT_ALTNAME_INVALID", "ERR_SSL_WRONG_VERSION_NUMBER"],
		...["ERR_SSL_UNSUPPORTED_PROTOCOL", "ERR_SSL_NO_CIPHER_MATCH", "ERR_SSL_PACKET_LENGTH_TOO_LONG"],
		...["ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"],
		"ERR_SSL_TLSV1_UNRECOGNIZED_NAME",
	])("was never sent where it failed with %s, itself or as the cause", (code) => {
		expect(wasNeverSent({ code })).toBe(true);
		expect(wasNeverSent(new TypeError("fetch failed", { cause: { code } }))).toBe(true);
	});

	it.each([{ syscall: "getaddrinfo" }, { syscall: "connect", code: "ETIMEDOUT" }])(
		"was never sent where it failed at %j",
		(error) => {
			expect(wasNeverSent(error)).toBe(true);
		},
	);

	it("was never sent where the connection ended before TLS was there, and only then", () => {
		const message = "Client network socket disconnected before secure TLS connection was established";
		expect(wasNeverSent({ code: "ECONNRESET", message })).toBe(true);
		expect(wasNeverSent({ code: "ECONNRESET", message: "read ECONNRESET" })).toBe(false);
		expect(wasNeverSent({ code: "EPIPE", message })).toBe(false);
	});

	it("was never sent where none of its addresses was reached", () => {
		const [refused, reset] = [{ code: "ECONNREFUSED" }, { code: "ECONNRESET" }];
		expect(wasNeverSent({ errors: [refused, refused] })).toBe(true);
		expect(wasNeverSent({ errors: [refused, reset] })).toBe(false);
		expect(wasNeverSent({ errors: [] })).toBe(false);
	});

	it.each([
		["nothing", undefined],
		["null", null],
		["a text", "ENOTFOUND"],
		["an error without a code", new Error("ENOTFOUND")],
		["a reset", { code: "ECONNRESET", syscall: "read" }],
		["a broken pipe", { code: "EPIPE", syscall: "write" }],
		["the end of its time", { name: "TimeoutError", code: 23 }],
		["a code that only resembles TLS's", { code: "MY_CERT_HAS_EXPIRED" }],
		["TLS after the handshake", { code: "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC" }],
		["a cause that is null", { code: "UND_ERR_SOCKET", cause: null }],
		["errors that are null", { errors: null }],
		["errors that are no list", { errors: "ENOTFOUND" }],
	])("may have been taken after %s", (_, error) => {
		expect(wasNeverSent(error)).toBe(false);
	});
});

describe("a bounded answer", () => {
	const answering = (status: number, chunks: readonly string[]) =>
		boundedFetch(async () => {
			const body = new ReadableStream({
				start(controller) {
					for (const chunk of chunks) controller.enqueue(Buffer.from(chunk));
					// It never ends.
				},
			});
			return new Response(body, { status });
		}, 4);

	it.each([[["abcd"]], [["ab", "cd"]], [["abc", "defgh"]]])("ends where the bound is reached: %j", async (chunks) => {
		const response = await answering(200, chunks)("http://127.0.0.1");
		expect(await response.text()).toBe("abcd");
	});

	it.each([204, 205, 304])("has no body where its status %i has none", async (status) => {
		const response = await boundedFetch(async () => new Response(null, { status }))("http://127.0.0.1");
		expect([response.status, response.body]).toEqual([status, null]);
	});
});
