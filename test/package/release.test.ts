import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
	chmodSync,
	cpSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { readWorkflow, stepsOf, type Workflow } from "../examples/workflows.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const work = mkdtempSync(join(tmpdir(), "release-"));
const project = join(work, "checkout");
const files = join(project, "out/release");
afterAll(() => rmSync(work, { recursive: true, force: true }));

const { version, dependencies, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
	version: string;
	dependencies: Record<string, string>;
	devDependencies: Record<string, string>;
};

function workflow(name: string): Workflow {
	return readWorkflow(readFileSync(join(root, ".github/workflows", name), "utf8"));
}

const scriptsOf = (name: string) => stepsOf(workflow(name)).flatMap(({ run: script }) => script ?? []);

/** As GitHub runs a step, with stand-ins for what would install or publish. */
function step(script: string, tag = `v${version}`) {
	const PATH = [join(work, "bin"), dirname(process.execPath), process.env["PATH"]].join(delimiter);
	const env = { PATH, HOME: work, GITHUB_REF_NAME: tag };
	return run("bash", ["-e", "-o", "pipefail", "-c", script], { cwd: project, env });
}

function read(name: string): string {
	return readFileSync(join(files, name), "utf8");
}

beforeAll(() => {
	mkdirSync(join(work, "bin"));
	writeFileSync(join(work, "bin/gh"), '#!/usr/bin/env bash\nprintf "%s\\n" "$@" > gh.log\n');
	chmodSync(join(work, "bin/gh"), 0o755);
	mkdirSync(join(project, "infra"), { recursive: true });
	for (const file of ["src", "scripts", "host.json", "package.json", "package-lock.json"])
		cpSync(join(root, file), join(project, file), { recursive: true });
	symlinkSync(join(root, "node_modules"), join(project, "node_modules"));
	writeFileSync(join(project, "infra/azuredeploy.json"), '{ "resources": [] }\n');
});

describe("the release workflow", () => {
	const [ofMain = "", install, build = "", publish = "", ...others] = scriptsOf("release.yml");

	it("runs on a tag, publishes nothing before CI has passed for it, and may do no more than publish", () => {
		const { on, permissions, jobs } = workflow("release.yml");
		expect(on).toEqual({ push: { tags: ["v*"] } });
		expect(permissions).toEqual({});
		expect(jobs["gate"]).toEqual({ permissions: { contents: "read" }, uses: "./.github/workflows/ci.yml" });
		expect(jobs["release"]).toMatchObject({ needs: "gate", permissions: { contents: "write" } });
		expect(install).toBe("npm ci");
		expect(others).toEqual([]);
	});

	it("refuses a commit that is not of main, and says so", async () => {
		const cwd = mkdtempSync(join(work, "clone-"));
		const git = async (...args: readonly string[]) => {
			const who = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"];
			return (await run("git", [...who, ...args], { cwd })).stdout.trim();
		};
		const commit = async () => {
			await git("commit", "--quiet", "--allow-empty", "--message", "a commit");
			return git("rev-parse", "HEAD");
		};
		await git("init", "--quiet");
		const shas = [await commit(), await commit(), await commit()];
		await git("update-ref", "refs/remotes/origin/main", shas[1] ?? "");
		const judge = (sha: string | undefined) => {
			const env = { PATH: process.env["PATH"], GITHUB_REF_NAME: "v9.0.0", GITHUB_SHA: sha };
			return run("bash", ["-e", "-o", "pipefail", "-c", ofMain], { cwd, env });
		};
		await judge(shas[0]);
		await judge(shas[1]);
		await expect(judge(shas[2])).rejects.toMatchObject({
			stdout: "::error::v9.0.0 is not a commit of main: tag one of main\n",
		});
	});

	it("refuses a tag that is not the version of package.json", async () => {
		await expect(step(build, "v99.0.0")).rejects.toMatchObject({
			stderr: expect.stringContaining(`the tag must be v${version}, not v99.0.0`),
		});
	});

	it("builds four files, and publishes them as a release of that tag", async () => {
		await step(build);
		const names = ["azuredeploy.json", "grid-dispatch.cdx.json", "grid-dispatch.zip", "grid-dispatch.zip.sha256"];
		expect(readdirSync(files).sort()).toEqual(names);
		await step(publish);
		const given = readFileSync(join(project, "gh.log"), "utf8").trim().split("\n");
		expect(given).toEqual([
			...["release", "create", `v${version}`, "--verify-tag", "--generate-notes"],
			...names.map((name) => `out/release/${name}`),
		]);
	});

	it("gives the package's SHA-256 as sha256sum --check reads it", () => {
		const digest = createHash("sha256")
			.update(readFileSync(join(files, "grid-dispatch.zip")))
			.digest("hex");
		expect(read("grid-dispatch.zip.sha256")).toBe(`${digest}  grid-dispatch.zip\n`);
	});

	it("lists in the SBOM what the bundle is made of, and nothing that is used in development only", () => {
		const bill = JSON.parse(read("grid-dispatch.cdx.json")) as {
			bomFormat: string;
			metadata: { component: { name: string; version: string } };
			components: { name: string; version: string }[];
		};
		expect(bill.bomFormat).toBe("CycloneDX");
		expect(bill.metadata.component).toMatchObject({ name: "grid-dispatch", version });
		const listed = new Map(bill.components.map((component) => [component.name, component.version]));
		for (const [name, wanted] of Object.entries(dependencies)) expect([name, listed.get(name)]).toEqual([name, wanted]);
		for (const name of ["jest", "esbuild", "azurite", "tsx"]) {
			expect(devDependencies).toHaveProperty(name);
			expect(listed.has(name)).toBe(false);
		}
		expect(read("grid-dispatch.cdx.json")).not.toContain(work);
	});

	it("hands on the template as it is", () => {
		expect(read("azuredeploy.json")).toBe('{ "resources": [] }\n');
	});
});

describe("the workflow of CI", () => {
	const { on, permissions, jobs } = workflow("ci.yml");
	const gate = readFileSync(join(root, ".ci/run"), "utf8");

	it("runs on every push and pull request, and may only read", () => {
		expect(Object.keys(on)).toEqual(["push", "pull_request", "workflow_call"]);
		expect(permissions).toEqual({});
		expect(Object.values(jobs).map((job) => job.permissions)).toEqual([{ contents: "read" }, {}]);
	});

	it("runs the parts of what a developer runs, each in a job of its own, and fails where one of them does", async () => {
		const [part, all = ""] = scriptsOf("ci.yml");
		expect(part).toBe('.ci/run "$PART"');
		const [, names = ""] = /^# \.ci\/run PART +one part.*: (.*)$/m.exec(gate) ?? [];
		expect(jobs["part"]).toMatchObject({ strategy: { matrix: { part: names.split(/, | or /) } } });
		expect(jobs["gate"]).toMatchObject({ needs: "part", if: "always()" });
		const run = (RESULT: string) => promisify(execFile)("bash", ["-e", "-c", all], { env: { RESULT } });
		await run("success");
		for (const result of ["failure", "cancelled", "skipped"]) await expect(run(result)).rejects.toBeDefined();
	});

	it("names tests that are there, each in one part", () => {
		const patternOf = (name: string) => new RegExp(`^${name}="(.*)"$`, "m").exec(gate)?.[1] ?? "";
		const files = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
			.filter((file) => file.endsWith(".test.ts"))
			.map((file) => `/test/${file.replaceAll("\\", "/")}`);
		const found = (pattern: string) => files.filter((file) => new RegExp(pattern).test(file));
		const apart = ["PROGRAMS", "INFRA", "BROWSER"].flatMap((name) => found(patternOf(name)));
		expect(new Set(apart).size).toBe(apart.length);
		for (const name of ["PROGRAMS", "INFRA", "BROWSER", "NODE"]) {
			const [, before, choices = "", after] = /^(.*)\((.*)\)(.*)$/.exec(patternOf(name)) ?? [];
			for (const choice of choices.split("|"))
				expect([choice, found(`${before}${choice}${after}`)[0]]).toEqual([choice, expect.any(String)]);
		}
	});
});

describe("the project's own workflows", () => {
	it.each(["ci.yml", "release.yml"])("%s leaves no token in the checkout", (name) => {
		expect(stepsOf(workflow(name))[0]).toMatchObject({ with: { "persist-credentials": false } });
	});
});
