/** `npm run faults`: every fault at every call of storage, which takes a while. */
module.exports = {
	...require("../jest.config.cjs"),
	rootDir: "../..",
	testMatch: ["<rootDir>/test/faults/storage-faults.test.ts"],
	globals: { ALL_FAULTS: true },
};
