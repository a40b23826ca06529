/** Loads the sources and tests as jest does, and puts what is in this folder in the place of what the tests import. */
const { readFileSync } = require("node:fs");
const Module = require("node:module");
const { basename, join, relative } = require("node:path");
const { transformSync } = require("@swc/core");
const { transform, transformIgnorePatterns } = require("../jest.config.cjs");

const [, options] = Object.values(transform)[0];
const ignored = new RegExp(transformIgnorePatterns[0]);
const instead = new Map([
	["@jest/globals", "jest-globals.cjs"],
	["file-storage.ts", process.env.MUTATION_AZURITE ? "file-azurite.ts" : "file-storage.ts"],
	...(process.env.MUTATION_AZURITE ? [] : [["test-ledger.ts", "test-ledger.ts"]]),
]);

const { _resolveFilename } = Module;
Module._resolveFilename = function (request, parent, ...rest) {
	const other = instead.get(request.startsWith(".") ? basename(request) : request);
	// The tests lie in a copy of the project, with the sources that are mutated.
	const folder = /^.*[\\/]test(?=[\\/]|$)/.exec(parent?.path ?? "")?.[0];
	const isOwn = folder === undefined || basename(parent.path) === "mutation";
	if (other === undefined || isOwn) return _resolveFilename.call(this, request, parent, ...rest);
	return join(other === "jest-globals.cjs" ? __dirname : join(folder, "mutation"), other);
};

const asIs = Module._extensions[".js"];
for (const extension of [".ts", ".js"]) {
	Module._extensions[extension] = (module, filename) => {
		if (extension === ".js" && ignored.test(filename)) return asIs(module, filename);
		const { code } = transformSync(readFileSync(filename, "utf8"), { ...options, filename, sourceMaps: false });
		const compile = () => module._compile(code, filename);
		// The hooks of a file are for its own tests alone.
		if (filename.endsWith(".test.ts")) globalThis.describe(relative(join(__dirname, ".."), filename), compile);
		else compile();
	};
}
