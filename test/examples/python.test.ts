import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { describeWith, type Tool } from "../helpers/describe-with.ts";
import { findPython, runUnitTests } from "./python.ts";
import { EXAMPLE } from "./workflows.ts";

const tests = join(EXAMPLE, "code/test");
const folder = mkdtempSync(join(tmpdir(), "train-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PYTHON: Tool = { name: "Python", path: findPython(), get: "install Python 3.9 or newer" };
const SKLEARN: Tool = {
	name: "scikit-learn",
	path: findPython("sklearn"),
	get: "apt-get install python3-sklearn, or pip install scikit-learn",
};

/** A script of the example, run as a job or a person would. */
function run(interpreter: string, ...args: string[]): string {
	const { status, stdout, stderr } = spawnSync(interpreter, ["-B", ...args], { cwd: EXAMPLE, encoding: "utf8" });
	if (status !== 0) throw new Error(stderr);
	return stdout;
}

describeWith(PYTHON, "the example's scripts, in Python without any package", (python) => {
	const names = readdirSync(tests).filter((file) => file.startsWith("test_") && !/train|score/.test(file));

	it.each(names.map((name) => [name] as const))("pass %s", (name) => {
		expect(runUnitTests(python, tests, name)).toMatch(/Ran [1-9]\d* tests[\s\S]*\nOK\n/);
	});
});

describeWith(SKLEARN, "the example's training and scoring", (python) => {
	it.each(["test_train.py", "test_score.py"])("pass %s", (name) => {
		expect(runUnitTests(python, tests, name)).toMatch(/Ran [1-9]\d* tests[\s\S]*\nOK\n/);
	});

	it("run from data to an answer", () => {
		const model = join(folder, "model");
		const metrics = run(python, "code/train/train.py", "--data", "data", "--model", model, "--min-accuracy", "0.6");
		expect(JSON.parse(metrics)).toMatchObject({ accuracy: expect.any(Number), articles: 20 });
		expect(readdirSync(model).sort()).toEqual(["metrics.json", "model.joblib"]);

		const score = [
			"import os, sys, json; sys.path.insert(0, 'code/deploy')",
			"import score",
			`os.environ['AZUREML_MODEL_DIR'] = ${JSON.stringify(folder)}`,
			"score.init()",
			"print(json.dumps(score.run(open('code/deploy/sample-request.json').read())))",
		].join("\n");
		const { topics } = JSON.parse(run(python, "-c", score)) as { topics: { topic: string }[] };
		expect(topics.map(({ topic }) => topic)).toEqual(["cooking", "space"]);
	});
});

describe("the example's data", () => {
	it("has several topics, and enough of each", () => {
		const [head, ...lines] = readFileSync(join(EXAMPLE, "data/articles.csv"), "utf8").trim().split("\n");
		expect(head).toBe("topic,text");
		const counts = new Map<string, number>();
		for (const line of lines) {
			const topic = line.slice(0, line.indexOf(","));
			counts.set(topic, (counts.get(topic) ?? 0) + 1);
		}
		expect([...counts.keys()].sort()).toEqual(["cooking", "gardening", "space", "sport"]);
		expect(Math.min(...counts.values())).toBeGreaterThanOrEqual(20);
	});
});
