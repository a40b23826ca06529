#!/usr/bin/env node
// The command line runs from the clone's sources; nothing of it is deployed.
import { register } from "tsx/esm/api";

register();
const { main } = await import("./main.ts");
const { processIo } = await import("./process-io.ts");

process.exitCode = await main(process.argv.slice(2), processIo(process));
