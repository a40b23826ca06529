/**
 * `npm run test:fast`: the tests that start no process, which are those that import none of STARTERS, neither by
 * themselves nor through a file of this repository.
 */
const { execFileSync } = require("node:child_process");
const { existsSync, readFileSync } = require("node:fs");
const { dirname, join, resolve } = require("node:path");
const base = require("./jest.config.cjs");

const root = join(__dirname, "..");
/** Whatever runs for long is started by one of these. */
const STARTERS = ["node:child_process", "playwright-core", join(root, "src/local/azurite.ts")];

const startsByFile = new Map();

function starts(file) {
	if (startsByFile.has(file)) return startsByFile.get(file);
	// A circle of imports would end here; there is none.
	startsByFile.set(file, false);
	const text = readFileSync(file, "utf8");
	const imports = [
		...text.matchAll(/^(?:import|export) (?!type )[^"';]*?from "([^"]+)"|(?:import|require)\("([^"]+)"\)/gm),
	]
		.map(([, whole, lazy]) => whole ?? lazy)
		.map((name) => (name.startsWith(".") ? resolve(dirname(file), name) : name));
	const found = imports.some(
		(name) => STARTERS.includes(name) || (/\.tsx?$/.test(name) && existsSync(name) && starts(name)),
	);
	startsByFile.set(file, found);
	return found;
}

const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "test/*.test.ts"], {
	cwd: root,
	encoding: "utf8",
});
const fast = files
	.split("\n")
	.filter((file) => file !== "" && existsSync(join(root, file)) && !starts(join(root, file)));

module.exports = { ...base, testMatch: fast.map((file) => `<rootDir>/${file}`) };
