import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { explainFailure, readArguments, StartError, UsageError } from "../../src/local/command-line.ts";

describe("the arguments of npm start", () => {
	it("are all optional", () => {
		expect(readArguments([])).toEqual({ help: false, port: 7071, real: false, lockMs: 20_000 });
	});

	it("are read as they are meant", () => {
		expect(readArguments(["--port", "8080", "--github", "real", "--lock=5", "--help"])).toEqual({
			help: true,
			port: 8080,
			real: true,
			lockMs: 5000,
		});
	});

	it.each([
		["--port", "0"],
		["--port", "65535"],
		["--port", "80.5"],
		["--lock", "0"],
		["--lock", "604801"],
		["--lock", "soon"],
		["--github", "fake"],
	])("refuse %s %s", (flag, value) => {
		expect(() => readArguments([flag, value])).toThrow(UsageError);
	});
});

const failed = (facts: object, message = "something") => Object.assign(new Error(message), facts);
const thrown = (fail: () => unknown) => {
	try {
		fail();
	} catch (error) {
		return error;
	}
	throw new Error("it did not fail");
};

describe("why npm start has ended", () => {
	it.each([
		[
			failed({ code: "EADDRINUSE", syscall: "listen", port: 7 }),
			"port 7 is in use by another program; perhaps a bridge is already running. The bridge uses the port of --port (default: 7071), and the stand-in for GitHub uses the next port. Choose another port: npm start -- --port N",
		],
		[
			failed({ code: "EACCES", syscall: "listen", port: 80 }),
			"your user may not use port 80; choose a port from 1024 on: npm start -- --port N",
		],
		[
			failed({ code: "MODULE_NOT_FOUND" }, "Cannot find module '/a/dist/index.cjs'\nRequire stack:"),
			"Cannot find module '/a/dist/index.cjs'\nBuild it first: npm run build",
		],
		[
			failed({ code: "MODULE_NOT_FOUND" }, "Cannot find module 'azurite'\nRequire stack:"),
			"Cannot find module 'azurite'\nInstall the packages first: npm ci",
		],
		[
			thrown(() => readFileSync("/nowhere/host.json")),
			"npm start failed (ENOENT: no such file or directory, open '/nowhere/host.json'); repair this, then start it again",
		],
		[new StartError("a sentence"), "a sentence"],
		["a text", "a text"],
		[undefined, "undefined"],
	])("is said without a stack trace: %p", (error, sentence) => {
		expect(explainFailure(error)).toBe(sentence);
	});

	it("is a mistake on the command line with the usage below", () => {
		expect(explainFailure(new UsageError("--port takes a number"))).toMatch(/^--port takes a number\n\nnpm start -- /);
	});

	it("shows where it came from when it was not foreseen, and nothing that does something to the terminal", () => {
		const text = explainFailure(new RangeError("Invalid time value \u001b[2J"));
		expect(text).toMatch(/^RangeError: Invalid time value \\u\{1b\}\[2J\n\s+at /);
	});
});
