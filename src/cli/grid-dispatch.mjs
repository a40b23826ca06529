#!/usr/bin/env node
// The command line runs from the clone's sources; nothing of it is deployed.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

const tsx = await import("tsx/esm/api").catch(notInstalled);
// What the build writes into the sources is missing in a new clone.
if (!existsSync(join(root, "src/route/validate-routes.generated.js"))) build();
tsx.register();
const { main } = await import("./main.ts").catch(notInstalled);
const { processIo } = await import("./process-io.ts");

process.exitCode = await main(process.argv.slice(2), processIo(process));

/** Without an installation, or with one that broke off. */
function notInstalled(error) {
	if (!/^Cannot find package/.test(error.message)) throw error;
	process.stderr.write(`The packages that grid-dispatch needs are not installed: run "npm ci" in ${root}\n`);
	process.exit(1);
}

function build() {
	// What it prints is no answer of a command; on Windows npm is a script, which needs a shell.
	const stdio = ["ignore", process.stderr, process.stderr];
	const options = { cwd: root, stdio, shell: process.platform === "win32" };
	const { status } = spawnSync("npm", ["run", "--silent", "build"], options);
	if (status !== 0) process.exit(1);
}
