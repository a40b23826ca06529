import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// Plain JavaScript: the command line reads it before it can load TypeScript.

const root = join(import.meta.dirname, "../..");
const STAMP = join(root, "out/built-from.txt");
/** What a build makes: the bundle for Azure, and the two programs of a clone. */
const PRODUCTS = ["dist/index.cjs", "out/cli/main.mjs", "out/local/start.mjs", "src/event/validators.generated.js"];
const INPUTS = ["src", "scripts", "package.json", "package-lock.json", "tsconfig.json"];

/**
 * Whether the last build was made of the sources as they are now. By their content: a time says little after a
 * `git checkout`.
 * @returns {boolean}
 */
export function isBuilt() {
	const isThere = [...PRODUCTS.map((file) => join(root, file)), STAMP].every((file) => existsSync(file));
	return isThere && readFileSync(STAMP, "utf8") === hashOfInputs();
}

/**
 * Says that a build is complete.
 * @param {string} hash what `hashOfInputs` said before it began
 */
export function markBuilt(hash) {
	writeFileSync(STAMP, hash);
}

/** @returns {string} */
export function hashOfInputs() {
	const hash = createHash("sha256");
	for (const file of INPUTS.flatMap(filesIn)) hash.update(`${file}\0`).update(readFileSync(join(root, file)));
	return hash.digest("hex");
}

/**
 * The files of a folder, or the file itself, that Git would know.
 * @param {string} path
 * @returns {string[]}
 */
function filesIn(path) {
	if (/\.\w+$/.test(path)) return existsSync(join(root, path)) ? [path] : [];
	return readdirSync(join(root, path), { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile() && !entry.name.includes(".generated."))
		.map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
		.sort();
}
