/** `npm run follow-storm`: ten thousand dispatches, a day of GitHub's pace, which takes a while. */
module.exports = {
	...require("../jest.config.cjs"),
	rootDir: "../..",
	testMatch: ["<rootDir>/test/follow/storm.test.ts"],
	globals: { FOLLOW_STORM_DISPATCHES: 10_000 },
};
