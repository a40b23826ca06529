/**
 * `npm run build`: what is generated into the sources, then the bundle `dist/` and the programs of a clone. One process,
 * since each start costs.
 */
import { hashOfInputs, markBuilt } from "../src/cli/built.js";
import { bundle } from "./bundle.ts";
import { bundlePrograms } from "./bundle-programs.ts";
import { compileConsole } from "./compile-console.ts";
import { compileSchemas } from "./compile-schemas.ts";

// Taken first: what changes meanwhile is not in the build.
const hash = hashOfInputs();
const page = compileConsole();
compileSchemas();
await page;
await Promise.all([bundle(), bundlePrograms()]);
markBuilt(hash);
