import { execFileSync, spawnSync } from "node:child_process";
import {
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { BICEP, bicep } from "../helpers/bicep.ts";
import { describeWith } from "../helpers/describe-with.ts";
import { EXAMPLE, EXAMPLE_WORKFLOWS, ROOT, readWorkflow, stepsOf } from "./workflows.ts";

const readme = readFileSync(join(EXAMPLE, "README.md"), "utf8");
const copying = readme.match(/^cp -R .+$/gm) ?? [];

/** Made by the team, if at all. */
const MADE_LATER = ["infra/grid-dispatch.zip"];

const root = mkdtempSync(join(tmpdir(), "copy-"));
const copy = join(root, "my-repository");

beforeAll(() => {
	mkdirSync(copy);
	symlinkSync(ROOT, join(root, "grid-dispatch"));
	execFileSync("bash", ["-e", "-c", copying.join("\n")], { cwd: root });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** All files below a folder, by their path from it. */
function filesBelow(folder: string): string[] {
	return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
		(file) => statSync(join(folder, file)).isFile() && !file.includes("__pycache__"),
	);
}

/** The files and folders of the repository that a text names. */
function pathsIn(text: string): string[] {
	const named = text.matchAll(/(?<![\w./-])(?:\.cloud|\.github|code|data|infra|scripts)(?:\/[\w.-]+)+/g);
	return [...named].map(([path]) => path.replace(/\.$/, ""));
}

describe("the README's steps 1 and 4", () => {
	const blocksOf = (title: string) => {
		const section = readme.slice(readme.indexOf(`### ${title}`)).split(/\n##+ /)[0] ?? "";
		return [...section.matchAll(/```console\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
	};

	it("bring the copy to the default branch of an empty repository, from a folder that has nothing but grid-dispatch", () => {
		const home = join(root, "newcomer");
		const tools = join(home, "tools");
		const remote = join(home, "remote.git");
		for (const folder of ["tools", "grid-dispatch/out"]) mkdirSync(join(home, folder), { recursive: true });
		for (const folder of ["examples/ml-repo", "infra"])
			cpSync(join(ROOT, folder), join(home, "grid-dispatch", folder), { recursive: true });
		writeFileSync(join(home, "grid-dispatch/out/grid-dispatch.zip"), "");
		writeFileSync(join(tools, "npm"), "#!/bin/sh\n", { mode: 0o755 });
		// As GitHub's CLI: gh repo clone OWNER/NAME FOLDER.
		writeFileSync(join(tools, "gh"), '#!/bin/sh\n[ "$1 $2" = "repo clone" ] && git clone --quiet "$REMOTE" "$4"\n', {
			mode: 0o755,
		});
		const who = { NAME: "a", EMAIL: "a@b.c" };
		const people = ["AUTHOR", "COMMITTER"].flatMap((role) =>
			Object.entries(who).map(([what, value]) => [`GIT_${role}_${what}`, value]),
		);
		const env = {
			...Object.fromEntries(people),
			...{ PATH: `${tools}${delimiter}${process.env["PATH"]}`, HOME: home, GIT_CONFIG_NOSYSTEM: "1", REMOTE: remote },
		};
		execFileSync("git", ["init", "--quiet", "--bare", "--initial-branch=main", remote], { env });
		const [push = ""] = blocksOf("4. Push");
		const typed = [...blocksOf("1. Copy"), push].join("\n");
		const { status, stderr } = spawnSync("bash", ["--norc", "-euo", "pipefail", "-c", typed], {
			cwd: home,
			env,
			encoding: "utf8",
		});
		expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
		const pushed = execFileSync("git", ["--git-dir", remote, "ls-tree", "-r", "--name-only", "main"], {
			encoding: "utf8",
		});
		expect(pushed.split("\n")).toEqual(
			expect.arrayContaining([".github/workflows/setup.yml", "infra/main.bicepparam", "infra/grid-dispatch.zip"]),
		);
	});
});

describe("a copy of the two folders", () => {
	it("is made by two lines of the README", () => {
		expect(copying).toEqual([
			"cp -R grid-dispatch/examples/ml-repo/. my-repository/",
			"cp -R grid-dispatch/infra my-repository/",
		]);
		expect(readdirSync(copy)).toEqual(expect.arrayContaining([".cloud", ".github", "code", "infra", "routes.json"]));
	});

	it.each(EXAMPLE_WORKFLOWS.map(({ path, text }) => [relative("examples/ml-repo", path), text] as const))(
		"has every file that %s names",
		(_, text) => {
			const workflow = readWorkflow(text);
			const triggers = (workflow.on["push"]?.paths ?? []).map((path) => path.replace(/\/\*\*$/, ""));
			const scripts = stepsOf(workflow).flatMap(({ run = "" }) => {
				const configured = [...run.matchAll(/\(read_key \w+ (\w+)\)/g)].map(([, file]) => `.cloud/.azure/${file}.json`);
				return [...pathsIn(run.replaceAll(/\.cloud\/\.azure\/\$\S+/g, "")), ...configured];
			});
			const named = [...new Set([...triggers, ...scripts])].filter((path) => !MADE_LATER.includes(path));
			expect(named.length).toBeGreaterThan(4);
			expect(named.filter((path) => !existsSync(join(copy, path)))).toEqual([]);
		},
	);

	it("has every file that the configuration names", () => {
		const folder = join(EXAMPLE, ".cloud/.azure");
		const named = readdirSync(folder).flatMap((file) => pathsIn(readFileSync(join(folder, file), "utf8")));
		expect(named.length).toBeGreaterThanOrEqual(4);
		expect(named.filter((path) => !existsSync(join(copy, path)))).toEqual([]);
	});

	it("has nothing that git would leave out", () => {
		const files = filesBelow(EXAMPLE).map((file) => join(EXAMPLE, file));
		const { status, stdout } = spawnSync("git", ["check-ignore", ...files], { cwd: ROOT, encoding: "utf8" });
		expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
	});

	it("reads the configuration keys that are there", () => {
		for (const { text } of EXAMPLE_WORKFLOWS) {
			for (const [, key = "", file] of text.matchAll(/\(read_key (\w+) (\w+)\)/g)) {
				expect(JSON.parse(readFileSync(join(copy, `.cloud/.azure/${file}.json`), "utf8"))).toHaveProperty(key);
			}
		}
	});
});

describeWith(BICEP, "the parameters that the README gives", () => {
	it("fit into the copied template, and reach it with the routes of the copy", async () => {
		const [, lines = ""] = /```bicep\n([\s\S]*?)```/.exec(readme) ?? [];
		const names = [...lines.matchAll(/^param (\w+) =/gm)].map(([, name = ""]) => name);
		expect(names).toEqual(["routes", "dataAccounts", "payloadReaders"]);
		const file = join(copy, "infra/main.bicepparam");
		// In place of what the file says of them: a value ends where the next line begins that is no part of it.
		const before = names.reduce(
			(text, name) => text.replace(new RegExp(`^param ${name} =.*(?:\\n(?:[ \\])}].*)?$)*`, "m"), ""),
			readFileSync(file, "utf8"),
		);
		writeFileSync(file, `${before}\n${lines}`);
		const built = JSON.parse(await bicep("build-params", file, "--stdout")) as { parametersJson: string };
		const { parameters } = JSON.parse(built.parametersJson);
		expect(parameters.routes.value).toEqual(JSON.parse(readFileSync(join(copy, "routes.json"), "utf8")));
		expect(parameters.dataAccounts.value).toEqual([{ name: "contosoarticles", dataContainer: "articles" }]);
		// The test sets no AZURE_PRINCIPAL_ID.
		expect(parameters.payloadReaders.value).toEqual([]);
	});
});

describe("the README of the example", () => {
	const table = readme.slice(readme.indexOf("## What each file is for"), readme.indexOf("## Which data"));
	const listed = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, file]) => file);

	it("says of each file what it is for, and of no other", () => {
		const files = filesBelow(EXAMPLE).filter((file) => file !== "README.md");
		expect([...listed].sort()).toEqual(files.sort());
	});

	it("names no file that is not there", () => {
		const missing = pathsIn(readme).filter((path) => !MADE_LATER.includes(path) && !existsSync(join(copy, path)));
		expect(missing).toEqual([]);
	});

	it("names the secrets that the workflows read, and all of them", () => {
		const read = EXAMPLE_WORKFLOWS.flatMap(({ text }) => [...text.matchAll(/secrets\.(\w+)/g)].map(([, name]) => name));
		const told = [...readme.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name);
		expect([...new Set(read)].sort()).toEqual([...told].sort());
	});

	it("leads to a row for each of the five actions, and of the former files", () => {
		const actions = ["aml-workspace", "aml-compute", "aml-run", "aml-registermodel", "aml-deploy"];
		const page = "docs/predecessor.md";
		expect(readme).toContain(`](../../${page}#from-the-azure-ml-actions)`);
		const tables = readFileSync(join(ROOT, page), "utf8");
		for (const action of actions) expect(tables).toContain(`| \`Azure/${action}\` |`);
		for (const file of ["workspace", "compute", "run", "registermodel", "deploy"]) {
			expect(tables).toContain(`| \`.cloud/.azure/${file}.json\` |`);
		}
	});
});
