/**
 * `npm run package`: packs what is deployed into `out/grid-dispatch.zip`. The same files make the same bytes on any day,
 * in any folder, under any umask, time zone and Node.js.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { strToU8, zipSync } from "fflate";

const PACKAGE = "out/grid-dispatch.zip";

/** In bytes: what is downloaded and mounted at every cold start stays small. */
const MAX_BYTES = 1_100_000;

/**
 * Every entry's attributes: the earliest time that a zip knows, at noon, which no time zone skips (fflate writes local
 * time); rw-r--r-- as Unix has it.
 */
const ATTRIBUTES = { level: 9, mtime: new Date(1980, 0, 1, 12), os: 3, attrs: 0o100644 << 16 } as const;

/** What of `package.json` goes along: what tells the Functions host and a reader what this is. */
const KEPT = ["name", "version", "description", "license", "private", "type", "main", "engines"];

/**
 * The package of a built project: `host.json`, `package.json`, `dist/`, and `routes.json` where there is one, as
 * `.funcignore` has it for the other ways to deploy. A release has none.
 * @throws Error when it has become too large, or when there is no build
 */
export function pack(root: string): Uint8Array {
	const files = ["host.json", "routes.json", ...filesIn(root, "dist")].filter((file) => existsSync(join(root, file)));
	if (!files.includes("dist/index.cjs")) throw new Error("there is no build to pack: npm run build");
	const entries = files.map((file): [string, Uint8Array] => [file, readFileSync(join(root, file))]);
	entries.push(["package.json", deployedManifest(root)]);
	entries.sort(([a], [b]) => (a < b ? -1 : 1));
	const content = zipSync(Object.fromEntries(entries.map(([file, text]) => [file, [text, ATTRIBUTES]])));
	if (content.length > MAX_BYTES) throw new Error(`${content.length} bytes are more than the ${MAX_BYTES} allowed`);
	return content;
}

/**
 * No scripts and only one dependency, so that a build in Azure, where it is switched on, finds nothing to install
 * but `@azure/functions` and nothing to run: the code is bundled. Core Tools reads that one to tell the programming
 * model.
 */
function deployedManifest(root: string): Uint8Array {
	const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<string, unknown>;
	const functions = (manifest["dependencies"] as Record<string, string>)["@azure/functions"];
	const kept = Object.fromEntries(KEPT.map((key) => [key, manifest[key]]));
	return strToU8(`${JSON.stringify({ ...kept, dependencies: { "@azure/functions": functions } }, null, "\t")}\n`);
}

/** With `/` on every system, as a zip has it. */
function filesIn(root: string, folder: string): string[] {
	if (!existsSync(join(root, folder))) return [];
	return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
}

export function sha256(content: Uint8Array): string {
	return createHash("sha256").update(content).digest("hex");
}

if (process.argv[1] === import.meta.filename) {
	const root = join(import.meta.dirname, "..");
	const content = pack(root);
	mkdirSync(dirname(join(root, PACKAGE)), { recursive: true });
	writeFileSync(join(root, PACKAGE), content);
	process.stdout.write(`${PACKAGE}\n${content.length} bytes, sha256 ${sha256(content)}\n`);
}
