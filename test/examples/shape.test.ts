import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { parse } from "yaml";
import { type Route, toDispatchType } from "../../src/route/route.ts";
import { definition } from "../action/run-action.ts";
import { tableOf } from "../docs/read-docs.ts";
import { EXAMPLE, exampleWorkflow, stepsOf, type Workflow } from "./workflows.ts";

const workflows = ["setup", "train_model", "deploy_model"].map((name) => [name, exampleWorkflow(name)] as const);
const setup = exampleWorkflow("setup");
const train = exampleWorkflow("train_model");
const deploy = exampleWorkflow("deploy_model");

/** A step that works on Azure does not begin for an event that was worked on before, or waits for one that did not. */
const GUARDED =
	/already-ran != 'true'|github\.event_name != 'repository_dispatch'|steps\.(?:run|model|chosen|deployment)\.outputs\.\w+ [!=]= '/;

function text(file: string): string {
	return readFileSync(join(EXAMPLE, file), "utf8");
}

function config(name: string): Record<string, unknown> {
	return JSON.parse(text(`.cloud/.azure/${name}.json`)) as Record<string, unknown>;
}

function yaml(file: string): Record<string, unknown> {
	return parse(text(file)) as Record<string, unknown>;
}

function typesOf(workflow: Workflow): readonly string[] {
	return workflow.on["repository_dispatch"]?.types ?? [];
}

describe("the example's workflows", () => {
	it.each(workflows)("%s may only log in and read", (_, { permissions, jobs, on }) => {
		const runs = "repository_dispatch" in on ? { actions: "read" } : {};
		expect(permissions).toEqual({ "id-token": "write", contents: "read", ...runs });
		for (const job of Object.values(jobs)) expect(job).not.toHaveProperty("permissions");
	});

	it.each(workflows)("%s logs in without a password that is stored", (_, workflow) => {
		const [login] = stepsOf(workflow).filter(({ uses }) => uses?.startsWith("azure/login@"));
		expect(Object.keys(login?.with ?? {})).toEqual(["client-id", "tenant-id", "subscription-id"]);
	});

	it.each(workflows)("%s shows in the name of its run what started it", (_, workflow) => {
		expect(workflow["run-name"]).toMatch(/github\.event(?:_name|\.action)/);
	});

	it.each(workflows.slice(1))(
		"%s carries the key in the name of its run, before any text of the event",
		(_, workflow) => {
			const [first] = (workflow["run-name"] ?? "").matchAll(/\$\{\{ (.+?) \}\}/g);
			expect(first?.[1]).toBe("github.event.client_payload.bridge.key");
		},
	);

	it.each(workflows.slice(1))(
		"%s receives its event in a few lines, and reads nothing of it elsewhere",
		(name, workflow) => {
			const steps = stepsOf(workflow);
			const at = steps.findIndex(({ uses }) => uses === "./.github/actions/receive-event");
			expect(steps[at]).toMatchObject({
				id: "event",
				with: {
					"client-id": expression("secrets.AZURE_CLIENT_ID"),
					"tenant-id": expression("secrets.AZURE_TENANT_ID"),
					"allowed-hosts": expression("vars.GRID_DISPATCH_ACCOUNT"),
				},
			});
			expect(JSON.stringify(steps)).not.toContain("client_payload");
			const outputs = [...JSON.stringify(steps).matchAll(/steps\.event\.outputs\.([\w-]+)/g)].map(
				([, output = ""]) => output,
			);
			expect(Object.keys(definition.outputs)).toEqual(expect.arrayContaining(outputs));
			// A step that works on Azure does not begin for an event that was worked on before; later ones need its outputs.
			const works = steps
				.slice(at + 1)
				.filter(({ uses, run = "" }) => uses?.startsWith("azure/") || /\baz |scripts\//.test(run));
			expect(works.length).toBeGreaterThan(3);
			for (const step of works) {
				expect([name, step.if]).toEqual([name, expect.stringMatching(GUARDED)]);
			}
		},
	);

	it.each(workflows)("%s cancels nothing and loses none that waits", (_, workflow) => {
		expect(workflow.concurrency).toMatchObject({ "cancel-in-progress": false, queue: "max" });
	});

	it("train_model.yml runs one after the other for one event", () => {
		const key = expression("github.event.client_payload.bridge.key || github.run_id");
		expect(train.concurrency?.["group"]).toBe(`${expression("github.workflow")}-${key}`);
	});

	it.each([
		["deploy_model.yml, since all its runs change one endpoint", deploy],
		["setup.yml, since its deployments share a name", setup],
	])("runs one at a time: %s", (_, workflow) => {
		expect(workflow.concurrency?.["group"]).toBe(expression("github.workflow"));
	});

	it("deploy_model.yml takes its code from the default branch, also when an old run is started again", () => {
		const [checkout] = stepsOf(deploy).filter(({ uses }) => uses?.startsWith("actions/checkout@"));
		expect(checkout?.with?.["ref"]).toBe(expression("github.event.repository.default_branch"));
	});

	it.each(workflows)(
		"%s fetches its tokens right after the login, or needs none but that of the login",
		(name, workflow) => {
			const steps = stepsOf(workflow);
			const logins = steps.flatMap(({ uses }, index) => (uses?.startsWith("azure/login@") ? [index] : []));
			expect(logins).toHaveLength(name === "train_model" ? 1 : 2);
			for (const index of name === "setup" ? [] : logins) {
				expect(steps[index + 1]?.run).toContain("bash scripts/fetch_tokens.sh");
				expect(steps[index + 1]?.if).toBe(steps[index]?.if);
			}
		},
	);

	it("deploy_model.yml logs in again after it has deployed", () => {
		const names = stepsOf(deploy).map(({ name, uses }) => name ?? uses?.split("@")[0]);
		const [first, second] = names.flatMap((name, index) => (name === "azure/login" ? [index] : []));
		expect(first).toBeLessThan(names.indexOf("Deploy the model"));
		expect(second).toBeGreaterThan(names.indexOf("Deploy the model"));
		expect(second).toBeLessThan(names.indexOf("Test the endpoint"));
	});

	it("setup.yml runs for itself, for infra and routes, and by hand", () => {
		expect(setup.on["push"]?.paths).toEqual([".github/workflows/setup.yml", "infra/**", "routes.json"]);
		expect(setup.on).toHaveProperty("workflow_dispatch");
		expect(setup.on).not.toHaveProperty("repository_dispatch");
	});

	it("train_model.yml runs for the code, for changes of data, and by hand", () => {
		expect(train.on).toHaveProperty("workflow_dispatch");
		expect(train.on["push"]?.paths).toContain("code/train/**");
		expect(typesOf(train)).toEqual([
			"storage-blobcreated",
			"storage-blobdeleted",
			"storage-blobrenamed",
			"storage-directoryrenamed",
		]);
	});

	it("deploy_model.yml runs for completed runs, for its code, and by hand", () => {
		expect(deploy.on["repository_dispatch"]).toEqual({ types: ["machinelearningservices-runcompleted"] });
		expect(deploy.on["push"]).toMatchObject({ branches: ["main"] });
		expect(deploy.on["push"]?.paths).toEqual(expect.arrayContaining(["code/deploy/**", ".cloud/.azure/deploy.json"]));
		expect(deploy.on).toHaveProperty("workflow_dispatch.inputs.version");
	});

	it("listen to dispatch types that the bridge's table has, those in comments, too", () => {
		const known = tableOf("README.md", "Event type").map(([, dispatchType = ""]) => dispatchType.replaceAll("`", ""));
		expect(known.length).toBeGreaterThan(15);
		const commented = [...text(".github/workflows/train_model.yml").matchAll(/# - (\S+)$/gm)].map(([, type]) => type);
		expect(commented.length).toBeGreaterThan(3);
		expect(known).toEqual(expect.arrayContaining([...typesOf(train), ...typesOf(deploy), ...commented]));
	});

	it("hand payloads over through env, and use each variable that they have", () => {
		for (const [, workflow] of workflows) {
			for (const { run, env = {}, with: inputs = {} } of stepsOf(workflow)) {
				expect(JSON.stringify(inputs)).not.toContain("client_payload");
				for (const name of Object.keys(env)) {
					const inScript = new RegExp(`\\$\\{?${name}\\b`).test(run ?? "");
					expect([name, inScript]).toEqual([name, true]);
				}
			}
		}
	});
});

describe("the example's files agree:", () => {
	const routes = (JSON.parse(text("routes.json")) as { routes: Route[] }).routes;
	const [deployRoute, trainRoute] = routes;
	const job = yaml("code/train/job.yml");

	it("experiment and tag of the job are those that the route takes", () => {
		expect(job).toMatchObject({ experiment_name: config("run")["experiment_name"], tags: { deploy: "true" } });
		expect(deployRoute?.filter?.advancedFilters).toEqual([
			{ operatorType: "StringIn", key: "data.experimentName", values: [job["experiment_name"]] },
			{ operatorType: "StringIn", key: "data.runTags.deploy", values: ["true"] },
		]);
	});

	it("the events of the routes are those that the workflows listen to", () => {
		const types = (route: typeof deployRoute) => (route?.filter?.includedEventTypes ?? []).map(toDispatchType);
		expect(types(deployRoute)).toEqual(typesOf(deploy));
		expect(types(trainRoute)).toEqual(typesOf(train));
		for (const route of routes) expect(route).not.toHaveProperty("to.dispatchType");
	});

	it("the container of the route is the one that training reads", () => {
		const container = config("run")["data_container"];
		expect(trainRoute?.filter?.subjectBeginsWith).toBe(`/blobServices/default/containers/${container}/`);
	});

	it("the model is what the job writes", () => {
		expect(job["outputs"]).toHaveProperty(String(config("registermodel")["model_output"]));
	});

	it.each(["endpoint.yml", "endpoint.kubernetes.yml", "deployment.yml", "deployment.kubernetes.yml"])(
		"%s has the names of deploy.json",
		(file) => {
			const { endpoint_name, deployment_name } = config("deploy");
			const isEndpoint = file.startsWith("endpoint");
			const names = isEndpoint ? { name: endpoint_name } : { name: deployment_name, endpoint_name };
			expect(yaml(`code/deploy/${file}`)).toMatchObject(names);
		},
	);

	it("training and scoring have the same scikit-learn, and so have the tests", () => {
		const pins = (file: string) => [...text(file).matchAll(/(?:scikit-learn|joblib)==[\d.]+/g)].map(String).sort();
		const pinned = pins("code/train/environment.yml");
		expect(pinned).toHaveLength(2);
		expect(pins("code/deploy/environment.yml")).toEqual(pinned);
		expect(pins(".github/workflows/train_model.yml")).toEqual(pinned);
	});
});

/** As GitHub marks what it fills in. */
function expression(inner: string): string {
	return `\u0024{{ ${inner} }}`;
}
