/** Stryker's options: https://stryker-mutator.io/docs/stryker-js/configuration. `npm run mutation` says what to mutate. */
const parsed = (name) => JSON.parse(process.env[name] ?? "[]");
const leftOut = parsed("MUTATION_LEFT_OUT").join("|") || "$^";

export default {
	plugins: [import.meta.resolve("@stryker-mutator/mocha-runner")],
	testRunner: "mocha",
	testRunnerNodeArgs: ["--require", "./test/mutation/register.cjs"],
	mochaOptions: {
		"no-config": true,
		"no-package": true,
		spec: parsed("MUTATION_TESTS").map((test) => `test/${test}`),
		require: ["./test/helpers/clean-environment.ts"],
		grep: `/^(?!.*(?:${leftOut}))/`,
	},
	mutate: parsed("MUTATION_FILES"),
	// Each mutant meets only the tests that reach it.
	coverageAnalysis: "perTest",
	ignoreStatic: process.env.MUTATION_STATIC === "no",
	ignorePatterns: ["coverage", "out", "/test/mutation/node_modules"],
	// The files are mutated in a copy. Its types are not checked, and TypeScript 7 has no API to read its options by.
	tempDirName: "out/mutation/sandbox",
	tsconfigFile: "none",
	concurrency: Number(process.env.MUTATION_CONCURRENCY ?? 1),
	reporters: ["clear-text", "json", "progress-append-only"],
	clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportScoreTable: true },
	jsonReporter: { fileName: "out/mutation/report.json" },
	// A bound for what waits without end; an endless loop is found by its count.
	timeoutMS: 10_000,
};
