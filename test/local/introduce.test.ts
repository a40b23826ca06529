import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { askHealth } from "../../src/local/introduce.ts";
import { type Server, serve } from "../../src/local/serve.ts";

let answer: readonly [status: number, body: string];
let server: Server;
beforeAll(async () => {
	server = await serve(0, (_, response) => void response.writeHead(answer[0]).end(answer[1]));
});
afterAll(() => server.close());

describe("the bridge's health, when it starts", () => {
	it.each([200, 503])("is told as it is: %i", async (status) => {
		const health = { version: "1.2.3", problems: [{ setting: "A", problem: "is not set" }], warnings: ["w"] };
		answer = [status, JSON.stringify({ status: "unhealthy", ...health })];
		expect(await askHealth(server.url)).toMatchObject(health);
	});

	it.each([
		["nothing at all", 500, ""],
		["a page", 200, "<html>"],
		["JSON of another form", 200, '{"problems":7}'],
		["null", 503, "null"],
	])("is a problem with its repair where the answer is %s", async (_, status, body) => {
		answer = [status, body];
		const { problems, warnings } = await askHealth(server.url);
		expect(problems).toEqual([
			{
				setting: "GET /api/health",
				problem: expect.stringMatching(new RegExp(`^answered ${status}: the log says why; .*begin anew`)),
			},
		]);
		expect(warnings).toEqual([]);
	});

	it("is a problem with its repair where there is no answer", async () => {
		const cut = async () => {
			throw new TypeError("fetch failed");
		};
		expect((await askHealth(server.url, cut)).problems).toMatchObject([
			{ problem: expect.stringMatching(/^could not be asked: fetch failed: the log/) },
		]);
	});
});
