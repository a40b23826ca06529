import { execFileSync, spawnSync } from "node:child_process";
import { dirname } from "node:path";

/** The machine's own, and Debian's, which its packages belong to. */
const CANDIDATES = ["python3", "/usr/bin/python3"];

/** A Python that can import a module, by its whole path; undefined where there is none. */
export function findPython(module = "json"): string | undefined {
	const python = CANDIDATES.find((candidate) => spawnSync(candidate, ["-c", `import ${module}`]).status === 0);
	if (python === undefined) return undefined;
	return execFileSync(python, ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" }).trim();
}

/** Runs the unit tests of a folder; what unittest printed. Throws where one fails. */
export function runUnitTests(python: string, folder: string, pattern: string): string {
	const args = ["-B", "-m", "unittest", "discover", "--start-directory", folder, "--pattern", pattern];
	const { status, stderr } = spawnSync(python, args, { cwd: dirname(dirname(folder)), encoding: "utf8" });
	if (status !== 0) throw new Error(stderr);
	return stderr;
}
