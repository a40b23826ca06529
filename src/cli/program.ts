#!/usr/bin/env node
import { processIo } from "./io.ts";
/** The command line as a process: what `grid-dispatch.mjs` loads, from the sources or as built. */
import { main } from "./main.ts";

process.exitCode = await main(process.argv.slice(2), processIo(process));
