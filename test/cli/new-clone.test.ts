import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");

describe("the command line in a new clone", () => {
	let clone: string;

	beforeAll(() => {
		clone = mkdtempSync(join(tmpdir(), "clone-"));
		const isWritten = (path: string) => !path.includes(".generated.");
		for (const part of ["src", "scripts"])
			cpSync(join(root, part), join(clone, part), { recursive: true, filter: isWritten });
		for (const file of ["package.json", "tsconfig.json", "host.json"]) cpSync(join(root, file), join(clone, file));
		symlinkSync(join(root, "node_modules"), join(clone, "node_modules"), "dir");
	});
	it("says in one sentence that npm ci was forgotten, or broke off", async () => {
		const bare = mkdtempSync(join(tmpdir(), "bare-clone-"));
		try {
			cpSync(join(root, "src/cli"), join(bare, "src/cli"), { recursive: true });
			cpSync(join(root, "package.json"), join(bare, "package.json"));
			for (const args of [["start"], ["trace", "a"], ["--help"]]) {
				const command = run(process.execPath, [join(bare, "src/cli/grid-dispatch.mjs"), ...args], { cwd: bare });
				await expect(command).rejects.toMatchObject({
					code: 1,
					stdout: "",
					stderr: `The packages that grid-dispatch needs are not installed: run "npm ci" in ${bare}\n`,
				});
			}
		} finally {
			rmSync(bare, { recursive: true, force: true });
		}
	});

	afterAll(() => rmSync(clone, { recursive: true, force: true }));

	it("builds what it needs first, and answers as ever", async () => {
		const generated = join(clone, "src/route/validate-routes.generated.js");
		expect(existsSync(generated)).toBe(false);
		const { stdout } = await run(process.execPath, [join(clone, "src/cli/grid-dispatch.mjs"), "--version"], {
			cwd: clone,
		});
		expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
		expect(existsSync(generated)).toBe(true);
	});
});
