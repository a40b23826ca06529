const usual = require("../jest.config.cjs");

/** The tests that decide about the mutants of a room: `npm run mutation` names them. */
module.exports = {
	...usual,
	rootDir: "../..",
	testMatch: JSON.parse(process.env.MUTATION_TESTS ?? "[]").map((test) => `<rootDir>/test/${test}`),
	moduleNameMapper: {
		...usual.moduleNameMapper,
		...(process.env.MUTATION_AZURITE ? {} : { "/(file-storage|test-ledger)\\.ts$": "<rootDir>/test/mutation/$1.ts" }),
	},
	// An endless loop that a mutant makes is found by its time alone.
	testTimeout: 10_000,
	reporters: ["default"],
};
