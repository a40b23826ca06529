import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { pack, sha256 } from "../../scripts/package.ts";

const root = join(import.meta.dirname, "../..");
const work = mkdtempSync(join(tmpdir(), "line-endings-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

function run(cwd: string, command: string, ...args: string[]): string {
	return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** A clone of what is committed, by a Git that is set up so; what has been installed is there, too. */
function clone(autocrlf: "true" | "false"): string {
	const folder = join(work, autocrlf);
	run(work, "git", "clone", "--quiet", "--config", `core.autocrlf=${autocrlf}`, root, folder);
	symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
	return folder;
}

function hashOfPackage(folder: string): string {
	run(folder, process.execPath, "--import", "tsx", "scripts/build.ts");
	return sha256(pack(folder));
}

/** Git for Windows asks for `core.autocrlf=true` when it is installed, and takes it unless told otherwise. */
describe("a clone with core.autocrlf=true", () => {
	const windows = clone("true");
	const plain = clone("false");

	it("has each file as it is committed", () => {
		const files = run(windows, "git", "ls-files", "-z").split("\0").filter(Boolean);
		const differing = files.filter(
			(file) => !readFileSync(join(windows, file)).equals(readFileSync(join(plain, file))),
		);
		expect(differing).toEqual([]);
		expect(files.length).toBeGreaterThan(500);
		expect(run(windows, "git", "status", "--porcelain", "--untracked-files=no")).toBe("");
	});

	it("passes the style check", () => {
		run(
			windows,
			process.execPath,
			join(root, "test/node_modules/@biomejs/biome/bin/biome"),
			"check",
			"--error-on-warnings",
		);
	});

	it("makes the same package", () => {
		expect(hashOfPackage(windows)).toBe(hashOfPackage(plain));
	});
});
