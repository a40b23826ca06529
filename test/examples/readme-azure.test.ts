import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { azureAfterSetup, startWorkflow } from "./run-workflow.ts";
import { EXAMPLE, exampleWorkflow, ROOT, stepsOf } from "./workflows.ts";

const readme = readFileSync(join(EXAMPLE, "README.md"), "utf8");
/** The commands of a step, one text for each block. */
const blocksOf = (title: string) => {
	const section = readme.slice(readme.indexOf(`### ${title}`)).split(/\n##+ /)[0] ?? "";
	return [...section.matchAll(/```console\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
};
const prepare = blocksOf("2. Prepare Azure and GitHub");
const upload = blocksOf("5. Upload data");
const providersIn = (text: string) => [...new Set(text.match(/Microsoft\.[A-Z]\w+/g) ?? [])].sort();

let workflow: ReturnType<typeof startWorkflow>;
beforeEach(() => {
	// A new subscription: nothing is registered, and its owner may register.
	workflow = startWorkflow(
		"setup",
		azureAfterSetup({ providers: {}, mayRegister: true, roles: [], group: false, workspace: false }),
	);
	const gh = join(workflow.job.tools, "gh");
	const subject = "repo:contoso@1/articles@2:ref:refs/heads/main";
	writeFileSync(gh, `#!/bin/sh\necho "gh $*" >> "$AZ_FOLDER/calls"\n[ "$1" = api ] && echo ${subject}\ntrue\n`);
	chmodSync(gh, 0o755);
});
afterEach(() => workflow.remove());

/** The commands in one shell, as a newcomer would type them. */
function type(blocks: readonly string[]) {
	const env = {
		PATH: `${workflow.job.tools}${delimiter}${process.env["PATH"]}`,
		AZ_FOLDER: workflow.job.tools,
		HOME: workflow.job.tools,
	};
	const shell = spawnSync("bash", ["--norc", "-euo", "pipefail", "-c", blocks.join("\n")], {
		cwd: EXAMPLE,
		env,
		encoding: "utf8",
	});
	const calls = readFileSync(join(workflow.job.tools, "calls"), "utf8")
		.split("\n")
		.map((line) => line.split("\t").at(-1));
	return { status: shell.status, stderr: shell.stderr, calls };
}

describe("the README's commands, in an Azure that has nothing", () => {
	it("register every provider, and give the workflows their login and their roles", () => {
		expect(type(prepare)).toMatchObject({ status: 0, stderr: "" });
		const { calls } = type([]);
		expect(new Set(Object.values(workflow.state().providers))).toEqual(new Set(["Registered"]));
		expect(workflow.state().roles.map(({ role, scope }) => [role, scope])).toEqual([
			["Contributor", "/subscriptions/sub/resourceGroups/contoso-ml"],
			["Role Based Access Control Administrator", "/subscriptions/sub/resourceGroups/contoso-ml"],
		]);
		expect(calls.find((call) => call?.startsWith("identity federated-credential"))).toContain(
			"--subject repo:contoso@1/articles@2:ref:refs/heads/main",
		);
	});

	it("store every secret and variable that the workflows read, but the one that Set up names", () => {
		type(prepare);
		const { calls } = type([]);
		const stored = calls.flatMap((call) => /^gh (?:secret|variable) set (\w+)/.exec(call ?? "")?.[1] ?? []);
		const workflows = ["setup", "train_model", "deploy_model"]
			.map((name) => JSON.stringify(exampleWorkflow(name)))
			.join();
		const read = new Set([...workflows.matchAll(/(?:secrets|vars)\.(\w+)/g)].map(([, name]) => name));
		read.delete("GRID_DISPATCH_ACCOUNT");
		expect(stored.sort()).toEqual([...read].sort());
	});

	it("may be typed again", () => {
		type(prepare);
		expect(type(prepare)).toMatchObject({ status: 0 });
	});

	it("let the newcomer upload data, which an owner may not", () => {
		type(prepare);
		const [, uploading = ""] = upload;
		expect(uploading).toContain("az storage blob upload");
		const before = type([prepare[0] ?? "", uploading]);
		expect(before.status).not.toBe(0);
		expect(before.stderr).toContain("AuthorizationPermissionMismatch");
		expect(type([prepare[0] ?? "", ...upload])).toMatchObject({ status: 0 });
	});
});

describe("the README's providers", () => {
	const [loop = ""] = prepare.filter((block) => block.includes("provider register"));

	it("are those of Set up, and wait for their registration", () => {
		const [check] = stepsOf(exampleWorkflow("setup")).filter(({ name }) => name === "Check the resource providers");
		expect(providersIn(loop)).toEqual(providersIn(check?.run ?? ""));
		expect(loop).toContain('az provider register --namespace "$provider" --wait');
	});

	it("are those of the template, of Flex Consumption and of managed endpoints", () => {
		const template = readFileSync(join(ROOT, "infra/azuredeploy.json"), "utf8");
		const used = new Set([...template.matchAll(/"type": "(Microsoft\.\w+)\//g)].map(([, provider = ""]) => provider));
		for (const builtIn of ["Microsoft.Authorization", "Microsoft.Resources"]) used.delete(builtIn);
		// Only private endpoints need it, and the example has none.
		used.delete("Microsoft.Network");
		expect(providersIn(loop)).toEqual([...used, "Microsoft.App", "Microsoft.Cdn", "Microsoft.PolicyInsights"].sort());
	});
});

describe("the README's other commands", () => {
	it("are a shell's", () => {
		const blocks = [...readme.matchAll(/^ *```console\n([\s\S]*?)```/gm)].map(([, block = ""]) => block);
		expect(blocks.length).toBeGreaterThan(12);
		for (const block of blocks) execFileSync("bash", ["-n", "-c", block], { stdio: "pipe" });
	});

	it("attach the cluster under the name that the endpoint has, before it is named", () => {
		const endpoint = readFileSync(join(EXAMPLE, "code/deploy/endpoint.kubernetes.yml"), "utf8");
		const [, compute = ""] = /^compute: azureml:(.+)$/m.exec(endpoint) ?? [];
		const steps = [
			"KubernetesConfiguration --wait",
			"az aks create",
			"az k8s-extension create",
			`--name ${compute}`,
			"AcrPull",
			"endpoint_file",
		];
		const section = readme.slice(readme.indexOf("## Kubernetes instead"));
		const places = steps.map((step) => section.indexOf(step));
		expect(places).not.toContain(-1);
		expect(places).toEqual([...places].sort((a, b) => a - b));
	});
});
