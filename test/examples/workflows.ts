import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

export const ROOT = join(import.meta.dirname, "../..");
export const EXAMPLE = join(ROOT, "examples/ml-repo");

/** As far as the tests look into a workflow. */
export interface Workflow {
	readonly name: string;
	readonly "run-name"?: string;
	readonly on: Readonly<Record<string, Trigger | null>>;
	readonly permissions?: Readonly<Record<string, string>>;
	readonly concurrency?: Readonly<Record<string, unknown>>;
	readonly jobs: Readonly<Record<string, Job>>;
}

export interface Job {
	/** None where it uses another workflow. */
	readonly steps?: readonly Step[];
	readonly uses?: string;
	readonly needs?: string;
	readonly permissions?: unknown;
	readonly env?: Readonly<Record<string, string>>;
}

export interface Trigger {
	readonly types?: readonly string[];
	readonly branches?: readonly string[];
	readonly paths?: readonly string[];
}

export interface Step {
	readonly id?: string;
	readonly name?: string;
	readonly if?: string;
	readonly uses?: string;
	readonly run?: string;
	readonly env?: Readonly<Record<string, string>>;
	readonly with?: Readonly<Record<string, unknown>>;
}

/** A workflow file: its path from the root of this repository, and its text. */
export interface WorkflowFile {
	readonly path: string;
	readonly text: string;
}

/** The example's workflows. */
export const EXAMPLE_WORKFLOWS = filesIn("examples/ml-repo/.github/workflows");

/** Those and this repository's own. */
export const ALL_WORKFLOWS = [...EXAMPLE_WORKFLOWS, ...filesIn(".github/workflows")];

/** A workflow of the example, such as `setup`. */
export function exampleWorkflow(name: string): Workflow {
	return readWorkflow(readFileSync(join(EXAMPLE, `.github/workflows/${name}.yml`), "utf8"));
}

export function readWorkflow(text: string): Workflow {
	return parse(text) as Workflow;
}

export function stepsOf(workflow: Workflow): readonly Step[] {
	return Object.values(workflow.jobs).flatMap(({ steps }) => steps ?? []);
}

/** All expressions within a script, whoever runs it: GitHub pastes them in before it is read, and they become code. */
export function expressionsInScripts(workflow: Workflow): string[] {
	const scripts = stepsOf(workflow).flatMap(({ run, with: inputs }) => [run, inputs?.["script"]]);
	return scripts.flatMap((script) =>
		typeof script === "string" ? [...script.matchAll(/\$\{\{\s*(.*?)\s*\}\}/gs)].map(([, inner = ""]) => inner) : [],
	);
}

function filesIn(folder: string): WorkflowFile[] {
	if (!existsSync(join(ROOT, folder))) return [];
	return readdirSync(join(ROOT, folder))
		.filter((file) => /\.ya?ml$/.test(file))
		.sort()
		.map((file) => ({ path: `${folder}/${file}`, text: readFileSync(join(ROOT, folder, file), "utf8") }));
}
