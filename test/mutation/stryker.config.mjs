/** Stryker's options: https://stryker-mutator.io/docs/stryker-js/configuration. `npm run mutation` says what to mutate. */
export default {
	plugins: [import.meta.resolve("./few-files.mjs")],
	testRunner: "jest",
	jest: { projectType: "custom", configFile: "test/mutation/jest.config.cjs", enableFindRelatedTests: false },
	mutate: JSON.parse(process.env.MUTATION_FILES ?? "[]"),
	// Each mutant meets only the tests that reach it.
	coverageAnalysis: "perTest",
	ignorePatterns: ["coverage", "out", "/test/mutation/node_modules"],
	// The files are mutated in a copy. Its types are not checked, and TypeScript 7 has no API to read its options by.
	tempDirName: "out/mutation/sandbox",
	tsconfigFile: "none",
	concurrency: Number(process.env.MUTATION_CONCURRENCY ?? 1),
	reporters: ["clear-text", "html", "json", "progress-append-only"],
	clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportScoreTable: true },
	htmlReporter: { fileName: "out/mutation/report.html" },
	jsonReporter: { fileName: "out/mutation/report.json" },
	// A bound for what waits without end; an endless loop is found by its count.
	timeoutMS: 30_000,
};
