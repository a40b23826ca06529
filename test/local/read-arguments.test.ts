import { describe, expect, it } from "@jest/globals";
import { readArguments, UsageError } from "../../src/local/read-arguments.ts";

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
