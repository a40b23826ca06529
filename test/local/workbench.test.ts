import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { type GitHubStandIn, startGitHubStandIn } from "../../src/local/github-stand-in.ts";
import { createWorkbench, type WorkbenchCall } from "../../src/local/workbench.ts";
import { postJson } from "../../support/call.ts";
import { EXAMPLE_EVENTS } from "../../support/example-events.ts";

let github: GitHubStandIn;
beforeEach(async () => {
	github = await startGitHubStandIn();
});
afterEach(() => github.close());

const call = (method: string, path: string, more: Partial<WorkbenchCall> = {}): WorkbenchCall => ({
	method,
	path,
	query: new URLSearchParams(),
	body: "",
	...more,
});
const dispatch = (key: string) =>
	postJson(
		`${github.url}/repos/contoso/fraud-model/dispatches`,
		{ event_type: "new-data", client_payload: { bridge: { key } } },
		{ authorization: "Bearer t", "user-agent": "test", accept: "application/vnd.github+json" },
	);

describe("the local host's workbench", () => {
	it("tells what the stand-in has taken, and how many faults are left", async () => {
		const workbench = createWorkbench(github);
		await dispatch("a");
		github.script.set([{ status: 500, times: 3 }, { hang: true }]);
		expect(workbench(call("GET", ""))).toEqual({ status: 200, body: { standIn: { taken: 1, faultsLeft: 4 } } });
	});

	it("sets faults, and says what is wrong with them", () => {
		const workbench = createWorkbench(github);
		const set = (body: string) => workbench(call("POST", "/faults", { body }));
		expect(set('{"status": 503, "times": 2}')).toEqual({ status: 200, body: { faults: 2 } });
		expect(github.script.left()).toBe(2);
		expect(set('{"status": 99}')).toMatchObject({ status: 400, body: { error: expect.stringContaining("status") } });
		expect(set("no JSON")).toMatchObject({ status: 400 });
		expect(set("[]")).toEqual({ status: 200, body: { faults: 0 } });
	});

	it("hands out an event of every known type", () => {
		const { body } = createWorkbench(undefined)(call("GET", "/samples"));
		const samples = body as { type: string; event: { type: string; specversion: string } }[];
		expect(samples.map(({ type }) => type)).toEqual(EXAMPLE_EVENTS.map(({ type }) => type));
		for (const { type, event } of samples) expect(event).toMatchObject({ type, specversion: "1.0" });
	});

	it("finds what was dispatched under a key", async () => {
		for (const key of ["a", "b"]) await dispatch(key);
		const query = new URLSearchParams({ key: "b" });
		expect(createWorkbench(github)(call("GET", "/dispatches", { query }))).toMatchObject({
			status: 200,
			body: [{ event_type: "new-data", client_payload: { bridge: { key: "b" } } }],
		});
	});

	it("has nothing to break where dispatches go elsewhere", () => {
		const workbench = createWorkbench(undefined);
		expect(workbench(call("GET", ""))).toEqual({ status: 200, body: { standIn: null } });
		expect(workbench(call("GET", "/dispatches"))).toEqual({ status: 200, body: [] });
		expect(workbench(call("POST", "/faults", { body: "[]" }))).toMatchObject({ status: 404 });
	});

	it.each([
		["POST", ""],
		["GET", "/faults"],
		["GET", "/else"],
	])("does not know %s /_local%s", (method, path) => {
		expect(createWorkbench(github)(call(method, path))).toMatchObject({ status: 404 });
	});
});
