import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { findBicep, GET_BICEP } from "./find-bicep.ts";

/** Writes the ARM templates that stand beside the two entries. A test asserts that they are up to date. */
const TEMPLATES = { "main.bicep": "azuredeploy.json", "subscribe.bicep": "subscribe.json" };

const infra = join(import.meta.dirname, "../infra");
const bicep = findBicep();
if (bicep === undefined) {
	process.stderr.write(`There is no Bicep CLI here: ${GET_BICEP}.\n`);
	process.exitCode = 1;
} else {
	for (const [source, template] of Object.entries(TEMPLATES))
		execFileSync(bicep, ["build", join(infra, source), "--outfile", join(infra, template)], { stdio: "inherit" });
}
