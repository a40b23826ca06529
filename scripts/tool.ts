/**
 * `node --import tsx scripts/tool.ts [NAME ARGUMENT …]`: runs a tool that checks the sources. Its packages are
 * those of test/package.json: `npm ci` in the root need not bring 500 MB that only `check` and the tests that `npm test` leaves out use. They are
 * installed when first asked for, and again after a change of their lock file. Without a name that is all that happens.
 */
import { type StdioOptions, spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const folder = join(root, "test");

/** Installs the packages of a folder, unless they are there as its lock file has them. */
export function install(folder: string): void {
	const installed = join(folder, "node_modules/.package-lock.json");
	const changedAt = (file: string) => statSync(file).mtimeMs;
	if (existsSync(installed) && changedAt(installed) >= changedAt(join(folder, "package-lock.json"))) return;
	process.stderr.write(`installing the packages of ${folder} …\n`);
	// On Windows npm is a script, which needs a shell.
	const options = { cwd: folder, stdio: ["ignore", 2, 2] satisfies StdioOptions, shell: process.platform === "win32" };
	const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], options);
	if (status !== 0) process.exit(status ?? 1);
}

/** Runs a tool in the root. @returns its exit code */
export function runTool(name: string, args: readonly string[]): number {
	install(folder);
	const { status } = spawnSync(process.execPath, [programOf(name), ...args], { cwd: root, stdio: "inherit" });
	return status ?? 1;
}

/** Not through `node_modules/.bin`, which holds scripts for a shell on Windows. */
function programOf(name: string): string {
	const owner = { biome: "@biomejs/biome", tsc: "typescript" }[name] ?? name;
	const home = join(folder, "node_modules", owner);
	const { bin } = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as { bin: Record<string, string> };
	return join(home, bin[name] ?? "");
}

if (process.argv[1] === import.meta.filename) {
	const [name, ...args] = process.argv.slice(2);
	if (name === undefined) install(folder);
	else process.exitCode = runTool(name, args);
}
