import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server as NetServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "@jest/globals";
import { generate } from "selfsigned";
import { createGitHub } from "../../../src/destinations/github/github.ts";
import { fixedToken } from "../../../src/destinations/github/tokens.ts";
import { repositoryDispatch } from "../../../support/destinations.ts";

/** Of a form that no rule knows. */
const TOKEN = "tok/Corp-Proxy+42:secret";
const TO = repositoryDispatch("contoso/fraud-model", "t");
const BODY = '{"event_type":"t"}';
const PATH = "/repos/contoso/fraud-model/dispatches";

const open: NetServer[] = [];
const sockets = new Set<Socket>();
afterEach(async () => {
	for (const socket of sockets) socket.destroy();
	await Promise.all(open.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function listen<S extends NetServer>(server: S): Promise<number> {
	open.push(server);
	server.on("connection", (socket: Socket) => {
		sockets.add(socket);
		socket.on("error", () => {});
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return (server.address() as AddressInfo).port;
}

/** A server in GitHub's place, at a path of its own where one is given. */
async function gitHubAt(listener: (request: IncomingMessage, response: ServerResponse) => void, base = "") {
	return dispatchTo(`http://127.0.0.1:${await listen(createServer(listener))}${base}`);
}

/** Dispatches by the real client over a real socket. */
function dispatchTo(apiUrl: string, { token = TOKEN, timeoutMs = 10_000 } = {}) {
	const github = createGitHub({
		apiUrl,
		tokens: fixedToken(token),
		version: "9.9.9",
		fetch: globalThis.fetch,
		now: Date.now,
		sleep: async () => {},
		timeoutMs,
	});
	return () => github.send(TO, BODY);
}

describe("an answer over a real connection", () => {
	it.each<[string, number, Record<string, string>, string, string]>([
		["a page with 200", 200, { "content-type": "text/html" }, "<!DOCTYPE html><title>Sign in</title>", "unavailable"],
		["a page without a content type", 200, {}, "<!DOCTYPE html>", "unavailable"],
		["a page with a script", 200, {}, "<!DOCTYPE html><script>{}</script>", "unavailable"],
		["an empty page", 200, { "content-type": "text/html" }, "", "unavailable"],
		["a page that claims to be JSON", 200, { "content-type": "application/json" }, "<!DOCTYPE html>", "unavailable"],
		["a plain text with 200", 200, { "content-type": "text/plain" }, "OK", "unavailable"],
		["bytes", 200, { "content-type": "application/octet-stream" }, "\u0001\u0002", "unavailable"],
		["a content type that is none", 200, { "content-type": ";;;" }, "x", "unavailable"],
		["a page with 400", 400, { "content-type": "text/html" }, "<title>Bad request</title>", "unavailable"],
		["a page with 422", 422, { "content-type": "text/html" }, "<title>No</title>", "unavailable"],
		["a page with 401", 401, { "content-type": "text/html" }, "<title>Log in</title>", "unavailable"],
		["a page with 502", 502, { "content-type": "text/html" }, "<title>Unicorn!</title>", "uncertain"],
		["JSON with 203", 203, { "content-type": "application/json" }, "{}", "unavailable"],
		["JSON with 200", 200, { "content-type": "application/json; charset=utf-8" }, "{}", "taken"],
		["JSON of GitHub's media type", 200, { "content-type": "application/vnd.github+json" }, '{"a":1}', "taken"],
		["JSON without a content type", 202, {}, '{"a":1}', "taken"],
		["JSON after white space", 202, {}, ' \r\n\t{"a":1}', "taken"],
		["a list", 200, { "content-type": "application/json" }, "[]", "taken"],
		["a number", 200, { "content-type": "application/json" }, "5", "unavailable"],
		["a truth", 200, { "content-type": "application/json" }, "true", "unavailable"],
		["a text", 200, { "content-type": "application/json" }, '"OK"', "unavailable"],
		["nothing with 422", 422, {}, "", "unavailable"],
		["null with 422", 422, { "content-type": "application/json" }, "null", "unavailable"],
		["a blank text with 200", 200, { "content-type": "text/plain" }, "\n", "unavailable"],
		["a blank text that claims to be JSON", 202, { "content-type": "application/json" }, " ", "unavailable"],
		["a plain text that says null", 200, { "content-type": "text/plain" }, "null", "unavailable"],
		["null with 200", 200, { "content-type": "application/json" }, " null\n", "taken"],
		["nothing with 200", 200, {}, "", "taken"],
		["nothing with 204", 204, {}, "", "taken"],
		["JSON with 422", 422, { "content-type": "application/json" }, '{"message":"Invalid request."}', "permanent"],
	])("is taken for what it is: %s", async (_, status, headers, body, kind) => {
		const dispatch = await gitHubAt((_request, response) => response.writeHead(status, headers).end(body));
		expect(await dispatch()).toMatchObject({ status, classification: { kind } });
	});

	it.each<[string, Record<string, string>]>([
		["no content type", {}],
		["GitHub's media type", { "content-type": "application/vnd.github+json; charset=utf-8" }],
		["a problem's media type", { "content-type": "application/problem+json" }],
	])("means what its words say, under %s", async (_, headers) => {
		const message = "You have exceeded a secondary rate limit";
		const dispatch = await gitHubAt((_request, response) =>
			response.writeHead(403, headers).end(JSON.stringify({ message })),
		);
		expect(await dispatch()).toMatchObject({
			classification: { kind: "rate-limited", reason: expect.stringContaining(message) },
		});
	});

	it("that redirects to a sign-in page is not followed there", async () => {
		const paths: (string | undefined)[] = [];
		const dispatch = await gitHubAt(({ url }, response) => {
			paths.push(url);
			if (url === PATH) response.writeHead(302, { location: "/login?return_to=x" }).end();
			else response.writeHead(200, { "content-type": "text/html" }).end("<title>Sign in</title>");
		});
		const { classification } = await dispatch();
		expect(classification).toMatchObject({ kind: "unavailable", reason: expect.stringContaining("GITHUB_API_URL") });
		expect(classification).toMatchObject({ reason: expect.stringContaining("302 to /login?return_to=x") });
		expect(paths).toEqual([PATH]);
	});

	it.each([
		["", "/repositories/7/dispatches", true],
		["", "/repos/contoso/renamed/dispatches", true],
		["", "/", false],
		["", "/repos/../login", false],
		["", "/repos/%2e%2e/login", false],
		["", "//127.0.0.1/login", false],
		["/api/v3", "/api/v3/repositories/7/dispatches", true],
		["/api/v3", "/repositories/7/dispatches", false],
		["/api/v3", "/api/v3/../../repositories/7", false],
	])("at the base %j that redirects to %j is followed: %j", async (base, location, isFollowed) => {
		const dispatch = await gitHubAt(({ url }, response) => {
			if (url === base + PATH) response.writeHead(307, { location }).end();
			else response.writeHead(204).end();
		}, base);
		expect((await dispatch()).classification.kind).toBe(isFollowed ? "taken" : "unavailable");
	});

	it.each([200, 403])("that does not end is read to a limit (%d)", async (status) => {
		let sent = 0;
		const dispatch = await gitHubAt((_request, response) => {
			response.writeHead(status, { "content-type": "application/json" }).write('{"message":"');
			const chunk = Buffer.alloc(64 * 1024, "x");
			const more = () => {
				while (!response.destroyed && response.write(chunk)) sent += chunk.length;
				sent += chunk.length;
			};
			response.on("drain", more);
			more();
		});
		const { classification } = await dispatch();
		expect(classification.kind).toBe(status === 200 ? "taken" : "unavailable");
		// What lay in the buffers of two sockets by then.
		expect(sent).toBeLessThan(16 * 1024 * 1024);
	});

	it("that says more than any reason holds is clipped, and still has the repair", async () => {
		const message = "x".repeat(40_000);
		const dispatch = await gitHubAt((_request, response) =>
			response.writeHead(404, { "content-type": "application/json" }).end(JSON.stringify({ message })),
		);
		const { classification } = await dispatch();
		const reason = "reason" in classification ? classification.reason : "";
		expect(reason.length).toBeLessThanOrEqual(300);
		expect(reason).toMatch(/^GitHub answered 404 \(xx.*…\): there is no such repository.*Contents: write\)$/);
	});

	it.each([200, 302, 400, 401, 403, 404, 418, 422, 429, 500])(
		"that echoes the token does not bring it into the attempt (%d)",
		async (status) => {
			const dispatch = await gitHubAt(({ headers: { authorization = "" } }, response) => {
				const token = authorization.replace("Bearer ", "");
				response
					.writeHead(status, {
						"content-type": status === 200 ? `text/html; ${token}` : "application/json",
						location: `https://elsewhere.example/${token}`,
						"x-github-request-id": token,
						"x-github-sso": `required; url=https://elsewhere.example/${token}`,
						"x-accepted-github-permissions": token,
					})
					.end(JSON.stringify({ message: `${"x".repeat(210)} ${authorization} ${token}` }));
			});
			const attempt = await dispatch();
			expect(attempt.classification.kind).not.toBe("taken");
			expect(JSON.stringify(attempt)).not.toMatch(/Corp-Proxy|tok\//);
		},
	);

	it.each<[string, string, string?]>([
		["a number beyond a double, without words", '{"id":9007199254740993}'],
		["a number beyond a double among its errors", '{"message":"No","errors":[{"id":9007199254740993}]}'],
		["errors without words", '{"errors":[{"resource":"Dispatch"}]}'],
		["errors that are none", '{"message":"No","errors":7}'],
		["words that are no text", '{"message":{"toString":1}}'],
		["an address that is no text", '{"message":"No","documentation_url":{"toString":1}}'],
		["a list that is nested too deeply", "[".repeat(30_000) + "]".repeat(30_000)],
		["words that are nested too deeply", `{"message":${"[".repeat(30_000)}${"]".repeat(30_000)}}`],
		["a number that is infinite", '{"message":1e999}'],
		["null", "null"],
		["nothing", ""],
		["half of a JSON", '{"message":"No'],
		["bytes", "\u0000\u0001", "application/octet-stream"],
		["a content type that is none", "{}", "; charset"],
		["a content type with half a parameter", "{}", 'application/json; charset="'],
	])("has its status and its times, whatever else it says: %s", async (_, body, type = "application/json") => {
		const headers = { "content-type": type, "retry-after": "7", deprecation: "true", link: "<" };
		let status = 0;
		const dispatch = await gitHubAt((_request, response) => response.writeHead(status, headers).end(body));
		for (status of [403, 429]) {
			expect(await dispatch()).toMatchObject({ status, classification: { kind: "rate-limited", named: true } });
		}
		for (status of [500, 503, 600, 999]) {
			expect(await dispatch()).toMatchObject({ status, classification: { kind: "uncertain", retryAfterMs: 7_000 } });
		}
		for (status of [200, 304, 400, 404, 409, 413, 422]) expect(await dispatch()).toMatchObject({ status });
	});

	it("whose refusal is cut off in the middle of its words is a refusal", async () => {
		const dispatch = await gitHubAt((_request, response) => {
			response.writeHead(429, { "retry-after": "7", "content-length": "1000" }).write('{"mess');
			setTimeout(() => response.destroy(), 20);
		});
		expect(await dispatch()).toMatchObject({ status: 429, classification: { kind: "rate-limited", named: true } });
	});
});

describe("a call that gets no answer", () => {
	it("has certainly not arrived where nothing listens", async () => {
		const port = await listen(createTcpServer());
		await new Promise((resolve) => open.pop()?.close(resolve));
		const { classification } = await dispatchTo(`http://127.0.0.1:${port}`)();
		expect(classification).toMatchObject({ kind: "transient", reason: expect.stringContaining("ECONNREFUSED") });
		expect(classification).toMatchObject({ reason: expect.stringContaining("nothing was sent") });
	});

	it("has certainly not arrived where the name is not known", async () => {
		expect((await dispatchTo("http://nothing.invalid")()).classification.kind).toBe("transient");
	});

	it("has certainly not arrived where the certificate is not trusted", async () => {
		const { private: key, cert } = await generate([{ name: "commonName", value: "localhost" }], { keyType: "ec" });
		const port = await listen(createTlsServer({ key, cert }, (_request, response) => response.writeHead(204).end()));
		expect((await dispatchTo(`https://127.0.0.1:${port}`)()).classification.kind).toBe("transient");
	});

	it("has certainly not arrived where the other side speaks no TLS", async () => {
		const port = await listen(createServer((_request, response) => response.writeHead(204).end()));
		expect((await dispatchTo(`https://127.0.0.1:${port}`)()).classification.kind).toBe("transient");
	});

	it("has certainly not arrived where the connection ends during the TLS handshake", async () => {
		const port = await listen(createTcpServer((socket) => socket.once("data", () => socket.destroy())));
		expect((await dispatchTo(`https://127.0.0.1:${port}`)()).classification.kind).toBe("transient");
	});

	it.each([
		["unavailable", (socket: Socket) => socket.destroy()],
		["reset", (socket: Socket) => socket.resetAndDestroy()],
		["answered by what is no HTTP", (socket: Socket) => socket.end("SSH-2.0-x\r\n")],
		["answered in part", (socket: Socket) => socket.end("HTTP/1.1 200 O")],
		["answered by half a success", (socket: Socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{")],
	])("may have been taken where the connection is %s after the request", async (_, end) => {
		const port = await listen(createTcpServer((socket) => socket.once("data", () => end(socket))));
		const { classification } = await dispatchTo(`http://127.0.0.1:${port}`)();
		expect(classification).toMatchObject({ kind: "uncertain", reason: expect.stringContaining("is not known") });
	});

	it("may have been taken where nothing comes in time", async () => {
		const port = await listen(createTcpServer());
		const { classification } = await dispatchTo(`http://127.0.0.1:${port}`, { timeoutMs: 50 })();
		expect(classification).toMatchObject({ kind: "uncertain", reason: expect.stringContaining("in time") });
	});

	it.each(["two words", "line\nbreak", "schlüssel-im-klartext", "", "zero\u0000byte"])(
		"was not sent with what no token is: %j",
		async (token) => {
			let requests = 0;
			const port = await listen(createServer(() => requests++));
			const { classification } = await dispatchTo(`http://127.0.0.1:${port}`, { token })();
			expect(classification).toMatchObject({
				kind: "unauthorized",
				reason: expect.stringContaining("store the token alone"),
			});
			if (token !== "") expect(JSON.stringify(classification)).not.toContain(JSON.stringify(token).slice(1, -1));
			expect(requests).toBe(0);
		},
	);
});
