/** `npm run test:rest`: what `npm test` leaves out. */
const { testMatch: _, ...base } = require("./jest.config.cjs");
const { testPathIgnorePatterns } = require("./core.config.cjs");

module.exports = {
	...base,
	testRegex: testPathIgnorePatterns
		.filter((start) => start.startsWith("<rootDir>/"))
		.map((start) => start.replace("<rootDir>/test/", "/test/(?=.*\\.test\\.ts$)")),
	testPathIgnorePatterns: ["/node_modules/"],
};
