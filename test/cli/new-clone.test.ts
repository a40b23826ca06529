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
