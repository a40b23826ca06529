import { describe, expect, it } from "@jest/globals";
import { type Env, Settings } from "../../../src/config/settings.ts";
import { azureDevOps } from "../../../src/destinations/azure-devops/service.ts";
import type { RouteTo } from "../../../src/route/route.ts";
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

	it("stores a destination without what the route leaves out", () => {
		const members = ["id", "organization", "project", "pipeline"];
		const stored = JSON.parse(JSON.stringify(azureDevOps.resolve(TO, "t"))) as object;
		expect(Object.keys(stored)).toEqual(members);
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
