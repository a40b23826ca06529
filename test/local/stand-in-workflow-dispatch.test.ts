import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { type GitHubStandIn, startGitHubStandIn } from "../../src/local/github-stand-in.ts";
import { type Called, call, postJson } from "../../support/call.ts";
import { bodyObjections, objections, operation } from "../helpers/github-openapi.ts";

const REPOSITORY = "contoso/fraud-model";
const CALLER = { "user-agent": "a-test", authorization: "Bearer a-token", "x-github-api-version": "2022-11-28" };
const DISPATCH = operation("/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches", "post");
/** How GitHub marks an expression. */
const open = "\u0024{{";

const TRAIN = `name: Train
run-name: Train ${open} inputs.run_id }} on ${open} github.ref_name }} (${open} inputs.bridge_key || 'no key' }})
on:
  workflow_dispatch:
    inputs:
      run_id: { required: true }
      bridge_key: {}
      size: { type: choice, options: [small, large], default: small }
      fast: { type: boolean }
      epochs: { type: number }
`;

let github: GitHubStandIn;

function dispatch(body: unknown, workflow = "train.yml", headers: Record<string, string> = {}): Promise<Called> {
	const url = `${github.url}/repos/${REPOSITORY}/actions/workflows/${workflow}/dispatches`;
	return postJson(url, body, { ...CALLER, ...headers });
}

async function runs(): Promise<readonly { id: number; display_title: string }[]> {
	const answer = await call(`${github.url}/repos/${REPOSITORY}/actions/runs?event=workflow_dispatch`, {
		headers: CALLER,
	});
	expect(objections(operation("/repos/{owner}/{repo}/actions/runs", "get"), answer)).toEqual([]);
	return (answer.json() as { workflow_runs: { id: number; display_title: string }[] }).workflow_runs;
}

function show(repository: object): Promise<Called> {
	return postJson(`${github.url}/_repository`, {
		refs: ["release", "refs/tags/v1"],
		workflows: { "train.yml": TRAIN, "listen.yml": "on: [push, repository_dispatch]" },
		...repository,
	});
}

function message(answer: Called): string {
	return (answer.json() as { message: string }).message;
}

const ONE = { ref: "main", inputs: { run_id: "7" } };
const inputs = (more: object) => ({ ref: "main", inputs: { run_id: "7", ...more } });

beforeEach(async () => {
	github = await startGitHubStandIn();
	await show({});
});
afterEach(() => github.close());

describe("the GitHub stand-in takes a workflow dispatch", () => {
	it("and answers 204 without a body, as GitHub describes it", async () => {
		const answer = await dispatch(ONE);
		expect(answer).toMatchObject({ status: 204, text: "" });
		expect(objections(DISPATCH, answer)).toEqual([]);
		expect(github.received).toMatchObject([{ repository: REPOSITORY, workflow: "train.yml", ...ONE }]);
		expect(JSON.stringify(github.received)).not.toContain("a-token");
	});

	it("and names its run where it is asked to, by the workflow's file and by its id", async () => {
		for (const name of ["train.yml", "1000"]) {
			const answer = await dispatch({ ...inputs({ bridge_key: name }), return_run_details: true }, name);
			expect(answer.status).toBe(200);
			expect(objections(DISPATCH, answer)).toEqual([]);
			const [run] = await runs();
			expect(answer.json()).toMatchObject({
				workflow_run_id: run?.id,
				run_url: `${github.url}/repos/${REPOSITORY}/actions/runs/${run?.id}`,
				html_url: `https://github.com/${REPOSITORY}/actions/runs/${run?.id}`,
			});
			expect(run?.display_title).toBe(`Train 7 on main (${name})`);
		}
		expect(github.received.map(({ workflow }) => workflow)).toEqual(["train.yml", "train.yml"]);
		expect(github.calls.filter(({ method }) => method === "POST").map(({ key }) => key)).toEqual(["train.yml", "1000"]);
	});

	it("and always names it from API version 2026-03-10 on", async () => {
		expect((await dispatch(ONE, "train.yml", { "x-github-api-version": "2026-03-10" })).status).toBe(200);
	});

	it.each(["release", "refs/heads/release", "v1", "refs/tags/v1", "refs/heads/main"])("on the ref %s", async (ref) => {
		expect((await dispatch({ ...ONE, ref })).status).toBe(204);
		expect((await runs())[0]?.display_title).toBe(`Train 7 on ${ref.replace(/.*\//, "")} (no key)`);
	});

	it.each([[{ size: "large" }], [{ fast: true }], [{ fast: "false" }], [{ epochs: 3 }], [{ epochs: "3.5" }]])(
		"with inputs of their types: %j",
		async (more) => {
			expect((await dispatch(inputs(more))).status).toBe(204);
		},
	);

	it("with 25 inputs and 65,535 characters, and with no more", async () => {
		await postJson(`${github.url}/_repository`, []);
		const many = (count: number) =>
			Object.fromEntries(Array.from({ length: count }, (_, index) => [`input${index}`, ""]));
		expect((await dispatch({ ref: "main", inputs: many(25) })).status).toBe(204);
		const tooMany = await dispatch({ ref: "main", inputs: many(26) });
		expect(message(tooMany)).toBe("Invalid request.\n\nNo more than 25 properties are allowed; 26 were supplied.");
		expect(bodyObjections(DISPATCH, { ref: "main", inputs: many(25) })).toEqual([]);
		expect(bodyObjections(DISPATCH, { ref: "main", inputs: many(26) })).not.toEqual([]);
		const long = (length: number) => ({ ref: "main", inputs: { a: "x".repeat(length - '{"a":""}'.length) } });
		expect((await dispatch(long(65_535))).status).toBe(204);
		expect(await dispatch(long(65_536))).toMatchObject({ status: 422, text: expect.stringContaining("too large") });
	});

	it("to any workflow, with any inputs, in a repository that was not described", async () => {
		await postJson(`${github.url}/_repository`, []);
		const answer = await dispatch(
			{ ref: "main", inputs: { any: "thing", key: "k" }, return_run_details: true },
			"any.yml",
		);
		expect(answer.status).toBe(200);
		expect(await runs()).toMatchObject([{ display_title: "Take every input (thing, k)" }]);
		expect((await dispatch({ ref: "main", inputs: { other: "1" } }, "any.yml")).status).toBe(204);
		expect((await dispatch({ ref: "main" }, "listen.yml")).status).toBe(422);
		expect((await dispatch({ ref: "main" }, "7")).status).toBe(404);
	});

	it("whose run never comes, though it was named, where the script says so", async () => {
		github.script.set({ run: { none: true }, workflow: "train.yml" });
		const { workflow_run_id: id } = (await dispatch({ ...ONE, return_run_details: true })).json() as {
			workflow_run_id: number;
		};
		expect(await runs()).toEqual([]);
		const run = await call(`${github.url}/repos/${REPOSITORY}/actions/runs/${id}`, { headers: CALLER });
		expect(run.status).toBe(404);
	});

	it("though it answers otherwise, where the script says so", async () => {
		github.script.set({ calls: "dispatches", status: 502, taken: true, times: 2 });
		expect((await dispatch({ ...ONE, return_run_details: true })).status).toBe(502);
		expect(await runs()).toHaveLength(1);
		expect(github.calls[0]).toMatchObject({ fault: 502, taken: true });
	});

	it("only without return_run_details on a server that does not know it", async () => {
		github.script.set({ refuse: "return_run_details", times: 9 });
		const refused = await dispatch({ ...ONE, return_run_details: true });
		expect(refused.status).toBe(422);
		expect(message(refused)).toContain('"return_run_details" is not a permitted key');
		expect(await runs()).toEqual([]);
		expect((await dispatch(ONE)).status).toBe(204);
		expect(github.script.left()).toBe(8);
	});
});

describe("the GitHub stand-in refuses a workflow dispatch", () => {
	it.each([
		["without a ref", {}, '"ref" wasn\'t supplied.'],
		["with a ref that is no text", { ref: 7 }, "7 is not a string"],
		["with a ref that does not exist", { ...ONE, ref: "gone" }, "No ref found for: gone"],
		["with inputs that are no object", { ref: "main", inputs: [] }, "properties/inputs"],
		["with an input that it does not have", inputs({ b: "1", c: "2" }), 'Unexpected inputs provided: ["b","c"]'],
		["without an input that it needs", { ref: "main" }, "Required input 'run_id' not provided"],
		["with an empty one", { ref: "main", inputs: { run_id: "" } }, "Required input 'run_id' not provided"],
		[
			"with a choice that there is not",
			inputs({ size: "huge" }),
			"Provided value 'huge' for input 'size' not in the list",
		],
		["with a boolean that is none", inputs({ fast: "yes" }), "Provided value 'yes' for input 'fast' not in the list"],
		["with a number that is none", inputs({ epochs: "many" }), "Provided value 'many' for input 'epochs'"],
		["with an input that is an object", inputs({ bridge_key: { a: 1 } }), "for input 'bridge_key'"],
		["with a member that is not documented", { ...ONE, more: 1 }, '"more" is not a permitted key'],
		["that asks for the run otherwise than by a boolean", { ...ONE, return_run_details: "yes" }, "return_run_details"],
	])("%s, with 422 and GitHub's words", async (_, body, words) => {
		const answer = await dispatch(body);
		expect(answer.status).toBe(422);
		expect(message(answer)).toContain(words);
		expect(github.received).toEqual([]);
		expect(await runs()).toEqual([]);
	});

	it.each([
		["to a workflow that does not exist", {}, "other.yml", 404, "Not Found"],
		[
			"to a workflow without workflow_dispatch",
			{},
			"listen.yml",
			422,
			"Workflow does not have 'workflow_dispatch' trigger",
		],
		[
			"to a disabled workflow",
			{ states: { "train.yml": "disabled_manually" } },
			"train.yml",
			422,
			"on a disabled workflow",
		],
		["where Actions are off", { actions: false }, "train.yml", 422, "Actions has been disabled for this repository."],
		["in an archived repository", { archived: true }, "train.yml", 403, "archived"],
		[
			"from a token that may only read Actions",
			{ token: { permissions: { metadata: "read", contents: "write", actions: "read" } } },
			"train.yml",
			403,
			"Resource not accessible",
		],
	])("%s", async (_, shown, workflow, status, words) => {
		await show(shown);
		const answer = await dispatch(ONE, workflow);
		expect(answer.status).toBe(status);
		expect(message(answer)).toContain(words);
		expect(github.received).toEqual([]);
	});

	it("that is no JSON, or no object, with 400", async () => {
		const url = `${github.url}/repos/${REPOSITORY}/actions/workflows/train.yml/dispatches`;
		for (const body of ["{", "[]", "null"]) {
			expect((await call(url, { method: "POST", headers: CALLER, body })).status).toBe(400);
		}
	});

	it("names the permission that it needs", async () => {
		await show({ token: { permissions: { metadata: "read" } } });
		expect((await dispatch(ONE)).headers["x-accepted-github-permissions"]).toBe("actions=write");
	});
});
