import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { freePorts } from "../../support/free-ports.ts";
import { removeData } from "../helpers/run-start.ts";

const root = join(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
/** They have no comments, so that they can be read without a parser for those. */
const settings = (file: string) => JSON.parse(read(`.vscode/${file}`)) as Record<string, unknown>;

interface Launch {
	readonly name: string;
	readonly request: "launch" | "attach";
	readonly preLaunchTask: string;
	readonly program?: string;
	readonly args?: readonly string[];
	readonly runtimeArgs?: readonly string[];
	readonly outFiles?: readonly string[];
	readonly port?: number;
	readonly serverReadyAction?: { readonly pattern: string };
}

interface Task {
	readonly label: string;
	readonly type: string;
	readonly script?: string;
	readonly options?: { readonly env: Readonly<Record<string, string>> };
	readonly dependsOn?: string;
}

const launches = settings("launch.json")["configurations"] as readonly Launch[];
const tasks = settings("tasks.json")["tasks"] as readonly Task[];
const [f5 = {} as Launch, func = {} as Launch] = launches;

describe("the editor's settings", () => {
	it("recommend extensions by their ids, and format with one of them", () => {
		const { recommendations } = settings("extensions.json") as { recommendations: string[] };
		for (const id of recommendations) expect(id).toMatch(/^[a-z][\w-]*\.[\w-]+$/);
		expect(recommendations).toContain(settings("settings.json")["editor.defaultFormatter"]);
		expect(recommendations).toContain("ms-azuretools.vscode-azurefunctions");
	});

	it("name npm scripts that there are", () => {
		const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
		const named = tasks.flatMap(({ script }) => script ?? []);
		expect(named.length).toBeGreaterThan(0);
		expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
	});

	it("name tasks that there are", () => {
		const labels = tasks.map(({ label }) => label);
		const named = [...launches.map((one) => one.preLaunchTask), ...tasks.flatMap(({ dependsOn }) => dependsOn ?? [])];
		named.push(String(settings("settings.json")["azureFunctions.preDeployTask"]));
		expect(named.filter((name) => !labels.includes(name))).toEqual([]);
	});

	it("name files that there are", () => {
		const text = ["launch.json", "tasks.json", "settings.json"].map((file) => read(`.vscode/${file}`)).join("\n");
		const paths = [...text.matchAll(/"(?:\$\{workspaceFolder\}|\.)\/([^"*]+)"/g)].map(([, path = ""]) => path);
		expect(paths).toContain("src/local/start.ts");
		expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
	});

	it("attach to the port at which func start is told to listen", () => {
		const task = tasks.find(({ label }) => label === func.preLaunchTask);
		expect(func.request).toBe("attach");
		expect(task?.options?.env["languageWorkers__node__arguments"]).toBe(`--inspect=${func.port}`);
	});
});

describe("F5", () => {
	let port: number;
	beforeAll(async () => {
		port = await freePorts();
	});
	afterAll(() => removeData(port));

	it("opens the console page whose address npm start prints", () => {
		const [line = ""] = /console {5}\$\{url\}\//.exec(read("src/local/introduce.ts")) ?? [];
		const printed = line.replace(/\$\{url\}/, "http://127.0.0.1:1");
		expect(new RegExp(f5.serverReadyAction?.pattern ?? "^$").exec(printed)?.[1]).toBe("http://127.0.0.1:1/");
	});

	it.each([
		[
			"the deployed code, through the bundle's source map",
			"src/operate/check-health.ts",
			"const laneHealth =",
			"dist/bridge.cjs",
		],
		[
			"the local host, which tsx runs as it is",
			"src/local/functions-host.ts",
			"const path = url.pathname",
			"src/local/functions-host.ts",
		],
	])("stops at a breakpoint in %s", async (_, source, text, script) => {
		const line =
			read(source)
				.split("\n")
				.findIndex((one) => one.includes(text)) + 1;
		expect(line).toBeGreaterThan(0);
		const program = (f5.program ?? "").replace(/^\$\{workspaceFolder\}\//, "");
		// As the editor runs it, but on a port that is free.
		const args = (f5.args ?? []).map((arg) => (arg === "7071" ? String(port) : arg));
		const websocket = Number(process.versions.node.split(".")[0]) < 22 ? ["--experimental-websocket"] : [];
		const { stdout } = await promisify(execFile)(
			process.execPath,
			[
				...[...websocket, "--import", "tsx", "test/editor/stop-at.ts"],
				...[source, String(line), `http://127.0.0.1:${port}/api/health`, "--"],
				...[...(f5.runtimeArgs ?? []), program, ...args],
			],
			{ cwd: root, timeout: 60_000, env: { PATH: process.env["PATH"] } },
		);
		expect(JSON.parse(stdout)).toEqual({
			script: expect.stringMatching(new RegExp(`${script}$`)),
			source: expect.stringMatching(new RegExp(`${source}$`)),
			line,
		});
	});
});
