/**
 * Ends the run with one plain line that any tool can read; before it stands what was skipped, and how to get what it
 * needs, and what was left out. What is skipped says so in its title: test/helpers/describe-with.ts.
 */
module.exports = class PlainSummary {
	/** @param options `leftOut`: what this run is not about, by its name; nothing where it is of all tests */
	constructor(_globalConfig, { leftOut = [] } = {}) {
		this.leftOut = leftOut;
	}

	onRunComplete(
		_contexts,
		{ numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites, testResults },
	) {
		const pending = testResults.flatMap(({ testResults: tests }) => tests.filter(({ status }) => status === "pending"));
		for (const title of new Set(pending.map(({ ancestorTitles: [top] }) => top)))
			process.stdout.write(`\nskipped: ${title}\n`);
		if (this.leftOut.length > 0) {
			process.stdout.write(`\nleft out: ${this.leftOut.join("; ")}\nall tests: npm run test:all\n`);
		}
		const failed = numFailedTests + numRuntimeErrorTestSuites;
		const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : "";
		process.stdout.write(`\n${numPassedTests} passed, ${failed} failed${skipped}\n`);
	}
};
