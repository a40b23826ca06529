/**
 * Ends the run with one plain line that any tool can read; before it stands what was skipped, and how to get what it
 * needs. What is skipped says so in its title: test/helpers/describe-with.ts.
 */
module.exports = class PlainSummary {
	onRunComplete(
		_contexts,
		{ numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites, testResults },
	) {
		const pending = testResults.flatMap(({ testResults: tests }) => tests.filter(({ status }) => status === "pending"));
		for (const title of new Set(pending.map(({ ancestorTitles: [top] }) => top)))
			process.stdout.write(`\nskipped: ${title}\n`);
		const failed = numFailedTests + numRuntimeErrorTestSuites;
		const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : "";
		process.stdout.write(`\n${numPassedTests} passed, ${failed} failed${skipped}\n`);
	}
};
