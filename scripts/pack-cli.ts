/**
 * Around `npm pack`: what is packed is the command line for people without a clone. It is bundled, so its manifest names
 * no dependencies, no scripts and nothing for development. npm packs the `package.json` that it finds, so that one is
 * changed before (`prepack`) and put back afterwards (`postpack`).
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const manifest = join(root, "package.json");
/** Survives a pack that was broken off: the next one puts it back. */
const saved = join(root, "out/package.json.saved");
const KEPT = ["name", "version", "description", "license", "private", "type", "engines", "files"];

if (process.argv[2] === "restore") restore();
else {
	restore();
	execFileSync(process.execPath, ["--import", "tsx", "scripts/build.ts"], { cwd: root, stdio: ["ignore", 2, 2] });
	const text = readFileSync(manifest, "utf8");
	const whole = JSON.parse(text) as Record<string, unknown>;
	const packed = Object.fromEntries(KEPT.map((key) => [key, whole[key]]));
	writeFileSync(saved, text);
	writeFileSync(
		manifest,
		`${JSON.stringify({ ...packed, bin: { "grid-dispatch": "out/cli/main.mjs" } }, null, "\t")}\n`,
	);
}

function restore(): void {
	if (existsSync(saved)) renameSync(saved, manifest);
}
