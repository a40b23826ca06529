import { describe, expect, it } from "@jest/globals";
import { Settings } from "../../../src/config/settings.ts";
import { classifyResponse } from "../../../src/destinations/github/classify-response.ts";
import { github } from "../../../src/destinations/github/service.ts";
import {
	askedOf,
	buildWorkflow,
	resolveWorkflow,
	WORKFLOW_LIMITS,
	type WorkflowDispatch,
} from "../../../src/destinations/github/workflow-dispatch.ts";
import { resolve } from "../../../src/destinations/list.ts";
import { readJson } from "../../../src/event/json.ts";
import { asBridgeEvent, exampleOf } from "../../../support/example-events.ts";

const EVENT = asBridgeEvent(exampleOf("RunCompleted"));
const FACTS = { version: "1.2.3", route: "train", key: "0123456789abcdef0123456789abcdef" };
const TO = { repository: "Contoso/fraud-model", workflow: "train.yml" };
const { inputs: MOST } = WORKFLOW_LIMITS;

const build = (to: object, event = EVENT, mostInputs: number = MOST) =>
	buildWorkflow(resolveWorkflow({ ...TO, ...to }), event, FACTS, mostInputs);

function sent(
	to: object,
	event = EVENT,
): { ref?: string; inputs?: Record<string, string>; return_run_details: boolean } {
	const built = build(to, event);
	if (!built.ok) throw new Error(built.reason);
	return JSON.parse(built.body);
}

const names = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`input_${at}`, "id"]));

describe("a workflow as a destination", () => {
	it("is the repository, whatever its case, the workflow and the ref; its target is without the ref", () => {
		expect(resolve({ ...TO, ref: "main" }, "any")).toEqual({
			id: "contoso/fraud-model/train.yml#main",
			repository: "Contoso/fraud-model",
			workflow: "train.yml",
			ref: "main",
		});
		expect(resolve(TO, "any").id).toBe("contoso/fraud-model/train.yml");
		expect(resolve({ ...TO, workflow: "Train.yml" }, "any").id).toBe("contoso/fraud-model/Train.yml");
	});

	it("keeps its token and its inputs, and is told apart from a repository dispatch by its key", () => {
		const inputs = { run: "data.runId" };
		expect(resolve({ ...TO, token: "other", inputs }, "any")).toMatchObject({ token: "other", inputs });
		expect(resolve({ repository: TO.repository }, "a.b.c")).toMatchObject({ dispatchType: "a-b-c" });
	});

	it.each<[string, object]>([
		["workflow", { workflow: ".github/workflows/train.yml" }],
		["workflow", { workflow: "train" }],
		["workflow", { workflow: "../train.yml" }],
		["workflow", { workflow: "train.yml?x=1" }],
		["workflow", { workflow: "train\u202e.yml" }],
		["workflow", { workflow: " train.yml" }],
		["workflow", { workflow: ".yml" }],
		["workflow", { workflow: "0" }],
		["workflow", { workflow: 7 }],
		["ref", { ref: "" + "a b" }],
		["ref", { ref: "../main" }],
		["ref", { ref: "main\n" }],
		["inputs", { inputs: "id" }],
		["inputs", { inputs: null }],
		["ref", { ref: "0123456789abcdef0123456789abcdef01234567" }],
		["ref", { ref: 7 }],
		["inputs", { inputs: [] }],
		["inputs", { inputs: { "run id": "data.runId" } }],
		["inputs", { inputs: { "1st": "data.runId" } }],
		["inputs", { inputs: names(MOST + 1) }],
		["repository", { repository: "fraud-model" }],
	])("is refused for its %s: %j", (member, to) => {
		expect(github.problemsOf({ ...TO, ...to })).toEqual([{ member, problem: expect.stringMatching(/./) }]);
	});

	it.each<object>([
		{},
		{ workflow: "4711" },
		{ workflow: "Train & deploy.yaml" },
		{ ref: "refs/heads/release/1.0" },
		{ ref: "v1.2.3" },
		{ ref: "0123456789abcdef0123456789abcdef012345678" },
		{ ref: "x0123456789abcdef0123456789abcdef01234567" },
		{ ref: "0123456789abcdef0123456789abcdef0123456" },
		{ inputs: names(MOST) },
		{ inputs: { __proto__x: "id", "run-id": { value: 7 } } },
	])("is taken: %j", (to) => {
		expect(github.problemsOf({ ...TO, ...to })).toEqual([]);
	});

	it.each([
		[".github/workflows/train.yml", /is a path; write train\.yml$/],
		["/.github/workflows/train.yml", /is a path; write train\.yml$/],
		["contoso/a/.github/workflows/train.yml", /is neither/],
		[".github/workflows/old/train.yml", /is neither/],
		[".github/workflows/", /is neither/],
		["train", /is neither/],
		[7, /is neither/],
	])("is told apart from a path, which can be repaired: %j", (workflow, problem) => {
		expect(github.problemsOf({ ...TO, workflow })[0]?.problem).toMatch(problem);
	});

	it("is stored without what the route leaves out", () => {
		const stored = JSON.parse(JSON.stringify(resolve(TO, "any"))) as object;
		expect(Object.keys(stored).sort()).toEqual(["id", "repository", "workflow"]);
	});

	const PAGE = "/contoso/a/actions/workflows/train.yml";

	it.each([
		["https://api.github.com", "train.yml", "https://github.com/contoso/a/actions/workflows/train.yml"],
		["https://host.example/api/v3", "7", "https://host.example/contoso/a/actions?query=event%3Aworkflow_dispatch"],
		["http://127.0.0.1:7072", "train.yml", null],
		["https://api.contoso.ghe.com", "7", "https://contoso.ghe.com/contoso/a/actions?query=event%3Aworkflow_dispatch"],
		["https://api.github.com.example/api/v3", "train.yml", `https://api.github.com.example${PAGE}`],
		["https://api.a.ghe.com.example/api/v3", "train.yml", `https://api.a.ghe.com.example${PAGE}`],
		["https://my-api.github.com/api/v3", "train.yml", `https://my-api.github.com${PAGE}`],
	])("has its page at %s", (GITHUB_API_URL, workflow, page) => {
		const service = github.configure(new Settings({ GITHUB_API_URL, GITHUB_TOKEN: "t" }), []);
		expect(service.pageOf(resolveWorkflow({ repository: "contoso/a", workflow }))).toBe(page);
	});

	it("says which request it sends", () => {
		const service = github.configure(new Settings({ GITHUB_TOKEN: "t" }), []);
		expect(service.requestLine(resolveWorkflow(TO))).toBe(
			"POST https://api.github.com/repos/Contoso/fraud-model/actions/workflows/train.yml/dispatches",
		);
	});
});

describe("the request of a workflow dispatch", () => {
	it("has the ref, texts as inputs, and asks for the run", () => {
		const body = sent({
			ref: "main",
			inputs: {
				run: "data.runId",
				key: "bridge.key",
				fast: { value: true },
				epochs: { value: 3 },
				tags: "data.runTags",
			},
		});
		expect(body).toMatchObject({ ref: "main", return_run_details: true });
		expect(body.inputs).toMatchObject({
			key: FACTS.key,
			fast: "true",
			epochs: "3",
			tags: expect.stringMatching(/^\{/),
		});
	});

	it("has no ref and no inputs where the route has none", () => {
		expect(sent({})).toEqual({ return_run_details: true });
	});

	it("leaves an input out that the event has no value for, and keeps a number's digits", () => {
		const event = { ...EVENT, data: readJson('{"id":12345678901234567890,"none":null}') };
		expect(sent({ inputs: { id: "data.id", none: "data.none", no: "data.no" } }, event).inputs).toEqual({
			id: "12345678901234567890",
		});
	});

	it.each<[string, string, number]>([
		["fits", "x".repeat(65_535 - '{"all":""}'.length), 65_535],
		["of more bytes than characters fits", "é".repeat(60_000), 65_535],
	])("that %s is sent", (_, text) => {
		expect(build({ inputs: { all: "data" } }, { ...EVENT, data: text })).toMatchObject({ ok: true });
	});

	it("that is one character too long would fit with less of the event", () => {
		const data = "x".repeat(65_535 - '{"all":""}'.length + 1);
		expect(build({ inputs: { all: "data" } }, { ...EVENT, data })).toMatchObject({
			ok: false,
			tooLarge: true,
			reason: expect.stringContaining("65536 characters"),
		});
	});

	it("is refused for an eleventh input on Enterprise Server alone", () => {
		const inputs = names(11);
		const facts = FACTS;
		const buildAt = (GITHUB_API_URL: string) =>
			github
				.configure(new Settings({ GITHUB_API_URL, GITHUB_TOKEN: "t" }), [])
				.build(resolveWorkflow({ ...TO, inputs }), EVENT, facts);
		expect(buildAt("https://host.example/api/v3")).toMatchObject({
			ok: false,
			reason: expect.stringContaining("accepts at most 10"),
		});
		for (const url of ["https://api.github.com", "https://api.contoso.ghe.com"]) expect(buildAt(url).ok).toBe(true);
	});

	it("may have as many inputs as the server takes, and no more", () => {
		expect(build({ inputs: names(10) }, EVENT, 10).ok).toBe(true);
		expect(build({ inputs: names(11) }, EVENT, 10)).toMatchObject({ ok: false, tooLarge: false });
	});

	it("is refused where its stored inputs are damaged", () => {
		const to = { ...resolveWorkflow(TO), inputs: [] } as unknown as WorkflowDispatch;
		expect(buildWorkflow(to, EVENT, FACTS, MOST)).toMatchObject({
			ok: false,
			reason: "its row in storage is damaged: inputs",
		});
	});
});

describe("a refusal, by GitHub's words", () => {
	const to = resolveWorkflow({ ...TO, inputs: { env: { value: "prod" }, run: "data.runId" } });
	const repair = (message: string) => askedOf(to).repairOf?.(message);

	it.each<[string, boolean, RegExp]>([
		[
			"Workflow does not have 'workflow_dispatch' trigger",
			false,
			/add "on: workflow_dispatch" to train\.yml on the default branch$/,
		],
		["Cannot trigger a 'workflow_dispatch' on a disabled workflow", false, /gh workflow enable train\.yml/],
		["Actions has been disabled for this repository.", false, /turn Actions on/],
		["No ref found for: main", false, /^push the default branch, or .* a branch or a tag that exists/],
		['Unexpected inputs provided: ["env"]', false, /declare these inputs/],
		["Required input 'other' not provided", false, /add the input other to the route/],
		["Required input 'run' not provided", true, /the event has no value for the input run/],
		["Provided value 'prod' for input 'env' not in the list of allowed values", false, /the route's value/],
		["Provided value 'x' for input 'run' not in the list of allowed values", true, /the event's value/],
		["Invalid request.\n\nNo more than 10 properties are allowed; 11 were supplied.", false, /more inputs/],
		["failed to parse workflow: (Line: 3, Col: 1): Unexpected value", false, /correct the file train\.yml/],
		["inputs are too large.", true, /map less/],
	])("%j is the event's own fault: %j", (message, ofEvent, means) => {
		expect(repair(message)?.means).toMatch(means);
		expect(repair(message)?.ofEvent ?? false).toBe(ofEvent);
	});

	it.each([
		"No ref found for: x",
		"disabled workflow",
		"Unexpected inputs provided",
		"a' for input 'env' not in the list\nNo ref found for: x",
	])("the event's own words do not park a destination: %j", (value) => {
		expect(repair(`Provided value '${value}' for input 'run' not in the list of allowed values`)).toMatchObject({
			ofEvent: true,
		});
	});

	it.each([
		[422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow", /gh workflow enable train\.yml/],
		[403, "Cannot trigger a 'workflow_dispatch' on a disabled workflow", /gh workflow enable train\.yml/],
		[404, "Workflow train.yaml not found on the default branch", /there is no such repository, no workflow train\.yml/],
		[400, "Problems parsing YAML", /check whether a proxy changes it/],
	])("is asked for its cause only where it is about the workflow's content: %d %j", (status, message, reason) => {
		const response = { status, headers: {}, message, body: "json" } as const;
		expect(classifyResponse(response, 0, askedOf(to))).toMatchObject({ reason: expect.stringMatching(reason) });
	});

	it("without a cause that is known is no repair of the route's", () => {
		expect(repair("Sorry")).toBeUndefined();
		expect(repair("Required input '__proto__' not provided")).toMatchObject({
			means: expect.stringMatching(/to the route/),
		});
	});
});
