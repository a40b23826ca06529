import { afterEach, describe, expect, it } from "@jest/globals";
import type { Azure } from "./azure/surface.mjs";
import { azureAfterSetup, type Start, startWorkflow } from "./run-workflow.ts";

const ENDPOINT = "article-topics";
const DEPLOY = "Deploy the model";

/** A training job as Azure ML shows it, submitted at a minute of an hour. */
function trained(name: string, minute: number, changes: object = {}) {
	const created_at = `2026-11-28T10:${String(minute).padStart(2, "0")}:00.123456+00:00`;
	const facts = { type: "command", status: "Completed", experiment_name: ENDPOINT, tags: { deploy: "true" } };
	return {
		name,
		...facts,
		properties: {},
		creation_context: { created_at, created_by_type: "Application" },
		...changes,
	};
}

const JOBS = { "gd-1": trained("gd-1", 10), "gd-2": trained("gd-2", 20), "gd-3": trained("gd-3", 30) };
const completed = (run: string): Start => ({
	event: "repository_dispatch",
	received: { "run-id": run, "experiment-name": ENDPOINT },
});

let workflow: ReturnType<typeof startWorkflow>;
afterEach(() => workflow.remove());

function start(changes: Partial<Azure> = {}) {
	workflow = startWorkflow("deploy_model", azureAfterSetup({ jobs: JOBS, ...changes }));
}

/** An Azure in which the models of some runs are registered, in this order, and the last one is live. */
function serving(...runs: string[]): Partial<Azure> {
	const models = runs.map((run, index) => ({ name: ENDPOINT, version: String(index + 1), tags: { run_id: run } }));
	const model = `azureml:/subscriptions/sub/resourceGroups/contoso-ml/models/${ENDPOINT}/versions/${runs.length}`;
	const blue = { name: "blue", endpoint_name: ENDPOINT, model, provisioning_state: "Succeeded" };
	const endpoint = { provisioning_state: "Succeeded", traffic: { blue: 100 }, deployments: { blue } };
	return { models, endpoints: { [ENDPOINT]: endpoint } };
}

/** What requests reach: the version of each deployment that has traffic. */
function live(): Record<string, string> {
	const { traffic = {}, deployments = {} } = workflow.state().endpoints[ENDPOINT] ?? {};
	const names = Object.keys(traffic).filter((name) => traffic[name] > 0);
	return Object.fromEntries(names.map((name) => [name, deployments[name].model.split("/versions/")[1]]));
}

/** The calls that change something. */
const changes = (calls: readonly string[]) =>
	calls
		.filter((call) => /^ml online-\S+ (?:create|update|delete)/.test(call))
		.map((call) => call.split(" ").slice(1, 3).join(" "));

describe("a first completion", () => {
	it("makes the endpoint, sends it all requests, and tests it long after the first login has ended", async () => {
		start();
		const run = await workflow.run(completed("gd-1"));
		expect(run).toMatchObject({ ok: true });
		expect(live()).toEqual({ blue: "1" });
		expect(changes(run.calls)).toEqual([
			"online-endpoint create",
			"online-deployment create",
			"online-endpoint update",
		]);
		expect(run.calls.findLast((call) => call.includes("invoke"))).toBeDefined();
		expect(workflow.state().clock).toBeGreaterThan(900);
		expect(run.printed).toContain("Scoring address: https://");
	});

	it("shows no token, and fetches one of each service before the first command", async () => {
		start();
		const { calls } = await workflow.run(completed("gd-1"));
		const services = ["management", "ml", "storage"];
		expect(calls.slice(0, 3)).toEqual(
			services.map((name) => `account get-access-token --scope https://${name}.azure.com/.default --output none`),
		);
	});

	it("goes on where a token cannot be fetched, and the command that needs it says why it fails", async () => {
		start();
		workflow.breakCommand("account get-access-token", {
			status: 1,
			message: "AADSTS500011: no such resource",
			times: 6,
		});
		const run = await workflow.run(completed("gd-1"));
		expect(run.printed).toContain("::warning::There is no token for https://ml.azure.com");
	});
});

describe("a run that is started again", () => {
	it.each([
		[
			"the first deployment failed",
			{ "deployment ends": { status: 0, message: "Failed" } },
			["online-deployment delete"],
		],
		[
			"the endpoint could not be made",
			{ "ml online-endpoint create": { status: 1, message: "(InternalServerError)" } },
			[],
		],
		[
			"the deployment was made and the answer was lost",
			{ "ml online-deployment create": { status: 1, does: true } },
			[],
		],
		["the requests could not be sent to it", { "ml online-endpoint update": { status: 1, message: "(Conflict)" } }, []],
		["the test failed", { "ml online-endpoint invoke": { status: 1, message: "(503)" } }, []],
		["the model was registered and the answer was lost", { "ml model create": { status: 1, does: true } }, []],
	] as const)("after %s ends with an endpoint that answers", async (_, broken, expected) => {
		start();
		for (const [command, how] of Object.entries(broken)) workflow.breakCommand(command, how);
		expect(await workflow.run(completed("gd-1"))).toMatchObject({ ok: false });
		const again = await workflow.run(completed("gd-1"));
		expect(again).toMatchObject({ ok: true });
		expect(live()).toEqual({ blue: "1" });
		expect(changes(again.calls)).toEqual(expect.arrayContaining([...expected]));
		expect(workflow.state().models).toHaveLength(1);
	});

	it("updates a failed deployment that cannot be deleted", async () => {
		start(serving("gd-1"));
		workflow.change((azure) => {
			azure.endpoints[ENDPOINT].traffic = {};
			azure.endpoints[ENDPOINT].deployments.blue.provisioning_state = "Failed";
		});
		workflow.breakCommand("ml online-deployment delete", { status: 1, message: "(Conflict)", times: 9 });
		workflow.breakCommand("ml online-deployment update", { status: 1, message: "(BadRequest) in 'Failed' state" });
		const run = await workflow.run(completed("gd-1"));
		expect(run).toMatchObject({ ok: false, failed: DEPLOY });
		expect(run.printed).toContain("::warning::The failed deployment could not be deleted");
		expect(changes(run.calls)).toEqual(["online-deployment delete", "online-deployment update"]);
	});

	it("makes an endpoint anew whose creation failed", async () => {
		start({ endpoints: { [ENDPOINT]: { provisioning_state: "Failed", traffic: {}, deployments: {} } } });
		const { ok, calls } = await workflow.run(completed("gd-1"));
		expect(ok).toBe(true);
		expect(changes(calls).slice(0, 2)).toEqual(["online-endpoint delete", "online-endpoint create"]);
	});

	it("deletes no endpoint that answers, though its last change failed", async () => {
		start(serving("gd-1"));
		workflow.change((azure) => {
			azure.endpoints[ENDPOINT].provisioning_state = "Failed";
			azure.endpoints[ENDPOINT].deployments.blue.provisioning_state = "Failed";
		});
		const { ok, calls } = await workflow.run(completed("gd-2"));
		expect(ok).toBe(true);
		expect(changes(calls)).toEqual(["online-deployment update"]);
		expect(live()).toEqual({ blue: "2" });
	});

	it("fails, and shows the container's log, as long as the deployment fails", async () => {
		start();
		workflow.breakCommand("deployment ends", { status: 0, message: "Failed" });
		const run = await workflow.run(completed("gd-1"));
		expect(run).toMatchObject({ ok: false, failed: DEPLOY });
		expect(run.printed).toContain("User container has crashed");
		expect(run.printed).toContain("a line of the log");
		expect(live()).toEqual({});
	});
});

describe("the older model", () => {
	it("does not replace the newer one, in whatever order they complete", async () => {
		start(serving("gd-2"));
		// Its model is registered later, and so has the higher version.
		const late = await workflow.run(completed("gd-1"));
		expect(late).toMatchObject({ ok: true });
		expect(late.printed).toContain(
			"Deployed version 2? no: the endpoint has version 1 of article-topics already, which is newer",
		);
		expect(changes(late.calls)).toEqual([]);
		expect(late.ran).not.toContain("Test the endpoint");
		expect(live()).toEqual({ blue: "1" });
		await workflow.run(completed("gd-3"));
		expect(live()).toEqual({ blue: "3" });
	});

	it("is told by its version where a run is not known any more", async () => {
		start({ ...serving("gd-2", "gd-3"), jobs: { "gd-2": JOBS["gd-2"] } });
		await workflow.run(completed("gd-2"));
		expect(live()).toEqual({ blue: "2" });
	});

	it("leaves the newer one with its requests, if the run that deployed it was cancelled before", async () => {
		start();
		workflow.breakCommand("ml online-endpoint update", { status: 1, message: "cancelled" });
		await workflow.run(completed("gd-2"));
		expect(live()).toEqual({});
		await workflow.run(completed("gd-1"));
		expect(live()).toEqual({ blue: "1" });
	});

	it("goes live where the newer one could not be deployed", async () => {
		start();
		workflow.breakCommand("deployment ends", { status: 0, message: "Failed" });
		await workflow.run(completed("gd-2"));
		await workflow.run(completed("gd-1"));
		expect(live()).toEqual({ blue: "2" });
	});

	it("comes back when a person asks for its version", async () => {
		start(serving("gd-1", "gd-2"));
		const run = await workflow.run({ event: "workflow_dispatch", inputs: { version: "1" } });
		expect(run).toMatchObject({ ok: true });
		expect(live()).toEqual({ blue: "1" });
	});
});

describe("a change of code/deploy, and a start by hand", () => {
	it.each(["push", "workflow_dispatch"] as const)("%s deploys the live version again, and tests it", async (event) => {
		start(serving("gd-1"));
		workflow.change((azure) => {
			azure.models.push({ name: ENDPOINT, version: "2", tags: { run_id: "gd-2" } });
		});
		const run = await workflow.run({ event });
		expect(run).toMatchObject({ ok: true });
		expect(changes(run.calls)).toEqual(["online-deployment update"]);
		expect(run.ran).toContain("Test the endpoint");
		expect(live()).toEqual({ blue: "1" });
	});

	it("deploy the newest version where none is live", async () => {
		start({
			models: [
				{ name: ENDPOINT, version: "9", tags: {} },
				{ name: ENDPOINT, version: 10, tags: null },
			],
		});
		await workflow.run({ event: "push" });
		expect(live()).toEqual({ blue: "10" });
	});

	it.each([
		["no model", {}, "no version of article-topics is registered yet"],
		["no workspace", { workspace: false }, "the workspace does not exist yet"],
	])("deploy nothing while there is %s, and say so", async (_, state, reason) => {
		start(state);
		const run = await workflow.run({ event: "push" });
		expect(run).toMatchObject({ ok: true });
		expect(run.printed).toContain(`Nothing to deploy: ${reason}`);
		expect(run.ran).not.toContain(DEPLOY);
	});

	it("fail for a version that is not registered, and name those that are", async () => {
		start({ models: [{ name: ENDPOINT, version: "9", tags: {} }] });
		const run = await workflow.run({ event: "workflow_dispatch", inputs: { version: "--help" } });
		expect(run).toMatchObject({ ok: false, failed: "Choose the version" });
		expect(run.printed).toContain("article-topics has no version '--help'. Its versions: 9");
	});
});

describe("what Azure refuses", () => {
	it.each([
		[
			"an expired login",
			"AADSTS700024: Client assertion is not within its valid time range.",
			"Run the failed job again",
		],
		["a missing role", "(AuthorizationFailed) … does not have authorization …", "README.md, step 2"],
		["a missing provider", "(SubscriptionNotRegistered) Resource provider [N/A] isn't registered", "resource provider"],
		["a lack of quota", "(OutOfQuota) Not enough quota available for Standard_DS3_v2", "instance_type"],
		["no reason at all", "", "it gave no reason"],
	])("%s is no missing endpoint: nothing is made, and the repair is named", async (_, message, repair) => {
		start();
		workflow.breakCommand("ml online-endpoint show", { status: 1, message });
		const run = await workflow.run(completed("gd-1"));
		expect(run).toMatchObject({ ok: false, failed: DEPLOY });
		expect(run.printed).toContain(repair);
		expect(run.printed).not.toContain("Traceback");
		expect(changes(run.calls)).toEqual([]);
	});

	it.each(["ml online-endpoint show", "ml online-deployment show", "ml model list"])(
		"an empty answer to %s is no answer, and nothing is changed",
		async (command) => {
			start(serving("gd-1"));
			workflow.breakCommand(command, { status: 0, prints: "" });
			const run = await workflow.run(completed("gd-2"));
			expect(run.ok).toBe(false);
			expect(run.printed).toContain(`az ${command} printed no JSON object: nothing`);
			expect(changes(run.calls)).toEqual([]);
		},
	);

	it("an endpoint that does not take the requests is not reported as done", async () => {
		start();
		workflow.breakCommand("ml online-endpoint update", { status: 0 });
		const run = await workflow.run(completed("gd-1"));
		expect(run).toMatchObject({ ok: false, failed: DEPLOY });
		expect(run.printed).toContain("sends no requests to blue");
	});
});

describe("a split of the traffic that a person made", () => {
	it("stays, and the run says what the deployment gets", async () => {
		start(serving("gd-1"));
		workflow.change((azure) => {
			const found = azure.endpoints[ENDPOINT];
			found.deployments.green = { ...found.deployments.blue, name: "green" };
			found.traffic = { green: 100 };
		});
		const run = await workflow.run(completed("gd-2"));
		expect(run.printed).toContain("::warning::The deployment blue gets no requests");
		expect(workflow.state().endpoints[ENDPOINT].traffic).toEqual({ green: 100 });
	});
});
