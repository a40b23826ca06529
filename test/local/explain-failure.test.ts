import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { explainFailure } from "../../src/local/explain-failure.ts";
import { UsageError } from "../../src/local/read-arguments.ts";
import { StartError } from "../../src/local/start-error.ts";

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
			"port 7 is taken; choose another with: npm start -- --port N",
		],
		[
			failed({ code: "EACCES", syscall: "listen", port: 80 }),
			"port 80 is not free for every user; choose one from 1024 on with: npm start -- --port N",
		],
		[
			failed({ code: "MODULE_NOT_FOUND" }, "Cannot find module '/a/dist/index.cjs'\nRequire stack:"),
			"Cannot find module '/a/dist/index.cjs'\nBuild it first: npm run build",
		],
		[
			failed({ code: "MODULE_NOT_FOUND" }, "Cannot find module 'azurite'\nRequire stack:"),
			"Cannot find module 'azurite'\nInstall what it needs first: npm ci",
		],
		[
			thrown(() => readFileSync("/nowhere/host.json")),
			"npm start cannot go on (ENOENT: no such file or directory, open '/nowhere/host.json'); repair that, and start it again",
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

	it("shows where it came from when nobody foresaw it, and nothing that does something to the terminal", () => {
		const text = explainFailure(new RangeError("Invalid time value \u001b[2J"));
		expect(text).toMatch(/^RangeError: Invalid time value \\u\{1b\}\[2J\n\s+at /);
	});
});
