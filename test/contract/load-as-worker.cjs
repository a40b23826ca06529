/**
 * Loads an app's entry as the Functions worker does and prints what it registers, and which files that took, as JSON.
 * Plain CommonJS, so that every Node version runs it as it is: node load-as-worker.cjs ENTRY
 */
const { Module } = require("node:module");

const registered = [];
let model;
const core = {
	version: "1.0.0",
	setProgrammingModel: (given) => {
		model = given.name;
	},
	registerFunction: ({ name, bindings }) => {
		registered.push({ name, bindings });
		return { dispose: () => {} };
	},
	registerHook: () => ({ dispose: () => {} }),
	log: () => {},
};
const original = Module.prototype.require;
Module.prototype.require = function (id) {
	return id === "@azure/functions-core" ? core : original.call(this, id);
};
require(require("node:path").resolve(process.argv[2]));
const loaded = Object.keys(require.cache).map((path) => require("node:path").basename(path));
process.stdout.write(JSON.stringify({ node: process.version, model, registered, loaded }));
