import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeEach, describe, expect, it } from "@jest/globals";
import { parse } from "yaml";
import { blocksOf, readText, scriptsOf } from "./read-docs.ts";

const run = promisify(execFile);
const blocks = blocksOf("docs/azure-devops.md");
/** Azure's expressions and GitHub's begin alike. */
const EXPRESSION = "\u0024{{";

interface Pipeline {
	readonly parameters: readonly { readonly name: string }[];
	readonly steps: readonly {
		readonly task?: string;
		readonly script?: string;
		readonly inputs?: { readonly inlineScript?: string };
		readonly env?: Readonly<Record<string, unknown>>;
	}[];
}

const [deploying, started] = blocks
	.filter(({ language }) => language === "yml")
	.map(({ text }) => parse(text) as Pipeline);
const scripts = ({ steps }: Pipeline) => steps.flatMap(({ script, inputs }) => script ?? inputs?.inlineScript ?? []);

describe("the pipeline that deploys", () => {
	const all = scripts(deploying as Pipeline).join("\n");

	it("takes the same steps as every way to deploy: package, resources, code, subscriptions", () => {
		const steps = ["npm run package", "az deployment group create", "config-zip", "node infra/subscribe.mjs"];
		const places = steps.map((step) => all.indexOf(step));
		expect(places).toEqual([...places].sort((one, other) => one - other));
		expect(places).not.toContain(-1);
	});

	it("hands the token over where it was asked for, and under a condition only", () => {
		const handing = deploying?.steps.filter(({ env }) => JSON.stringify(env ?? {}).includes("DISPATCH_TOKEN"));
		expect(handing).toHaveLength(1);
		expect(handing?.[0]?.env).toEqual({
			DISPATCH_REPOSITORY: "contoso/fraud-model",
			[`${EXPRESSION} if parameters.handOverToken }}`]: { DISPATCH_TOKEN: "$(DISPATCH_TOKEN)" },
		});
		expect(readText("infra/main.bicepparam")).toContain("readEnvironmentVariable('DISPATCH_TOKEN', '')");
	});

	it("pastes nothing into a script, nor does the one that an event starts", () => {
		for (const script of [deploying, started].flatMap((pipeline) => scripts(pipeline as Pipeline))) {
			expect(script).not.toMatch(/\$\{\{|\$\(\w+\.?\w*\)$/m);
		}
	});
});

describe("the workflow that starts a pipeline", () => {
	const [workflow] = blocks.filter(({ language }) => language === "yaml");
	const [script = ""] = scriptsOf(workflow?.text ?? "").map((text) => text.replace(/^ *\|\n/, ""));
	const folder = mkdtempSync(join(tmpdir(), "devops-"));
	const given = {
		...{ ORGANISATION: "contoso", PROJECT: "bridge", PIPELINE: "12" },
		...{ AML_RUN_ID: "train-7", KEY: "599cb32fcc8017b54fa6dc8d01c6a673" },
	};

	beforeEach(() => {
		for (const [name, lines] of [
			["az", 'echo "az $*" >> calls; echo TOKEN'],
			["curl", 'printf "curl" >> calls; printf " [%s]" "$@" >> calls; echo \'{"id": 31}\''],
		] as const) {
			writeFileSync(join(folder, name), `#!/usr/bin/env bash\n${lines}\n`);
			chmodSync(join(folder, name), 0o755);
		}
		rmSync(join(folder, "calls"), { force: true });
	});
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	const step = (env: Partial<typeof given> = {}) =>
		run("bash", ["-e", "-c", script], {
			cwd: folder,
			env: { PATH: `${folder}${delimiter}${process.env["PATH"]}`, ...given, ...env },
		});
	const read = (file: string) => readFileSync(join(folder, file), "utf8");

	it("starts a run with the facts of the event as its parameters, and the token masked", async () => {
		const { stdout } = await step();
		expect(stdout).toBe("::add-mask::TOKEN\nstarted the run 31\n");
		const calls = read("calls");
		expect(calls).toContain("[https://dev.azure.com/contoso/bridge/_apis/pipelines/12/runs?api-version=7.1]");
		expect(calls).toContain("[Authorization: Bearer TOKEN]");
		const { templateParameters } = JSON.parse(read("body.json")) as { templateParameters: Record<string, string> };
		expect(templateParameters).toEqual({ runId: given.AML_RUN_ID, bridgeKey: given.KEY });
		expect(Object.keys(templateParameters)).toEqual(started?.parameters.map(({ name }) => name));
	});

	it.each([
		["a macro of Azure Pipelines", { AML_RUN_ID: "$(DISPATCH_TOKEN)" }],
		["a command", { AML_RUN_ID: "a; curl evil.example" }],
		["a second line", { AML_RUN_ID: "a\nb" }],
		["an option", { AML_RUN_ID: "--x" }],
		["no run", { AML_RUN_ID: "" }],
		["a key that is none", { KEY: "x" }],
	])("stops at %s before it asks for a token", async (_, env) => {
		await expect(step(env)).rejects.toThrow();
		expect(() => read("calls")).toThrow("ENOENT");
	});
});
