import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { type GitHubStandIn, startGitHubStandIn } from "../../src/local/github-stand-in.ts";
import { type Called, call, postJson } from "../../support/call.ts";

const START = Date.parse("2026-05-26T12:00:00Z");
const MINUTE_MS = 60_000;
const PROJECT = "contoso/ml";
const basic = (token: string) => `Basic ${Buffer.from(`any user:${token}`).toString("base64")}`;
const CALLER = { authorization: basic("a-pat") };

/**
 * The members of Microsoft's own interfaces. Source: azure-devops-node-api 17.0.1, `interfaces/PipelinesInterfaces.d.ts`.
 */
const RUN_MEMBERS =
	"_links createdDate finalYaml finishedDate id name pipeline resources result state templateParameters url variables yamlDetails".split(
		" ",
	);
const PIPELINE_MEMBERS = "_links configuration folder id name revision url".split(" ");

/** As much of a run as is looked at here. */
interface Run {
	readonly id: number;
	readonly state: string;
	readonly result?: string;
	readonly _links: { readonly web: { readonly href: string } };
}

let github: GitHubStandIn;

function get(below: string, headers: Record<string, string> = {}, project = PROJECT): Promise<Called> {
	return call(`${github.url}/${project}/_apis/pipelines${below}`, { headers: { ...CALLER, ...headers } });
}

function run(body: unknown, options: { id?: number; project?: string; headers?: Record<string, string> } = {}) {
	const { id = 7, project = PROJECT, headers = {} } = options;
	const url = `${github.url}/${project}/_apis/pipelines/${id}/runs?api-version=7.1`;
	return postJson(url, body, { ...CALLER, ...headers });
}

async function runs(id = 7): Promise<readonly Run[]> {
	return ((await get(`/${id}/runs?api-version=7.1`)).json() as { value: Run[] }).value;
}

function error(answer: Called) {
	return answer.json() as { message: string; typeKey: string; typeName: string };
}

const on = (refName: string) => ({ resources: { repositories: { self: { refName } } } });

beforeEach(async () => {
	github = await startGitHubStandIn({ now: () => START });
});
afterEach(() => github.close());

describe("the stand-in for Azure Pipelines", () => {
	it("takes a run, and answers it with every member that a reader needs and none that Azure has not", async () => {
		const body = { ...on("refs/heads/main"), templateParameters: { runId: "7", bridge_key: "the-key" } };
		const answer = await run(body);
		expect(answer.status).toBe(200);
		const taken = answer.json() as Run;
		expect(taken).toMatchObject({
			name: "20260526.1",
			state: "completed",
			result: "succeeded",
			createdDate: "2026-05-26T12:00:00.000Z",
			finishedDate: "2026-05-26T12:00:00.000Z",
			url: `${github.url}/contoso/ml/_apis/pipelines/7/runs/${taken.id}`,
			_links: { web: { href: `https://dev.azure.com/contoso/ml/_build/results?buildId=${taken.id}` } },
			templateParameters: body.templateParameters,
			pipeline: { id: 7, name: "pipeline-7", folder: "\\", revision: 1 },
			resources: { repositories: { self: { refName: "refs/heads/main" } } },
		});
		expect(Object.keys(taken).filter((name) => !RUN_MEMBERS.includes(name))).toEqual([]);
		expect(github.received).toMatchObject([{ organization: "contoso", project: "ml", pipeline: 7, ...body }]);
		expect(JSON.stringify(github.received)).not.toContain(basic("a-pat"));
		expect(github.calls).toMatchObject([{ method: "POST", token: "a-pat", key: "the-key", status: 200 }]);
		expect((await call(`${github.url}/_received`)).json()).toEqual(github.received);
	});

	it("shows the life of a run: in progress, canceling where it will be cancelled, completed with a result", async () => {
		const life = { startAfterMs: MINUTE_MS, completeAfterMs: MINUTE_MS };
		github.script.set([
			{ run: { ...life, conclusion: "failure" } },
			{ run: { ...life, conclusion: "cancelled" } },
			{ run: life },
		]);
		for (let index = 0; index < 3; index++) await run({});
		const states = async () => (await runs()).map(({ state, result }) => [state, result]).reverse();
		expect(await states()).toEqual(Array(3).fill(["inProgress", undefined]));
		github.advance(MINUTE_MS);
		expect(await states()).toEqual([
			["inProgress", undefined],
			["canceling", undefined],
			["inProgress", undefined],
		]);
		github.advance(MINUTE_MS);
		expect(await states()).toEqual([
			["completed", "failed"],
			["completed", "canceled"],
			["completed", "succeeded"],
		]);
	});

	it("shows one run, and lists those of one pipeline, without their parameters", async () => {
		const { id } = (await run({ templateParameters: { a: "1" } })).json() as Run;
		await run({}, { id: 8 });
		await run({}, { project: "contoso/other" });
		const alone = (await get(`/7/runs/${id}`)).json();
		expect(alone).toMatchObject({ id, templateParameters: { a: "1" } });
		expect((await get("/7/runs")).json()).toMatchObject({ count: 1, value: [{ id }] });
		expect(JSON.stringify(await runs())).not.toContain("templateParameters");
		expect(await get("/8/runs/1")).toMatchObject({ status: 404, text: expect.stringContaining("could not be found") });
		expect((await get(`/8/runs/${id}`)).status).toBe(404);
	});

	it("names the pipelines that were described, in their project alone", async () => {
		await postJson(`${github.url}/_pipeline`, [
			{ organization: "contoso", project: "ml", id: 12, name: "train", folder: "\\models" },
			{ organization: "contoso", project: "other", name: "else" },
		]);
		const listed = (await get("")).json() as { count: number; value: object[] };
		expect(listed).toMatchObject({ count: 1, value: [{ id: 12, name: "train", folder: "\\models" }] });
		expect(Object.keys(listed.value[0] ?? {}).filter((name) => !PIPELINE_MEMBERS.includes(name))).toEqual([]);
		expect((await get("/12")).json()).toEqual(listed.value[0]);
		expect((await get("/2", {}, "Contoso/Other")).json()).toMatchObject({ name: "else" });
	});

	it("answers 404 with Azure's words for a project, a pipeline and a path that do not exist", async () => {
		await postJson(`${github.url}/_pipeline`, { organization: "contoso", project: "ml", id: 12 });
		const project = await run({}, { id: 12, project: "contoso/gone" });
		expect(project.status).toBe(404);
		expect(error(project)).toMatchObject({
			message: expect.stringContaining("TF200016: The following project does not exist: gone"),
			typeKey: "ProjectDoesNotExistWithNameException",
		});
		const pipeline = await run({}, { id: 13 });
		expect([pipeline.status, error(pipeline).message]).toEqual([404, expect.stringContaining("TF215016")]);
		expect((await get("/a")).status).toBe(404);
		expect((await call(`${github.url}/${PROJECT}/_apis/build/builds`, { headers: CALLER })).status).toBe(404);
		expect(github.received).toEqual([]);
	});

	describe("holds parameters and ref against what was declared, and", () => {
		const parameters = {
			env: { values: ["dev", "prod"] },
			epochs: { type: "number", default: 3 },
			fast: { type: "boolean", default: false },
		};
		beforeEach(() => postJson(`${github.url}/_pipeline`, { id: 7, parameters, refs: ["release"] }));

		it.each([
			[{ templateParameters: { env: "dev" } }],
			[{ templateParameters: { env: "prod", epochs: "4", fast: "True" }, ...on("refs/heads/release") }],
		])("takes %j", async (body) => {
			expect((await run(body)).status).toBe(200);
		});

		it.each([
			["an unknown parameter", { env: "dev", other: "1" }, {}, "Unexpected parameter 'other'"],
			["a missing one", {}, {}, "A value for the 'env' parameter must be provided."],
			["a value that is not allowed", { env: "qa" }, {}, "'env' parameter value 'qa'"],
			["a number that is none", { env: "dev", epochs: "many" }, {}, "is not a valid Number"],
			["a boolean that is none", { env: "dev", fast: "yes" }, {}, "is not a valid Boolean"],
			["a ref that does not exist", { env: "dev" }, on("refs/heads/gone"), "refs/heads/gone"],
		])("refuses %s", async (_, templateParameters, more, words) => {
			const answer = await run({ templateParameters, ...more });
			expect(answer.status).toBe(400);
			expect(answer.json()).toEqual({
				$id: "1",
				innerException: null,
				message: expect.stringContaining(words),
				typeName: "Microsoft.Azure.Pipelines.WebApi.PipelineValidationException, Microsoft.Azure.Pipelines.WebApi",
				typeKey: "PipelineValidationException",
				errorCode: 0,
				eventId: 3000,
			});
			expect(await runs()).toEqual([]);
		});
	});

	it("wants an API version for a new run, in the query or in Accept", async () => {
		const url = `${github.url}/${PROJECT}/_apis/pipelines/7/runs`;
		const without = await postJson(url, {}, CALLER);
		expect([without.status, error(without).typeKey]).toEqual([400, "VssVersionNotSpecifiedException"]);
		expect((await postJson(url, {}, { ...CALLER, accept: "application/json; api-version=7.1" })).status).toBe(200);
	});

	it.each(["{", "[]", "7"])("refuses the body %s", async (body) => {
		const url = `${github.url}/${PROJECT}/_apis/pipelines/7/runs?api-version=7.1`;
		expect((await call(url, { method: "POST", headers: CALLER, body })).status).toBe(400);
	});
});

describe("the stand-in for Azure Pipelines asks who calls, and", () => {
	beforeEach(() => github.setAzureTokens(["a-pat", "an-entra-token"]));

	it("takes a personal access token by Basic with any user, and a bearer token", async () => {
		for (const authorization of [basic("a-pat"), "Bearer an-entra-token", "bearer a-pat"]) {
			expect((await run({}, { headers: { authorization } })).status).toBe(200);
		}
	});

	it("shows a wrong personal access token the sign-in page, with 203", async () => {
		const answer = await run({}, { headers: { authorization: basic("wrong") } });
		expect(answer.status).toBe(203);
		expect(answer.headers["content-type"]).toContain("text/html");
		expect(answer.text).toContain("Sign In");
		expect(github.received).toEqual([]);
	});

	it("redirects a caller without a token to it, which is on this machine, too", async () => {
		const answer = await call(`${github.url}/${PROJECT}/_apis/pipelines`);
		expect(answer.status).toBe(302);
		const page = await call(String(answer.headers.location));
		expect([page.status, page.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
		expect(answer.headers.location).toContain(github.url);
	});

	it("answers a wrong bearer token 401", async () => {
		const answer = await run({}, { headers: { authorization: "Bearer wrong" } });
		expect([answer.status, answer.headers["www-authenticate"]]).toEqual([401, expect.stringContaining("Bearer")]);
	});

	it("keeps GitHub's tokens apart", async () => {
		github.setTokens(["ghp"]);
		const headers = { authorization: "Bearer a-pat", "user-agent": "a-test" };
		expect((await call(`${github.url}/repos/contoso/ml`, { headers })).status).toBe(401);
		expect((await run({}, { headers: { authorization: "Bearer ghp" } })).status).toBe(401);
	});

	it("tells what a token lacks", async () => {
		await postJson(`${github.url}/_pipeline`, [
			{ id: 7, denied: ["run"] },
			{ id: 8, denied: ["read"] },
		]);
		const denied = await run({});
		expect([denied.status, error(denied).message]).toEqual([403, expect.stringContaining("TF215106")]);
		expect((await run({}, { id: 8 })).status).toBe(200);
		expect([(await get("/8/runs")).status, (await get("/8")).status]).toEqual([403, 200]);
	});
});

describe("the script, for Azure Pipelines", () => {
	it.each([
		[429, { "retry-after": "30", "x-ratelimit-remaining": "0", "x-ratelimit-resource": "Pipelines" }],
		[203, { "content-type": "text/html; charset=utf-8" }],
		[302, { location: expect.stringContaining("/_signin") }],
		[503, { "content-type": "application/json; charset=utf-8" }],
	])("answers %d in Azure's form, to one project alone", async (status, headers) => {
		github.script.set({ project: PROJECT, calls: "dispatches", status, times: 2 });
		expect((await run({}, { project: "contoso/other" })).status).toBe(200);
		expect(await run({})).toMatchObject({ status, headers });
		expect(github.received).toHaveLength(1);
		expect(github.script.left()).toBe(1);
	});

	it("takes a run that it answers 500, and breaks the answer of another", async () => {
		github.script.set([
			{ project: PROJECT, pipeline: 7, status: 500, taken: true, run: { conclusion: "failure" } },
			{ project: PROJECT, cut: "after" },
		]);
		expect((await run({})).status).toBe(500);
		await expect(run({})).rejects.toThrow();
		expect(await runs()).toMatchObject([{ result: "succeeded" }, { result: "failed" }]);
	});

	it("refuses reads of runs, and no other call", async () => {
		github.script.set({ refuse: "runs", project: PROJECT });
		expect((await run({})).status).toBe(200);
		expect((await get("/7")).status).toBe(200);
		expect((await get("/7/runs")).status).toBe(403);
		expect((await get("/7/runs")).status).toBe(200);
	});
});

describe("a description of pipelines", () => {
	it.each([
		[7, "pipeline[0] must be an object"],
		[{ ident: 1 }, 'pipeline[0]: the key "ident" does not exist; the possible keys are organization, project, id'],
		[[{}, { id: 0 }], "pipeline[1].id must be 1 or more"],
		[{ parameters: [] }, "pipeline[0].parameters must be an object"],
		[{ refs: "main" }, "pipeline[0].refs must be a list of strings"],
	])("%j is refused, and the place is named", async (given, problem) => {
		const answer = await postJson(`${github.url}/_pipeline`, given);
		expect(answer).toMatchObject({ status: 400, text: expect.stringContaining(JSON.stringify(problem).slice(1, -1)) });
	});
});
