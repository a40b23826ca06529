import { describe, expect, it } from "@jest/globals";
import { abortable, wasNeverSent } from "../../src/destinations/try-calls.ts";

const never = () => new Promise<never>(() => {});

describe("work that has to end with a signal", () => {
	it("is not waited for where the signal has ended before, or ends", async () => {
		await expect(abortable(never(), AbortSignal.abort("before"))).rejects.toBe("before");
		const later = new AbortController();
		const waiting = abortable(never(), later.signal);
		later.abort("later");
		await expect(waiting).rejects.toBe("later");
	});

	it("ends as it does on its own before that", async () => {
		const { signal } = new AbortController();
		await expect(abortable(Promise.resolve("done"), signal)).resolves.toBe("done");
		await expect(abortable(Promise.reject("failed"), signal)).rejects.toBe("failed");
	});
});

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
