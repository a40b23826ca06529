import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createAsk } from "../../src/cli/ask.ts";
import { type Server, serve } from "../../src/local/serve.ts";

describe("a request of the command line", () => {
	const ask = createAsk({ fetch: globalThis.fetch, now: () => Date.parse("2026-03-14T08:15:30Z") });
	let elsewhere: Server;
	let server: Server;
	const keys: unknown[] = [];

	beforeAll(async () => {
		elsewhere = await serve(0, (request, response) => {
			keys.push(request.headers["x-functions-key"]);
			response.end('{"here":true}');
		});
		server = await serve(0, (request, response) => {
			if (request.url === "/moved") {
				response.writeHead(302, { location: `http://127.0.0.1:${elsewhere.port}/` }).end();
			} else if (request.url === "/late") {
				response.setHeader("date", "Sat, 14 Mar 2026 08:17:30 GMT");
				response.end("no JSON");
			}
		});
	});
	afterAll(() => Promise.all([elsewhere.close(), server.close()]));

	const url = (path: string) => `http://127.0.0.1:${server.port}${path}`;

	it("is not sent on with its key, wherever it is told to go", async () => {
		const asked = await ask(url("/moved"), { headers: { "x-functions-key": "a-key" } });
		expect(asked.status).toBe(302);
		expect(keys).toEqual([]);
	});

	it("is sent on where that is wanted", async () => {
		expect(await ask(url("/moved"), { redirect: "follow" })).toMatchObject({ status: 200, json: { here: true } });
		expect(keys).toEqual([undefined]);
	});

	it("is answered with what came, and how far the clock there is ahead", async () => {
		const asked = await ask(url("/late"));
		expect(asked).toMatchObject({ status: 200, text: "no JSON", json: undefined, reason: "", aheadMs: 120_500 });
	});

	it("says why nothing answered, and does not reject", async () => {
		const impatient = createAsk({ fetch: globalThis.fetch, now: Date.now }, 50);
		expect(await impatient(url("/never"))).toMatchObject({ status: 0, reason: expect.stringMatching(/timeout/) });
		const gone = await serve(0, () => {});
		await gone.close();
		expect(await ask(gone.url)).toMatchObject({ status: 0, reason: expect.stringContaining("ECONNREFUSED") });
	});
});
