/**
 * Loads an app as the Functions worker does, and prints how many milliseconds the `require` took: node load.cjs ENTRY.
 * With no more around it than the worker's hook, so that what is timed is the app.
 */
import { createRequire, Module } from "node:module";

const core = {
	version: "1.0.0",
	setProgrammingModel: () => {},
	registerFunction: () => ({ dispose: () => {} }),
	registerHook: () => ({ dispose: () => {} }),
	log: () => {},
};
const original = Module.prototype.require;
Module.prototype.require = function (this: Module, id: string): unknown {
	return id === "@azure/functions-core" ? core : original.call(this, id);
} as NodeJS.Require;

const entry = process.argv[2] ?? "";
const require = createRequire(entry);
const start = performance.now();
require(entry);
const end = performance.now();
process.stdout.write(String(end - start));
