/**
 * `npm run release-files -- vX.Y.Z`: everything that is attached to a release, in `out/release/`. The tag must be the
 * version of `package.json`.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pack, sha256 } from "./package.ts";

const FOLDER = "out/release";
const ZIP = "grid-dispatch.zip";

const root = join(import.meta.dirname, "..");
const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
	name: string;
	version: string;
};

const [tag] = process.argv.slice(2);
if (tag === `v${version}`) write();
else {
	process.stderr.write(`package.json has the version ${version}, so that the tag must be v${version}, not ${tag}\n`);
	process.exitCode = 1;
}

function write(): void {
	const folder = join(root, FOLDER);
	rmSync(folder, { recursive: true, force: true });
	mkdirSync(folder, { recursive: true });
	const content = pack(root);
	writeFileSync(join(folder, ZIP), content);
	// As `sha256sum --check` reads it.
	writeFileSync(join(folder, `${ZIP}.sha256`), `${sha256(content)}  ${ZIP}\n`);
	writeFileSync(join(folder, "grid-dispatch.cdx.json"), billOfMaterials());
	copyFileSync(join(root, "infra/azuredeploy.json"), join(folder, "azuredeploy.json"));
	process.stdout.write(`${FOLDER}: ${content.length} bytes of ${ZIP}, its SHA-256, its SBOM, azuredeploy.json\n`);
}

/** What the bundle is made of (CycloneDX), from the lock file: what is installed for development is no part of it. */
function billOfMaterials(): string {
	const flags = ["--package-lock-only", "--omit", "dev", "--sbom-format", "cyclonedx", "--sbom-type", "application"];
	const text = execFileSync("npm", ["sbom", ...flags], { cwd: root, encoding: "utf8", maxBuffer: 64_000_000 });
	const bill = JSON.parse(text) as { metadata: { component: { name: string } } };
	// npm takes the folder's name for it.
	bill.metadata.component.name = name;
	return `${JSON.stringify(bill, null, "\t")}\n`;
}
