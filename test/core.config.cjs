/**
 * `npm test`: the behaviour of every room and the contract of the built bundle, in at most three minutes on two cores.
 * What takes longer, or needs a tool that `npm ci` does not bring, is left out here: `npm run test:rest` has it, and
 * `npm run test:all` has both. A new test is run here until it is named.
 */
const base = require("./jest.config.cjs");

/** What is left out, as the end of the run says it, and the files by the start of their path below `test/`. */
const leftOut = {
	"the model of the delivery protocol": ["model/"],
	"each fault and cut of storage": [
		"faults/",
		"ledger/cut",
		"ledger/retention",
		"deliver/containment",
		"coalesce/windows-contained",
		"follow/follow-cut",
		"operate/poisoned",
		"functions/poison",
		"two-services",
	],
	"simulated days, storms and benchmarks": ["follow/storm", "chaos/", "bench/", "property/"],
	"the packages, and upgrades from a release": ["package/", "upgrade/"],
	"infrastructure, examples, the action and the recipes": ["infra/", "examples/", "action/", "recipes/", "editor/"],
	"commands of the documentation": ["docs/(azure-devops|commands|deploy|operate|outcomes|receipts|workflow)"],
	"the console page in a browser": ["console/(console|dead-letters|locked|looks|overview|runs)\\.test"],
	"long runs of the command line": ["cli/(asking|routes-contradiction|new-clone|doctor-process)\\.test"],
	"GitHub's description of its API": [
		"destinations/github/github-openapi",
		"local/stand-in-(runs|workflow-dispatch)",
		"cli/doctor-stand-in",
	],
};

module.exports = {
	...base,
	testPathIgnorePatterns: [
		"/node_modules/",
		...Object.values(leftOut)
			.flat()
			.map((start) => `<rootDir>/test/${start}`),
	],
	reporters: ["default", ["<rootDir>/test/reporter.cjs", { leftOut: Object.keys(leftOut) }]],
	// It doubles the time. What is left out adds little to it.
	collectCoverage: process.env.CI === "true",
};
