import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "@jest/globals";
import { parse } from "yaml";
import { resolve, SERVICES } from "../../src/destinations/list.ts";
import { readRoutes } from "../../src/route/read-routes.ts";
import type { RouteTo } from "../../src/route/route.ts";
import { destinations } from "../../support/destinations.ts";
import { asBridgeEvent, exampleOf } from "../../support/example-events.ts";
import { blocksOf, readText } from "./read-docs.ts";

const run = promisify(execFile);
const blocks = blocksOf("docs/azure-devops.md");
/** Azure's expressions and GitHub's begin alike. */
const EXPRESSION = "\u0024{{";

interface Step {
	readonly task?: string;
	readonly script?: string;
	readonly inputs?: { readonly inlineScript?: string };
	readonly env?: Readonly<Record<string, unknown>>;
}

interface Pipeline {
	readonly name?: string;
	readonly parameters: readonly { readonly name: string }[];
	/** Steps, and conditions with steps below them. */
	readonly steps: readonly (Step | Readonly<Record<string, readonly Step[]>>)[];
}

const [started, deploying] = blocks
	.filter(({ language }) => language === "yml")
	.map(({ text }) => parse(text) as Pipeline);
const stepsOf = ({ steps }: Pipeline): readonly Step[] =>
	steps.flatMap((step) => Object.values(step).find(Array.isArray) ?? (step as Step));
const scripts = (pipeline: Pipeline) =>
	stepsOf(pipeline).flatMap(({ script, inputs }) => script ?? inputs?.inlineScript ?? []);

describe("the pipeline that deploys", () => {
	const all = scripts(deploying as Pipeline).join("\n");

	it("takes the same steps as every way to deploy: package, resources, code, subscriptions", () => {
		const steps = ["npm run package", "az deployment group create", "config-zip", "node infra/subscribe.mjs"];
		const places = steps.map((step) => all.indexOf(step));
		expect(places).toEqual([...places].sort((one, other) => one - other));
		expect(places).not.toContain(-1);
	});

	it("hands the token over where it was asked for, and under a condition only", () => {
		const handing = stepsOf(deploying as Pipeline).filter(({ env }) =>
			JSON.stringify(env ?? {}).includes("DISPATCH_TOKEN"),
		);
		expect(handing).toHaveLength(1);
		expect(handing[0]?.env).toEqual({
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

describe("the pipeline that an event starts", () => {
	const [block] = blocks.filter(({ language }) => language === "json");
	const read = readRoutes(JSON.parse(block?.text ?? ""), SERVICES);
	const to = read.ok ? read.routes[0]?.to : undefined;

	it("has the parameters that the route gives it, and holds the key in its name", () => {
		expect(read).toMatchObject({ ok: true });
		expect(Object.keys(to?.["parameters"] ?? {})).toEqual(started?.parameters.map(({ name }) => name));
		expect(started?.name).toContain(`${EXPRESSION} parameters.bridgeKey }}`);
	});

	it("is started by the request that the page describes", () => {
		const event = asBridgeEvent(exampleOf("RunCompleted"));
		const facts = { version: "1.2.3", route: "r", key: "599cb32fcc8017b54fa6dc8d01c6a673" };
		const destination = resolve(to as RouteTo, event.type);
		const built = destinations.build(destination, event, facts);
		expect(JSON.parse(built.body ?? "")).toEqual({
			resources: { repositories: { self: { refName: "refs/heads/main" } } },
			templateParameters: { runId: "fraud_model_train_7", bridgeKey: facts.key },
		});
	});

	it.each([
		["a run", "train-7", true],
		["a command", "a; curl evil.example", false],
		["a second line", "a\nb", false],
		["an option", "--x", false],
		["nothing", "", false],
	])("checks the text that it gets: %s", async (_, AML_RUN_ID, isTaken) => {
		const script = scripts(started as Pipeline).find((text) => text.includes("AML_RUN_ID")) ?? "";
		const running = run("bash", ["-c", script], { env: { AML_RUN_ID, KEY: "k", PATH: process.env["PATH"] } });
		if (isTaken) expect((await running).stdout).toContain(AML_RUN_ID);
		else await expect(running).rejects.toThrow();
	});
});

describe("the commands that let the identity in", () => {
	const [block] = blocks.filter(({ language }) => language === "bash");
	const folder = mkdtempSync(join(tmpdir(), "devops-"));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	it("make it a member of one project, which may start one pipeline and see its runs", async () => {
		const az = [
			'printf "az" >> calls; printf " [%s]" "$@" >> calls; echo >> calls',
			'case "$*" in *identityPrincipalId*) echo IDENTITY ;; *"project show"*) echo PROJECT-ID ;; rest*) echo aadsp.MEMBER ;; esac',
		];
		writeFileSync(join(folder, "az"), `#!/usr/bin/env bash\n${az.join("\n")}\n`);
		chmodSync(join(folder, "az"), 0o755);
		const given = { ORGANIZATION: "contoso", PROJECT: "fraud-model", PIPELINE: "12", GROUP: "g", DEPLOYMENT: "main" };
		const PATH = `${folder}${delimiter}${process.env["PATH"]}`;
		await run("bash", ["-euo", "pipefail", "-c", block?.text ?? ""], { cwd: folder, env: { PATH, ...given } });
		const calls = readFileSync(join(folder, "calls"), "utf8");
		const body = JSON.parse(/\[--body\] \[(\{.*\})\] \[--query\]/.exec(calls)?.[1] ?? "") as object;
		expect(body).toEqual({
			accessLevel: { accountLicenseType: "express" },
			servicePrincipal: { origin: "aad", originId: "IDENTITY", subjectKind: "servicePrincipal" },
			projectEntitlements: [{ projectRef: { id: "PROJECT-ID" }, group: { groupType: "projectReader" } }],
		});
		expect(calls).toContain("[--subject] [aadsp.MEMBER] [--token] [PROJECT-ID/12] [--allow-bit] [1153]");
		expect(1 + 128 + 1024).toBe(1153);
		expect(readText("infra/main.bicep")).toContain("output identityPrincipalId string");
	});
});
