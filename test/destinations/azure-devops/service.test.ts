import { describe, expect, it } from "@jest/globals";
import { type Env, Settings } from "../../../src/config/settings.ts";
import { azureDevOps } from "../../../src/destinations/azure-devops/service.ts";
import type { Route, RouteTo } from "../../../src/route/route.ts";
import { validateRoutes } from "../../../src/route/validate-routes.generated.js";
import { pipelineRun } from "../../../support/destinations.ts";

const TO = { organization: "contoso", project: "Fraud Model", pipeline: 12 };
const LOCAL = { AZURE_DEVOPS_URL: "http://127.0.0.1:7072", AZURE_DEVOPS_TOKEN: "t" };
const configured = (env: Env = {}) => azureDevOps.configure(new Settings(env), []);

describe("Azure DevOps as a service", () => {
	it.each([[TO], [{ ...TO, token: "other" }], [{ pipeline: 12 }], [pipelineRun("a/b", 3)]])(
		"owns what has a pipeline: %j",
		(to) => {
			expect([azureDevOps.owns(to), configured().owns(to)]).toEqual([true, true]);
		},
	);

	it.each([[{}], [{ ...TO, pipeline: "train" }], [{ ...TO, pipeline: null }], [{ ...TO, repository: "a/b" }]])(
		"owns nothing else, however it is damaged: %j",
		(to) => {
			expect([azureDevOps.owns(to as RouteTo), configured().owns(to as RouteTo)]).toEqual([false, false]);
		},
	);

	it("names a destination by what Azure DevOps tells apart, and leaves the route as it was", () => {
		const to = Object.freeze({ ...TO, organization: "Contoso", ref: "Main", token: "other" });
		expect(azureDevOps.resolve(to, "Microsoft.Storage.BlobCreated")).toEqual({
			id: "dev.azure.com/contoso/fraud model/12#refs/heads/Main",
			organization: "Contoso",
			project: "Fraud Model",
			pipeline: 12,
			ref: "refs/heads/Main",
			token: "other",
		});
	});

	it("leaves out of a destination what the route leaves out", () => {
		const members = ["id", "organization", "project", "pipeline"];
		expect(Object.keys(azureDevOps.resolve(TO, "t"))).toEqual(members);
	});

	it("notes which parameters the event fills, since a stored request has no mapping any more", () => {
		const parameters = { a: "data.a", b: { key: "data.b", default: 1 }, c: { value: "c" } };
		expect(azureDevOps.resolve({ ...TO, parameters }, "t")).toMatchObject({ parameters, fromEvent: ["a", "b"] });
	});

	it.each([
		["main", "#refs/heads/main"],
		["refs/heads/main", "#refs/heads/main"],
		["release/1.2", "#refs/heads/release/1.2"],
		["refs/tags/v1", "#refs/tags/v1"],
		[undefined, ""],
	])("gives the ref %j one name, however it is written", (ref, end) => {
		expect(azureDevOps.resolve({ ...TO, ...(ref === undefined ? {} : { ref }) }, "t").id).toBe(
			`dev.azure.com/contoso/fraud model/12${end}`,
		);
	});

	it.each([
		[{}],
		[{ project: "Prüfung 3.1-neu_x" }],
		[{ project: "a9a6a8a4-6a2c-4bd5-8e1d-0a6b2c3d4e5f" }],
		[{ ref: "release/1.2", parameters: { runId: "data.runId", env: { value: "prod" } } }],
		[{ ref: "refs/pull/7/merge" }],
		[{ pipeline: 2_147_483_647 }],
	])("finds nothing wrong with a sound one: %j", (more) => {
		expect(azureDevOps.problemsOf({ ...TO, ...more })).toEqual([]);
		expect(validateRoutes({ routes: [{ to: { ...TO, ...more } }] })).toBe(true);
	});

	it.each<[string, Record<string, unknown>, string]>([
		[
			"organization",
			{ organization: "https://dev.azure.com/contoso" },
			"is not the name of an organization, such as contoso; write the name alone, not its address",
		],
		["organization", { organization: ".." }, "write the name alone"],
		["organization", { organization: undefined }, "write the name alone"],
		["project", { project: "a/b" }, '"a/b" is not the name of a project, such as fraud-model; write the name alone'],
		["project", { project: "" }, "write the name alone"],
		["project", { project: "a\nb" }, "write the name alone"],
		["project", { project: "%2e%2e" }, "write the name alone"],
		["pipeline", { pipeline: 0 }, "definitionId="],
		["pipeline", { pipeline: 1.5 }, "definitionId="],
		["pipeline", { pipeline: 2 ** 31 }, "definitionId="],
		["ref", { ref: "a b" }, "is neither a branch"],
		["ref", { ref: "a..b" }, "is neither a branch"],
		["ref", { ref: "main/" }, "is neither a branch"],
		["ref", { ref: 7 }, "is neither a branch"],
		["parameters", { parameters: ["runId"] }, "not a mapping"],
		["parameters", { parameters: { runId: 7 } }, '"runId" is not a key'],
		["parameters", { parameters: { runId: { value: "x".repeat(5_000) } } }, "characters"],
	])("names the member %s and the repair: %j", (member, more, words) => {
		for (const { problemsOf } of [azureDevOps, configured()]) {
			expect(problemsOf({ ...TO, ...more } as RouteTo)).toEqual([{ member, problem: expect.stringContaining(words) }]);
		}
	});

	it.each([
		[{ ...TO, pipeline: "train" }],
		[{ ...TO, pipeline: 0 }],
		[{ ...TO, repository: "a/b" }],
		[{ organization: "contoso", pipeline: 12 }],
		[{ ...TO, variables: {} }],
		[{ ...TO, parameters: { a: 1 } }],
		[{ ...TO, token: "a b" }],
	])("has a schema that refuses what cannot be meant: %j", (to) => {
		expect(validateRoutes({ routes: [{ to }] })).toBe(false);
	});

	it("has a lane for each token, none of which is GitHub's", () => {
		expect(configured().laneOf(TO)).toBe("azure-devops");
		expect(configured().laneOf({ ...TO, token: "Other-Token" })).toBe("azure-devops-token-other-token");
	});

	it.each([
		[{}, "https://dev.azure.com/contoso/Fraud%20Model/_build?definitionId=12"],
		[
			{ AZURE_DEVOPS_URL: "https://tfs.contoso.example/tfs/" },
			"https://tfs.contoso.example/tfs/contoso/Fraud%20Model/_build?definitionId=12",
		],
		[LOCAL, null],
		[{ AZURE_DEVOPS_URL: "nowhere" }, null],
	])("has a page where a person sees the runs, but of a stand-in: %j", (env, page) => {
		expect(configured(env).pageOf(azureDevOps.resolve(TO, "t"))).toBe(page);
	});
});

describe("the request line of a pipeline", () => {
	it("is what is called", () => {
		const line = "POST https://dev.azure.com/contoso/Fraud%20Model/_apis/pipelines/12/runs?api-version=7.1";
		expect(configured().requestLine(azureDevOps.resolve(TO, "t"))).toBe(line);
	});
});

describe("the settings of Azure DevOps", () => {
	const route = (more: Record<string, unknown> = {}): Route => ({ name: "r", to: { ...TO, ...more } });

	function problemsWith(env: Env, routes: readonly Route[] = [route()]) {
		const settings = new Settings(env);
		const service = azureDevOps.configure(settings, routes);
		return { service, problems: settings.problems(), warnings: settings.warnings };
	}

	it("need nothing but an identity", () => {
		const { service, problems } = problemsWith({});
		expect(problems).toEqual([]);
		expect(service).toMatchObject({
			address: "https://dev.azure.com",
			limits: [
				{ count: 2, ms: 1_000 },
				{ count: 60, ms: 60_000 },
			],
			concurrency: 1,
		});
	});

	it("give the pace and the number of calls that they name", () => {
		const { service } = problemsWith({ AZURE_DEVOPS_PACE: "7/m", AZURE_DEVOPS_CONCURRENCY: "4" });
		expect(service).toMatchObject({ limits: [{ count: 7, ms: 60_000 }], concurrency: 4 });
	});

	it.each([
		["https://dev.azure.com/", "https://dev.azure.com"],
		["https://tfs.contoso.example", "https://tfs.contoso.example"],
		["https://tfs.contoso.example:8443/tfs///", "https://tfs.contoso.example:8443/tfs"],
		["http://127.0.0.1:7072/", "http://127.0.0.1:7072"],
	])("take the address %s", (AZURE_DEVOPS_URL, address) => {
		const { service, problems } = problemsWith({ AZURE_DEVOPS_URL, AZURE_DEVOPS_TOKEN: "t" });
		expect([service.address, problems]).toEqual([address, []]);
	});

	it("have an address before a move, of the same form", () => {
		const movedFrom = (AZURE_DEVOPS_URL_BEFORE: string) => problemsWith({ AZURE_DEVOPS_URL_BEFORE });
		expect(movedFrom("https://tfs.contoso.example/tfs/").service.formerAddress).toBe("https://tfs.contoso.example/tfs");
		expect(movedFrom("https://contoso.visualstudio.com").problems).toMatchObject([
			{ setting: "AZURE_DEVOPS_URL_BEFORE" },
		]);
		expect(problemsWith({}).service.formerAddress).toBeUndefined();
	});

	it.each([
		["http://tfs.contoso.example", "must be https"],
		["https://me:secret-pat-0123456789@dev.azure.com", "credentials"],
		["https://dev.azure.com?x=1", "query"],
		["dev.azure.com", "is not a URL"],
		["https://dev.azure.com/contoso", "the organization belongs in the route. Write https://dev.azure.com"],
		["https://contoso.visualstudio.com", 'write https://dev.azure.com, and "contoso"'],
		["https://vssps.dev.azure.com/contoso", "write https://dev.azure.com"],
	])("refuse the address %s with the repair", (AZURE_DEVOPS_URL, words) => {
		const { problems } = problemsWith({ AZURE_DEVOPS_URL });
		expect(problems).toEqual([{ setting: "AZURE_DEVOPS_URL", problem: expect.stringContaining(words) }]);
		expect(JSON.stringify(problems)).not.toContain("secret-pat");
	});

	it.each<[string, Env, string]>([
		["KEY_VAULT_URL", { AZURE_DEVOPS_TOKEN_SECRET_NAME: "pat" }, "AZURE_DEVOPS_TOKEN_SECRET_NAME is"],
		[
			"AZURE_DEVOPS_TOKEN_SECRET_NAME",
			{ AZURE_DEVOPS_TOKEN_SECRET_NAME: "a b", KEY_VAULT_URL: "https://v.vault.azure.net" },
			"letters, digits and dashes",
		],
		["AZURE_DEVOPS_TOKEN", { AZURE_DEVOPS_TOKEN: "a b" }, "white space"],
		["AZURE_DEVOPS_TOKEN", { AZURE_DEVOPS_URL: "http://127.0.0.1:1" }, "az login"],
		["AZURE_DEVOPS_TOKEN", { AZURE_DEVOPS_TOKEN: "@Microsoft.KeyVault(x)" }, "could not resolve"],
		["AZURE_DEVOPS_PACE", { AZURE_DEVOPS_PACE: "fast" }, "is not a limit"],
		["AZURE_DEVOPS_CONCURRENCY", { AZURE_DEVOPS_CONCURRENCY: "0" }, "from 1 to 50"],
	])("refuse %s with the repair: %j", (setting, env, words) => {
		expect(problemsWith(env).problems).toEqual([{ setting, problem: expect.stringContaining(words) }]);
	});

	it("refuse a route's secret without a key vault", () => {
		const { problems } = problemsWith({}, [route({ token: "other" })]);
		expect(problems).toEqual([{ setting: "KEY_VAULT_URL", problem: expect.stringContaining('the secret "other"') }]);
	});

	it("warn of a route's secret that a stand-in's bridge does not read", () => {
		const { problems, warnings } = problemsWith(LOCAL, [route({ token: "other" })]);
		expect([problems, warnings]).toEqual([[], [expect.stringContaining('its token "other" is not read')]]);
	});
});
