/** Runs a workflow of the example from its first step to its last, as GitHub would, with an Azure that keeps its state. */
import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Azure, Broken } from "./azure/surface.mjs";
import { startJob } from "./run-job.ts";
import { exampleWorkflow, type Step, stepsOf } from "./workflows.ts";

export const PRINCIPAL = "11111111-2222-3333-4444-555555555555";
const STORAGE = "/subscriptions/sub/resourceGroups/contoso-ml/providers/Microsoft.Storage/storageAccounts/stml";

/** What starts a run: `github.event_name`, the outputs of receive-event, and the inputs of a start by hand. */
export interface Start {
	readonly event: "push" | "workflow_dispatch" | "repository_dispatch";
	readonly received?: Readonly<Record<string, string>>;
	readonly inputs?: Readonly<Record<string, string>>;
}

export interface WorkflowRun {
	readonly ok: boolean;
	/** The step that failed. */
	readonly failed: string | null;
	readonly printed: string;
	readonly calls: readonly string[];
	/** The names of the steps that ran a script. */
	readonly ran: readonly string[];
}

/** An Azure after Set up has succeeded; each test changes what it is about. */
export function azureAfterSetup(changes: Partial<Azure> = {}): Azure {
	const providers = ["App", "Cdn", "ContainerRegistry", "EventGrid", "Insights", "KeyVault", "MachineLearningServices"];
	const others = ["ManagedIdentity", "OperationalInsights", "PolicyInsights", "Storage", "Web"];
	return {
		clock: 0,
		loginAt: null,
		tokens: {},
		providers: Object.fromEntries([...providers, ...others].map((name) => [`Microsoft.${name}`, "Registered"])),
		mayRegister: false,
		roles: [{ role: "Storage Blob Data Contributor", principal: PRINCIPAL, scope: STORAGE }],
		group: true,
		workspace: true,
		storage: STORAGE,
		principal: PRINCIPAL,
		jobs: {},
		models: [],
		endpoints: {},
		deployment: null,
		vaults: [],
		secrets: [],
		broken: {},
		...changes,
	};
}

/** A workflow and its Azure, for several runs after each other. */
export function startWorkflow(name: string, azure: Azure, secrets: Readonly<Record<string, string>> = {}) {
	const job = startJob(name, true);
	const file = join(job.tools, "azure.json");
	writeFileSync(file, JSON.stringify(azure));
	const az = join(job.tools, "az");
	writeFileSync(az, `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dirname, "azure/az.mjs")}' "$@"\n`);
	chmodSync(az, 0o755);
	const state = () => JSON.parse(readFileSync(file, "utf8")) as Azure;
	const change = (edit: (azure: Azure) => void) => {
		const now = state();
		edit(now);
		writeFileSync(file, JSON.stringify(now));
	};

	async function run(start: Start): Promise<WorkflowRun> {
		const workflow = exampleWorkflow(name);
		// Every run begins on a new machine: without a login, and without tokens.
		change((azure) => {
			Object.assign(azure, { loginAt: null, tokens: {} });
		});
		const outputs: Record<string, Readonly<Record<string, string>>> = {};
		const known = { start, outputs, secrets };
		const seen = { printed: "", calls: [] as string[], ran: [] as string[] };
		for (const step of stepsOf(workflow)) {
			if (!isDue(step.if, known)) continue;
			const label = step.name ?? step.uses ?? "";
			if (step.uses?.startsWith("azure/login@")) {
				execFileSync(az, ["login"], { env: { ...process.env, AZ_FOLDER: job.tools } });
			} else if (step.uses === "./.github/actions/receive-event") {
				outputs[step.id ?? ""] = { "already-ran": "false", ...start.received };
			} else if (step.run !== undefined && !/pip install/.test(step.run)) {
				const result = await job.step(label, envOf(step, workflow.jobs, known));
				if (step.id !== undefined) outputs[step.id] = result.outputs;
				seen.printed += result.printed;
				seen.calls.push(...result.calls);
				seen.ran.push(label);
				if (!result.ok) return { ok: false, failed: label, ...seen };
			}
		}
		return { ok: true, failed: null, ...seen };
	}

	/** Lets a command of az fail, once unless said otherwise. */
	const breakCommand = (command: string, how: Broken) =>
		change((azure) => {
			azure.broken[command] = { times: 1, ...how };
		});
	return { job, run, state, change, breakCommand, remove: job.remove };
}

interface Known {
	readonly start: Start;
	readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
	readonly secrets: Readonly<Record<string, string>>;
}

/** The condition of a step. Only what the example uses: `==` and `!=` with a text, joined by `&&` or `||`. */
export function isDue(condition: string | undefined, known: Known): boolean {
	if (condition === undefined) return true;
	return condition
		.split("||")
		.some((alternative) => alternative.split("&&").every((comparison) => compare(comparison.trim(), known)));
}

function compare(comparison: string, known: Known): boolean {
	const [, name = "", operator, text] = /^([\w.-]+) (==|!=) '([^']*)'$/.exec(comparison) ?? [];
	if (operator === undefined) throw new Error(`the test cannot read the condition ${comparison}`);
	return (lookUp(name, known) === text) === (operator === "==");
}

/** What an expression's name stands for; empty for what is not there, as with GitHub. */
function lookUp(name: string, { start, outputs, secrets }: Known): string {
	const [context, ...path] = name.split(".");
	if (name === "github.event_name") return start.event;
	if (context === "steps") return outputs[path[0] ?? ""]?.[path[2] ?? ""] ?? "";
	if (context === "inputs") return start.inputs?.[path[0] ?? ""] ?? "";
	if (context === "secrets" || context === "vars") return secrets[path[0] ?? ""] ?? "";
	throw new Error(`the test does not know what ${name} is`);
}

/** The variables of a step and of its job, their expressions filled in. */
function envOf(step: Step, jobs: Readonly<Record<string, { env?: Readonly<Record<string, string>> }>>, known: Known) {
	const all = { ...Object.values(jobs)[0]?.env, ...step.env };
	return Object.fromEntries(
		Object.entries(all).map(([name, text]) => {
			const [, inner = ""] = /^\$\{\{ (.+) \}\}$/.exec(text) ?? [];
			const values = inner.split(" || ").map((part) => lookUp(part, known));
			return [name, values.find((value) => value !== "") ?? ""];
		}),
	);
}
