import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { findBicep, GET_BICEP } from "./find-bicep.ts";

/** Writes the ARM template that stands beside infra/main.bicep. A test asserts that it is up to date. */
const infra = join(import.meta.dirname, "../infra");
const bicep = findBicep();
if (bicep === undefined) {
	process.stderr.write(`There is no Bicep CLI here: ${GET_BICEP}.\n`);
	process.exitCode = 1;
} else {
	const [source, template] = [join(infra, "main.bicep"), join(infra, "azuredeploy.json")];
	execFileSync(bicep, ["build", source, "--outfile", template], { stdio: "inherit" });
}
