import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createAsk } from "../../src/cli/ask.ts";
import { createGitHub } from "../../src/cli/doctor/github.ts";
import { type Server, serve } from "../../src/local/serve.ts";

describe("GitHub, as the command line asks it", () => {
	let server: Server;
	const asked: { path: string | undefined; token: string | undefined }[] = [];

	beforeAll(async () => {
		server = await serve(0, ({ url: path, headers }, response) => {
			asked.push({ path, token: headers.authorization });
			// As GitHub answers where a repository has another name now.
			if (path === "/repos/contoso/old") response.writeHead(301, { location: "/repositories/7" }).end("{}");
			else response.end('{"full_name":"contoso/new"}');
		});
	});
	afterAll(() => server.close());

	const github = (token?: string) =>
		createGitHub({
			url: server.url,
			token,
			ask: createAsk({ fetch: globalThis.fetch, now: Date.now }),
			now: Date.now,
		});

	it("is followed to where a renamed repository is now", async () => {
		expect(await github("a-token").get("/repos/contoso/old")).toMatchObject({
			status: 200,
			json: { full_name: "contoso/new" },
		});
		expect(asked).toEqual([
			{ path: "/repos/contoso/old", token: "Bearer a-token" },
			{ path: "/repositories/7", token: "Bearer a-token" },
		]);
	});

	it("is asked without a token where there is none", async () => {
		await github().get("/repos/contoso/new");
		expect(asked.at(-1)).toEqual({ path: "/repos/contoso/new", token: undefined });
	});
});
