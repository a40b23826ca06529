import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createAsk } from "../../src/cli/ask.ts";
import { checkRepository } from "../../src/cli/doctor/check-repository.ts";
import { createGitHub, type GitHub } from "../../src/cli/doctor/github.ts";
import { lookAtWorkflows } from "../../src/cli/doctor/look-at-workflows.ts";
import { type GitHubStandIn, startGitHubStandIn } from "../../src/local/github-stand-in.ts";
import type { Route } from "../../src/route/route.ts";
import { postJson } from "../../support/call.ts";

const REPOSITORY = "contoso/fraud-model";
const TRAIN = `on:
  workflow_dispatch:
    inputs:
      run: { required: true }
      env: { required: true, default: dev }
      note: {}
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: ls
`;
const MAY = { metadata: "read", contents: "read", actions: "write" } as const;

let standIn: GitHubStandIn;
let github: GitHub;
beforeAll(async () => {
	standIn = await startGitHubStandIn();
	const ask = createAsk({ fetch: globalThis.fetch, now: Date.now });
	github = createGitHub({ url: standIn.url, token: "a-token", ask, now: Date.now });
});
afterAll(() => standIn.close());

const routeTo = (to: object) => ({ name: "train", to: { repository: REPOSITORY, workflow: "train.yml", ...to } });
const show = (more: object = {}) =>
	postJson(`${standIn.url}/_repository`, {
		repository: REPOSITORY,
		workflows: { "train.yml": TRAIN },
		token: { permissions: MAY },
		...more,
	});

async function told(...to: object[]): Promise<string[]> {
	const checks = await lookAtWorkflows(REPOSITORY, "main", to.map(routeTo), { github, follows: false });
	return checks.map(({ verdict, subject, finding }) => `${verdict} ${subject}: ${finding}`);
}

describe("a workflow that a route starts", () => {
	const subject = `${REPOSITORY} train.yml`;

	it("is in order where it takes what the routes give, and no workflow has to listen to a dispatch type", async () => {
		await show();
		expect(await told({ inputs: { run: "id" } }, { inputs: { run: "data.runId" } })).toEqual([
			`ok ${subject}: the routes can start it`,
		]);
	});

	it("is not called missing on another branch where GitHub did not say so", async () => {
		await show({ refs: ["v2"] });
		const get: GitHub["get"] = async (path) => {
			const answer = await github.get(path);
			return path.includes("?ref=") ? { ...answer, status: 503 } : answer;
		};
		const options = { github: { ...github, get }, follows: false };
		const checks = await lookAtWorkflows(REPOSITORY, "main", [routeTo({ ref: "v2", inputs: { run: "id" } })], options);
		expect(checks).toMatchObject([
			{
				verdict: "cannot tell",
				finding: expect.stringContaining("could not be read there"),
				repair: "try again later",
			},
		]);
	});

	const many = (page: number) =>
		Array.from({ length: 100 }, (_, index) => ({
			id: page * 1_000 + index,
			path: `${page}-${index}.yml`,
			state: "active",
		}));
	it.each<[string, (page: number) => unknown[], number]>([
		["ignores which page is asked for", () => many(1), 2],
		["never comes to an end", many, 20],
		["holds what is no workflow", () => [null, 7, {}, { id: "1", path: "a.yml", state: "active" }], 1],
	])("is looked for with an end where GitHub's list %s", async (_, workflowsOf, pages) => {
		await show();
		const asked: string[] = [];
		const get: GitHub["get"] = async (path) => {
			const page = /\/actions\/workflows\?per_page=100&page=(\d+)$/.exec(path)?.[1];
			if (page === undefined) return github.get(path);
			asked.push(page);
			const json = { workflows: workflowsOf(Number(page)) };
			return { ...(await github.get(`/repos/${REPOSITORY}`)), json, text: JSON.stringify(json) };
		};
		const options = { github: { ...github, get }, follows: false };
		const checks = await lookAtWorkflows(REPOSITORY, "main", [routeTo({ inputs: { run: "id" } })], options);
		expect(checks).toMatchObject([{ verdict: "ok" }]);
		expect(asked).toHaveLength(pages);
	});

	it.each<[string, object, object, string]>([
		["is not there", { workflows: { "a.yml": TRAIN } }, {}, "error"],
		[
			"has no such trigger",
			{ workflows: { "train.yml": TRAIN.replace(/workflow_dispatch:[\s\S]*note: \{\}/, "push:") } },
			{},
			"error",
		],
		["is disabled", { states: { "train.yml": "disabled_manually" } }, {}, "error"],
		["lacks an input", {}, { inputs: { run: "id", x: "id", constructor: "id" } }, "error"],
		["requires another input", {}, {}, "error"],
		["requires another input on the route's branch", {}, { ref: "release" }, "error"],
		["is named by an id that no workflow has", {}, { workflow: "7" }, "error"],
	])("is told where it %s", async (_, shown, to, verdict) => {
		await show(shown);
		const found = await told(to);
		expect(found.length).toBeGreaterThan(0);
		for (const line of found) expect(line.startsWith(`${verdict} `)).toBe(true);
	});

	it("needs Actions: write, and not Contents: write; to ask starts nothing", async () => {
		const rights = async (permissions: object, routes: readonly Route[] = [routeTo({})]) => {
			await show({ token: { permissions } });
			const answer = await github.get(`/repos/${REPOSITORY}`);
			const { checks } = await checkRepository(REPOSITORY, answer, github, true, routes);
			return checks
				.filter(({ link }) => link === "token")
				.map(({ verdict, finding, repair }) => [verdict, finding, repair]);
		};
		expect(await rights(MAY)).toEqual([["ok", "the token may start workflows", null]]);
		expect(await rights({ ...MAY, actions: "read" })).toEqual([
			["error", expect.stringMatching(/^the token may not start workflows/), expect.stringContaining("Actions: write")],
		]);
		const both = [routeTo({}), { name: "b", to: { repository: REPOSITORY } }];
		expect(await rights(MAY, both)).toEqual([
			["error", expect.stringMatching(/^the token may not dispatch/), expect.stringContaining("Contents: write")],
			["ok", "the token may start workflows", null],
		]);
		expect(standIn.received).toEqual([]);
	});
});
