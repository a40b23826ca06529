#!/usr/bin/env node
// The command line runs from the clone's sources; nothing of it is deployed.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { register } from "tsx/esm/api";

// What the build writes into the sources is missing in a new clone.
if (!existsSync(join(import.meta.dirname, "../route/validate-routes.generated.js"))) build();
register();
const { main } = await import("./main.ts");
const { processIo } = await import("./process-io.ts");

process.exitCode = await main(process.argv.slice(2), processIo(process));

function build() {
	// What it prints is no answer of a command; on Windows npm is a script, which needs a shell.
	const stdio = ["ignore", process.stderr, process.stderr];
	const options = { cwd: join(import.meta.dirname, "../.."), stdio, shell: process.platform === "win32" };
	const { status } = spawnSync("npm", ["run", "--silent", "build"], options);
	if (status !== 0) process.exit(1);
}
