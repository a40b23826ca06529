import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createProgram } from "../../src/cli/main.ts";
import { freePorts } from "../../support/free-ports.ts";
import { startOn } from "../helpers/run-start.ts";

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);
const work = mkdtempSync(join(tmpdir(), "tarball-"));
const [source, home] = [join(work, "source"), join(work, "home")];
const shell = process.platform === "win32";
afterAll(() => rmSync(work, { recursive: true, force: true }));

interface Packed {
	readonly filename: string;
	readonly files: readonly { readonly path: string }[];
}

let packed: Packed;

/** Packs a copy, since packing changes package.json for a moment; installs it where nothing else is, without a network. */
beforeAll(async () => {
	for (const folder of ["src", "scripts"]) cpSync(join(root, folder), join(source, folder), { recursive: true });
	for (const file of ["package.json", "package-lock.json", "tsconfig.json", "README.md", "LICENSE"])
		cpSync(join(root, file), join(source, file));
	symlinkSync(join(root, "node_modules"), join(source, "node_modules"), "junction");
	// A newcomer's own files.
	for (const file of ["routes.json", ".env", "local.settings.json"]) writeFileSync(join(source, file), "secret");
	mkdirSync(home);
	const { stdout } = await run("npm", ["pack", "--json", "--silent", "--pack-destination", home], {
		cwd: source,
		shell,
	});
	packed = (JSON.parse(stdout.slice(stdout.indexOf("["))) as [Packed])[0];
	writeFileSync(join(home, "package.json"), "{}");
	const flags = ["--offline", "--no-audit", "--no-fund", "--silent"];
	await run("npm", ["install", ...flags, join(home, packed.filename)], { cwd: home, shell });
});

/** Runs a command as somebody does who has nothing but the tarball. */
async function gridDispatch(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
	const env = { PATH: process.env["PATH"], HOME: work };
	try {
		const program = join(home, "node_modules/grid-dispatch/out/cli/main.mjs");
		const { stdout, stderr } = await run(process.execPath, [program, ...args], { cwd: home, env });
		return { code: 0, out: stdout, err: stderr };
	} catch (error) {
		const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
		return { code, out: stdout, err: stderr };
	}
}

describe("the tarball of npm pack", () => {
	it("holds the compiled command line, what it reads, and nothing else", () => {
		const schemas = readdirSync(join(root, "src/event/schemas")).map((file) => `out/event/schemas/${file}`);
		const expected = ["LICENSE", "README.md", "out/cli/main.mjs", "package.json", ...schemas].sort();
		expect(packed.files.map(({ path }) => path).sort()).toEqual(expected);
	});

	it("needs no other package and runs no script", () => {
		const manifest: unknown = JSON.parse(readFileSync(join(home, "node_modules/grid-dispatch/package.json"), "utf8"));
		for (const key of ["dependencies", "devDependencies", "optionalDependencies", "scripts", "overrides"])
			expect(manifest).not.toHaveProperty(key);
		expect(readdirSync(join(home, "node_modules")).filter((name) => !name.startsWith("."))).toEqual(["grid-dispatch"]);
	});

	it("leaves package.json as it was", () => {
		expect(readFileSync(join(source, "package.json"), "utf8")).toBe(readFileSync(join(root, "package.json"), "utf8"));
	});

	it("is what npx runs", async () => {
		const { stdout } = await run("npx", ["--no-install", "grid-dispatch", "--version"], { cwd: home, shell });
		expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
	});

	const output = { write: () => true };
	const io = { stdout: output, stderr: output, env: {}, fetch, now: Date.now };
	it.each(createProgram(io).commands.map((command) => command.name()))(
		"has the command %s with its help",
		async (name) => {
			expect(await gridDispatch(name, "--help")).toMatchObject({ code: 0, err: "" });
		},
	);

	it("checks a routes table and explains an event, in the folder where it was called", async () => {
		writeFileSync(join(home, "routes.json"), '{ "routes": [{ "name": "all", "to": { "repository": "contoso/ml" } }] }');
		expect(await gridDispatch("routes", "check")).toMatchObject({ code: 0 });
		const event = { specversion: "1.0", id: "one", source: "/contoso", type: "Contoso.Done", data: {} };
		writeFileSync(join(home, "event.json"), JSON.stringify(event));
		expect((await gridDispatch("routes", "explain", "event.json")).out).toContain("contoso/ml");
	});

	it("sends events to a bridge and asks it what became of them", async () => {
		const port = await freePorts();
		const bridge = await startOn(port);
		try {
			const url = ["--url", `http://127.0.0.1:${port}`];
			expect(await gridDispatch("send", "RunCompleted", "--set", "id=from-tarball", ...url)).toMatchObject({ code: 0 });
			expect((await gridDispatch("trace", "from-tarball", ...url)).out).toContain("from-tarball");
			expect(await gridDispatch("tail", "--for", "1", ...url)).toMatchObject({ code: 0 });
			expect(await gridDispatch("dead-letters", ...url)).toMatchObject({ code: 0 });
			expect((await gridDispatch("doctor", ...url)).out).toContain("bridge");
		} finally {
			await bridge.stop();
		}
	});

	it("says in one sentence what start needs", async () => {
		const { code, err } = await gridDispatch("start");
		expect(code).toBe(1);
		expect(err).toMatch(/^"start" needs the source code.*Clone the repository.*\n$/);
	});
});
