#!/usr/bin/env node
/** The command line as a process: what `grid-dispatch.mjs` loads, from the sources or as built. */
import { main } from "./main.ts";
import { processIo } from "./process-io.ts";

process.exitCode = await main(process.argv.slice(2), processIo(process));
