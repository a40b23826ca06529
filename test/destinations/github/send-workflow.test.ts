import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "@jest/globals";
import type { Client } from "../../../src/destinations/destination.ts";
import { createGitHub, type GitHubOptions } from "../../../src/destinations/github/github.ts";
import { createSend } from "../../../src/destinations/github/octokit.ts";
import { fixedToken } from "../../../src/destinations/github/tokens.ts";
import {
	buildWorkflow,
	resolveWorkflow,
	type WorkflowDispatch,
} from "../../../src/destinations/github/workflow-dispatch.ts";
import { startGitHubStandIn } from "../../../src/local/github-stand-in.ts";
import type { Answer } from "../../../src/model.ts";
import { postJson } from "../../../support/call.ts";
import { asBridgeEvent, exampleOf } from "../../../support/example-events.ts";

const TOKEN = "a-token";
const EVENT = asBridgeEvent(exampleOf("RunCompleted"));
const FACTS = { version: "1.2.3", route: "train", key: "0123456789abcdef0123456789abcdef" };
const TO = { repository: "contoso/fraud-model", workflow: "train.yml" };
const DISPATCHES = "/repos/contoso/fraud-model/actions/workflows/train.yml/dispatches";
const NO_LIMITS = { perHour: 1e9, contentPerMinute: 1e9, contentPerHour: 1e9 };

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	await Promise.all(closing.splice(0).map((close) => close()));
});

function clientOf(apiUrl: string, more: Partial<GitHubOptions> = {}): Client {
	return createGitHub({
		apiUrl,
		tokens: fixedToken(TOKEN),
		loadSend: async () => createSend({ apiUrl, userAgent: "test", fetch: globalThis.fetch }),
		now: Date.now,
		sleep: async () => {},
		timeoutMs: 10_000,
		...more,
	});
}

async function standIn(repository?: object) {
	const github = await startGitHubStandIn({ tokens: [TOKEN], limits: NO_LIMITS });
	closing.push(() => github.close());
	if (repository !== undefined)
		await postJson(`${github.url}/_repository`, { repository: TO.repository, ...repository });
	return { github, client: clientOf(github.url) };
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

async function serverAt(answer: Listener) {
	const asked: { method: string; url: string; body: string }[] = [];
	const server = createServer(async (request, response) => {
		const body = await text(request);
		asked.push({ method: request.method ?? "", url: request.url ?? "", body });
		answer(request, response);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	closing.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
	return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const json =
	(status: number, body: unknown): Listener =>
	(_, response) =>
		response
			.writeHead(status, { "content-type": "application/json" })
			.end(typeof body === "string" ? body : JSON.stringify(body));

function bodyOf(to: WorkflowDispatch): string {
	const built = buildWorkflow(to, EVENT, FACTS, 25);
	if (!built.ok) throw new Error(built.reason);
	return built.body;
}

function dispatch(client: Client, more: object = {}): Promise<Answer> {
	const to = resolveWorkflow({ ...TO, ...more });
	return client.send(to, bodyOf(to));
}

const DETAILS = {
	workflow_run_id: 4711,
	run_url: "https://api.github.com/repos/contoso/fraud-model/actions/runs/4711",
	html_url: "https://github.com/contoso/fraud-model/actions/runs/4711",
};

describe("a workflow dispatch", () => {
	it("is answered with its run, for certain", async () => {
		const { github, client } = await standIn();
		const answer = await dispatch(client, { ref: "main", inputs: { bridge_key: "bridge.key" } });
		const [run] = github.runs();
		expect(answer).toMatchObject({ classification: { kind: "taken" }, status: 200, serverTime: expect.any(Number) });
		expect(answer.run).toEqual({
			id: String(run?.id),
			url: `https://github.com/contoso/fraud-model/actions/runs/${run?.id}`,
			workflow: "train.yml",
			status: "queued",
			conclusion: null,
			attempt: 1,
			certain: true,
		});
		expect(answer.calls).toHaveLength(1);
		expect(github.received).toMatchObject([{ workflow: "train.yml", ref: "main", inputs: { bridge_key: FACTS.key } }]);
	});

	it("can be read by the id that it was answered with", async () => {
		const { client } = await standIn();
		const { run } = await dispatch(client, { ref: "main" });
		const read = await client.readRun(resolveWorkflow(TO), run?.id ?? "");
		expect(read).toMatchObject({ kind: "runs", runs: [{ id: run?.id, status: "completed" }] });
	});

	it("that is answered 204, as an older server does, is taken without a run", async () => {
		const { url } = await serverAt((_, response) => response.writeHead(204).end());
		const answer = await dispatch(clientOf(url), { ref: "main" });
		expect(answer).toMatchObject({ classification: { kind: "taken" }, status: 204 });
		expect(answer).not.toHaveProperty("run");
	});

	it("sends the very bytes that were proved, where the route has a ref", async () => {
		const { url, asked } = await serverAt(json(200, DETAILS));
		await dispatch(clientOf(url), { ref: "main", inputs: { run: "data.runId" } });
		const body = bodyOf(resolveWorkflow({ ...TO, ref: "main", inputs: { run: "data.runId" } }));
		expect(asked).toEqual([{ method: "POST", url: DISPATCHES, body }]);
	});

	it("that was cut off may have been taken", async () => {
		const { github, client } = await standIn();
		github.script.set([{ calls: "dispatches", cut: "after" }]);
		expect(await dispatch(client)).toMatchObject({ classification: { kind: "uncertain" } });
	});
});

describe("the default branch", () => {
	it("is asked for once for each repository, not counted for the pace, and sent as the ref", async () => {
		const { github, client } = await standIn({
			defaultBranch: "trunk",
			workflows: { "train.yml": "on: workflow_dispatch" },
		});
		const answers = [
			await dispatch(client),
			await dispatch(client),
			await dispatch(client, { repository: "Contoso/Fraud-Model" }),
		];
		expect(answers.map(({ classification, calls }) => [classification.kind, calls.length])).toEqual([
			["taken", 1],
			["taken", 1],
			["taken", 1],
		]);
		expect(github.received.map(({ ref }) => ref)).toEqual(["trunk", "trunk", "trunk"]);
		expect(github.calls.filter(({ method }) => method === "GET")).toHaveLength(1);
	});

	it("that is another one since is sent to within minutes, though the former one is still there", async () => {
		let [branch, now] = ["master", Date.now()];
		const answer: Listener = ({ method }, response) =>
			method === "GET"
				? json(200, { default_branch: branch })({} as IncomingMessage, response)
				: response.writeHead(204).end();
		const { url, asked } = await serverAt(answer);
		const client = clientOf(url, { now: () => now });
		await dispatch(client);
		branch = "main";
		now += 4 * 60_000;
		await dispatch(client);
		now += 60_000;
		await dispatch(client);
		const refs = asked.flatMap(({ body }) => (body === "" ? [] : [(JSON.parse(body) as { ref: string }).ref]));
		expect(refs).toEqual(["master", "master", "main"]);
	});

	it("that has another name since is asked for anew, in the same try", async () => {
		const { github, client } = await standIn({
			defaultBranch: "master",
			workflows: { "train.yml": "on: workflow_dispatch" },
		});
		await dispatch(client);
		await postJson(`${github.url}/_repository`, {
			repository: TO.repository,
			defaultBranch: "main",
			workflows: { "train.yml": "on: workflow_dispatch" },
		});
		expect(await dispatch(client)).toMatchObject({
			classification: { kind: "taken" },
			calls: [expect.any(Number), expect.any(Number)],
		});
		expect(github.received.map(({ ref }) => ref)).toEqual(["master", "main"]);
	});

	it.each<[string, Listener, string]>([
		["5xx", json(502, { message: "No" }), "transient"],
		["429", json(429, { message: "Slow down" }), "rate-limited"],
		["401", json(401, { message: "Bad credentials" }), "unauthorized"],
		["404", json(404, { message: "Not Found" }), "unavailable"],
		["422", json(422, { message: "No" }), "unavailable"],
		["a page", (_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>"), "unavailable"],
		["no branch", json(200, {}), "unavailable"],
		["a branch that is an object", json(200, { default_branch: {} }), "unavailable"],
		["a branch as long as a page", json(200, { default_branch: "x".repeat(10_000) }), "unavailable"],
		["a cut", (request) => request.socket.destroy(), "transient"],
	])("that is answered with %s starts nothing, and no dispatch is uncertain for it", async (_, listener, kind) => {
		const { url, asked } = await serverAt(listener);
		expect(await dispatch(clientOf(url))).toMatchObject({ classification: { kind }, calls: [] });
		expect(asked.filter(({ method }) => method === "POST")).toEqual([]);
	});

	it("that does not come in time is no dispatch that may have been taken", async () => {
		const { url } = await serverAt(() => {});
		const { classification } = await dispatch(clientOf(url, { timeoutMs: 50 }));
		expect(classification).toEqual({ kind: "transient", reason: "GitHub did not answer in time" });
	});
});

describe("a server that does not know return_run_details", () => {
	it.each([
		[422, { message: 'Invalid request.\n\n"return_run_details" is not a permitted key.' }],
		[400, { message: "Bad request", errors: [{ field: "return_run_details" }], id: 1 }],
	])("is asked again without it after a %d, in the same try, and from then on", async (status, body) => {
		const bodies: string[] = [];
		const server = createServer(async (request, response) => {
			bodies.push(await text(request));
			if (bodies.at(-1)?.includes("return_run_details")) {
				const big = JSON.stringify(body).replace('"id":1', '"id":12345678901234567890');
				response.writeHead(status, { "content-type": "application/json" }).end(big);
			} else response.writeHead(204).end();
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		closing.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
		const client = clientOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
		for (const calls of [2, 1, 1]) {
			const answer = await dispatch(client, { ref: "main", inputs: { run: { value: "1" } } });
			expect(answer).toMatchObject({ classification: { kind: "taken" } });
			expect(answer.calls).toHaveLength(calls);
		}
		expect(bodies.slice(1).map((sent) => JSON.parse(sent) as unknown)).toEqual(
			Array(3).fill({ ref: "main", inputs: { run: "1" } }),
		);
	});

	it("is not believed where it refuses the request without the member, too", async () => {
		const { github, client } = await standIn();
		github.script.set([{ refuse: "return_run_details" }, { calls: "dispatches", status: 502 }]);
		expect(await dispatch(client, { ref: "main" })).toMatchObject({ classification: { kind: "uncertain" } });
		expect((await dispatch(client, { ref: "main" })).run).toBeDefined();
	});
});

describe("a refusal of a workflow dispatch", () => {
	const TAKES = `on:
  workflow_dispatch:
    inputs:
      env: { type: choice, options: [dev, prod] }
      run: { required: true }
`;

	it.each<[string, object, object, string, RegExp]>([
		["no such workflow", { workflows: {} }, {}, "unavailable", /no workflow train\.yml/],
		["no trigger", { workflows: { "train.yml": "on: push" } }, {}, "unavailable", /on: workflow_dispatch/],
		[
			"a disabled workflow",
			{ workflows: { "train.yml": TAKES }, states: { "train.yml": "disabled_manually" } },
			{},
			"unavailable",
			/gh workflow enable/,
		],
		[
			"Actions that are off",
			{ workflows: { "train.yml": TAKES }, actions: false },
			{},
			"unavailable",
			/turn Actions on/,
		],
		["no such ref", { workflows: { "train.yml": TAKES } }, { ref: "gone" }, "unavailable", /push gone/],
		[
			"an unknown input",
			{ workflows: { "train.yml": TAKES } },
			{ inputs: { x: "id", run: "id" } },
			"unavailable",
			/declare/,
		],
		["a missing input", { workflows: { "train.yml": TAKES } }, {}, "unavailable", /add the input run to the route/],
		[
			"an input that this event lacks",
			{ workflows: { "train.yml": TAKES } },
			{ inputs: { run: "data.no" } },
			"permanent",
			/the event has no value/,
		],
		[
			"a wrong choice of the event's",
			{ workflows: { "train.yml": TAKES } },
			{ inputs: { env: "type", run: "id" } },
			"permanent",
			/the event's value/,
		],
		[
			"a wrong choice of the route's",
			{ workflows: { "train.yml": TAKES } },
			{ inputs: { env: { value: "test" }, run: "id" } },
			"unavailable",
			/the route's value/,
		],
		[
			"a token that may not",
			{ workflows: { "train.yml": TAKES }, token: { permissions: { actions: "read", metadata: "read" } } },
			{ inputs: { run: "id" } },
			"unavailable",
			/actions=write/i,
		],
	])("for %s says what to do", async (_, repository, more, kind, reason) => {
		const { client } = await standIn(repository);
		const answer = await dispatch(client, more);
		expect(answer).toMatchObject({ classification: { kind, reason: expect.stringMatching(reason) } });
		expect(answer).not.toHaveProperty("run");
	});

	it("that quotes the event is no rate limit, whatever the event says", async () => {
		const message = "Provided value 'the endpoint has been spammed' for input 'run' not in the list of allowed values";
		const { url } = await serverAt(json(422, { message }));
		expect(await dispatch(clientOf(url), { ref: "main" })).toMatchObject({ classification: { kind: "permanent" } });
	});

	it("names Actions: write where GitHub names nothing", async () => {
		const { url } = await serverAt(json(403, { message: "Resource not accessible by integration" }));
		expect(await dispatch(clientOf(url), { ref: "main" })).toMatchObject({
			classification: { reason: expect.stringContaining("Actions: write") },
		});
	});
});

describe("a hostile answer to a workflow dispatch", () => {
	it("that is a page is not taken", async () => {
		const { url } = await serverAt((_, response) =>
			response.writeHead(200, { "content-type": "text/html" }).end("<html>"),
		);
		expect(await dispatch(clientOf(url), { ref: "main" })).toMatchObject({ classification: { kind: "unavailable" } });
	});

	it.each<[string, unknown]>([
		["an object", { ...DETAILS, workflow_run_id: {} }],
		["a text", { ...DETAILS, workflow_run_id: "4711" }],
		["zero", { ...DETAILS, workflow_run_id: 0 }],
		["negative", { ...DETAILS, workflow_run_id: -1 }],
		["broken", { ...DETAILS, workflow_run_id: 1.5 }],
		["not there", {}],
		["in a list", [DETAILS]],
		["null", "null"],
		["of a hundred digits", `{"workflow_run_id":${"9".repeat(100)}}`],
	])("whose id is %s is taken without a run", async (_, body) => {
		const { url } = await serverAt(json(200, body));
		const answer = await dispatch(clientOf(url), { ref: "main" });
		expect(answer).toMatchObject({ classification: { kind: "taken" } });
		expect(answer).not.toHaveProperty("run");
	});

	it.each([
		"javascript:alert(1)",
		"https://evil.example/contoso/fraud-model/actions/runs/4711",
		"https://github.com@evil.example/",
		{},
		undefined,
	])("that leads elsewhere has a run without a page: %j", async (html_url) => {
		const { url } = await serverAt(json(200, { ...DETAILS, html_url }));
		expect((await dispatch(clientOf(url), { ref: "main" })).run).toMatchObject({ id: "4711", url: null });
	});
});
