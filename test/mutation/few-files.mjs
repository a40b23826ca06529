/**
 * Stryker's runner for jest, which loads for each mutant the test files that reach it. By itself it loads all of the
 * room's and leaves out their other tests, which takes several times as long.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { JestTestRunner } from "./node_modules/@stryker-mutator/jest-runner/dist/src/jest-test-runner.js";

export { strykerPlugins, strykerValidationSchema } from "./node_modules/@stryker-mutator/jest-runner/dist/src/index.js";

/** The files by the names of their tests; written by the process that makes the first run, read by all. */
const index = () => join(process.cwd(), "..", `${basename(process.cwd())}-tests.json`);
const { dryRun, mutantRun, configForMutantRun, run } = JestTestRunner.prototype;
const leftOut = JSON.parse(process.env.MUTATION_LEFT_OUT ?? "[]");

Object.assign(JestTestRunner.prototype, {
	async dryRun(options) {
		this.enableFindRelatedTests = false;
		const result = await dryRun.call(this, options);
		mkdirSync(join(index(), ".."), { recursive: true });
		const files = (result.tests ?? []).map(({ id, fileName }) => [id, fileName]);
		writeFileSync(index(), JSON.stringify(files));
		return result;
	},
	async mutantRun(options) {
		const chosen = options.testFilter && new Set(options.testFilter);
		this.files = chosen && [...new Set(readIndex().flatMap(([id, file]) => (chosen.has(id) ? [file] : [])))];
		// What is evaluated when a file is loaded is reached by every test of what imports it.
		this.enableFindRelatedTests = chosen === undefined;
		return mutantRun.call(this, options);
	},
	configForMutantRun(...args) {
		const config = configForMutantRun.apply(this, args);
		return this.files === undefined ? config : { ...config, testMatch: this.files };
	},
	run({ testNamePattern = `^(?!.*(?:${leftOut.join("|") || "$^"}))`, ...settings }) {
		return run.call(this, { ...settings, testNamePattern });
	},
});

function readIndex() {
	return JSON.parse(readFileSync(index(), "utf8"));
}
