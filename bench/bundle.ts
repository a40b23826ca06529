import { join } from "node:path";
import { build } from "esbuild";
import { BUNDLE_OPTIONS } from "../scripts/bundle-options.ts";

/**
 * Bundles programs as the app is bundled: what is compared has been made in the same way, and nothing is measured
 * through a TypeScript loader.
 */
export async function bundle(entryPoints: readonly string[], outdir: string): Promise<void> {
	const absWorkingDir = join(import.meta.dirname, "..");
	const external = [...BUNDLE_OPTIONS.external];
	await build({ ...BUNDLE_OPTIONS, external, entryPoints: [...entryPoints], absWorkingDir, outdir });
}
