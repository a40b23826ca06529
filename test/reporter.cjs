/** Ends the run with one plain line that any tool can read. */
module.exports = class PlainSummary {
	onRunComplete(_contexts, { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites }) {
		const failed = numFailedTests + numRuntimeErrorTestSuites;
		const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : "";
		process.stdout.write(`\n${numPassedTests} passed, ${failed} failed${skipped}\n`);
	}
};
