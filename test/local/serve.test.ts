import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startGitHubStandIn } from "../../src/local/github-stand-in.ts";
import { foreignReason, type Server, serve } from "../../src/local/serve.ts";
import { type Call, call } from "../../support/call.ts";

const PORT = 7071;

describe("a request that a web page of another site may have sent", () => {
	it.each(["localhost:7071", "127.0.0.1:7071", "[::1]:7071", "LOCALHOST:7071"])(
		"is not one that names this machine and nothing else: Host %s",
		(host) => {
			expect(foreignReason({ host }, PORT)).toBeUndefined();
		},
	);

	it.each([
		"rebound.example:7071",
		"rebound.example",
		"localhost",
		"127.0.0.1",
		"127.0.0.1:7072",
		"localhost:7071.rebound.example",
		"localhost.rebound.example:7071",
		"127.0.0.1.rebound.example:7071",
		"127.0.0.2:7071",
		"0.0.0.0:7071",
		"user@localhost:7071",
		"localhost.:7071",
		"",
		undefined,
	])("is known by its Host: %s", (host) => {
		expect(foreignReason({ ...(host === undefined ? {} : { host }) }, PORT)).toContain("Host");
	});

	it("may leave the port out only where that is the usual one", () => {
		expect(foreignReason({ host: "localhost" }, 80)).toBeUndefined();
		expect(foreignReason({ host: "localhost:80" }, 80)).toBeUndefined();
		expect(foreignReason({ host: "localhost", origin: "http://localhost" }, 80)).toBeUndefined();
	});

	it.each([
		["http://127.0.0.1:7071", undefined],
		[undefined, "same-origin"],
		[undefined, "none"],
		["http://127.0.0.1:7071", "same-origin"],
	])("is not one of our own page or of the address bar: Origin %s, Sec-Fetch-Site %s", (origin, site) => {
		const headers = { host: "127.0.0.1:7071", ...(origin && { origin }), ...(site && { "sec-fetch-site": site }) };
		expect(foreignReason(headers, PORT)).toBeUndefined();
	});

	it.each([
		["https://page.example", undefined],
		["null", undefined],
		["", undefined],
		["http://localhost:7071", undefined],
		["http://127.0.0.1:3000", "same-site"],
		["https://127.0.0.1:7071", undefined],
		["http://127.0.0.1:7071.page.example", undefined],
		[undefined, "same-site"],
		[undefined, "cross-site"],
		["http://127.0.0.1:7071", "cross-site"],
		[undefined, "anything new"],
	])("is known by what the browser adds: Origin %s, Sec-Fetch-Site %s", (origin, site) => {
		const headers = {
			host: "127.0.0.1:7071",
			...(origin === undefined ? {} : { origin }),
			...(site === undefined ? {} : { "sec-fetch-site": site }),
		};
		expect(foreignReason(headers, PORT)).toContain("another origin");
	});
});

describe.each([
	["a local server", (): Promise<Server> => serve(0, (_, response) => void response.end("taken"))],
	["the GitHub stand-in", (): Promise<Server> => startGitHubStandIn()],
])("%s", (_, start) => {
	let server: Server;
	beforeAll(async () => {
		server = await start();
	});
	afterAll(() => server.close());

	const ask = (headers: Record<string, string>, more: Call = {}) =>
		call(`${server.url}/_received`, { ...more, headers });

	it("answers a plain client", async () => {
		expect((await ask({})).status).toBe(200);
		expect((await ask({ host: `localhost:${server.port}` })).status).toBe(200);
		expect((await fetch(`${server.url}/_received`)).status).toBe(200);
	});

	it("answers 403 with the reason to a foreign Host and to a foreign page, whatever the method", async () => {
		for (const method of ["GET", "POST", "PUT", "DELETE", "OPTIONS"]) {
			for (const headers of [{ host: "rebound.example" }, { origin: "https://page.example" }]) {
				const answer = await ask(headers, { method });
				expect(answer.status).toBe(403);
				expect(answer.json()).toEqual({ error: expect.stringContaining("only") });
				expect(answer.headers).not.toHaveProperty("access-control-allow-origin");
			}
		}
	});

	it("does not wait for the body of what it refuses, nor for its end", async () => {
		const refused = await ask({ origin: "null" }, { method: "POST", body: Buffer.alloc(1_000_000) }).catch(() => null);
		expect(refused?.status ?? 403).toBe(403);
		expect((await ask({})).status).toBe(200);
	});
});
