#!/usr/bin/env node
// The command line of a clone: as built, where the build is of these sources, else from the sources. Plain JavaScript,
// since it is what loads all TypeScript.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isBuilt } from "./built.js";

const root = join(import.meta.dirname, "../..");
const isStart = process.argv[2] === "start" && !process.argv.some((argument) => /^(?:--help|-h)$/.test(argument));

let asBuilt = isBuilt();
// At once, since a second or two may pass until the bridge itself says something.
if (asBuilt && isStart) process.stderr.write("starting the bridge …\n");
// `start` runs what is built. Any other command needs of a build only what it writes into the sources.
if (!asBuilt && (isStart || !existsSync(join(import.meta.dirname, "../route/validate-routes.generated.js")))) {
	await import("tsx/esm/api").catch(notInstalled);
	build();
	asBuilt = true;
}
if (asBuilt) await import("../../out/cli/main.mjs");
else {
	const { register } = await import("tsx/esm/api").catch(notInstalled);
	register();
	await import("./program.ts").catch(notInstalled);
}

/** Without an installation, or with one that broke off. */
function notInstalled(error) {
	if (!/^Cannot find package/.test(error.message)) throw error;
	process.stderr.write(`The packages that grid-dispatch needs are not installed: run "npm ci" in ${root}\n`);
	process.exit(1);
}

function build() {
	process.stderr.write("building the bridge …\n");
	// What it prints is no answer of a command.
	const options = { cwd: root, stdio: ["ignore", process.stderr, process.stderr] };
	const { status } = spawnSync(process.execPath, ["--import", "tsx", "scripts/build.ts"], options);
	if (status !== 0) process.exit(1);
}
