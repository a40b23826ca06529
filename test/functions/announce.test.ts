import { describe, expect, it } from "@jest/globals";
import { announce } from "../../src/functions/open-pages.ts";

/** As the real host files a line of a worker's standard error. Source: azure-functions-host, `WorkerProcess`. */
function levelOf(line: string): string {
	if (/warn/i.test(line)) return "Warning";
	return /error|fail|severe/i.test(line) ? "Error" : "Information";
}

const hostile = 'routes[0]: "early-warning" \n second line \u001b[2J\u202e';

describe("what the log says of the configuration when the app starts", () => {
	it("is nothing where nothing is wrong", () => {
		expect(announce({ problems: [], warnings: [] })).toEqual([]);
	});

	it("is filed by the host as an error, each problem with its setting", () => {
		const problems = [
			{ setting: "GITHUB_TOKEN", problem: "is not set" },
			{ setting: "GITHUB_PACE", problem: '"x" is no pace' },
		];
		const lines = announce({ problems, warnings: [] });
		expect(lines.map(({ level, text }) => [level, levelOf(text)])).toEqual(lines.map(() => ["error", "Error"]));
		expect(lines.map(({ text }) => text)).toEqual([
			"error: grid-dispatch cannot dispatch anything, because the configuration is broken: GITHUB_TOKEN, GITHUB_PACE",
			"error: grid-dispatch: GITHUB_TOKEN is not set",
			'error: grid-dispatch: GITHUB_PACE "x" is no pace',
		]);
	});

	it("holds an error even where a setting's text has a warning in it, and stays on one line each", () => {
		const lines = announce({ problems: [{ setting: "BRIDGE_ROUTES", problem: hostile }], warnings: [hostile] });
		expect(lines.map(({ text }) => levelOf(text))).toEqual(["Error", "Warning", "Warning"]);
		for (const { text } of lines) expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
	});

	it("is filed by the host as a warning where it is one, though it speaks of an error", () => {
		const [line] = announce({ problems: [], warnings: ["PAT_TOKEN is old; an error is near"] });
		expect([line?.level, levelOf(line?.text ?? "")]).toEqual(["warn", "Warning"]);
	});
});
