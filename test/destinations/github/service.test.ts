import { describe, expect, it } from "@jest/globals";
import { type Env, Settings } from "../../../src/config/settings.ts";
import { github, laneOf, runsPage } from "../../../src/destinations/github/service.ts";
import type { RouteTo } from "../../../src/route/route.ts";
import { repositoryDispatch } from "../../../support/destinations.ts";

const TO = { repository: "contoso/fraud-model" };
const VAULT = { KEY_VAULT_URL: "https://contoso.vault.azure.net" };
const configured = (env: Env = {}) => github.configure(new Settings(env), []);

describe("GitHub as a service", () => {
	it.each([
		[TO],
		[{ ...TO, dispatchType: "t", token: "other" }],
		[{ repository: "" }],
		[repositoryDispatch("a/b", "t")],
	])("owns what has a repository: %j", (to) => {
		expect([github.owns(to), configured().owns(to)]).toEqual([true, true]);
	});

	it.each([[{}], [{ url: "https://example.com" }], [{ repository: 7 }], [{ repository: null }], [{ id: "a/b#t" }]])(
		"owns nothing else, however it is damaged: %j",
		(to) => {
			expect([github.owns(to as RouteTo), configured().owns(to as RouteTo)]).toEqual([false, false]);
		},
	);

	it("resolves a route's destination for an event's type, and leaves the route as it was", () => {
		const to = Object.freeze({ repository: "Contoso/Fraud-Model", token: "other" });
		expect(github.resolve(to, "Microsoft.Storage.BlobCreated")).toEqual({
			id: "contoso/fraud-model#storage-blobcreated",
			repository: "Contoso/Fraud-Model",
			dispatchType: "storage-blobcreated",
			token: "other",
		});
	});

	it("finds nothing wrong with owner/name, and names the member and the repair otherwise", () => {
		for (const { problemsOf } of [github, configured()]) {
			expect(problemsOf(TO)).toEqual([]);
			expect(problemsOf({ repository: "fraud-model" })).toEqual([
				{ member: "repository", problem: '"fraud-model" is not owner/name, such as contoso/fraud-model' },
			]);
			expect(problemsOf({ repository: "contoso/fraud-model.git" })).toMatchObject([
				{ member: "repository", problem: expect.stringContaining("write contoso/fraud-model") },
			]);
			expect(problemsOf({})).toEqual([
				{ member: "repository", problem: '"" is not owner/name, such as contoso/fraud-model' },
			]);
		}
	});

	it("tells the settings what is wrong, and only of routes that it is given", () => {
		const settings = new Settings({ GITHUB_TOKEN: "t", GITHUB_PACE: "fast" });
		github.configure(settings, [{ name: "r", to: { ...TO, token: "other" } }]);
		expect(settings.problems()).toEqual([
			{ setting: "GITHUB_PACE", problem: expect.any(String) },
			{ setting: "KEY_VAULT_URL", problem: expect.stringContaining('"other"') },
		]);
	});
});

describe("the lane of a destination", () => {
	it.each([
		["fixed", "contoso/a", undefined, "default"],
		["key-vault", "contoso/a", undefined, "default"],
		["key-vault", "fabrikam/a", undefined, "default"],
		["key-vault", "contoso/a", "Other-Token", "token-other-token"],
		["app", "Contoso/a", undefined, "app-contoso"],
		["app", "contoso/b", undefined, "app-contoso"],
		["app", "fabrikam/a", undefined, "app-fabrikam"],
		["app", "contoso/a", "other-token", "token-other-token"],
	] as const)("is one for each token: %s, %s, %s → %s", (kind, repository, token, lane) => {
		expect(laneOf(kind, { repository, ...(token === undefined ? {} : { token }) })).toBe(lane);
	});

	it.each([
		["a token of the environment", { GITHUB_TOKEN: "t" }, "default"],
		["a token of a vault", VAULT, "default"],
		["an app", { ...VAULT, GITHUB_APP_ID: "1" }, "app-contoso"],
	])("follows from the settings: %s", (_, env, lane) => {
		expect(configured(env).laneOf(TO)).toBe(lane);
		expect(configured(env).laneOf({ ...TO, token: "Other" })).toBe("token-other");
	});
});

describe("the page of the runs", () => {
	it.each([
		["https://api.github.com", "https://github.com"],
		["https://github.contoso.example/api/v3", "https://github.contoso.example"],
		["https://github.contoso.example:8443/api/v3", "https://github.contoso.example:8443"],
		["https://api.contoso.ghe.com", "https://contoso.ghe.com"],
		["https://api.contoso.example/api/v3", "https://api.contoso.example"],
	])("of %s is at %s", (apiUrl, site) => {
		const page = `${site}/contoso/fraud-model/actions?query=event%3Arepository_dispatch`;
		expect(runsPage(apiUrl, repositoryDispatch("contoso/fraud-model", "t"))).toBe(page);
		expect(configured({ GITHUB_API_URL: apiUrl }).pageOf(repositoryDispatch("contoso/fraud-model", "t"))).toBe(page);
	});

	it.each([
		["train.yml", "workflows/train.yml"],
		["2-train.yml", "workflows/2-train.yml"],
		["train-2", "workflows/train-2"],
		["7", "?query=event%3Aworkflow_dispatch"],
		["4711", "?query=event%3Aworkflow_dispatch"],
	])("of the workflow %s is its own where it is named by its file: %s", (workflow, end) => {
		const page = configured().pageOf(github.resolve({ ...TO, workflow }, "t"));
		expect(page).toBe(`https://github.com/contoso/fraud-model/actions${end.startsWith("?") ? "" : "/"}${end}`);
	});

	it("is none for a stand-in on this machine", () => {
		expect(runsPage("http://127.0.0.1:7072", repositoryDispatch("contoso/fraud-model", "t"))).toBeNull();
		const to = repositoryDispatch("contoso/fraud-model", "t");
		expect(configured({ GITHUB_API_URL: "http://127.0.0.1:7072" }).pageOf(to)).toBeNull();
	});
});
