import { describe, expect, it } from "@jest/globals";
import { findTarget } from "../../src/cli/doctor/find-target.ts";

const TABLE = { routes: [{ name: "a", to: { repository: "contoso/a" } }] };
const LOCAL = "http://127.0.0.1:7071";
const DEPLOYED = "https://contoso.example";

const repositoriesOf = async (flags: object, env: Readonly<Record<string, string>>) =>
	(await findTarget(flags, { env })).routes?.routes.map(({ to }) => to.repository);

describe("what doctor looks at", () => {
	it("is the local host and its stand-in, whatever lies about in the environment", async () => {
		const env = { GITHUB_REPOSITORY: "me/mine", GITHUB_TOKEN: "ghp_mine", GITHUB_API_URL: "https://api.github.com" };
		expect(await findTarget({}, { env })).toMatchObject({
			bridgeUrl: LOCAL,
			local: true,
			githubUrl: "http://127.0.0.1:7072",
			token: expect.not.stringContaining("ghp_"),
			tokenIsBridges: true,
			routes: { routes: [{ to: { repository: "contoso/fraud-model" } }] },
		});
	});

	it.each([
		["another GitHub on this machine", {}, { GITHUB_API_URL: "http://127.0.0.1:9" }],
		["GitHub itself", { github: "real" }, {}],
		["a GitHub that is named", { github: "https://github.contoso.example/api/v3" }, {}],
	])("is the repository of GITHUB_REPOSITORY where the local host dispatches to %s", async (_, flags, env) => {
		expect(await repositoriesOf(flags, { ...env, GITHUB_REPOSITORY: "me/mine" })).toEqual(["me/mine"]);
	});

	it("is the repository of GITHUB_REPOSITORY for a deployed bridge; without it no repository is known", async () => {
		const flags = { url: `${DEPLOYED}/` };
		expect(await repositoriesOf(flags, { GITHUB_REPOSITORY: "me/mine" })).toEqual(["me/mine"]);
		expect(await repositoriesOf(flags, {})).toBeUndefined();
		expect(await repositoriesOf(flags, { GITHUB_REPOSITORY: "no repository" })).toBeUndefined();
		expect(await findTarget(flags, { env: {} })).toMatchObject({
			bridgeUrl: DEPLOYED,
			githubUrl: "https://api.github.com",
		});
	});

	it("is the table of BRIDGE_ROUTES, and no repository of a table that the bridge would refuse", async () => {
		expect(await repositoriesOf({}, { BRIDGE_ROUTES: JSON.stringify(TABLE) })).toEqual(["contoso/a"]);
		expect(await repositoriesOf({}, { BRIDGE_ROUTES: '{ "routes": [] }' })).toEqual([]);
	});

	it("takes the bridge's address and key of the environment, and the token as the bridge's own if it is said to be", async () => {
		const env = { GRID_DISPATCH_URL: DEPLOYED, GRID_DISPATCH_KEY: " a-key ", GH_TOKEN: "ghp_mine" };
		expect(await findTarget({ bridgeToken: true, topic: "/t" }, { env })).toMatchObject({
			bridgeUrl: DEPLOYED,
			key: "a-key",
			token: "ghp_mine",
			tokenIsBridges: true,
			topic: "/t",
		});
	});
});
