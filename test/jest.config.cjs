/** Everything runs on TypeScript sources, as esbuild bundles them; only test/contract looks at dist/. */
module.exports = {
	rootDir: "..",
	testMatch: ["<rootDir>/test/**/*.test.ts"],
	testEnvironment: "node",
	transform: {
		"\\.[jt]s$": [
			"@swc/jest",
			{
				jsc: { parser: { syntax: "typescript" }, target: "es2023" },
				module: { type: "commonjs", ignoreDynamic: false },
				sourceMaps: "inline",
			},
		],
	},
	// Octokit (which signs as a GitHub App), jose, p-map and GitHub's workflow parser are published as ES modules only; the last one for `import` alone.
	transformIgnorePatterns: [
		"/node_modules/(?!@actions/|@octokit/|jose/|p-map/|universal-user-agent/|universal-github-app-jwt/|toad-cache/|json-with-bigint/)",
	],
	moduleNameMapper: {
		"^@actions/(workflow-parser|expressions)$": "<rootDir>/node_modules/@actions/$1/dist/index.js",
		"^@actions/(workflow-parser|expressions)/(.*)$": "<rootDir>/node_modules/@actions/$1/dist/$2.js",
	},
	setupFiles: ["<rootDir>/test/helpers/clean-environment.ts"],
	// A hook of the page runs in a browser alone, what `start` builds and runs in processes of its own; the others hold types alone.
	collectCoverageFrom: [
		"src/**/*.ts",
		"!src/**/*.d.ts",
		"!src/local/**",
		// The tests of the page run these in a real browser, which this coverage does not see.
		"!src/console/browser/use-letters.ts",
		// Types alone.
		"!src/console/browser/answers.ts",
		"!src/cli/workshop.ts",
	],
	coverageProvider: "v8",
	coverageReporters: ["text-summary", "lcovonly"],
	coverageThreshold: { global: { lines: 98, branches: 95 } },
	reporters: ["default", "<rootDir>/test/reporter.cjs"],
	// Many tests wait for storage and processes, so that two at a time are no burden for two cores.
	maxWorkers: 2,
	// A worker keeps what it has compiled; one that has grown large is slow, and a laptop has little memory.
	workerIdleMemoryLimit: "1GB",
	// A bound for what hangs, not a measure: a machine may be busy, and waits are at random.
	testTimeout: 240_000,
};
