import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { askHealth, routedTo } from "../../src/local/introduce.ts";
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
				problem: expect.stringMatching(
					new RegExp(`^answered ${status}: look at the log for the cause; .*empty storage`),
				),
			},
		]);
		expect(warnings).toEqual([]);
	});

	it("is a problem with its repair where there is no answer", async () => {
		const cut = async () => {
			throw new TypeError("fetch failed");
		};
		expect((await askHealth(server.url, cut)).problems).toMatchObject([
			{ problem: expect.stringMatching(/^did not answer: fetch failed: look at the log/) },
		]);
	});
});

describe("where the bridge says that it dispatches to", () => {
	const folder = resolve("/clone");
	const inFolder = resolve("/clone/tables/routes.json");
	const elsewhere = resolve("/home/user/routes.json");

	it.each([
		[
			"the file of the routes, as npm start resolves it",
			{ BRIDGE_ROUTES: inFolder },
			`the destinations in ${join("tables", "routes.json")}`,
		],
		["the file of the routes beside host.json", { BRIDGE_ROUTES: "routes.json" }, "the destinations in routes.json"],
		["the whole path of a file in another folder", { BRIDGE_ROUTES: elsewhere }, `the destinations in ${elsewhere}`],
		[
			"the setting that holds the routes themselves",
			{ BRIDGE_ROUTES: ' {"routes":[]}' },
			"the destinations in BRIDGE_ROUTES",
		],
		["the repository without routes", { BRIDGE_ROUTES: " ", GITHUB_REPOSITORY: "a/b" }, "a/b"],
		["that there is none", {}, "no repository"],
	])("is %s", (_, env, words) => {
		expect(
			routedTo(
				{ GITHUB_REPOSITORY: "BRIDGE_ROUTES" in env && env.BRIDGE_ROUTES.trim() ? "c/d" : undefined, ...env },
				folder,
			),
		).toBe(words);
	});
});
