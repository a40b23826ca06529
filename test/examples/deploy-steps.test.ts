import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { type JobRun, startJob } from "./run-job.ts";
import { exampleWorkflow, stepsOf } from "./workflows.ts";

const CHECK = "Is this a run to deploy?";
const EVENT = { RUN_ID: "gd-42", EXPERIMENT: "article-topics" };
/** As `az ml job show` prints a training job of this repository. */
const JOB = {
	name: "gd-42",
	type: "command",
	experiment_name: "article-topics",
	tags: { deploy: "true" },
	properties: {},
	status: "Completed",
};

let job: JobRun;
beforeEach(async () => {
	job = startJob("deploy_model");
	await job.step("Read the configuration");
});
afterEach(() => job.remove());

/** The check of a run that Azure ML shows so. */
function check(shown: object, event = EVENT) {
	return job.step(CHECK, event, [{ call: "ml job show*", output: JSON.stringify(shown) }]);
}

describe("deploy_model.yml looks at the run", () => {
	it("and deploys that of the training job", async () => {
		const { ok, calls, outputs } = await check(JOB);
		expect({ ok, outputs }).toEqual({ ok: true, outputs: { deploy: "yes", id: "gd-42" } });
		expect(calls).toEqual(["ml job show --name gd-42 --output json"]);
	});

	it.each([
		["a child run, which Azure ML shows without a type", { ...JOB, type: undefined }, "child run"],
		["a child run that names its parent", { ...JOB, properties: { "azureml.pipelinerunid": "p" } }, "child run of 'p'"],
		["a run without the tag", { ...JOB, tags: {} }, "tag deploy"],
		["a run of another experiment", { ...JOB, experiment_name: "other" }, "experiment 'other'"],
	])("and leaves %s alone, green", async (_, shown, reason) => {
		const { ok, outputs, printed } = await check(shown);
		expect({ ok, deploy: outputs["deploy"] }).toEqual({ ok: true, deploy: "no" });
		expect(printed).toContain(reason);
	});

	it("and nothing of an experiment that only the event names", async () => {
		expect((await check(JOB, { ...EVENT, EXPERIMENT: "--help" })).outputs["deploy"]).toBe("no");
	});

	it("and fails for a run that is not there, not complete, or no name", async () => {
		const missing = await job.step(CHECK, EVENT, [{ call: "ml job show*", status: 1 }]);
		expect(missing).toMatchObject({ ok: false, outputs: {} });
		expect(await check({ ...JOB, status: "Finalizing" })).toMatchObject({ ok: false, outputs: {} });
		for (const name of ["", "--help", "a b", "$(id)", "a'b"]) {
			expect(await check(JOB, { ...EVENT, RUN_ID: name })).toMatchObject({ ok: false, calls: [], outputs: {} });
		}
	});

	it("and fails for an answer that is none", async () => {
		for (const output of ["", "null", "[]", "<html>"]) {
			const { ok, outputs, printed } = await job.step(CHECK, EVENT, [{ call: "ml job show*", output }]);
			expect({ ok, outputs }).toEqual({ ok: false, outputs: {} });
			expect(printed).toContain("printed no JSON object");
		}
	});

	it("before anything is registered, deployed or tested: those steps wait for its yes, and for each other", () => {
		const conditions = Object.fromEntries(stepsOf(exampleWorkflow("deploy_model")).map((step) => [step.name, step.if]));
		expect(conditions).toMatchObject({
			"Register the model, unless it is there": "steps.run.outputs.deploy == 'yes'",
			"Choose the version": "github.event_name != 'repository_dispatch'",
			"Deploy the model": "steps.model.outputs.version != '' || steps.chosen.outputs.version != ''",
			"Test the endpoint": "steps.deployment.outputs.done == 'yes'",
			"Print the scoring address": "steps.deployment.outputs.done == 'yes'",
		});
	});
});

describe("deploy_model.yml registers", () => {
	const register = "Register the model, unless it is there";

	it("the model of the run, under its id", async () => {
		const { calls, outputs } = await job.step(register, { RUN_ID: "gd-42" }, [
			{ call: "ml model list*", status: 3 },
			{ call: "ml model create*", output: '{"version": "7"}' },
		]);
		expect(outputs).toEqual({ version: "7" });
		expect(calls[1]).toBe(
			"ml model create --name article-topics --type custom_model --tags run_id=gd-42" +
				" --path azureml://jobs/gd-42/outputs/model --output json",
		);
	});

	it("it once, however often the run is deployed", async () => {
		const listed = [
			{ version: "7", tags: { run_id: "gd-42" } },
			{ version: "8", tags: { run_id: "gd-43" } },
		];
		const answers = [{ call: "ml model list*", output: JSON.stringify(listed) }];
		const { calls, outputs } = await job.step(register, { RUN_ID: "gd-42" }, answers);
		expect(outputs).toEqual({ version: "7" });
		expect(calls).toEqual(["ml model list --name article-topics --output json"]);
	});
});

describe("deploy_model.yml tests the endpoint", () => {
	const invoke = "ml online-endpoint invoke*";
	const answer = JSON.stringify({ topics: [1, 2].map(() => ({ topic: "space", probability: 0.9 })) });
	const test = (output: string) => job.step("Test the endpoint", {}, [{ call: invoke, output }]);

	async function enable(test_enabled: boolean | undefined): Promise<void> {
		const file = join(job.folder, ".cloud/.azure/deploy.json");
		writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, "utf8")) as object), test_enabled }));
		expect((await job.step("Read the configuration")).ok).toBe(true);
	}

	it("with the sample request, whether az prints the answer as JSON or as text", async () => {
		const { ok, calls } = await test(answer);
		expect(ok).toBe(true);
		expect(calls).toEqual([
			"ml online-endpoint invoke --name article-topics --deployment-name blue" +
				" --request-file code/deploy/sample-request.json --output json",
		]);
		expect((await test(JSON.stringify(answer))).ok).toBe(true);
	});

	it.each([
		['{"error": "no model"}', "no topics"],
		["", "it is no JSON: nothing"],
		["<html>", "it is no JSON: <html>"],
		['"<html>"', "it is no JSON"],
		['{"topics": ["space", "sport"]}', "no topic"],
	])("and fails on the answer %s", async (output, reason) => {
		const { ok, printed } = await test(output);
		expect(ok).toBe(false);
		expect(printed).toContain(reason);
		expect(printed).not.toContain("Traceback");
	});

	it.each([false, undefined])("but not with test_enabled %s", async (enabled) => {
		await enable(enabled);
		expect(await test("broken")).toMatchObject({ ok: true, calls: [] });
	});

	it("and prints where it is", async () => {
		const address = "https://article-topics.westeurope.inference.ml.azure.com/score";
		const { printed } = await job.step("Print the scoring address", {}, [{ call: "*scoring_uri*", output: address }]);
		expect(printed).toBe(`Scoring address: ${address}\n`);
	});

	it.each(["", "None"])("and fails where the address is %j", async (output) => {
		const { ok, printed } = await job.step("Print the scoring address", {}, [{ call: "*scoring_uri*", output }]);
		expect(ok).toBe(false);
		expect(printed).toContain("the endpoint has no scoring address");
	});
});
