import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { type GitHubStandIn, startGitHubStandIn } from "../../src/local/github-stand-in.ts";
import { type Called, call, postJson } from "../../support/call.ts";
import { objections as documentedObjections, operation } from "../helpers/github-openapi.ts";
import { HEALTHY, REPOSITORY, workflow } from "../helpers/repository-stand-in.ts";

const CALLER = { "user-agent": "a-test", authorization: "Bearer a-token" };

/** What the description of `GET path` has against an answer. */
const objections = (path: string, answer: Called) => documentedObjections(operation(path, "get"), answer);

describe("the repository that the GitHub stand-in shows", () => {
	let github: GitHubStandIn;
	const get = (below: string) => call(`${github.url}/repos/${REPOSITORY}${below}`, { headers: CALLER });
	const show = (repository: unknown) => postJson(`${github.url}/_repository`, repository);

	beforeAll(async () => {
		github = await startGitHubStandIn();
	});
	afterAll(() => github.close());

	it.each([
		["/repos/{owner}/{repo}", ""],
		["/repos/{owner}/{repo}/contents/{path}", "/contents"],
		["/repos/{owner}/{repo}/contents/{path}", "/contents/.github"],
		["/repos/{owner}/{repo}/contents/{path}", "/contents/.github/workflows"],
		["/repos/{owner}/{repo}/contents/{path}", "/contents/.github/workflows/train.yml"],
		["/repos/{owner}/{repo}/actions/permissions", "/actions/permissions"],
		["/repos/{owner}/{repo}/actions/workflows", "/actions/workflows"],
	])("is as GitHub describes %s (%s)", async (path, below) => {
		await show({ ...HEALTHY, states: { "train.yml": "disabled_inactivity" } });
		expect(objections(path, await get(below))).toEqual([]);
	});

	it.each([
		["/repos/{owner}/{repo}", "", 404],
		["/repos/{owner}/{repo}/contents/{path}", "/contents/README.md", 403],
	])("refuses as GitHub describes %s", async (path, below, status) => {
		await show({ ...HEALTHY, token: { permissions: {} } });
		const answer = await get(below);
		expect(answer.status).toBe(status);
		expect(objections(path, answer)).toEqual([]);
	});

	it("has a run for each dispatch that a workflow listens to, the newest first, as GitHub describes them", async () => {
		await show({ workflows: { "listen.yml": "on: repository_dispatch" } });
		for (const type of ["first", "second"]) {
			await postJson(`${github.url}/repos/${REPOSITORY}/dispatches`, { event_type: type }, CALLER);
		}
		await postJson(`${github.url}/repos/contoso/another/dispatches`, { event_type: "elsewhere" }, CALLER);
		const answer = await get("/actions/runs");
		expect(objections("/repos/{owner}/{repo}/actions/runs", answer)).toEqual([]);
		const titles = (answered: Called) =>
			(answered.json() as { workflow_runs: { display_title: string }[] }).workflow_runs.map((run) => run.display_title);
		expect(titles(answer)).toEqual(["second", "first"]);
		const at = Date.parse(github.received[0]?.at ?? "");
		const within = (from: number, to: number) =>
			[from, to].map((seconds) => new Date(at + seconds * 1000).toISOString()).join("..");
		expect(titles(await get(`/actions/runs?event=repository_dispatch&created=${within(-60, 60)}`))).toHaveLength(2);
		expect(titles(await get(`/actions/runs?created=${within(60, 90)}`))).toEqual([]);
		expect(titles(await get("/actions/runs?event=push"))).toEqual([]);
		expect(titles(await get("/actions/runs?per_page=1&page=2"))).toEqual(["first"]);
		await show({ workflows: {} });
		await postJson(`${github.url}/repos/${REPOSITORY}/dispatches`, { event_type: "third" }, CALLER);
		expect(titles(await get("/actions/runs"))).toEqual(["second", "first"]);
	});

	it("is one whose workflow listens to everything, until another one is given", async () => {
		await show([]);
		expect((await get("/actions/workflows")).json()).toMatchObject({
			workflows: [{ name: "Listen to everything", state: "active" }],
		});
		await show({ workflows: {} });
		expect((await get("/actions/workflows")).json()).toMatchObject({ total_count: 0 });
		expect((await get("/contents/.github/workflows")).status).toBe(404);
		expect((await get("/contents")).json()).toEqual([]);
	});

	it("lists workflows page by page", async () => {
		const names = Array.from({ length: 5 }, (_, n) => `${n}.yml`);
		await show({ workflows: Object.fromEntries(names.map((name) => [name, workflow("[a]")])) });
		const page = async (number: number) =>
			((await get(`/actions/workflows?per_page=2&page=${number}`)).json() as { workflows: { path: string }[] })
				.workflows;
		const paths = [...(await page(1)), ...(await page(2)), ...(await page(3))].map(({ path }) => path);
		expect(paths).toEqual(names.map((name) => `.github/workflows/${name}`));
	});

	it("is read from a folder", async () => {
		await show({ folder: join(import.meta.dirname, "../../examples/ml-repo") });
		const file = (await get("/contents/.github/workflows/train_model.yml")).json() as { content: string };
		expect(Buffer.from(file.content, "base64").toString()).toContain("repository_dispatch");
	});

	it("tells about the token with every answer", async () => {
		await show({ token: { scopes: ["repo", "workflow"], expiresAt: "2026-12-01T00:00:00Z" } });
		expect((await get("")).headers).toMatchObject({
			"x-oauth-scopes": "repo, workflow",
			"github-authentication-token-expiration": "2026-12-01 00:00:00 UTC",
		});
	});

	it("names the permission that a token lacks, and takes no dispatch without it, nor into an archive", async () => {
		const dispatch = () => postJson(`${github.url}/repos/${REPOSITORY}/dispatches`, { event_type: "a" }, CALLER);
		await show({ token: { permissions: { metadata: "read", contents: "read" } } });
		expect((await get("/actions/permissions")).headers["x-accepted-github-permissions"]).toBe("administration=read");
		expect(await dispatch()).toMatchObject({
			status: 403,
			headers: { "x-accepted-github-permissions": "contents=write" },
		});
		await show({ archived: true });
		expect((await dispatch()).status).toBe(403);
		await show([]);
		expect((await dispatch()).status).toBe(204);
	});

	it("is public where it says so: then anybody may read", async () => {
		await show({ private: false, token: { scopes: [] } });
		expect((await get("")).json()).toMatchObject({ private: false, visibility: "public" });
		await show({ private: true, token: { scopes: [] } });
		expect((await get("")).status).toBe(404);
	});

	it("does not count a look against the limit for what creates content", async () => {
		const strict = await startGitHubStandIn({ limits: { perHour: 9, contentPerMinute: 1, contentPerHour: 1 } });
		const look = () => call(`${strict.url}/repos/${REPOSITORY}`, { headers: CALLER });
		const statuses = [(await look()).status, (await look()).status];
		const dispatch = await postJson(`${strict.url}/repos/${REPOSITORY}/dispatches`, { event_type: "a" }, CALLER);
		await strict.close();
		expect([...statuses, dispatch.status]).toEqual([200, 200, 204]);
	});

	it.each([
		["a text", '"contoso"', "repository[0] must be an object"],
		[
			"a misspelt key",
			'{ "archive": true }',
			'the key "archive" does not exist; the possible keys are repository, defaultBranch',
		],
		["a member of another kind", '{ "archived": "yes" }', "repository[0].archived must be a boolean"],
		["a folder that is not there", '{ "folder": "no-such-folder" }', "no-such-folder"],
	])("refuses %s", async (_, body, message) => {
		const answer = await call(`${github.url}/_repository`, { method: "POST", body });
		expect(answer).toMatchObject({ status: 400, text: expect.stringContaining(JSON.stringify(message).slice(1, -1)) });
	});
});
