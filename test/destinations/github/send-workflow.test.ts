import { afterEach, describe, expect, it } from "@jest/globals";
import type { Client } from "../../../src/destinations/destination.ts";
import {
	buildWorkflow,
	resolveWorkflow,
	type WorkflowDispatch,
} from "../../../src/destinations/github/workflow-dispatch.ts";
import type { Answer } from "../../../src/model.ts";
import { postJson } from "../../../support/call.ts";
import { asBridgeEvent, exampleOf } from "../../../support/example-events.ts";
import { clientOf, closeAll, json, type Listener, serverAt, startStandIn } from "./client.ts";

const EVENT = asBridgeEvent(exampleOf("RunCompleted"));
const FACTS = { version: "1.2.3", route: "train", key: "0123456789abcdef0123456789abcdef" };
const TO = { repository: "contoso/fraud-model", workflow: "train.yml" };
const DISPATCHES = "/repos/contoso/fraud-model/actions/workflows/train.yml/dispatches";

afterEach(closeAll);

async function standIn(repository?: object) {
	const github = await startStandIn();
	if (repository !== undefined)
		await postJson(`${github.url}/_repository`, { repository: TO.repository, ...repository });
	return { github, client: clientOf(github.url) };
}

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
		expect(answer.run).toBeUndefined();
	});

	it("sends the very bytes that were proved, where the route has a ref", async () => {
		const { url, asked } = await serverAt(json(200, DETAILS));
		await dispatch(clientOf(url), { ref: "main", inputs: { run: "data.runId" } });
		const body = bodyOf(resolveWorkflow({ ...TO, ref: "main", inputs: { run: "data.runId" } }));
		expect(asked).toMatchObject([{ method: "POST", url: DISPATCHES, body }]);
	});

	it("that was cut off may have been taken", async () => {
		const { github, client } = await standIn();
		github.script.set([{ calls: "dispatches", cut: "after" }]);
		expect(await dispatch(client)).toMatchObject({ classification: { kind: "uncertain" } });
	});
});

/** Answers a look at the repository, and its dispatches. */
const lookOr =
	(look: Listener, dispatches: Listener): Listener =>
	(request, response) =>
		(request.method === "GET" ? look : dispatches)(request, response);

/** An event's own words, in an answer of GitHub's. */
const QUOTED = "Provided value 'No ref found for: main' for input 'run' not in the list of allowed values";

/** The refs that were dispatched to. */
const refsOf = (asked: readonly { readonly body: string }[]) =>
	asked.flatMap(({ body }) => (body === "" ? [] : [(JSON.parse(body) as { ref: string }).ref]));

const cut: Listener = (request) => request.socket.destroy();

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
		const { url, asked } = await serverAt((request, response) =>
			lookOr(json(200, { default_branch: branch }), json(204, ""))(request, response),
		);
		const client = clientOf(url, { now: () => now });
		await dispatch(client);
		branch = "main";
		now += 4 * 60_000;
		await dispatch(client);
		now += 60_000;
		await dispatch(client);
		expect(refsOf(asked)).toEqual(["master", "master", "main"]);
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

	const NO_BRANCH = /^GitHub names no default branch; give the route a ref$/;

	it.each<[string, Listener, string, RegExp]>([
		["5xx", json(502, { message: "No" }), "transient", /^GitHub answered 502 \(No\)/],
		["429", json(429, { message: "Slow down" }), "rate-limited", /^GitHub asks to slow down/],
		["401", json(401, { message: "Bad credentials" }), "unauthorized", /^GitHub answered 401/],
		["404", json(404, { message: "Not Found" }), "unavailable", /no such repository, .* it needs Metadata: read\)$/],
		["422", json(422, { message: "No" }), "unavailable", /^GitHub answered 422/],
		["a page", json(200, "<html>", { "content-type": "text/html" }), "unavailable", /not an answer of its API/],
		["no branch", json(200, {}), "unavailable", NO_BRANCH],
		["null", json(200, "null"), "unavailable", NO_BRANCH],
		["nothing", json(204, ""), "unavailable", NO_BRANCH],
		["a branch that is an object", json(200, { default_branch: {} }), "unavailable", NO_BRANCH],
		["a branch without a name", json(200, { default_branch: "" }), "unavailable", NO_BRANCH],
		["a branch of a character too many", json(200, { default_branch: "x".repeat(251) }), "unavailable", NO_BRANCH],
		["a branch as long as a page", json(200, { default_branch: "x".repeat(10_000) }), "unavailable", NO_BRANCH],
		["a refusal that names a branch", json(404, { default_branch: "main" }), "unavailable", /^GitHub answered 404/],
		["a failure that names a branch", json(500, { default_branch: "main" }), "transient", /^GitHub answered 500/],
		["a cut", cut, "transient", /^no answer from GitHub \((?!Cannot)[^()]+\)$/],
	])("that is answered with %s starts nothing, and no dispatch is uncertain for it", async (_, look, kind, reason) => {
		const { client, asked } = await serverAt(look);
		const classification = { kind, reason: expect.stringMatching(reason) };
		expect(await dispatch(client)).toMatchObject({ classification, calls: [] });
		expect(asked.filter(({ method }) => method === "POST")).toEqual([]);
	});

	it("may have a name of 250 characters", async () => {
		const branch = "x".repeat(250);
		const { client, asked } = await serverAt(lookOr(json(200, { default_branch: branch }), json(204, "")));
		await dispatch(client);
		expect(refsOf(asked)).toEqual([branch]);
	});

	it.each<[string, string[], Listener, string[]]>([
		["has the same name", ["main", "main"], json(422, { message: "No ref found for: main" }), []],
		["cannot be looked up now", ["main"], json(422, { message: "No ref found for: main" }), []],
		["has another name", ["main", "trunk"], json(422, { message: "No ref found for: main" }), ["trunk"]],
		["was not said to be gone", ["main", "trunk"], json(422, { message: "Invalid request." }), []],
		["was said to be gone by the event", ["main", "trunk"], json(422, { message: QUOTED }), []],
		[
			"was said to be gone by a failing server",
			["main", "trunk"],
			json(500, { message: "No ref found for: main" }),
			[],
		],
		["may have taken it", ["main", "trunk"], cut, []],
	])("that %s is dispatched to once more only where it is another one", async (_, branches, second, again) => {
		let [looks, dispatches] = [0, 0];
		const look: Listener = (request, response) => {
			const branch = branches[looks++];
			(branch === undefined ? json(503, {}) : json(200, { default_branch: branch }))(request, response);
		};
		const send: Listener = (request, response) => (++dispatches === 2 ? second : json(204, ""))(request, response);
		const { client, asked } = await serverAt(lookOr(look, send));
		await dispatch(client);
		const { classification } = await dispatch(client);
		expect(refsOf(asked)).toEqual(["main", "main", ...again]);
		if (again.length === 0)
			expect(JSON.stringify(classification)).toMatch(/answered (422|500)|no answer from GitHub \((?!Cannot)/);
	});

	it("that does not come in time is no dispatch that may have been taken", async () => {
		const { url } = await serverAt(() => {});
		const { classification } = await dispatch(clientOf(url, { timeoutMs: 50 }));
		expect(classification).toEqual({ kind: "transient", reason: "GitHub did not answer in time" });
	});
});

describe("a server that does not know return_run_details", () => {
	const NOT_PERMITTED = 'Invalid request.\n\n"return_run_details" is not a permitted key.';
	const namesIt = ({ body }: { readonly body: string }) => body.includes("return_run_details");

	it.each<[string, number, string]>([
		["a 422", 422, JSON.stringify({ message: NOT_PERMITTED })],
		[
			"a 400, with a number that no double holds",
			400,
			'{"message":"No","id":12345678901234567890,"field":"return_run_details"}',
		],
		[
			"a 400 that is nested deeply",
			400,
			`{"message":"No","field":"return_run_details","at":${"[".repeat(30_000)}${"]".repeat(30_000)}}`,
		],
		["a 400 that is cut off", 400, '{"message":"return_run_details is no'],
	])("is asked again without it after %s, in the same try, and from then on", async (_, status, refusal) => {
		const { client, asked } = await serverAt((request, response) => {
			const last = asked.at(-1);
			(last !== undefined && namesIt(last) ? json(status, refusal) : json(204, ""))(request, response);
		});
		for (const calls of [2, 1, 1]) {
			const answer = await dispatch(client, { ref: "main", inputs: { run: { value: "1" } } });
			expect(answer).toMatchObject({ classification: { kind: "taken" } });
			expect(answer.calls).toHaveLength(calls);
		}
		expect(asked.map(namesIt)).toEqual([true, false, false, false]);
		expect(asked.slice(1).map(({ body }) => JSON.parse(body) as unknown)).toEqual(
			Array(3).fill({ ref: "main", inputs: { run: "1" } }),
		);
	});

	it.each<[string, Listener, RegExp]>([
		["an answer that may follow a start", json(500, { message: NOT_PERMITTED }), /^GitHub answered 500/],
		["another refusal", json(404, { message: NOT_PERMITTED }), /^GitHub answered 404/],
		["a refusal of something else", json(422, { message: "Invalid request." }), /^GitHub answered 422/],
		[
			"a page that repeats the request",
			json(400, `<p>${NOT_PERMITTED}`, { "content-type": "text/html" }),
			/not an answer/,
		],
		["nothing but a status", json(422, ""), /not an answer of its API/],
		["a cut", cut, /^no answer from GitHub \((?!Cannot)/],
	])("is not seen in %s, and nothing is sent twice", async (_, listener, reason) => {
		const { client, asked } = await serverAt(listener);
		const { classification } = await dispatch(client, { ref: "main" });
		expect(classification).toMatchObject({ reason: expect.stringMatching(reason) });
		expect(asked).toHaveLength(1);
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
		expect(answer.run).toBeUndefined();
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
		expect(answer.run).toBeUndefined();
	});

	it.each([404, 500, 502])("that is a %d names no run, whatever it says", async (status) => {
		const { client } = await serverAt(json(status, DETAILS));
		expect((await dispatch(client, { ref: "main" })).run).toBeUndefined();
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
