import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type AzAnswer, putAz } from "./fake-az.ts";
import { findPython } from "./python.ts";
import { EXAMPLE, exampleWorkflow, stepsOf } from "./workflows.ts";

/** What came of a step. */
export interface StepRun {
	/** Whether it ended green. */
	readonly ok: boolean;
	/** What it printed, errors included. */
	readonly printed: string;
	/** Its outputs, as later steps read them. */
	readonly outputs: Readonly<Record<string, string>>;
	/** How it called `az`, one text each. */
	readonly calls: readonly string[];
	/** DISPATCH_TOKEN as each of those calls saw it. */
	readonly tokens: readonly string[];
}

/** A job of the example, in a copy of the repository: its scripts run in bash, with an `az` that only pretends. */
export interface JobRun {
	/** The copy. */
	readonly folder: string;
	/** A folder on the PATH, with `az` in it. */
	readonly tools: string;
	/**
	 * Runs a step.
	 * @param env what the expressions of its `env` came to; each of them has to be named
	 */
	step(name: string, env?: Readonly<Record<string, string>>, answers?: readonly AzAnswer[]): Promise<StepRun>;
	remove(): void;
}

/** @param hasAz whether the test puts an `az` of its own into the folder `tools` */
export function startJob(workflow: string, hasAz = false): JobRun {
	const root = mkdtempSync(join(tmpdir(), "ml-repo-"));
	const folder = join(root, "repository");
	const tools = join(root, "tools");
	cpSync(EXAMPLE, folder, { recursive: true });
	mkdirSync(tools);
	symlinkSync(findPython() ?? "python3", join(tools, "python"));
	const steps = stepsOf(exampleWorkflow(workflow));
	let environment: Record<string, string> = {};

	async function step(name: string, env: Readonly<Record<string, string>> = {}, answers: readonly AzAnswer[] = []) {
		const found = steps.find((candidate) => candidate.name === name);
		if (found?.run === undefined) throw new Error(`${workflow} has no step "${name}" with a script`);
		const missing = Object.keys(found.env ?? {}).filter((key) => !(key in env));
		if (missing.length > 0) throw new Error(`${name}: the test does not say what ${missing} is`);
		if (hasAz) writeFileSync(join(tools, "calls"), "");
		else putAz(tools, answers);
		const [envFile, outputFile] = ["env", "output"].map((file) => {
			writeFileSync(join(root, file), "");
			return join(root, file);
		}) as [string, string];
		writeFileSync(join(root, "script.sh"), found.run);
		const ended = await bash(join(root, "script.sh"), folder, {
			...environment,
			...env,
			PATH: `${tools}${delimiter}${process.env["PATH"]}`,
			AZ_FOLDER: tools,
			RUNNER_TEMP: root,
			GITHUB_ENV: envFile,
			GITHUB_OUTPUT: outputFile,
			GITHUB_STEP_SUMMARY: join(root, "summary"),
			GITHUB_REPOSITORY: "contoso/articles",
			GITHUB_RUN_ID: "1234",
			GITHUB_RUN_ATTEMPT: "1",
		});
		environment = { ...environment, ...readPairs(envFile) };
		const calls = readFileSync(join(tools, "calls"), "utf8").split("\n").filter(Boolean);
		return {
			...ended,
			outputs: readPairs(outputFile),
			calls: calls.map((line) => line.slice(line.indexOf("\t") + 1)),
			tokens: calls.map((line) => line.slice(0, line.indexOf("\t"))),
		};
	}

	return { folder, tools, step, remove: () => rmSync(root, { recursive: true, force: true }) };
}

/** As GitHub runs a step on Linux: bash, ending at the first command that fails. */
function bash(script: string, cwd: string, env: Record<string, string>): Promise<{ ok: boolean; printed: string }> {
	return new Promise((resolve) => {
		execFile("bash", ["-e", script], { cwd, env, timeout: 60_000 }, (error, stdout, stderr) => {
			resolve({ ok: error === null, printed: `${stdout}${stderr}` });
		});
	});
}

function readPairs(file: string): Record<string, string> {
	const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
	return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}
