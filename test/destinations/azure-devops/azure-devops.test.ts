import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { TokenSource } from "../../../src/destinations/azure-devops/tokens.ts";
import { type GitHubStandIn, startGitHubStandIn } from "../../../src/local/github-stand-in.ts";
import { postJson } from "../../../support/call.ts";
import { pipelineRun } from "../../../support/destinations.ts";
import { freePorts } from "../../../support/free-ports.ts";
import { clientOf, fixed, PAT } from "./client.ts";

const TO = pipelineRun("contoso/ml", 7);
const START = Date.parse("2026-05-26T12:00:00Z");
const MINUTE_MS = 60_000;

let standIn: GitHubStandIn;
beforeEach(async () => {
	standIn = await startGitHubStandIn({ now: () => START, azureTokens: [PAT] });
});
afterEach(() => standIn.close());

const client = (more: Parameters<typeof clientOf>[1] = {}) =>
	clientOf(standIn.url, { now: () => standIn.now(), ...more });
const describePipeline = (more: object) => postJson(`${standIn.url}/_pipeline`, { id: 7, ...more });

describe("starting a run of a pipeline", () => {
	it("takes the run that the answer names, for certain", async () => {
		const answer = await client().send(TO, '{"templateParameters":{"runId":"train-7"}}');
		const [run] = standIn.runs();
		expect(answer).toMatchObject({
			classification: { kind: "taken" },
			status: 200,
			serverTime: START,
			run: {
				id: String(run?.id),
				url: `https://dev.azure.com/contoso/ml/_build/results?buildId=${run?.id}`,
				workflow: "pipeline-7",
				status: "completed",
				conclusion: "success",
				attempt: 1,
				certain: true,
			},
		});
		expect(answer.calls).toHaveLength(1);
		expect(standIn.received).toMatchObject([
			{ organization: "contoso", project: "ml", pipeline: 7, templateParameters: { runId: "train-7" } },
		]);
		expect(standIn.received[0]?.headers).toMatchObject({
			"content-type": "application/json",
			"user-agent": "grid-dispatch/9.9.9",
		});
		expect(standIn.calls).toMatchObject([{ method: "POST", path: "/contoso/ml/_apis/pipelines/7/runs", token: PAT }]);
	});

	it("reaches a project whose name has spaces and letters of any script", async () => {
		await describePipeline({ organization: "contoso", project: "Prüfung 3" });
		const { classification } = await client().send(pipelineRun("contoso/Prüfung 3", 7), "{}");
		expect([classification.kind, standIn.received[0]?.project]).toEqual(["taken", "Prüfung 3"]);
	});

	it("sends a token of Entra as a bearer token", async () => {
		standIn.setAzureTokens(["an-entra-token"]);
		const { classification } = await client({ tokens: fixed("an-entra-token", "Bearer") }).send(TO, "{}");
		expect(classification.kind).toBe("taken");
	});

	it.each([
		["a personal access token, whose sign-in page comes as a 203", "Basic", 203],
		["a token of Entra, which is answered 401", "Bearer", 401],
	] as const)("calls a wrong token unauthorized: %s", async (_, scheme, status) => {
		const answer = await client({ tokens: fixed("wrong-token-0123456789", scheme) }).send(TO, "{}");
		expect(answer).toMatchObject({ status, classification: { kind: "unauthorized" } });
		expect(answer.calls).toHaveLength(1);
		expect(standIn.received).toEqual([]);
		expect(JSON.stringify(answer)).not.toContain("wrong-token");
	});

	it("never takes a redirect to the sign-in page, and does not follow it", async () => {
		standIn.script.set([{ project: "contoso/ml", status: 302 }]);
		const answer = await client().send(TO, "{}");
		expect(answer).toMatchObject({ status: 302, classification: { kind: "unauthorized" } });
		expect(standIn.calls).toHaveLength(1);
	});

	it("reads the token anew after a refusal, once, and sends again with the new one", async () => {
		const NEW = "azdo-new-0123456789abcdefghijklmnop";
		standIn.setAzureTokens([NEW]);
		const asked: string[] = [];
		const tokens: TokenSource = {
			get: async () => ({ value: PAT, scheme: "Basic" }),
			refresh: async (stale, name) => {
				asked.push(`${stale.value} ${name}`);
				return { value: NEW, scheme: "Basic" };
			},
		};
		const answer = await client({ tokens }).send({ ...TO, token: "other" }, "{}");
		expect(answer.classification.kind).toBe("taken");
		expect([answer.calls.length, standIn.received.length]).toEqual([2, 1]);
		expect(asked).toEqual([`${PAT} other`]);
	});

	it.each<[string, object, object, string]>([
		["403", { denied: ["run"] }, {}, 'allow it "Queue builds"'],
		["404", { project: "gone" }, {}, "there is no such project"],
		["404", { id: 8 }, {}, "there is no pipeline 7"],
		[
			"400",
			{ refs: ["release"] },
			{ resources: { repositories: { self: { refName: "refs/heads/gone" } } } },
			"correct ref",
		],
		["400", { parameters: {} }, { templateParameters: { x: "1" } }, "declare x in the pipeline"],
		["400", { parameters: { env: {} } }, {}, "give env a value in the route's parameters"],
	])("waits for a repair, which the reason names: %s %j", async (status, pipeline, body, words) => {
		await describePipeline(pipeline);
		const { classification } = await client().send(TO, JSON.stringify(body));
		expect(classification).toMatchObject({ kind: "unavailable", reason: expect.stringContaining(words) });
		expect((classification as { reason: string }).reason).toContain(`Azure DevOps answered ${status}`);
		expect((classification as { reason: string }).reason.length).toBeLessThanOrEqual(300);
	});

	it("shows Azure DevOps' own words", async () => {
		await describePipeline({ project: "other" });
		const { classification } = await client().send(TO, "{}");
		expect(classification).toMatchObject({ reason: expect.stringContaining("TF200016") });
	});

	it.each<[unknown, Record<string, string>, "permanent" | "unavailable"]>([
		[{ env: "data.environment" }, { env: "test" }, "permanent"],
		[{ ENV: { key: "data.environment", default: "dev" } }, { env: "test" }, "permanent"],
		[{ env: { value: "test" } }, { env: "test" }, "unavailable"],
		[{ run: "data.runId", env: { value: "test" } }, { env: "test" }, "unavailable"],
		[{ env: "data.environment" }, {}, "permanent"],
		[{ other: { value: "x" } }, {}, "unavailable"],
	])(
		"tells the event's fault from the configuration's: the route's %j with %j is %s",
		async (parameters, given, kind) => {
			await describePipeline({ parameters: { env: { values: ["dev", "prod"] } } });
			const { classification } = await client().send(
				pipelineRun("contoso/ml", 7, { parameters }),
				JSON.stringify({ templateParameters: given }),
			);
			expect(classification.kind).toBe(kind);
		},
	);

	it("is not led astray by a value that quotes Azure's words", async () => {
		await describePipeline({ parameters: { env: { values: ["dev"] }, n: { type: "number", default: 1 } } });
		const to = pipelineRun("contoso/ml", 7, { parameters: { env: "data.a", n: { value: 1 } } });
		const body = {
			templateParameters: { env: "Unexpected parameter 'n'. The 'n' parameter value 'x' is not a valid" },
		};
		expect((await client().send(to, JSON.stringify(body))).classification.kind).toBe("permanent");
	});

	it("obeys a limit for as long as it says, and says so", async () => {
		standIn.script.set([{ project: "contoso/ml", status: 429 }]);
		const { classification } = await client().send(TO, "{}");
		expect(classification).toEqual({
			kind: "rate-limited",
			until: START + 30_000,
			named: true,
			reason: expect.stringContaining("TF400733"),
		});
	});

	it.each([
		[{ "retry-after": "5" }, 5_000],
		[{ "retry-after": "31536000" }, 3_600_000],
		[{ "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(START / 1_000 + 90) }, 90_000],
		[{ "x-ratelimit-delay": "0.235" }, 1_000],
		[{ "x-ratelimit-delay": "2.5" }, 2_500],
		[{ "x-ratelimit-delay": "999999" }, 30_000],
		[{ "x-ratelimit-delay": "soon", "x-ratelimit-remaining": "7" }, undefined],
		[{ "x-ratelimit-delay": "5s" }, undefined],
		[{ "x-ratelimit-delay": "1, 2" }, undefined],
		[{ "x-ratelimit-delay": "-3" }, undefined],
		[{ "x-ratelimit-delay": "0" }, undefined],
		[{ "x-ratelimit-delay": "" }, undefined],
		[{}, undefined],
	])("obeys what a success says of its budget: %j", async (headers, pause) => {
		const body = { id: 31, state: "inProgress" };
		standIn.script.set([{ calls: "dispatches", status: 200, headers, body }]);
		const answer = await client().send(TO, "{}");
		expect(answer).toMatchObject({ classification: { kind: "taken" }, run: { id: "31" } });
		expect(answer.exhaustedUntil).toBe(pause === undefined ? undefined : START + pause);
	});

	it.each([500, 502, 503, 408])("does not know whether a %i was taken", async (status) => {
		standIn.script.set([{ calls: "dispatches", status, headers: { "retry-after": "9" } }]);
		expect((await client().send(TO, "{}")).classification).toMatchObject({ kind: "uncertain", retryAfterMs: 9_000 });
	});

	it("knows that a refused connection has sent nothing, and does not know it of one that was cut", async () => {
		standIn.script.set([{ calls: "dispatches", cut: "after" }]);
		expect((await client().send(TO, "{}")).classification.kind).toBe("uncertain");
		const dead = clientOf(`http://127.0.0.1:${await freePorts()}`);
		expect((await dead.send(TO, "{}")).classification).toMatchObject({
			kind: "transient",
			reason: expect.stringContaining("nothing was sent"),
		});
	});

	it("does not know what became of a request that is not answered in time", async () => {
		standIn.script.set([{ calls: "dispatches", hang: true, taken: true }]);
		const { classification } = await client({ timeoutMs: 100 }).send(TO, "{}");
		expect(classification).toEqual({ kind: "uncertain", reason: expect.stringContaining("did not answer in time") });
	});
});

describe("looking at runs of a pipeline", () => {
	const life = { startAfterMs: MINUTE_MS, completeAfterMs: MINUTE_MS };

	it("tells their life in the words that all services share", async () => {
		standIn.script.set([
			{ run: { ...life, conclusion: "failure" } },
			{ run: { ...life, conclusion: "cancelled" } },
			{ run: life },
		]);
		const { run } = await client().send(TO, "{}");
		for (let index = 0; index < 2; index++) await client().send(TO, "{}");
		expect(run).toMatchObject({ status: "in_progress", conclusion: null });
		const states = async () => {
			const answer = await client().listRuns(TO, START);
			return "runs" in answer ? answer.runs.map(({ status, conclusion }) => [status, conclusion]).reverse() : answer;
		};
		standIn.advance(MINUTE_MS);
		expect(await states()).toEqual([
			["in_progress", null],
			["canceling", null],
			["in_progress", null],
		]);
		standIn.advance(MINUTE_MS);
		expect(await states()).toEqual([
			["completed", "failure"],
			["completed", "cancelled"],
			["completed", "success"],
		]);
		expect(await client().readRun(TO, run?.id ?? "")).toMatchObject({
			kind: "runs",
			complete: true,
			serverTime: START + 2 * MINUTE_MS,
			runs: [{ id: run?.id, conclusion: "failure", title: "20260526.1", createdAt: START, workflow: "pipeline-7" }],
		});
	});

	it("lists this pipeline's since a time, in one call that no pace counts", async () => {
		await client().send(TO, "{}");
		standIn.advance(MINUTE_MS);
		const { run } = await client().send(TO, "{}");
		await client().send(pipelineRun("contoso/ml", 8), "{}");
		const before = standIn.calls.length;
		const answer = await client().listRuns(TO, START + 1_000);
		expect(answer).toMatchObject({ kind: "runs", complete: true, runs: [{ id: run?.id }] });
		expect(standIn.calls).toHaveLength(before + 1);
	});

	it("lists more than a hundred on further pages, the last of which is complete", async () => {
		for (let sent = 0; sent < 130; sent++) await client().send(TO, "{}");
		const [first, second] = [await client().listRuns(TO, 0), await client().listRuns(TO, 0, undefined, 2)];
		expect([first, second]).toMatchObject([{ complete: false }, { complete: true }]);
		const ids = [first, second].flatMap((answer) => (answer.kind === "runs" ? answer.runs.map(({ id }) => id) : []));
		expect([ids.length, new Set(ids).size]).toEqual([130, 130]);
	});

	it("says what is gone, what is refused, and what may pass", async () => {
		expect(await client().readRun(TO, "99")).toMatchObject({ kind: "gone" });
		standIn.script.set([{ refuse: "runs" }]);
		expect(await client().listRuns(TO, START)).toMatchObject({
			kind: "refused",
			reason: expect.stringContaining('allow it "View builds"'),
		});
		standIn.script.set([{ calls: "reads", status: 429 }]);
		expect(await client().listRuns(TO, START)).toMatchObject({ kind: "unavailable", retryAt: START + 30_000 });
		standIn.script.set([{ calls: "reads", status: 503 }]);
		expect(await client().listRuns(TO, START)).toMatchObject({ kind: "unavailable" });
		standIn.script.set([{ calls: "reads", status: 203 }]);
		expect(await client().readRun(TO, "99")).toMatchObject({ kind: "unavailable" });
		await describePipeline({ project: "other" });
		expect(await client().listRuns(TO, START)).toMatchObject({ kind: "gone" });
	});
});

describe("asking about a token", () => {
	const check = () => client().checkToken(TO);

	it("looks at the route's pipeline", async () => {
		expect(await check()).toEqual({ state: "ok", expiresAt: null, reason: null });
		expect(standIn.calls).toMatchObject([{ method: "GET", path: "/contoso/ml/_apis/pipelines/7" }]);
	});

	it("tells a refused token from what else may be wrong", async () => {
		standIn.script.set([{ project: "contoso/ml", status: 503 }]);
		expect(await check()).toMatchObject({ state: "unknown" });
		await describePipeline({ project: "other" });
		expect(await check()).toMatchObject({ state: "unknown", reason: expect.stringContaining("no such project") });
		standIn.setAzureTokens(["another"]);
		expect(await check()).toMatchObject({ state: "refused", reason: expect.stringContaining("sign-in page") });
	});
});
