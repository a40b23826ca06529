/** `npm run check`: types, style and dead code of a build. All of them run, so that one look shows everything. */
import { runTool } from "./tool.ts";

const CHECKS = [
	["tsc"],
	["tsc", "-p", "src/console/browser"],
	["biome", "check", "--error-on-warnings", "."],
	["knip", "--no-config-hints"],
	["knip", "--production", "--include", "files,exports"],
];

for (const [name = "", ...args] of CHECKS) {
	if (runTool(name, args) !== 0) process.exitCode = 1;
}
