import { describe, expect, it } from "@jest/globals";
import { FaultScript } from "../../src/local/stand-in/script.ts";

describe("a script of faults", () => {
	it("is empty at first", () => {
		expect(new FaultScript().next()).toBeUndefined();
	});

	it("takes one fault or several, and tells how many requests they serve", () => {
		const script = new FaultScript();
		expect(script.set({ status: 500 })).toBe(1);
		expect(script.set([{ status: 500, times: 3 }, { hang: true }])).toBe(4);
		expect(script.set([])).toBe(0);
	});

	it("hands each fault out as often as it is meant, in order, and then none", () => {
		const script = new FaultScript();
		const [twice, once] = [{ status: 500, times: 2 }, { cut: "after" }];
		script.set([twice, once]);
		expect([script.next(), script.next(), script.next(), script.next()]).toEqual([twice, twice, once, undefined]);
	});

	it("leaves a fault of one repository to its calls, however its name is written", () => {
		const script = new FaultScript();
		const fault = { status: 500, repository: "contoso/fraud-model" };
		script.set(fault);
		const next = (repository: string) => script.next({ repository });
		expect([next("contoso/churn"), script.next(), next("fraud-model")]).toEqual(Array(3).fill(undefined));
		expect([next("Contoso/Fraud-Model"), next("contoso/fraud-model")]).toEqual([fault, undefined]);
	});

	it("lets the first fault that applies serve a call, with faults of a repository and of all in one script", () => {
		const script = new FaultScript();
		const [ofA, ofAll, ofB] = [
			{ status: 500, repository: "o/a", times: 2 },
			{ status: 502, times: 2 },
			{ status: 503, repository: "o/b" },
		];
		expect(script.set([ofA, ofAll, ofB])).toBe(5);
		expect(["o/b", "o/a", "o/c", "o/a", "o/a", "o/b", "o/b"].map((repository) => script.next({ repository }))).toEqual([
			ofAll,
			ofA,
			ofAll,
			ofA,
			undefined,
			ofB,
			undefined,
		]);
	});

	it("leaves a step of one kind of call to it, of a dispatch to what it names, and of a run to dispatches", () => {
		const script = new FaultScript();
		const [reads, typed, workflow, pipeline] = [
			{ calls: "reads", status: 500 },
			{ dispatchType: "new-data", status: 501 },
			{ workflow: "train.yml", status: 502 },
			{ pipeline: 7, calls: "dispatches", status: 503 },
		];
		script.set([reads, typed, workflow, pipeline, { run: { none: true } }]);
		expect(script.next({ kind: "other" })).toBeUndefined();
		expect(script.next({ kind: "dispatch", dispatchType: "New-Data" })).toBeUndefined();
		expect(script.nextRun({ kind: "read" })).toBeUndefined();
		expect(script.next({ kind: "dispatch", dispatchType: "new-data" })).toEqual(typed);
		expect(script.next({ kind: "dispatch", workflow: "train.yml" })).toEqual(workflow);
		expect(script.next({ kind: "read", pipeline: 7 })).toEqual(reads);
		expect(script.next({ kind: "read", pipeline: 7 })).toBeUndefined();
		expect(script.next({ kind: "dispatch", pipeline: 7 })).toEqual(pipeline);
		expect(script.nextRun({ kind: "dispatch" })).toEqual({ none: true });
		expect(script.left()).toBe(0);
	});

	it("keeps what it was where the next script is wrong", () => {
		const script = new FaultScript();
		script.set({ status: 500 });
		expect(() => script.set([{ status: 501 }, { run: { copies: 0 } }])).toThrow("script[1]");
		expect(script.next()).toEqual({ status: 500 });
	});

	it("takes every form of a fault", () => {
		const faults = [
			{},
			{ status: 200 },
			{ status: 599, headers: { "retry-after": "1" }, body: { message: "no" } },
			{ delayMs: 0 },
			{ delayMs: 60_000 },
			{ hang: true },
			{ cut: "before" },
			{ cut: "after", times: 1 },
			{ hang: true, repository: "contoso/fraud-model" },
			{ status: 502, taken: true },
			{ hang: true, taken: true },
			{ status: 502, taken: false },
			{ calls: "dispatches", status: 503 },
			{ calls: "reads", dispatchType: "new-data", workflow: "train.yml", pipeline: 7, project: "contoso/ml" },
			{ refuse: "runs" },
			{ refuse: "actions" },
			{ refuse: "return_run_details", times: 1_000_000 },
			{ run: {} },
			{ run: { none: true } },
			{ run: { createAfterMs: [0, 2_700_000], startAfterMs: 0, completeAfterMs: 1.5, conclusion: "cancelled" } },
			{ run: { copies: 100, title: "" }, status: 502, taken: true },
			{ run: {}, hang: true, taken: true },
			{ run: {}, cut: "after", delayMs: 5 },
		];
		expect(new FaultScript().set(faults)).toBe(faults.length + 999_999);
	});

	it.each([
		["a text", "500", "script[0] must be an object"],
		["null", null, "script[0] must be an object"],
		["a number after a good fault", [{ status: 500 }, 500], "script[1] must be an object"],
		[
			"a member that there is not",
			{ stauts: 500 },
			'script[0]: the key "stauts" does not exist; the possible keys are status, headers',
		],
		["a status under 200", { status: 100 }, "script[0].status must be from 200 to 599"],
		["a status over 599", { status: 600 }, "script[0].status must be from 200 to 599"],
		["a status that is a text", { status: "500" }, "script[0].status must be from 200 to 599"],
		["a list inside the list", [[]], "script[0] must be an object"],
		["headers that are a text", { headers: "abc" }, "script[0].headers must be an object"],
		["a header that HTTP cannot carry", { headers: { "a b": "c" } }, "script[0].headers must be an object"],
		["a header whose value is no text", { headers: { a: 1 } }, "script[0].headers must be an object"],
		["a hang that is a text", { hang: "yes" }, "script[0].hang must be true or false"],
		["a taken that is a text", { status: 502, taken: "yes" }, "script[0].taken must be true or false"],
		["a taken beside a cut", { cut: "before", taken: true }, "script[0].taken needs status or hang"],
		["a taken beside the proper answer", { taken: true }, "script[0].taken needs status or hang"],
		["a cut that there is not", { cut: "during" }, 'script[0].cut must be "before" or "after"'],
		["no times at all", { times: 0 }, "script[0].times must be 1 or more"],
		["half a time", { times: 1.5 }, "script[0].times must be 1 or more"],
		["a delay that goes back", { delayMs: -1 }, "script[0].delayMs must be from 0 to 60000"],
		["a delay over a minute", { delayMs: 60_001 }, "script[0].delayMs must be from 0 to 60000"],
		["a delay that is a text", { delayMs: "long" }, "script[0].delayMs must be from 0 to 60000"],
		["a repository without an owner", { repository: "a" }, "script[0].repository must be owner/name"],
		["a repository of more than two parts", { repository: "a/b/c" }, "script[0].repository must be owner/name"],
		["a repository that is no text", { repository: ["a/b"] }, "script[0].repository must be owner/name"],
		["a kind of calls that there is not", { calls: "posts" }, 'script[0].calls must be "dispatches" or "reads"'],
		["a project without an organization", { project: "ml" }, "script[0].project must be organization/project"],
		["a pipeline by its name", { pipeline: "train" }, "script[0].pipeline must be 1 or more"],
		["a workflow that is no text", { workflow: 7 }, "script[0].workflow must be a string"],
		["a refusal that there is not", { refuse: "writes" }, 'script[0].refuse must be "runs" or "actions" or'],
		["a refusal beside a status", { refuse: "runs", status: 403 }, "script[0].refuse is an answer by itself"],
		["a refusal beside a run", { refuse: "runs", run: {} }, "script[0].refuse is an answer by itself"],
		["a run that is no object", { run: true }, "script[0].run must be an object"],
		[
			"a run with a misspelt member",
			{ run: { createAfter: 1 } },
			'script[0].run: the key "createAfter" does not exist; the possible keys are none',
		],
		["a run of a dispatch that is not taken", { run: {}, status: 502 }, 'is accepted; add "taken": true'],
		["a run of a dispatch that is cut off before", { run: {}, cut: "before" }, "script[0].run needs a dispatch"],
		["a run that is not none", { run: { none: false } }, "script[0].run.none must be true, or left out"],
		["a time that goes back", { run: { createAfterMs: -1 } }, "script[0].run.createAfterMs must be from 0 to"],
		["a range that goes back", { run: { startAfterMs: [2, 1] } }, "script[0].run.startAfterMs must be from 0 to"],
		["half a range", { run: { completeAfterMs: [1] } }, "script[0].run.completeAfterMs must be from 0 to"],
		["an end that there is not", { run: { conclusion: "failed" } }, 'script[0].run.conclusion must be "success" or'],
		["no copies at all", { run: { copies: 0 } }, "script[0].run.copies must be from 1 to 100"],
	])("refuses %s, and names the place", (_, script, problem) => {
		expect(() => new FaultScript().set(script)).toThrow(problem);
	});
});
